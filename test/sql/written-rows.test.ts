import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../src/lib/sql/index.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { rounds } from '../support/rounds.ts'

const COLUMNS = {
  tiny: 'TINYINT',
  i: 'INT',
  big: 'BIGINT',
  money: 'DECIMAL(10, 2)',
  long: 'DECIMAL(38, 12)',
  whole: 'DECIMAL(18, 0)',
  x: 'DOUBLE',
  f: 'FLOAT',
  ok: 'BOOLEAN',
  s: 'STRING',
  code: 'VARCHAR(3)',
  day: 'DATE',
  clock: 'TIME',
  at: 'TIMESTAMP(3)',
  tags: 'ARRAY<STRING>',
  place: 'ROW<city STRING, zip INT>'
}
const TABLE = `CREATE TABLE t (${Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`)}) WITH ('connector' = 'stdin', 'format' = 'json');`

/** The rows as lines that are written at once, and as those of --changelog, which are put together of texts. */
function bothWays(sql: string, input: readonly string[]): [string, string] {
  const [written, texts] = [false, true].map(changelog => {
    const rejected: string[] = []
    const w = new ByteWriter(64)
    const query = compile(sql, { changelog, reject: line => rejected.push(line.reason) })
    query.process(Buffer.from(input.map(line => `${line}\n`).join('')), w)
    return { text: w.written().toString(), rejected }
  })
  assert.deepEqual(written?.rejected, texts?.rejected)
  const head = '{"op":"+I","row":'
  const lines = (texts?.text ?? '').split('\n')
  const rows = lines.map(line => (line.startsWith(head) ? line.slice(head.length, -1) : line)).join('\n')
  return [written?.text as string, rows]
}

const number = fc.oneof(
  fc.integer(),
  fc.integer({ min: -200, max: 200 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0.5, 9.995, -0.01, 99999999.99, 2 ** 53, -(2 ** 31))
)
const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ maxLength: 200 }))
const value: Record<keyof typeof COLUMNS, fc.Arbitrary<unknown>> = {
  tiny: fc.integer({ min: -130, max: 130 }),
  i: number,
  big: fc.oneof(number, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  money: number,
  long: number,
  whole: fc.maxSafeInteger(),
  x: number,
  f: number,
  ok: fc.boolean(),
  s: fc.oneof(text, number),
  code: text,
  day: fc.constantFrom('2026-02-28', '0099-01-01', 'none'),
  clock: fc.constantFrom('23:59:59', '00:00:00.5'),
  at: fc.constantFrom('2026-11-24 10:00:00.001', '1969-12-31 23:59:59.999', 'never'),
  tags: fc.array(text, { maxLength: 3 }),
  place: fc.record({ city: text, zip: fc.nat() }, { requiredKeys: [] })
}
const json = (row: object): string =>
  JSON.stringify(row, (_, v) => (typeof v === 'bigint' ? `#${v}#` : v)).replaceAll(/"#(-?\d+)#"/g, '$1')
const row = fc.record(
  Object.fromEntries(Object.entries(value).map(([name, of]) => [name, fc.option(of, { freq: 8 })])),
  { requiredKeys: [] }
)

test('rows that are written as bytes are those that are put together as texts', () => {
  const projection = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...Object.keys(COLUMNS)) },
    fc.constantFrom(
      'UPPER(s)',
      'i + tiny',
      'money * 2',
      "CONCAT(code, '\"ü')",
      'CAST(x AS INT)',
      'i > 0',
      '1 / tiny'
    )
  )
  fc.assert(
    fc.property(
      fc.array(projection, { minLength: 1, maxLength: 5 }),
      fc.array(row, { maxLength: 12 }),
      fc.boolean(),
      (projections, rows, filtered) => {
        const select = projections.map((p, n) => `${p} AS \`c${n}ß\``)
        const sql = `${TABLE} SELECT ${select} FROM t${filtered ? ' WHERE i > 0' : ''}`
        const [written, texts] = bothWays(sql, rows.map(json))
        assert.equal(written, texts)
      }
    ),
    { numRuns: rounds(100, 25) }
  )
})

test('undeclared columns, and whole rows, are written as they came', () => {
  const lines = [
    '{"a":1,"b":"x\\u00fc\\n","c":[1, 2,{"d":null}]}',
    `{"a":1e5,"b":${JSON.stringify('ü'.repeat(500))}}`,
    '{"a":007}',
    '{"a":nul}',
    '{"b":true}'
  ]
  for (const sql of ['SELECT a, b, c FROM events', 'SELECT * FROM events', 'SELECT *, a AS z FROM events'])
    assert.equal(...bothWays(sql, lines))
  assert.equal(bothWays('SELECT * FROM events', lines.slice(0, 1))[0], `${lines[0]}\n`)
})

test('rows of a join are written as they are put together', () => {
  const sql = `${TABLE} CREATE VIEW w AS SELECT i, s, money, at, tags FROM t;
SELECT w.*, u.big, u.code FROM w, t AS u WHERE w.i = u.i`
  fc.assert(
    fc.property(fc.array(row, { maxLength: 6 }), rows => {
      const lines = rows.map(r => json({ ...r, i: Math.trunc(Number(r.tiny) || 0) % 2 }))
      assert.equal(...bothWays(sql, lines))
    })
  )
})

test('changes that are written as bytes are those that are put together as texts', () => {
  const table = TABLE.replace("'json'", "'debezium-json'")
  const changed = fc.record({
    before: fc.option(row),
    after: fc.option(row),
    source: fc.constantFrom('{"db":"d","table":"t"}', '{"table":"t","name":"ü"}'),
    time: fc.constantFrom('', ',"ts_ms":1795514400007'),
    op: fc.constantFrom('c', 'r', 'u', 'd', 't')
  })
  const sqls = [
    'SELECT i, s, money, x > 0 AS plus FROM t WHERE tiny > 0',
    'SELECT tiny, COUNT(*) AS n, SUM(money) AS money, 1 / COUNT(i) AS share FROM t GROUP BY tiny',
    'SELECT tiny, CAST(MAX(s) AS INT) AS last FROM t GROUP BY tiny'
  ]
  const few = (of: object): string =>
    json({ ...of, tiny: Math.abs(Number((of as { tiny?: number }).tiny) || 0) % 3 })
  fc.assert(
    fc.property(fc.constantFrom(...sqls), fc.array(changed, { maxLength: 20 }), (sql, changes) => {
      const [events, texts] = [false, true].map(changelog =>
        compile(`${table} ${sql}`, { changelog, reject() {} })
      )
      for (const { before, after, source, time, op } of changes) {
        const line = `{"before":${before && few(before)},"after":${after && few(after)},"source":${source},"op":"${op}"${time}}\n`
        const [written, kinds] = [events, texts].map(query => {
          const w = new ByteWriter(64)
          query?.process(Buffer.from(line), w)
          return w.written().toString()
        })
        const parts = new RegExp(
          `^\\{"before":(.*),"after":(.*),"source":${source},"op":"(.)"${time}\\}$`,
          's'
        )
        const asKinds = linesOf(written).flatMap(event => {
          const [, old = '', now = '', op = ''] = parts.exec(event) ?? assert.fail(event)
          if (op === 't') return `{"op":"t","source":${source}}`
          const [gone, come] = op === 'u' ? ['-U', '+U'] : ['-D', '+I']
          assert.equal(op === 'd' || op === 'u', old !== 'null')
          return [
            ...(old === 'null' ? [] : [`{"op":"${gone}","row":${old}}`]),
            ...(now === 'null' ? [] : [`{"op":"${come}","row":${now}}`])
          ]
        })
        assert.deepEqual(asKinds, linesOf(kinds))
      }
    })
  )
})

const linesOf = (text: string | undefined): string[] => (text ?? '').split('\n').filter(line => line !== '')
