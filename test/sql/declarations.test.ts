import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile, SqlError } from '../../src/lib/sql/index.ts'
import { created, run } from './events.ts'

const reason = (sql: string, input?: string): string => {
  try {
    compile(sql, { reject() {}, ...(input === undefined ? {} : { input }) })
  } catch (error) {
    return error instanceof SqlError ? error.message : `${error}`
  }
  return 'none'
}

const stdin = "WITH ('connector' = 'stdin', 'format' = 'debezium-json')"

test('METADATA columns are what a change event says beside the row', () => {
  const sql = `CREATE TABLE joins (id INT, at TIMESTAMP_LTZ(3) METADATA FROM 'value.source.timestamp' VIRTUAL, seen TIMESTAMP_LTZ(3) METADATA FROM 'ingestion-timestamp',
    db STRING METADATA FROM 'source.database', tab STRING METADATA FROM 'source.table', props MAP<STRING, STRING> METADATA FROM 'value.source.properties') ${stdin};
    SELECT id, at, seen, db, tab, props['db'] AS p, props['ts_ms'] AS ms FROM joins`
  const line = created({ id: 1 }).replace('"ts_ms":1}', '"ts_ms":1764000000123}')
  assert.deepEqual(run(sql, [line]).rows[0]?.after, {
    id: 1,
    at: '2025-11-24T16:00:00.123Z',
    seen: '1970-01-01T00:00:00.002Z',
    db: 'dream',
    tab: 'joins',
    p: 'dream',
    ms: '1764000000123'
  })
})

test('the time of the source is an event time', () => {
  const sql = `CREATE TABLE joins (id INT, at TIMESTAMP_LTZ(3) METADATA FROM 'source.timestamp' VIRTUAL, WATERMARK FOR at AS at) ${stdin};
    SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(at), INTERVAL '1' SECOND)) GROUP BY window_start, window_end`
  const lines = [1000, 1500, 2500].map(ms => created({ id: ms }).replace('"ts_ms":1}', `"ts_ms":${ms}}`))
  assert.deepEqual(run(sql, lines).rows, [
    { window_end: '1970-01-01T00:00:02.000', n: 2 },
    { window_end: '1970-01-01T00:00:03.000', n: 1 }
  ])
})

test('metadata that is not there, or of another type, is told of', () => {
  const of = (column: string, options = stdin): string =>
    reason(`CREATE TABLE t (id INT, ${column}) ${options}; SELECT id FROM t`)
  assert.match(
    of("m STRING METADATA FROM 'source.tabel'"),
    /column 25: no metadata 'source.tabel' \(did you mean source.table\?\)/
  )
  assert.match(of("m BIGINT METADATA FROM 'offset'"), /'offset' of records is not kept/)
  assert.match(
    of("m BOOLEAN METADATA FROM 'source.properties'"),
    /metadata 'source.properties' is MAP<STRING, STRING>, which is no BOOLEAN/
  )
  assert.match(
    of("m STRING METADATA FROM 'source.table'", "WITH ('connector' = 'stdin', 'format' = 'json')"),
    /only tables of format debezium-json/
  )
})

test('CREATE TABLE LIKE takes columns, watermark and options; its own come before those', () => {
  const base = `CREATE TABLE base (id INT, at TIMESTAMP(3), twice AS id * 2, WATERMARK FOR at AS at) WITH ('connector' = 'stdin', 'format' = 'json');`
  const { rows } = run(`${base} CREATE TABLE t (extra STRING) LIKE base; SELECT id, twice, extra FROM t`, [
    '{"id":1,"at":"2026-01-01T00:00:00","extra":"x"}'
  ])
  assert.deepEqual(rows, [{ id: 1, twice: 2, extra: 'x' }])
  const changes = `${base} CREATE TABLE t (w AS id + 1) WITH ('format' = 'debezium-json') LIKE base (EXCLUDING WATERMARKS EXCLUDING GENERATED INCLUDING OPTIONS);`
  const event = created({ id: 1, at: null }, 't')
  assert.deepEqual(run(`${changes} SELECT id, w FROM t`, [event]).rows[0]?.after, { id: 1, w: 2 })
  assert.match(reason(`${changes} SELECT twice FROM t`), /no column twice/)
  assert.match(
    reason(`${base} CREATE TABLE t LIKE base (EXCLUDING ALL); SELECT id FROM t`),
    /table t needs WITH/
  )
  assert.match(
    reason(`${base} CREATE TABLE t (id INT) LIKE base; SELECT id FROM t`),
    /column id is one of base already/
  )
  assert.match(reason('CREATE TABLE t LIKE base; SELECT id FROM t'), /no table base is declared before/)
})

test('columns of a table get other names where it is read', () => {
  const declared = "CREATE TABLE t (id INT, v INT) WITH ('connector' = 'stdin', 'format' = 'json');\n"
  assert.deepEqual(run(`${declared}SELECT a, x.b FROM t AS x (a, b) WHERE b > 1`, ['{"id":1,"v":2}']).rows, [
    { a: 1, b: 2 }
  ])
  assert.match(reason(`${declared}SELECT id FROM t AS x (a, b)`), /^line 2, column 8: no column id/)
  assert.match(reason(`${declared}SELECT a FROM t AS x (a)`), /^line 2, column 23: a list of 1 columns for 2/)
  assert.match(reason('SELECT a FROM joins AS x (a)'), /a list of 1 columns for those of an undeclared table/)
})

test('EXPLAIN asks for the plan', () => {
  const { program, plan } = compile('EXPLAIN PLAN FOR SELECT id FROM joins WHERE v > 1', { reject() {} })
  assert.equal(program.isExplained, true)
  assert.match(plan, /filter: \(v > 1\)/)
  assert.equal(compile('SELECT id FROM joins', { reject() {} }).program.isExplained, false)
})

test('the PRIMARY KEY of the output is the key of its records', () => {
  const sink =
    "CREATE TABLE o (id INT, b INT, v INT, PRIMARY KEY (id, b) NOT ENFORCED) WITH ('connector' = 'stdout');"
  const key = (sql: string): string | undefined => compile(sink + sql, { reject() {} }).program.outputKey
  assert.equal(key('INSERT INTO o SELECT CAST(id AS INT), 1, 2 FROM joins'), 'id,b')
  assert.equal(key('SELECT id FROM joins'), undefined)
})

test('a table that is a topic is read with --in of that topic', () => {
  const table = (format: string): string =>
    `CREATE TABLE t (id INT) WITH ('connector' = 'kafka', 'topic' = 'a', 'properties.bootstrap.servers' = 'b:9092', 'format' = '${format}'); SELECT id FROM t`
  assert.match(reason(table('json')), /table t is the topic a: it is read with --in kafka:\/\/BROKER\/a/)
  assert.match(reason(table('json'), 'kafka://b:9092/c?from=earliest'), /--in reads c, not the topic a/)
  assert.match(reason(table('json'), 'kafka://b/a,c'), /rows of t cannot be told from those of the topic c/)
  assert.equal(reason(table('debezium-json'), 'kafka://b/a,c?group=g'), 'none')
  assert.equal(reason(table('json'), 'kafka://b:9092/a'), 'none')
})
