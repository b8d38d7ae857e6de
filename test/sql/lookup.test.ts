import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { compile, Lookups, type Query } from '../../src/lib/sql/index.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, change, parseLines, type Row, tableOf } from './events.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-lookup-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0

/** A file for a table that is looked up. */
class Table {
  readonly name: string
  readonly path: string

  constructor(text: string, ending = 'csv') {
    this.name = `table-${files++}.${ending}`
    this.path = join(folder, this.name)
    this.write(text)
  }

  write(text: string): void {
    writeFileSync(this.path, text)
  }

  /** Its declaration as customers. */
  sql(columns: string): string {
    const format = this.name.endsWith('.csv') ? 'csv' : 'json'
    return `CREATE TABLE customers (${columns}) WITH ('connector' = 'filesystem', 'path' = '${this.name}', 'format' = '${format}');`
  }
}

function queryOf(sql: string, warnings: string[] = []): Query {
  const lookups = new Lookups({ folder, warn: message => warnings.push(message) })
  return compile(sql, {
    lookups,
    reject({ reason }) {
      throw new Error(reason)
    }
  })
}

function results(query: Query, lines: string[]): Row[] {
  const out = new ByteWriter()
  query.process(blockOf(lines), out)
  return parseLines(out.written().toString())
}

const row = (value: Row): string => JSON.stringify(value)
const columns = 'id BIGINT, name STRING, credit DECIMAL(10, 2), since TIMESTAMP(3), vip BOOLEAN'
const select = (kind: string, on: string): string =>
  `SELECT o.n, c.name FROM events AS o ${kind} JOIN customers FOR SYSTEM_TIME AS OF PROCTIME() AS c ON ${on}`

test('a row is joined with all rows of its key, with none that is NULL, and a left join pads the others', () => {
  const table = new Table('7,ann\n8,bob\n8,"bo, ""b"""\n,none\n')
  const lines = [7, 8, 9, null].map((id, n) => row({ n, customer: id }))
  const joined = [
    { n: 0, name: 'ann' },
    { n: 1, name: 'bob' },
    { n: 1, name: 'bo, "b"' }
  ]
  const sql = table.sql(columns)
  assert.deepEqual(results(queryOf(sql + select('INNER', 'c.id = o.customer')), lines), joined)
  assert.deepEqual(results(queryOf(sql + select('LEFT', 'c.id = o.customer')), lines), [
    ...joined,
    { n: 2, name: null },
    { n: 3, name: null }
  ])
})

test('keys of several columns, constant ones, and conditions beside them', () => {
  const table = new Table('id,region,type,name\n1,eu,1,a\n1,us,1,b\n1,eu,2,c\n2,eu,1,d\n')
  const sql = table.sql('id INT, name STRING, region STRING, `type` INT')
  const of = (kind: string, on: string): unknown[] =>
    results(queryOf(sql + select(kind, on)), [
      row({ n: 0, customer: 1, region: 'eu', least: 'b' }),
      row({ n: 1, customer: '1', region: 'us', least: 'b' }),
      row({ n: 2, customer: 2, region: 'EU', least: 'b' })
    ]).map(({ n, name }) => `${n}${name}`)
  assert.deepEqual(of('', 'c.id = o.customer AND c.region = o.region'), ['0a', '0c', '1b'])
  assert.deepEqual(of('', 'c.id = o.customer AND c.`type` = 1'), ['0a', '0b', '1a', '1b', '2d'])
  assert.deepEqual(of('', "c.`type` = 2 AND o.region = 'us'"), ['1c'])
  assert.deepEqual(of('LEFT', 'c.id = o.customer AND c.name >= o.least'), ['0b', '0c', '1b', '1c', '2d'])
  assert.deepEqual(of('LEFT', "c.id = o.customer AND o.region = 'us'"), ['0null', '1a', '1b', '1c', '2null'])
  assert.deepEqual(of('LEFT', 'c.id = o.customer AND UPPER(c.region) = o.region'), ['0null', '1null', '2d'])
  assert.deepEqual(of('', "c.id = o.customer WHERE c.region = 'us' AND o.n = 0"), ['0b'])
})

test('values of a file are those of their types; an empty field of CSV is NULL, unless it is a STRING', () => {
  const declared = 'id BIGINT, name STRING, credit DECIMAL(10, 2), since TIMESTAMP(3), vip BOOLEAN'
  const sql =
    'SELECT c.* FROM events o JOIN customers FOR SYSTEM_TIME AS OF PROCTIME() AS c ON c.id = o.customer'
  const whole = {
    id: '9007199254740993',
    name: 'é;',
    credit: '12.50',
    since: '2026-01-02T03:04:05.678',
    vip: true
  }
  const wanted = [
    { ...whole, id: Number(whole.id) },
    { id: 2, name: '', credit: null, since: null, vip: null }
  ]
  const csv = new Table('9007199254740993,é;,12.5,2026-01-02 03:04:05.678,TRUE\r\n2,,,,\r\n')
  const json = new Table(
    `${row({ ...whole, credit: 12.5 })}\n${row({ id: 2, name: '', other: { id: 3 } })}\n`,
    'ndjson'
  )
  for (const table of [csv, json]) {
    const query = queryOf(table.sql(declared) + sql)
    assert.deepEqual(results(query, ['{"customer":"9007199254740993"}', '{"customer":2}']), wanted)
  }
})

test('a file is read again when it has changed; one that cannot be read then leaves the rows of before', () => {
  const table = new Table('7,ann\n')
  const warnings: string[] = []
  const query = queryOf(table.sql('id INT, name STRING') + select('LEFT', 'c.id = o.customer'), warnings)
  const look = (): unknown[] => results(query, [row({ n: 0, customer: 7 })]).map(({ name }) => name)
  assert.deepEqual(look(), ['ann'])
  table.write('7,eve\n7,joe\n')
  assert.deepEqual(look(), ['eve', 'joe'])
  table.write('7,eve\nseven,joe!\n')
  assert.deepEqual(look(), ['eve', 'joe'])
  assert.deepEqual(look(), ['eve', 'joe'])
  assert.deepEqual(warnings, [
    `${table.name}:2: "seven" is not a whole number; its rows of before are used until it changes`
  ])
  table.write('8,bob\n')
  assert.deepEqual(look(), [null])
})

test('a file that is not there, or has a line that is none, ends the run', () => {
  const table = new Table('{"id":1}\n{"id":', 'ndjson')
  const sql = table.sql('id INT, name STRING') + select('LEFT', 'c.id = o.customer')
  assert.throws(() => results(queryOf(sql), ['{}']), { code: 'INPUT', message: `${table.name}:2: not JSON` })
  rmSync(table.path)
  assert.throws(() => results(queryOf(sql), ['{}']), { code: 'INPUT', message: /^table-.*: ENOENT/ })
})

test('two lookups one after the other, aggregation over one, and one over a group', () => {
  const people = new Table('1,10\n2,20\n')
  const teams = new Table('10,red\n20,blue\n')
  const sql =
    people.sql('id INT, team INT') +
    teams.sql('id INT, name STRING').replace('customers', 'teams') +
    'CREATE VIEW named AS SELECT o.n, t.name FROM events o JOIN customers FOR SYSTEM_TIME AS OF PROCTIME() AS c ON c.id = o.person JOIN teams FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = c.team;'
  const lines = [1, 2, 1].map((person, n) => row({ n, person }))
  assert.deepEqual(results(queryOf(`${sql} SELECT * FROM named`), lines), [
    { n: 0, name: 'red' },
    { n: 1, name: 'blue' },
    { n: 2, name: 'red' }
  ])
  const counts = results(queryOf(`${sql} SELECT name, COUNT(*) AS c FROM named GROUP BY name`), lines)
  assert.deepEqual(tableOf(counts), ['{"name":"blue","c":1}', '{"name":"red","c":2}'])
  const grouped = `SELECT c.team, g.c FROM (SELECT person, COUNT(*) AS c FROM events GROUP BY person) AS g
    JOIN customers FOR SYSTEM_TIME AS OF PROCTIME() AS c ON c.id = g.person`
  assert.deepEqual(tableOf(results(queryOf(sql + grouped), lines)), [
    '{"team":10,"c":2}',
    '{"team":20,"c":1}'
  ])
})

/** A change of the left table, or a new content of the file. */
const steps = fc.array(
  fc.oneof(
    fc.record({ id: fc.nat(4), k: fc.option(fc.nat(3)), isDelete: fc.boolean() }),
    fc.record({ rows: fc.array(fc.tuple(fc.nat(3), fc.nat(9)), { maxLength: 6 }) })
  ),
  { maxLength: 40 }
)

for (const kind of ['INNER', 'LEFT']) {
  test(`${kind} lookup of a table that changes: each row stays joined with what was found when it came, and nothing else is left`, () => {
    const sql = (table: Table): string =>
      `${table.sql('k INT, v INT')} SELECT o.id, o.k, c.v FROM orders AS o ${kind} JOIN customers FOR SYSTEM_TIME AS OF PROCTIME() AS c ON c.k = o.k AND c.v <> 5`
    fc.assert(
      fc.property(steps, fc.nat(40), (list, at) => {
        const table = new Table('')
        let query = queryOf(sql(table))
        let content: [number, number][] = []
        const rows = new Map<number, Row>()
        const joined = new Map<number, string[]>()
        const events: Row[] = []
        for (const [i, step] of list.entries()) {
          if (i === at) {
            const saved = query.snapshot()
            query = queryOf(sql(table))
            query.restore(saved)
          }
          if ('rows' in step) {
            content = step.rows
            table.write(content.map(([k, v]) => `${k},${v}\n`).join(''))
            continue
          }
          const old = rows.get(step.id) ?? null
          if (old === null && step.isDelete) continue
          const now = step.isDelete ? null : { id: step.id, k: step.k }
          events.push(
            ...results(query, [change(old === null ? 'c' : now === null ? 'd' : 'u', old, now, 'orders')])
          )
          if (now === null) {
            rows.delete(step.id)
            joined.delete(step.id)
            continue
          }
          rows.set(step.id, now)
          const found = content.filter(([k, v]) => k === now.k && v !== 5).map(([, v]) => v)
          const values = found.length === 0 && kind === 'LEFT' ? [null] : found
          joined.set(
            step.id,
            values.map(v => row({ ...now, v }))
          )
        }
        assert.deepEqual(tableOf(events), [...joined.values()].flat().sort())
      }),
      { numRuns: 60 }
    )
  })
}

test('what cannot be looked up is told where it stands', () => {
  const table = new Table('')
  const declared = `${table.sql(columns)}CREATE TABLE o (id INT, at TIMESTAMP(3), p AS PROCTIME(), WATERMARK FOR at AS at) WITH ('connector' = 'stdin', 'format' = 'json');\n`
  const reason = (sql: string): string => {
    try {
      queryOf(declared + sql)
    } catch (error) {
      return (error as Error).message
    }
    return 'none'
  }
  const as = 'customers FOR SYSTEM_TIME AS OF'
  assert.match(reason('SELECT * FROM customers'), /^line 2, column 15: customers is looked up row by row/)
  assert.match(
    reason('SELECT 1 AS a FROM o JOIN customers ON o.id = customers.id'),
    /column 27: customers is looked up/
  )
  assert.match(reason(`SELECT 1 AS a FROM o RIGHT JOIN ${as} o.p ON o.id = customers.id`), /in a right join/)
  assert.match(
    reason(`SELECT 1 AS a FROM o JOIN ${as} o.at ON o.id = customers.id`),
    /column 59: customers has no versions/
  )
  assert.match(reason(`SELECT 1 AS a FROM o JOIN ${as} o.p ON o.id > customers.id`), /ON needs an equality/)
  assert.match(reason(`SELECT 1 AS a FROM ${as} PROCTIME()`), /AS OF without JOIN/)
  assert.match(reason('SELECT p FROM o'), /^line 2, column 8: PROCTIME depends on the clock/)
  assert.match(reason('SELECT id FROM o WHERE p IS NOT NULL'), /^line 2, column 24: PROCTIME depends/)
  assert.match(reason('SELECT COUNT(*) AS n FROM o GROUP BY p'), /PROCTIME depends on the clock/)
})
