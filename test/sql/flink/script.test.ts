import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ToolError } from '../../../src/lib/cli/index.ts'
import { flinkScript, type ScriptOptions } from '../../../src/lib/sql/flink/index.ts'
import { SqlError } from '../../../src/lib/sql/index.ts'

const OPTIONS: ScriptOptions = {
  in: 'kafka://broker/in',
  out: 'kafka://broker/out',
  isBounded: false,
  key: [],
  watermarkDelay: 0,
  idleTimeout: 0,
  isExactlyOnce: false,
  hidesSecrets: false
}

const JOINS =
  "CREATE TABLE joins (id BIGINT, contest INT, amount DECIMAL(10, 2), at TIMESTAMP(3)) WITH ('connector' = 'stdin', 'format' = 'debezium-json');"
const ROWS = "CREATE TABLE clicks (id BIGINT, value INT) WITH ('connector' = 'stdin', 'format' = 'json');"

const script = (sql: string, options: Partial<ScriptOptions> = {}): string[] =>
  flinkScript(sql, { ...OPTIONS, ...options })

/** The statements behind the settings. */
const statements = (sql: string, options: Partial<ScriptOptions> = {}): string[] =>
  script(sql, options).filter(statement => !statement.startsWith('SET '))

const optionsOf = (statement = ''): Record<string, string> =>
  Object.fromEntries([...statement.matchAll(/'([^']*)' = '([^']*)'/g)].map(([, key, value]) => [key, value]))

function refusal(sql: string, options: Partial<ScriptOptions> = {}): string {
  try {
    script(sql, options)
  } catch (error) {
    assert.ok(error instanceof SqlError || error instanceof ToolError, String(error))
    return error.message
  }
  throw new Error('no error')
}

test('a SELECT becomes an INSERT into a table with the columns and types of its result', () => {
  const [source, sink, insert] = statements(`${ROWS} SELECT id + 1 AS next, value FROM clicks -- all of them`)
  assert.match(source ?? '', /^CREATE TABLE `clicks` \(`id` BIGINT, `value` INT\) WITH \(\n/)
  assert.match(sink ?? '', /^CREATE TABLE `results` \(\n {2}`next` BIGINT,\n {2}`value` INT\n\) WITH \(/)
  assert.equal(insert, 'INSERT INTO `results`\nSELECT `id` + 1 AS `next`, `value` FROM `clicks`')
})

test('topics of --in and --out stand in the place of stdin and stdout', () => {
  const [source, sink] = statements(`${ROWS} SELECT id FROM clicks`, {
    in: 'kafka://a:9093,b/clicks?group=g&from=latest',
    isBounded: true
  })
  assert.deepEqual(optionsOf(source), {
    connector: 'kafka',
    topic: 'clicks',
    'properties.bootstrap.servers': 'a:9093,b:9092',
    'properties.group.id': 'g',
    'scan.startup.mode': 'group-offsets',
    'properties.auto.offset.reset': 'latest',
    'scan.bounded.mode': 'latest-offset',
    format: 'json',
    'json.timestamp-format.standard': 'ISO-8601'
  })
  assert.deepEqual(optionsOf(sink), {
    connector: 'kafka',
    topic: 'out',
    'properties.bootstrap.servers': 'broker:9092',
    format: 'json',
    'json.timestamp-format.standard': 'ISO-8601',
    'json.encode.decimal-as-plain-number': 'true'
  })
})

test('a result that changes goes out as changes, or by key into a table that has one', () => {
  const count = 'SELECT contest, COUNT(*) AS n FROM joins GROUP BY contest'
  const [, changes] = statements(`${JOINS} ${count}`, { key: ['contest'] })
  assert.deepEqual(
    ['connector', 'format', 'key.format', 'key.fields'].map(key => optionsOf(changes)[key]),
    ['kafka', 'debezium-json', 'json', 'contest']
  )
  const declared =
    "CREATE TABLE totals (contest INT, n BIGINT, PRIMARY KEY (contest) NOT ENFORCED) WITH ('connector' = 'stdout');"
  const [, keyed, insert] = statements(`${JOINS} ${declared} INSERT INTO totals ${count}`)
  assert.deepEqual(
    ['connector', 'key.format', 'value.format'].map(key => optionsOf(keyed)[key]),
    ['upsert-kafka', 'json', 'json']
  )
  assert.match(insert ?? '', /^INSERT INTO `totals` SELECT/)
})

test('an index takes documents by --key', () => {
  const count = `${JOINS} SELECT contest, COUNT(*) AS n FROM joins GROUP BY contest`
  const out = 'http://user:secret@search:9200/totals'
  const [, sink] = statements(count, { out, key: ['contest'], hidesSecrets: true })
  assert.match(sink ?? '', /PRIMARY KEY \(`contest`\) NOT ENFORCED/)
  const { connector, hosts, index, password } = optionsOf(sink)
  assert.deepEqual(
    [connector, hosts, index, password],
    ['elasticsearch-7', 'http://search:9200', 'totals', '******']
  )
  assert.match(refusal(count, { out }), /its documents have no key/)
})

test('several queries are one job', () => {
  const all = statements(
    `${ROWS} SELECT id FROM clicks; INSERT INTO stdout SELECT value FROM clicks; SELECT value FROM clicks`
  )
  assert.deepEqual(
    all.map(statement => /^(?:CREATE TABLE `\w+`|EXECUTE STATEMENT SET)/.exec(statement)?.[0]),
    [
      'CREATE TABLE `clicks`',
      'CREATE TABLE `results`',
      'CREATE TABLE `stdout`',
      'CREATE TABLE `results_2`',
      'EXECUTE STATEMENT SET'
    ]
  )
  assert.match(
    all.at(-1) ?? '',
    /BEGIN\nINSERT INTO `results`\n.*;\nINSERT INTO `stdout`\n.*;\nINSERT INTO `results_2`\n.*;\nEND$/
  )
})

test('names are quoted, those of functions and within types too where they are names', () => {
  const sql =
    "CREATE TABLE events (source ROW<table STRING, pos ROW<at DECIMAL(10, 2), value ARRAY<INT>>>, `user` STRING) WITH ('connector' = 'stdin', 'format' = 'json'); SELECT UPPER(source.table) AS value, e.`user`, source.pos.at FROM events AS e"
  const [table, , insert] = statements(sql)
  assert.match(
    table ?? '',
    /^CREATE TABLE `events` \(`source` ROW<`table` STRING, `pos` ROW<`at` DECIMAL\(10, 2\), `value` ARRAY<INT>>>, `user` STRING\)/
  )
  assert.match(
    insert ?? '',
    /SELECT UPPER\(`source`\.`table`\) AS `value`, `e`\.`user`, `source`\.`pos`\.`at` FROM `events` AS `e`$/
  )
})

test('settings of the text and tables with connectors of Flink stay as they are', () => {
  const lookup =
    "CREATE TABLE names (id BIGINT, name STRING) WITH ('connector' = 'filesystem', 'path' = 'names.csv', 'format' = 'csv');"
  const all = script(`SET 'table.exec.state.ttl' = '1 h'; ${lookup} ${ROWS} SELECT id FROM clicks`)
  assert.ok(all.includes("SET 'table.exec.state.ttl' = '1 h'"))
  assert.ok(
    all.some(statement =>
      statement.endsWith("WITH ('connector' = 'filesystem', 'path' = 'names.csv', 'format' = 'csv')")
    )
  )
})

test('a column that a window takes for event time gets the watermark that it has here', () => {
  const sql = `${JOINS} SELECT window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end`
  assert.match(statements(sql)[0] ?? '', /, WATERMARK FOR `at` AS `at`\) WITH/)
  assert.match(
    statements(sql, { watermarkDelay: 90_500 })[0] ?? '',
    /, WATERMARK FOR `at` AS `at` - INTERVAL '90\.500' SECOND\(10, 3\)\) WITH/
  )
})

test('each of several changing tables has its topic', () => {
  const sql = `${JOINS} CREATE TABLE contests (id INT) WITH ('connector' = 'stdin', 'format' = 'debezium-json', 'table' = 'dream.contest'); SELECT j.id FROM joins AS j JOIN contests AS c ON c.id = j.contest`
  assert.match(refusal(sql), /all changes in a topic are of one table, and there are joins, contests/)
  const topics = statements(sql, { in: 'kafka://broker/dream.{source.table}' }).map(
    text => optionsOf(text).topic
  )
  assert.deepEqual(topics.slice(0, 2), ['dream.joins', 'dream.contest'])
})

test('a table that is only known by its name in the events is shown with a declaration to begin with', () => {
  const message = refusal(
    "SELECT contest_id, SUM(amount) AS total FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, contest_id"
  )
  assert.match(message, /^line 1, column \d+: Flink needs a declaration of joins/)
  const declaration = /CREATE TABLE [\s\S]*;/.exec(message)?.[0] ?? ''
  assert.match(declaration, /`contest_id` BIGINT/)
  assert.match(declaration, /`amount` DECIMAL\(18, 2\)/)
  assert.match(declaration, /WATERMARK FOR `created_at` AS `created_at`/)
  // It is one that the query can do with.
  assert.equal(statements(`${declaration} SELECT contest_id FROM joins`).length, 3)
})

test('what a cluster cannot read, write or load is refused', () => {
  const sql = `${ROWS} SELECT id FROM clicks`
  assert.match(
    refusal(`${ROWS} CREATE FUNCTION f AS 'f.js' LANGUAGE JAVASCRIPT; SELECT f(id) FROM clicks`),
    /functions of JavaScript do not run on Flink/
  )
  assert.match(refusal(sql, { in: '-' }), /Flink cannot read standard input/)
  assert.match(refusal(sql, { out: '-' }), /Flink cannot write to standard output/)
  assert.match(refusal(sql, { in: 'events.ndjson' }), /Flink cannot read events\.ndjson/)
  assert.match(
    refusal(sql, { in: 'kafka://broker/in?aws-region=eu-west-1' }),
    /unknown parameter 'aws-region'/
  )
  assert.match(refusal(sql, { out: 'kafka://broker/out.{kind}' }), /to one topic, not to a template/)
})

test('--idle-timeout is the setting of Flink, before one of the text', () => {
  const sets = script(`SET 'table.exec.source.idle-timeout' = '5 s'; ${ROWS} SELECT id FROM clicks`, {
    idleTimeout: 60_000
  }).filter(statement => statement.includes('idle'))
  assert.deepEqual(sets, [
    "SET 'table.exec.source.idle-timeout' = '60000 ms'",
    "SET 'table.exec.source.idle-timeout' = '5 s'"
  ])
  assert.doesNotMatch(script(`${ROWS} SELECT id FROM clicks`).join(), /idle/)
})

test('a table of MySQL is one of jdbc, its password from the environment and hidden in what is shown', () => {
  process.env.SHOP_PASSWORD = 'a/b@c'
  const sql = (url: string, table = 'eu.customers'): string => `${ROWS}
    CREATE TABLE customers (id BIGINT, name STRING) WITH ('connector' = 'mysql', 'url' = '${url}',
      'table-name' = '${table}', 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '10');
    SELECT c.id, u.name FROM (SELECT *, PROCTIME() AS p FROM clicks) AS c
      JOIN customers FOR SYSTEM_TIME AS OF c.p AS u ON u.id = c.id`
  const [, customers] = statements(sql('mysql://reader:${SHOP_PASSWORD}@db:3307/shop?tls=true'))
  assert.deepEqual(optionsOf(customers), {
    connector: 'jdbc',
    url: 'jdbc:mysql://db:3307/eu?sslMode=VERIFY_IDENTITY',
    'table-name': 'customers',
    username: 'reader',
    password: 'a/b@c',
    'lookup.cache': 'PARTIAL',
    'lookup.partial-cache.max-rows': '10'
  })
  const [, shown] = statements(sql('mysql://reader:${SHOP_PASSWORD}@db/shop', 'customers'), {
    hidesSecrets: true
  })
  assert.equal(optionsOf(shown).url, 'jdbc:mysql://db/shop')
  assert.equal(optionsOf(shown).password, '******')
  assert.match(refusal(sql('mysql://db/shop?ca=x.pem')), /ca=x.pem in its URL means nothing to Flink/)
  const jdbc = sql('jdbc:mysql://db/shop')
    .replace("'mysql'", "'jdbc'")
    .replace("'table-name'", "'password' = '${SHOP_PASSWORD}', 'table-name'")
  assert.equal(optionsOf(statements(jdbc)[1]).password, 'a/b@c')
})

test('--exactly-once writes to topics in transactions of each table, and to no index', () => {
  const sql = `${ROWS} SELECT id FROM clicks; SELECT value FROM clicks`
  const all = script(sql, { isExactlyOnce: true })
  assert.ok(all.includes("SET 'execution.checkpointing.interval' = '10 s'"))
  const sinks = all.filter(statement => statement.includes('sink.delivery-guarantee')).map(optionsOf)
  assert.deepEqual(
    sinks.map(sink => [
      sink['sink.delivery-guarantee'],
      sink['sink.transactional-id-prefix'],
      sink['properties.transaction.timeout.ms']
    ]),
    [
      ['exactly-once', 'enrich-results-out', '900000'],
      ['exactly-once', 'enrich-results_2-out', '900000']
    ]
  )
  assert.match(
    refusal(`${ROWS} SELECT id FROM clicks`, { isExactlyOnce: true, out: 'http://es:9200/i' }),
    /--exactly-once: an index has no transactions/
  )
  assert.doesNotMatch(script(sql).join(), /delivery|checkpointing/)
})

test('a login is in the statements, and hidden in what is shown', () => {
  const sql = `${ROWS} SELECT id FROM clicks`
  const ports = { in: 'kafka://app:pa"ss@broker/in?sasl=scram-sha-512&tls=true' }
  const options = optionsOf(statements(sql, ports)[0])
  assert.equal(options['properties.security.protocol'], 'SASL_SSL')
  assert.equal(
    options['properties.sasl.jaas.config'],
    'org.apache.kafka.common.security.scram.ScramLoginModule required username="app" password="pa\\"ss";'
  )
  assert.doesNotMatch(script(sql, { ...ports, hidesSecrets: true }).join('\n'), /pa.?"ss/)
})
