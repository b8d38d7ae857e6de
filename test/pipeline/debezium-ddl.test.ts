import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import { Debezium, debeziumMissing } from '../../scripts/lib/peers/debezium.ts'
import { Topics } from '../../scripts/lib/peers/topic.ts'
import { dataLines, follows, killRunningTails, RunningTail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

/** What comes to the schema change topic of the tables t, u, w and types. */
const STATEMENTS = [
  "ALTER TABLE t ADD c INT UNSIGNED NOT NULL DEFAULT 5 COMMENT 'hi' AFTER id, ADD e ENUM('a','b'), ADD d DECIMAL(9,3)",
  'ALTER TABLE other ADD x INT',
  'CREATE TABLE u LIKE t',
  'ALTER TABLE t ENGINE=InnoDB',
  'RENAME TABLE t TO w',
  `CREATE TABLE types (a TINYINT, b SMALLINT, c MEDIUMINT, d INT(5) UNSIGNED ZEROFILL, e BIGINT NOT NULL AUTO_INCREMENT,
    f FLOAT, f2 FLOAT(7,3), g DOUBLE, h DECIMAL(5,2), i DECIMAL, j BIT, k BIT(9), l DATE, m TIME(3), n DATETIME,
    o TIMESTAMP(6) NULL, p YEAR, q CHAR(3), r VARCHAR(5) CHARACTER SET latin1 COLLATE latin1_bin, s TEXT, t TINYTEXT,
    u LONGTEXT, v BLOB, w VARBINARY(5), x BINARY(4), y SET('a','b') CHARACTER SET utf8mb4, z JSON, ba GEOMETRY, bb POINT,
    bf INT DEFAULT NULL, bg VARCHAR(4) DEFAULT 'x', PRIMARY KEY (e)) CHARSET utf8mb4`,
  'ALTER TABLE types DROP COLUMN a, CHANGE b bb2 INT FIRST, MODIFY q VARCHAR(20) CHARACTER SET utf8mb4 NOT NULL',
  'ALTER TABLE w DROP e, RENAME TO t',
  'DROP TABLE u'
]

/** What tells the two programs apart, when each was at work, and what ours does not tell. */
const OWN_FIELDS = new Set(['version', 'name', 'ts_us', 'ts_ns', 'comment', 'defaultValueExpression'])

function comparable(line: string): unknown {
  const { ts_ms: _, ddl, ...event } = JSON.parse(line) as Record<string, unknown>
  // Debezium writes a statement of its own for each table that is dropped.
  return {
    ...(without(event, 'event') as object),
    ddl: String(ddl).replace(/^DROP TABLE .*/, 'DROP TABLE …')
  }
}

/** Columns keep their names. */
function without(value: unknown, where: string): unknown {
  if (Array.isArray(value)) return value.map(item => without(item, where))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !OWN_FIELDS.has(key) || (key === 'name' && where === 'columns'))
      .map(([key, item]) => [key, without(item, key)])
  )
}

describe('statements with --emit-ddl', {
  skip: debeziumMissing() ?? (unavailable('mysql80', 'kafka') || false)
}, () => {
  let mysql: RunningServer
  let kafka: RunningServer
  let connection: Connection

  before(async () => {
    ;[mysql, kafka] = await Promise.all([startServer('mysql80'), startServer('kafka')])
    connection = await createConnection({ uri: `${mysql.url}/test` })
    await connection.query('CREATE DATABASE dream')
    await connection.query('USE dream')
    await connection.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))')
    await connection.query('CREATE TABLE other (id INT)')
  })

  after(async () => {
    killRunningTails()
    await connection?.end()
    for (const server of [mysql, kafka]) {
      await server?.kill()
      await server?.stop()
    }
  })

  test('are those of Debezium’s schema change topic, but for defaults and comments', async () => {
    const bootstrap = kafka.url.replace('kafka://', '')
    await using debezium = await Debezium.start({
      bootstrap,
      mysql: mysql.url.replace('root:root', 'cdc:cdc'),
      tables: ['t', 'u', 'w', 'types'].map(name => `dream.${name}`),
      config: {
        'include.schema.changes': 'true',
        'schema.history.internal.store.only.captured.tables.ddl': 'true'
      }
    })
    await using topics = new Topics(bootstrap)
    const topic = debezium.topic('').replace(/\.$/, '')
    // The statements of its snapshot: SET, DROP and CREATE.
    const begun = await topics.reaches(topic, 6, 100, 30_000)
    const ours = new RunningTail([
      ...[cdcUrl(mysql, 'dream'), '--exclude-tables', 'other', '--snapshot', 'never'],
      ...['--emit-ddl', '--debezium-types', '--mark-every', '50ms']
    ])
    await ours.until('start', ({ stdout }) => follows(stdout))
    for (const sql of STATEMENTS) await connection.query(sql)
    // Of a table that is not captured nothing comes.
    const count = STATEMENTS.length - 1
    await topics.reaches(topic, begun + count, 100, 30_000)
    await ours.until('all statements', ({ stdout }) => dataLines(stdout).length >= count)
    const theirs = (await topics.read(topic)).slice(begun).map(({ value }) => comparable(value ?? 'null'))
    const { stdout, stderr } = await ours.stop()
    assert.doesNotMatch(stderr, /warning/)
    assert.deepEqual(dataLines(stdout).map(comparable), theirs)
  })
})
