import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import {
  blockOf,
  change,
  created,
  parseLines,
  type Row,
  run,
  runStopped,
  strictQuery,
  tableOf
} from './events.ts'
import { changes } from './two-tables.ts'

type Pair = readonly [left: Row | null, right: Row | null]

/** The pairs of two tables in a join of some kind. */
function pairsOf(
  kind: string,
  left: readonly Row[],
  right: readonly Row[],
  matches: (l: Row, r: Row) => boolean
): Pair[] {
  const pairs: Pair[] = left.flatMap(l => right.filter(r => matches(l, r)).map((r): Pair => [l, r]))
  const lonely = (rows: readonly Row[], side: 0 | 1): Row[] =>
    rows.filter(row => !pairs.some(pair => pair[side] === row))
  if (kind === 'LEFT' || kind === 'FULL') pairs.push(...lonely(left, 0).map((l): Pair => [l, null]))
  if (kind === 'RIGHT' || kind === 'FULL') pairs.push(...lonely(right, 1).map((r): Pair => [null, r]))
  return pairs
}

const kinds = ['INNER', 'LEFT', 'RIGHT', 'FULL']
const rowStep = fc.record({
  table: fc.constantFrom('orders', 'users'),
  id: fc.nat(5),
  k: fc.option(fc.nat(3)),
  v: fc.nat(4),
  isDelete: fc.boolean()
})
const steps = fc.array(rowStep, { maxLength: 80 })

const text = ([l, r]: Pair): string =>
  JSON.stringify({ a: l?.id ?? null, x: l?.v ?? null, b: r?.id ?? null, y: r?.v ?? null })

for (const kind of kinds) {
  const sql = (on: string): string =>
    `SELECT o.id AS a, o.v AS x, u.id AS b, u.v AS y FROM orders o ${kind} JOIN users u ON ${on}`

  test(`${kind} JOIN: the pairs are those of the rows that are left, whatever came and went`, () => {
    const conditions: [string, (l: Row, r: Row) => boolean][] = [
      ['o.k = u.k', (l, r) => l.k !== null && l.k === r.k],
      ['o.k = u.k AND o.v <= u.v', (l, r) => l.k !== null && l.k === r.k && Number(l.v) <= Number(r.v)],
      ['o.k = u.k AND o.v > 1', (l, r) => l.k !== null && l.k === r.k && Number(l.v) > 1],
      ['o.k = u.k AND u.v > 1', (l, r) => l.k !== null && l.k === r.k && Number(r.v) > 1],
      ['o.v < u.v', (l, r) => Number(l.v) < Number(r.v)],
      ['o.k = u.k AND o.v = u.v', (l, r) => l.k !== null && l.k === r.k && l.v === r.v]
    ]
    fc.assert(
      fc.property(steps, fc.constantFrom(...conditions), (list, [on, matches]) => {
        const { lines, orders, users } = changes(list)
        const wanted = pairsOf(kind, orders, users, matches).map(text).sort()
        assert.deepEqual(tableOf(run(sql(on), lines).rows), wanted)
      })
    )
  })

  test(`${kind} JOIN: one that is stopped and taken up again anywhere gives what one that was not gives`, () => {
    fc.assert(
      fc.property(steps, fc.nat(80), (list, at) => {
        const { lines } = changes(list)
        const on = 'o.k = u.k AND o.v <= u.v'
        const { rows, rejected } = run(sql(on), lines)
        assert.deepEqual(runStopped(sql(on), lines, at), { rows, rejected })
      })
    )
  })
}

test('a padded row becomes a pair in one update, and a pair a padded row', () => {
  const sql = 'SELECT o.id, u.name FROM orders o LEFT JOIN users u ON o.uid = u.id'
  const { rows } = run(sql, [
    created({ id: 1, uid: 7 }, 'orders'),
    created({ id: 7, name: 'ann' }, 'users'),
    change('u', { id: 7, name: 'ann' }, { id: 7, name: 'eve' }, 'users'),
    change('d', { id: 7, name: 'eve' }, null, 'users')
  ])
  assert.deepEqual(
    rows.map(({ op, before, after }) => [op, before, after]),
    [
      ['c', null, { id: 1, name: null }],
      ['u', { id: 1, name: null }, { id: 1, name: 'ann' }],
      ['u', { id: 1, name: 'ann' }, { id: 1, name: 'eve' }],
      ['u', { id: 1, name: 'eve' }, { id: 1, name: null }]
    ]
  )
})

test('tables joined three times, to themselves, by USING, and by WHERE', () => {
  const lines = [
    created({ id: 1, uid: 7, boss: 2 }, 'orders'),
    created({ id: 2, uid: 8, boss: null }, 'orders'),
    created({ uid: 7, name: 'ann' }, 'users'),
    created({ uid: 8, name: 'bob' }, 'users')
  ]
  const of = (sql: string): string[] => tableOf(run(sql, lines).rows)
  assert.deepEqual(
    of(`SELECT o.id, u.name, b.name AS boss FROM orders o JOIN users u ON o.uid = u.uid
      JOIN orders p ON o.boss = p.id JOIN users b ON b.uid = p.uid`),
    ['{"id":1,"name":"ann","boss":"bob"}']
  )
  assert.deepEqual(of('SELECT o.id, p.id AS other FROM orders o LEFT JOIN orders p ON o.boss = p.id'), [
    '{"id":1,"other":2}',
    '{"id":2,"other":null}'
  ])
  const names = ['{"uid":7,"name":"ann"}', '{"uid":8,"name":"bob"}']
  assert.deepEqual(of('SELECT o.uid, u.name FROM orders o JOIN users u USING (uid)'), names)
  assert.deepEqual(of('SELECT o.uid, u.name FROM orders o, users u WHERE o.uid = u.uid'), names)
  assert.deepEqual(of('SELECT u.name FROM orders o CROSS JOIN users u WHERE u.uid = o.uid AND o.id = 2'), [
    '{"name":"bob"}'
  ])
})

test('a computed column of the side that is padded is NULL there', () => {
  const { rows } = run(
    'SELECT o.id, u.known FROM orders o LEFT JOIN (SELECT id, TRUE AS known FROM users) u ON o.uid = u.id',
    [created({ id: 1, uid: 7 }, 'orders')]
  )
  assert.deepEqual(rows[0]?.after, { id: 1, known: null })
})

test('undeclared keys are equal as numbers, however they are written', () => {
  const sql = 'SELECT o.id FROM orders o JOIN users u ON o.uid = u.id'
  const pairs = (uid: unknown, id: unknown): number =>
    run(sql, [created({ id: 1, uid }, 'orders'), created({ id }, 'users')]).rows.length
  assert.equal(pairs(7, '7'), 1)
  assert.equal(pairs('7.0', 7), 1)
  assert.equal(pairs('7.0', '7'), 0)
  assert.equal(pairs('a', 'a'), 1)
  assert.equal(pairs('9007199254740993', 9007199254740992), 0)
  assert.equal(pairs(null, null), 0)
})

test('a truncated table is in no pair any more', () => {
  const sql = 'SELECT o.id, u.name FROM orders o LEFT JOIN users u ON o.uid = u.id'
  const { rows } = run(sql, [
    created({ id: 1, uid: 7 }, 'orders'),
    created({ id: 7, name: 'ann' }, 'users'),
    change('t', null, null, 'users')
  ])
  assert.deepEqual(tableOf(rows), ['{"id":1,"name":null}'])
})

const PLAYS = `CREATE TABLE plays (side STRING, k INT, v INT, t TIMESTAMP(3), WATERMARK FOR t AS t - INTERVAL '2' SECOND)
  WITH ('connector' = 'stdin', 'format' = 'json');
CREATE VIEW l AS SELECT * FROM plays WHERE side = 'l';
CREATE VIEW r AS SELECT * FROM plays WHERE side = 'r';`
const play = fc.record({ side: fc.constantFrom('l', 'r'), k: fc.nat(2), v: fc.nat(9), step: fc.nat(1) })

for (const kind of kinds) {
  test(`${kind} JOIN within an interval: plain rows, padded ones once no partner can come`, () => {
    const sql = `${PLAYS} SELECT l.v AS x, r.v AS y FROM l ${kind} JOIN r
      ON l.k = r.k AND r.t BETWEEN l.t - INTERVAL '1' SECOND AND l.t + INTERVAL '3' SECOND`
    fc.assert(
      fc.property(fc.array(play, { maxLength: 60 }), fc.nat(60), (list, at) => {
        let time = Date.UTC(2026, 10, 24, 10)
        const rows = list.map(({ step, ...row }): Row => {
          time += step * 1000
          return { ...row, t: new Date(time).toISOString() }
        })
        const [left, right] = ['l', 'r'].map(side => rows.filter(row => row.side === side)) as [Row[], Row[]]
        const wanted = pairsOf(kind, left, right, (l, r) => {
          const distance = Date.parse(String(r.t)) - Date.parse(String(l.t))
          return l.k === r.k && distance >= -1000 && distance <= 3000
        }).map(([l, r]) => JSON.stringify({ x: l?.v ?? null, y: r?.v ?? null }))
        const lines = rows.map(row => JSON.stringify(row))
        let saved: Buffer | undefined
        const results = [lines.slice(0, at), lines.slice(at)].flatMap((part, i) => {
          const query = strictQuery(sql)
          if (saved !== undefined) query.restore(saved)
          const out = new ByteWriter()
          query.process(blockOf(part), out)
          saved = query.snapshot()
          if (i === 1) query.end(out)
          return parseLines(out.written().toString())
        })
        assert.deepEqual(results.map(row => JSON.stringify(row)).sort(), wanted.sort())
      })
    )
  })
}

test('FOR SYSTEM_TIME AS OF: each row with the version of its time, in the order of their coming', () => {
  const sql = `CREATE TABLE orders (id INT, cur STRING, t TIMESTAMP(3), WATERMARK FOR t AS t)
    WITH ('connector' = 'stdin', 'format' = 'debezium-json');
  CREATE TABLE rates (cur STRING, rate INT, t TIMESTAMP(3), WATERMARK FOR t AS t, PRIMARY KEY (cur) NOT ENFORCED)
    WITH ('connector' = 'stdin', 'format' = 'debezium-json');
  SELECT o.id, r.rate FROM orders o LEFT JOIN rates FOR SYSTEM_TIME AS OF o.t AS r ON o.cur = r.cur`
  const t = (second: number): string => `2026-11-24T10:00:0${second}.000Z`
  const rate = (value: number, second: number): Row => ({ cur: 'EUR', rate: value, t: t(second) })
  const { rows } = run(sql, [
    created({ id: 1, cur: 'EUR', t: t(1) }, 'orders'),
    created(rate(10, 2), 'rates'),
    created({ id: 2, cur: 'EUR', t: t(3) }, 'orders'),
    change('u', rate(10, 2), rate(20, 5), 'rates'),
    created({ id: 3, cur: 'EUR', t: t(4) }, 'orders'),
    created({ id: 4, cur: 'EUR', t: t(6) }, 'orders'),
    created({ id: 5, cur: 'USD', t: t(6) }, 'orders'),
    change('d', rate(20, 7), null, 'rates'),
    created({ id: 6, cur: 'EUR', t: t(8) }, 'orders')
  ])
  assert.deepEqual(
    rows.map(({ after }) => after),
    [
      { id: 1, rate: null },
      { id: 2, rate: 10 },
      { id: 3, rate: 10 },
      { id: 4, rate: 20 },
      { id: 5, rate: null },
      { id: 6, rate: null }
    ]
  )
})

test('FOR SYSTEM_TIME AS OF an undeclared table: versions by their commits, rows of a snapshot from ever', () => {
  const at = (op: string, before: Row | null, after: Row | null, ms: number): string =>
    JSON.stringify({ before, after, source: { db: 'dream', table: 'users', ts_ms: ms }, op, ts_ms: ms })
  const sql = 'SELECT o.id, u.name FROM orders o JOIN users FOR SYSTEM_TIME AS OF o.t AS u ON o.uid = u.id'
  const order = (id: number, t: string): string => created({ id, uid: 7, t }, 'orders')
  const { rows } = run(sql, [
    at('r', null, { id: 7, name: 'ann' }, 5_000),
    order(1, '1970-01-01T00:00:01Z'),
    at('u', { id: 7, name: 'ann' }, { id: 7, name: 'eve' }, 6_000),
    order(2, '1970-01-01T00:00:05.999Z'),
    order(3, '1970-01-01T00:00:06Z')
  ])
  assert.deepEqual(
    rows.map(({ after }) => after),
    [
      { id: 1, name: 'ann' },
      { id: 2, name: 'ann' },
      { id: 3, name: 'eve' }
    ]
  )
})
