import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { compile, type Query, StateMemory } from '../../../src/lib/sql/index.ts'
import { ByteWriter } from '../../../src/lib/stream/index.ts'
import { rounds } from '../../support/rounds.ts'
import { blockOf, change, type Row } from '../events.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-spilling-'))
after(() => rmSync(directory, { recursive: true }))

const tables = `CREATE TABLE rows_ (id INT, k STRING, v INT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '5' SECOND)
  WITH ('connector' = 'stdin', 'format' = 'json');`
const ranked = 'SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v, id) AS rn FROM orders'

/** Of each operator that keeps something by key. */
const queries: Record<string, string> = {
  groups:
    'SELECT k, COUNT(*) AS n, SUM(v) AS total, MIN(v) AS least, COUNT(DISTINCT v) AS vs FROM orders GROUP BY k',
  'groups by several columns': 'SELECT k, v, COUNT(*) AS n FROM orders GROUP BY k, v',
  'groups that expire': "SET 'table.exec.state.ttl' = '40 s'; SELECT k, COUNT(*) AS n FROM orders GROUP BY k",
  distinct: 'SELECT DISTINCT v FROM orders',
  'inner join': 'SELECT o.id, u.id AS uid, u.v FROM orders o JOIN users u ON o.k = u.k',
  'full join': 'SELECT o.id, u.id AS uid FROM orders o FULL JOIN users u ON o.k = u.k AND o.v <= u.v',
  'join that expires':
    "SET 'table.exec.state.ttl' = '40 s'; SELECT o.id, u.id AS uid FROM orders o LEFT JOIN users u ON o.k = u.k",
  'groups over a join': 'SELECT u.v, COUNT(*) AS n FROM orders o LEFT JOIN users u ON o.k = u.k GROUP BY u.v',
  in: 'SELECT id, k FROM orders WHERE k IN (SELECT k FROM users)',
  'not in': 'SELECT id, k FROM orders WHERE k NOT IN (SELECT k FROM users)',
  'not exists that expires':
    "SET 'table.exec.state.ttl' = '40 s'; SELECT id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.k = o.k)",
  intersect: 'SELECT k, v FROM orders INTERSECT ALL SELECT k, v FROM users',
  'except that expires':
    "SET 'table.exec.state.ttl' = '40 s'; SELECT k FROM orders EXCEPT SELECT k FROM users",
  ranks: `SELECT id, k, v FROM (${ranked}) WHERE rn <= 2`,
  'numbered ranks': `SELECT id, rn FROM (${ranked}) WHERE rn BETWEEN 2 AND 3`,
  'ranks that expire': `SET 'table.exec.state.ttl' = '40 s'; SELECT id, rn FROM (${ranked}) WHERE rn <= 2`,
  'first by time': `${tables} SELECT id, k FROM
    (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY at) AS rn FROM rows_) WHERE rn = 1`,
  versions: 'SELECT o.id, u.v FROM orders o LEFT JOIN users FOR SYSTEM_TIME AS OF o.at AS u ON o.uid = u.id',
  windows: `SELECT window_start, k, COUNT(*) AS n, MAX(v) AS most
    FROM TABLE(HOP(TABLE orders, DESCRIPTOR(at), INTERVAL '10' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end, k`,
  'ranks in windows': `${tables} SELECT id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY v) AS rn
    FROM TABLE(TUMBLE(TABLE rows_, DESCRIPTOR(at), INTERVAL '20' SECOND))) WHERE rn <= 2`,
  'window join': `${tables} CREATE VIEW w AS SELECT * FROM TABLE(TUMBLE(TABLE rows_, DESCRIPTOR(at), INTERVAL '20' SECOND));
    SELECT a.id, b.id AS other FROM w a FULL JOIN w b
    ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.k = b.k AND a.v < b.v`,
  over: `${tables} SELECT id, SUM(v) OVER (PARTITION BY k ORDER BY at ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM rows_`,
  'over from the beginning': `${tables} SELECT id, COUNT(*) OVER (PARTITION BY k ORDER BY at) AS n FROM rows_`
}

type Step = { table: string; id: number; k: string | null; v: number; kind: number; seconds: number }

const steps = fc.array(
  fc.record({
    table: fc.constantFrom('orders', 'orders', 'users'),
    id: fc.nat(9),
    k: fc.constantFrom(null, 'a', 'b', 'c', 'č', 'long enough to be cut from its block'),
    v: fc.integer({ min: -2, max: 3 }),
    /** 0 deletes, 1 truncates now and then */
    kind: fc.nat(40),
    seconds: fc.integer({ min: -3, max: 12 })
  }),
  { minLength: 30, maxLength: 80, size: 'max' }
)

function linesOf(list: readonly Step[], isPlain: boolean): string[] {
  const rows: Record<string, Map<number, Row>> = { orders: new Map(), users: new Map() }
  const lines: string[] = []
  let time = Date.UTC(2026, 10, 24, 10)
  for (const { table, id, k, v, kind, seconds } of list) {
    time += Math.max(seconds, -1) * 1000
    const own = rows[table] as Map<number, Row>
    const old = own.get(id) ?? null
    const at = new Date(time + Math.min(seconds, 0) * 1000).toISOString()
    const now = kind % 4 === 0 ? null : { id, k, v, uid: v, at }
    if (isPlain) {
      lines.push(JSON.stringify({ id, k, v, at }))
      continue
    }
    const timed = (op: string, before: Row | null, row: Row | null): string =>
      change(op, before, row, table)
        .replace('"ts_ms":2', `"ts_ms":${time}`)
        .replace('"ts_ms":1', `"ts_ms":${time}`)
    if (kind === 1) {
      own.clear()
      lines.push(timed('t', null, null))
    } else if (now !== null || old !== null) {
      lines.push(timed(old === null ? 'c' : now === null ? 'd' : 'u', old, now))
      if (now === null) own.delete(id)
      else own.set(id, now)
    }
  }
  return lines
}

function start(sql: string, memory: StateMemory): Query {
  return compile(sql, {
    memory,
    reject({ reason }) {
      throw new Error(reason)
    }
  })
}

function unlimited(sql: string, lines: readonly string[]): string {
  const query = start(sql, new StateMemory())
  const out = new ByteWriter()
  for (const line of lines) query.process(blockOf([line]), out)
  query.end(out)
  return out.written().toString()
}

const all = process.env.MILLRACE_THOROUGH === '1' ? 100 : 10

for (const [name, sql] of Object.entries(queries)) {
  test(`${name}: the same results, in the same order, however little memory there is`, () => {
    fc.assert(
      fc.property(steps, fc.constantFrom(1, 500, 2000), (list, limit) => {
        const lines = linesOf(list, sql.includes('rows_'))
        const memory = new StateMemory(limit)
        const query = start(sql, memory)
        const out = new ByteWriter()
        for (const line of lines) query.process(blockOf([line]), out)
        query.end(out)
        memory.close()
        assert.equal(out.written().toString(), unlimited(sql, lines))
      }),
      { numRuns: rounds(200, 20) }
    )
  })

  test(`${name}: stopped anywhere and resumed from any mark that may be asked for`, () => {
    let runs = 0
    const stops = fc.array(fc.record({ after: fc.integer({ min: 5, max: 30 }), back: fc.nat(4) }), {
      minLength: 1,
      maxLength: 4
    })
    fc.assert(
      fc.property(
        steps,
        fc.constantFrom(1, 700),
        fc.integer({ min: 1, max: 5 }),
        stops,
        (list, limit, every, cuts) => {
          const lines = linesOf(list, sql.includes('rows_'))
          const path = join(directory, `${name} ${runs++}.db`)
          /** As snapshot files, with where the input and the results were. */
          let marks: { n: number; at: number; size: number; saved: Buffer }[] = []
          let [text, at, n] = ['', 0, 0]
          const run = (until: number): void => {
            const memory = new StateMemory(limit, path)
            const query = start(sql, memory)
            const last = marks.at(-1)
            memory.rewind(last?.n ?? 0)
            if (last !== undefined) query.restore(last.saved)
            text = text.slice(0, last?.size ?? 0)
            at = last?.at ?? 0
            const out = new ByteWriter()
            for (; at < until; at++) {
              query.process(blockOf([lines[at] as string]), out)
              text += out.written().toString()
              out.clear()
              if ((at + 1) % every > 0) continue
              const saved = query.snapshot()
              memory.commit(++n)
              marks.push({ n, at: at + 1, size: text.length, saved })
              marks = marks.slice(-5)
              memory.forget(marks[0]?.n ?? 0)
            }
            if (until === lines.length) {
              query.end(out)
              text += out.written().toString()
            }
            memory.close()
          }
          for (const { after: more, back } of cuts) {
            run(Math.min(at + more, lines.length - 1))
            if (marks.length > back) marks = marks.slice(0, marks.length - back)
          }
          run(lines.length)
          assert.equal(text, unlimited(sql, lines))
        }
      ),
      { numRuns: all }
    )
  })
}
