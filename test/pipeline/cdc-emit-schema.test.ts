import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import type { RowSchema } from '../../src/lib/stream/index.ts'
import { allTypes, createTable, insertAll } from '../mysql/all-types.ts'
import { brief, killRunningTails, logEnd, RunningTail, tail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

/** How much the log tells of its columns. */
const SETTINGS = {
  mysql57: [''],
  mysql80: ['binlog_row_metadata=MINIMAL', 'binlog_row_metadata=FULL'],
  mysql: ['binlog_row_metadata=MINIMAL', 'binlog_row_metadata=FULL'],
  mariadb: ['binlog_row_metadata=NO_LOG', 'binlog_row_metadata=FULL']
} as const
type Flavour = keyof typeof SETTINGS

const directory = mkdtempSync(join(tmpdir(), 'millrace-schema-lines-'))
after(() => {
  killRunningTails()
  rmSync(directory, { recursive: true })
})

function schemas(ndjson: string): RowSchema[] {
  return ndjson
    .split('\n')
    .filter(line => line.startsWith('{"@schema"'))
    .map(line => (JSON.parse(line) as { '@schema': RowSchema })['@schema'])
}

/** Schemas as `table(key) columns`, and events in brief, in order. */
function story(ndjson: string): string[] {
  return ndjson.split('\n').flatMap(line => {
    if (line.startsWith('{"@schema"')) {
      const [schema] = schemas(line) as [RowSchema]
      const columns = schema.columns.map(({ name, type }) => `${name} ${type}`)
      return `${schema.table}(${schema.key}) ${columns.join(', ')}`
    }
    return line === '' || line.startsWith('{"@') ? [] : brief(JSON.parse(line))
  })
}

for (const flavour of Object.keys(SETTINGS) as Flavour[]) {
  describe(`tables tell what their rows are: ${flavour}`, { skip: unavailable(flavour) }, () => {
    let server: RunningServer
    let connection: Connection
    let url: string

    before(async () => {
      server = await startServer(flavour)
      url = cdcUrl(server, 'test')
    })
    after(async () => {
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    async function connect(setting: string): Promise<void> {
      await connection?.end()
      const admin = await createConnection(`${server.url}/test`)
      if (setting !== '') await admin.query(`SET GLOBAL ${setting}`)
      await admin.end()
      connection = await createConnection({ uri: `${server.url}/test`, charset: 'utf8mb4' })
      await connection.query("SET sql_mode = '', time_zone = '+00:00'")
    }

    for (const setting of SETTINGS[flavour]) {
      test(`the log and a snapshot tell the same of every type (${setting || 'no metadata'})`, async () => {
        await connect(setting)
        const columns = allTypes(flavour).filter(({ name }) => name !== 'g')
        await connection.query('DROP TABLE IF EXISTS every_type, others')
        await connection.query(createTable('every_type', columns))
        const vector = flavour === 'mysql' ? ', v VECTOR(3), w VECTOR(7)' : ''
        await connection.query(
          `CREATE TABLE others (a INT UNSIGNED, b VARCHAR(9) CHARACTER SET latin1, g GEOMETRY, p POINT, l LINESTRING, c MULTIPOINT${vector}, ` +
            'PRIMARY KEY (b, a))'
        )
        const start = await logEnd(connection)
        await insertAll(connection, 'every_type', columns)
        await connection.query("INSERT INTO others (a, b) VALUES (1, 'x')")
        const flags = ['--tables', 'every_type,others', '--emit-schema']
        const [stream, snapshot] = await Promise.all([
          tail(url, ...flags, '--snapshot', 'never', '--start', start, '--stop-at', 'now'),
          tail(url, ...flags, '--snapshot', 'only')
        ])
        assert.equal(stream.status, 0, stream.stderr)
        assert.equal(snapshot.status, 0, snapshot.stderr)
        const byTable = (a: RowSchema, b: RowSchema): number => a.table.localeCompare(b.table)
        const told = schemas(snapshot.stdout).sort(byTable)
        assert.deepEqual(schemas(stream.stdout).sort(byTable), told)
        const [every, others] = told as [RowSchema, RowSchema]
        const typeOf = (name: string): string | undefined =>
          every.columns.find(column => column.name === name)?.type
        assert.deepEqual(
          ['TINYINT_z', 'BIGINT_u', 'd10', 'dt3', 'v_gbk', 'bi6', 'bl', 'bit9', 'en', 'ye'].map(typeOf),
          [
            'tinyint unsigned',
            'bigint unsigned',
            'decimal(10,2)',
            'datetime(3)',
            'varchar(300)',
            'binary(6)',
            'blob',
            'bit(9)',
            "enum('a','b,c','it''s','é','')",
            'year'
          ]
        )
        assert.deepEqual(others, {
          db: 'test',
          table: 'others',
          key: ['b', 'a'],
          columns: [
            { name: 'a', type: 'int unsigned' },
            { name: 'b', type: 'varchar(9)' },
            { name: 'g', type: 'geometry' },
            { name: 'p', type: 'point' },
            { name: 'l', type: 'geometry' },
            { name: 'c', type: 'geometry' },
            ...(vector === ''
              ? []
              : [
                  { name: 'v', type: 'vector(3)' },
                  { name: 'w', type: 'vector(7)' }
                ])
          ]
        })
      })
    }

    test('once before the first row of a run, and before the first row of a new definition', async () => {
      await connect(SETTINGS[flavour][0])
      await connection.query('DROP TABLE IF EXISTS t, u')
      await connection.query('CREATE TABLE t (id INT PRIMARY KEY, a INT, secret TEXT, gone INT)')
      await connection.query('CREATE TABLE u (a INT, b INT)')
      await connection.query("INSERT INTO t VALUES (1, 2, 'x', 4)")
      const state = join(directory, flavour)
      const file = `${state}.ndjson`
      writeFileSync(file, '')
      const flags = [url, '--tables', 't,u', '--emit-schema', '--state', state, '--mark-every', '10ms']
      flags.push('--mask', 't.secret=hash', '--exclude-columns', 't.gone')
      const running = new RunningTail(flags)
      await running.until('the snapshot', ({ stdout }) => stdout.includes('"op":"r"'))
      await running.until('marks', ({ stdout }) => stdout.split('{"@mark"').length > 3)
      await connection.query("INSERT INTO t VALUES (2, 3, 'x', 4)")
      await connection.query('INSERT INTO u VALUES (7, 8)')
      await connection.query("INSERT INTO t VALUES (3, 4, 'x', 4)")
      await connection.query('ALTER TABLE t ADD INDEX (a)')
      await connection.query('DELETE FROM t WHERE id = 3')
      await connection.query('ALTER TABLE t MODIFY a BIGINT UNSIGNED, ADD b DECIMAL(5,2) AFTER id')
      await connection.query("INSERT INTO t VALUES (4, 1.5, 6, 'x', 4)")
      await running.until('the last row', ({ stdout }) => stdout.includes('"id":4'))
      await running.stop()
      const hash = '"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"'
      assert.deepEqual(story(running.stdout), [
        // Tables without a key are read first.
        'u() a int, b int',
        't(id) id int, a int, secret varchar(64)',
        `r null {"id":1,"a":2,"secret":${hash}}`,
        `c null {"id":2,"a":3,"secret":${hash}}`,
        'c null {"a":7,"b":8}',
        `c null {"id":3,"a":4,"secret":${hash}}`,
        `d {"id":3,"a":4,"secret":${hash}} null`,
        't(id) id int, b decimal(5,2), a bigint unsigned, secret varchar(64)',
        `c null {"id":4,"b":"1.50","a":6,"secret":${hash}}`
      ])
    })

    test('--snapshot schema-only tells of all tables at the start', async () => {
      await connect(SETTINGS[flavour][0])
      await connection.query('DROP TABLE IF EXISTS t, u')
      await connection.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20))')
      await connection.query('CREATE TABLE u (a DECIMAL(9,0), b ENUM("x"))')
      const flags = ['--tables', 't,u', '--emit-schema', '--snapshot', 'schema-only', '--stop-at', 'now']
      const { status, stdout, stderr } = await tail(url, ...flags)
      assert.equal(status, 0, stderr)
      assert.deepEqual(story(stdout).sort(), [
        't(id) id int, v varchar(20)',
        "u() a decimal(9,0), b enum('x')"
      ])
    })

    test('a table that is asked for while the log is followed tells it, too, and a resumed run tells again', async () => {
      await connect(SETTINGS[flavour][0])
      await connection.query('DROP TABLE IF EXISTS t, late')
      await connection.query('CREATE TABLE t (id INT PRIMARY KEY)')
      await connection.query('CREATE TABLE late (k CHAR(4) PRIMARY KEY)')
      await connection.query("INSERT INTO late VALUES ('a')")
      const state = join(directory, `late-${flavour}`)
      const out = `${state}.ndjson`
      const flags = [
        url,
        '--tables',
        't',
        '--emit-schema',
        '--state',
        state,
        '--out',
        out,
        '--stop-at',
        'now'
      ]
      const first = await tail(...flags)
      assert.equal(first.status, 0, first.stderr)
      const asked = await tail('snapshot', '--signal', '--state', state, 'test.late')
      assert.equal(asked.status, 0, asked.stderr)
      await connection.query('INSERT INTO t VALUES (5)')
      const second = await tail(...flags.filter(flag => flag !== '--out' && flag !== out), '--out', '-')
      assert.equal(second.status, 0, second.stderr)
      assert.deepEqual(story(second.stdout).sort(), [
        'c null {"id":5}',
        'late(k) k char(4)',
        'r null {"k":"a"}',
        't(id) id int'
      ])
    })
  })
}

test('plain rows do not name their table, and topics have no control lines: there nothing can be told', async () => {
  const { status, stderr } = await tail('mysql://x@localhost/x', '--flat', '--emit-schema')
  assert.equal(status, 2)
  assert.match(stderr, /--emit-schema with --flat/)
  const topics = await tail('mysql://x@localhost/x', '--out', 'kafka://localhost', '--emit-schema')
  assert.equal(topics.status, 2)
  assert.match(topics.stderr, /--emit-schema: control lines/)
})
