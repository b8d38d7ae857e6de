import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import {
  brief,
  type ChangeEvent,
  events,
  follows,
  killRunningTails,
  RunningTail,
  tail
} from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

/** Logs that do not name their columns. */
const FLAVOURS = {
  mysql57: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'],
  mysql80: ['--binlog-row-metadata=MINIMAL'],
  mysql: ['--binlog-row-metadata=MINIMAL', '--binlog-transaction-compression=ON'],
  mariadb: ['--binlog-row-metadata=NO_LOG']
} as const
type Flavour = keyof typeof FLAVOURS
const flavours = Object.keys(FLAVOURS) as Flavour[]

/** Statements, and the events of table t that they give. */
const HISTORY: readonly (readonly [sql: string, ...events: string[]])[] = [
  ['INSERT INTO t VALUES (1, 10, 20)', 'c null {"id":1,"a":10,"b":20}'],
  ['ALTER TABLE t CHANGE a x INT'],
  ['INSERT INTO t VALUES (2, 11, 21)', 'c null {"id":2,"x":11,"b":21}'],
  ['ALTER TABLE t CHANGE x b INT, CHANGE b x INT'],
  ['UPDATE t SET b = 12 WHERE id = 2', 'u {"id":2,"b":11,"x":21} {"id":2,"b":12,"x":21}'],
  ['ALTER TABLE t DROP b, ADD c INT AFTER id'],
  ['INSERT INTO t VALUES (3, 13, 23)', 'c null {"id":3,"c":13,"x":23}'],
  // a table that takes the other's place
  ['CREATE TABLE t_new LIKE t'],
  ['INSERT INTO t_new VALUES (7, 7, 7)'],
  ['ALTER TABLE t_new CHANGE x y INT'],
  ['RENAME TABLE t TO t_old, t_new TO t'],
  ['INSERT INTO t VALUES (4, 14, 24)', 'c null {"id":4,"c":14,"y":24}'],
  ['INSERT INTO t_old VALUES (44, 0, 0)'],
  ['RENAME TABLE t TO swap, t_old TO t, swap TO t_old'],
  ['INSERT INTO t VALUES (4, 14, 24)', 'c null {"id":4,"c":14,"x":24}'],
  // as gh-ost does it
  ['CREATE /* gh-ost */ TABLE `_t_gho` LIKE `t`'],
  ["ALTER /* gh-ost */ TABLE `_t_gho` MODIFY x INT FIRST, ADD e ENUM('p', 'q')"],
  ['INSERT INTO _t_gho (id, c, x) SELECT id, c, x FROM t'],
  ['CREATE TABLE `_t_del` (id INT AUTO_INCREMENT PRIMARY KEY)'],
  ['DROP TABLE `_t_del`'],
  ['RENAME TABLE `t` TO `_t_del`, `_t_gho` TO `t`'],
  ["INSERT INTO t VALUES (25, 5, 15, 'q')", 'c null {"x":25,"id":5,"c":15,"e":"q"}'],
  ['DROP TABLE IF EXISTS _t_del'],
  // labels and keys
  ["ALTER TABLE t MODIFY e ENUM('P', 'Q') CHARACTER SET latin1"],
  ["UPDATE t SET e = 'P' WHERE id = 5", 'u {"x":25,"id":5,"c":15,"e":"Q"} {"x":25,"id":5,"c":15,"e":"P"}'],
  [
    'UPDATE t SET id = 6 WHERE id = 5',
    'd {"x":25,"id":5,"c":15,"e":"P"} null',
    'c null {"x":25,"id":6,"c":15,"e":"P"}'
  ],
  ['ALTER TABLE t DROP PRIMARY KEY, ADD UNIQUE KEY (x)'],
  ['UPDATE t SET id = 7 WHERE id = 6', 'u {"x":25,"id":6,"c":15,"e":"P"} {"x":25,"id":7,"c":15,"e":"P"}'],
  ['ALTER TABLE t MODIFY x INT NOT NULL'],
  [
    'UPDATE t SET x = 26 WHERE id = 7',
    'd {"x":25,"id":7,"c":15,"e":"P"} null',
    'c null {"x":26,"id":7,"c":15,"e":"P"}'
  ],
  // made anew
  ['DROP TABLE t'],
  ['CREATE TABLE t (k INT PRIMARY KEY, v CHAR(3) CHARACTER SET ucs2, u INT UNSIGNED) CHARACTER SET latin1'],
  ["INSERT INTO t VALUES (1, 'é', 4000000000)", 'c null {"k":1,"v":"é","u":4000000000}'],
  ['CREATE TABLE t2 SELECT u AS k, v, k AS u FROM t'],
  ['ALTER TABLE t RENAME TO t3'],
  ['ALTER TABLE t2 RENAME TO t'],
  ["INSERT INTO t VALUES (3000000000, 'ü', -1)", 'c null {"k":3000000000,"v":"ü","u":-1}'],
  ['CREATE TABLE t4 (z INT)'],
  ['DROP TABLE t'],
  ['RENAME TABLE t4 TO t'],
  ['INSERT INTO t VALUES (9)', 'c null {"z":9}']
]
/** 8.0.15 does not create tables from queries where there are GTIDs. */
function historyFor(flavour: Flavour): string[] {
  return HISTORY.map(([sql]) =>
    flavour === 'mysql80' ? sql.replace(/SELECT u AS k.*/, '(k INT UNSIGNED, v CHAR(3), u INT)') : sql
  )
}
const EXPECTED = HISTORY.flatMap(([, ...found]) => found)

const servers = new Map<Flavour, RunningServer>()
const directory = mkdtempSync(join(tmpdir(), 'millrace-schema-'))

before(async () => {
  const wanted = flavours.filter(flavour => unavailable(flavour) === false)
  await Promise.all(
    wanted.map(async flavour => servers.set(flavour, await startServer(flavour, { args: FLAVOURS[flavour] })))
  )
})

after(async () => {
  killRunningTails()
  for (const server of servers.values()) {
    await server.kill()
    await server.stop()
  }
  rmSync(directory, { recursive: true })
})

interface SchemaChange {
  readonly source: {
    readonly db: string
    readonly table: string | null
    readonly file: string
    readonly pos: number
  }
  readonly databaseName: string
  readonly ddl: string
  readonly tableChanges: readonly {
    readonly type: string
    readonly id: string
    readonly table: {
      readonly defaultCharsetName: string
      readonly primaryKeyColumnNames: string[]
      readonly columns: readonly Record<string, unknown>[]
    } | null
  }[]
}

interface Bench extends AsyncDisposable {
  readonly connection: Connection
  readonly url: string
  readonly state: string
  readonly file: string
  /** Flags that keep state and write to the file. */
  readonly kept: string[]
}

/** A database with the table t as it is at first. */
async function open(flavour: Flavour, name: string): Promise<Bench> {
  const server = servers.get(flavour) as RunningServer
  const connection = await createConnection({ uri: `${server.url}/test`, charset: 'utf8mb4' })
  await connection.query(`DROP DATABASE IF EXISTS ${name}`)
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
  await connection.query(`USE ${name}`)
  await connection.query('CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT)')
  const state = join(directory, `${flavour}-${name}`)
  const file = `${state}.ndjson`
  return {
    connection,
    url: cdcUrl(server, name),
    state,
    file,
    kept: ['--tables', 't', '--state', state, '--out', file, '--mark-every', '20ms'],
    [Symbol.asyncDispose]: () => connection.end()
  }
}

/** What a line is about: a row, or a statement with the tables that it made. */
function lineOf(event: ChangeEvent | SchemaChange): string {
  if ('op' in event) return brief(event)
  const tables = event.tableChanges.map(
    ({ type, id, table }) => `${type} ${id} ${table?.columns.map(({ name }) => name)}`
  )
  return `${event.ddl}: ${tables.join('; ')}`
}

function inFile(bench: Bench): string[] {
  return events(readFileSync(bench.file, 'utf8')).map(lineOf)
}

describe('rows have the columns of their time', { concurrency: true }, () => {
  for (const flavour of flavours) {
    describe(`though the log does not name them: ${flavour}`, {
      skip: unavailable(flavour),
      concurrency: false
    }, () => {
      test('in a run that follows live', async () => {
        await using bench = await open(flavour, 'live')
        const running = new RunningTail([bench.url, '--tables', 't', '--mark-every', '50ms'])
        await running.until('start', ({ stdout }) => follows(stdout))
        for (const sql of historyFor(flavour)) await bench.connection.query(sql)
        await running.until('the last row', ({ stdout }) => events(stdout).length >= EXPECTED.length)
        const { stdout, stderr } = await running.stop()
        assert.deepEqual(events(stdout).map(brief), EXPECTED)
        assert.doesNotMatch(stderr, /warning/)
      })

      test('in a run that resumes after all has changed', async () => {
        await using bench = await open(flavour, 'down')
        const first = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
        assert.equal(first.status, 0, first.stderr)
        for (const sql of historyFor(flavour)) await bench.connection.query(sql)
        const second = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
        assert.equal(second.status, 0, second.stderr)
        assert.doesNotMatch(second.stderr, /warning/)
        assert.deepEqual(inFile(bench), EXPECTED)
      })

      test('in runs that are killed again and again while the tables change', async () => {
        await using bench = await open(flavour, 'killed')
        const unbroken = new RunningTail([bench.url, '--tables', 't', '--emit-ddl', '--mark-every', '50ms'])
        await unbroken.until('start', ({ stdout }) => follows(stdout))
        const begun = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
        assert.equal(begun.status, 0, begun.stderr)
        const statements = historyFor(flavour)
        for (let at = 0, round = 0; at < statements.length; round++) {
          const running = new RunningTail([bench.url, ...bench.kept, '--emit-ddl'])
          const size = 3 + ((round * 5) % 4)
          for (const sql of statements.slice(at, at + size)) {
            await bench.connection.query(sql)
            await sleep((round * 13) % 30)
          }
          at += size
          if (round % 3 !== 0) await sleep((round * 97) % 200)
          running.kill('SIGKILL')
          const { stderr } = await running.ended
          // A start may fall between the statements that take the table away and bring it back.
          const others = stderr.split('\n').filter(line => !/: table killed\.t does not exist/.test(line))
          assert.doesNotMatch(others.join('\n'), /warning|error/)
        }
        const last = await tail(bench.url, ...bench.kept, '--emit-ddl', '--stop-at', 'now')
        assert.equal(last.status, 0, last.stderr)
        const found = inFile(bench)
        assert.deepEqual(
          found.filter(line => /^[cud] /.test(line)),
          EXPECTED
        )
        await unbroken.until('the last line', ({ stdout }) => events(stdout).length >= found.length)
        await unbroken.stop()
        assert.deepEqual(found, events(unbroken.stdout).map(lineOf))
      })

      test('also where the log begins to name them midway, and stops again', {
        skip: flavour === 'mysql57'
      }, async () => {
        await using bench = await open(flavour, 'switched')
        const first = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
        assert.equal(first.status, 0, first.stderr)
        const statements = historyFor(flavour)
        const set = async (value: string): Promise<void> => {
          await bench.connection.query(`SET GLOBAL binlog_row_metadata = '${value}'`)
        }
        for (const [i, sql] of statements.entries()) {
          if (i % 7 === 3) await set('FULL')
          if (i % 7 === 0) await set('MINIMAL')
          await bench.connection.query(sql)
        }
        await set(flavour === 'mariadb' ? 'NO_LOG' : 'MINIMAL')
        const second = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
        assert.equal(second.status, 0, second.stderr)
        assert.doesNotMatch(second.stderr, /warning/)
        assert.deepEqual(inFile(bench), EXPECTED)
      })

      test('whatever the character set and the sql_mode of the session that defined them', async () => {
        await using bench = await open(flavour, 'sessions')
        const first = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
        assert.equal(first.status, 0, first.stderr)
        const { connection } = bench
        const uri = bench.url.replace('cdc:cdc', 'root:root')
        const latin1 = await createConnection({ uri, charset: 'latin1' })
        await latin1.query("SET sql_mode = 'ANSI_QUOTES'")
        await latin1.query(`CREATE TABLE "é" ("ü" ENUM('é', 'ß'), "s" VARCHAR(5))`)
        await latin1.query('RENAME TABLE t TO t_old, "é" TO t')
        await latin1.query(`INSERT INTO t VALUES ('ß', 'ä')`)
        await latin1.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
        await latin1.query(`ALTER TABLE t MODIFY ü ENUM('\\', 'ß')`)
        await connection.query(`UPDATE t SET s = ü`)
        await latin1.end()
        await connection.query('CREATE TABLE `日本` (`名前` INT, s VARCHAR(5) COMMENT "日本")')
        await connection.query('DROP TABLE t')
        await connection.query('ALTER TABLE `日本` RENAME TO t')
        await connection.query("INSERT INTO t VALUES (1, '日')")
        const second = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
        assert.equal(second.status, 0, second.stderr)
        assert.doesNotMatch(second.stderr, /warning/)
        assert.deepEqual(inFile(bench), [
          'c null {"ü":"ß","s":"ä"}',
          'u {"ü":"ß","s":"ä"} {"ü":"ß","s":"ß"}',
          'c null {"名前":1,"s":"日"}'
        ])
      })

      test('from the moment of a snapshot, or of the start, while the columns change their names', async () => {
        await using bench = await open(flavour, 'moments')
        const { connection } = bench
        let done = false
        const changes = (async () => {
          for (let id = 1; !done; id++) {
            await connection.query(`INSERT INTO t (id, a, b) VALUES (${id}, ${id}, -${id})`)
            if (id % 3 === 0) await connection.query('ALTER TABLE t CHANGE a b INT, CHANGE b a INT')
          }
        })()
        try {
          for (let round = 0; round < 8; round++) {
            const snapshot = round % 2 === 0 ? 'initial' : 'never'
            const running = new RunningTail([bench.url, '--tables', 't', '--snapshot', snapshot])
            const created = (): ChangeEvent[] => events(running.stdout).filter(({ op }) => op === 'c')
            await running.until('rows', () => created().length >= 12)
            const { stderr } = await running.stop()
            for (const { after: row } of created())
              assert.deepEqual([row?.a, row?.b], [row?.id, -(row?.id as number)], stderr)
          }
        } finally {
          done = true
          await changes
        }
      })

      test('from the earliest place of a log that has the CREATE TABLEs in it', async () => {
        await using bench = await open(flavour, 'earliest')
        for (const sql of historyFor(flavour)) await bench.connection.query(sql)
        const { status, stdout, stderr } = await tail(
          ...[bench.url, '--tables', 't', '--snapshot', 'never', '--start', 'earliest', '--stop-at', 'now']
        )
        assert.equal(status, 0, stderr)
        assert.deepEqual(events(stdout).map(brief), EXPECTED)
      })
    })
  }
})

describe('tables with system versioning', { skip: unavailable('mariadb') }, () => {
  test('have rows with the times that no definition names', async () => {
    await using bench = await open('mariadb', 'versions')
    const { connection } = bench
    await connection.query('DROP TABLE t')
    await connection.query('CREATE TABLE t (id INT PRIMARY KEY) WITH SYSTEM VERSIONING')
    const first = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
    assert.equal(first.status, 0, first.stderr)
    await connection.query('SET system_versioning_alter_history = KEEP')
    await connection.query('INSERT INTO t VALUES (1)')
    await connection.query('ALTER TABLE t ADD b INT')
    await connection.query('INSERT INTO t VALUES (2, 3)')
    await connection.query('ALTER TABLE t DROP SYSTEM VERSIONING')
    await connection.query('INSERT INTO t VALUES (4, 5)')
    await connection.query('ALTER TABLE t ADD SYSTEM VERSIONING, CHANGE b c INT')
    await connection.query('UPDATE t SET c = 6 WHERE id = 4')
    const second = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
    assert.equal(second.status, 0, second.stderr)
    assert.deepEqual(
      inFile(bench).map(line => line.replaceAll(/"20[^"]*Z"/g, 'TIME')),
      [
        'c null {"id":1,"row_start":TIME,"row_end":TIME}',
        'c null {"id":2,"b":3,"row_start":TIME,"row_end":TIME}',
        'c null {"id":4,"b":5}',
        'u {"id":4,"c":5,"row_start":TIME,"row_end":TIME} {"id":4,"c":6,"row_start":TIME,"row_end":TIME}',
        'c null {"id":4,"c":5,"row_start":TIME,"row_end":TIME}'
      ]
    )
  })
})

describe('a server that keeps names of tables in small letters', { skip: unavailable('mysql57') }, () => {
  test('has rows with the columns of their time, whatever letters a statement has', async () => {
    await using server = await startServer('mysql57', { args: ['--lower-case-table-names=1'] })
    const connection = await createConnection({ uri: `${server.url}/test` })
    await connection.query('CREATE TABLE Orders (id INT PRIMARY KEY, a INT, b INT)')
    const running = new RunningTail([cdcUrl(server, 'test'), '--tables', 'orders', '--mark-every', '50ms'])
    await running.until('start', ({ stdout }) => follows(stdout))
    await connection.query('ALTER TABLE ORDERS CHANGE a A2 INT, CHANGE b a INT')
    await connection.query('INSERT INTO Orders VALUES (1, 2, 3)')
    await connection.query('CREATE TABLE TEST.New LIKE Orders')
    await connection.query('ALTER TABLE New CHANGE a c INT')
    await connection.query('RENAME TABLE ORDERS TO oLD, NEW TO Orders')
    await connection.query('INSERT INTO oRDERS VALUES (4, 5, 6)')
    await running.until('rows', ({ stdout }) => events(stdout).length >= 2)
    const { stdout, stderr } = await running.stop()
    await connection.end()
    await server.kill()
    assert.deepEqual(events(stdout).map(brief), [
      'c null {"id":1,"A2":2,"a":3}',
      'c null {"id":4,"A2":5,"c":6}'
    ])
    assert.doesNotMatch(stderr, /warning/)
  })
})

describe('without its history of tables', { skip: unavailable('mysql57') }, () => {
  test('a run does not resume, unless it is told that nothing was altered', async () => {
    await using bench = await open('mysql57', 'lost')
    const first = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
    assert.equal(first.status, 0, first.stderr)
    await bench.connection.query('INSERT INTO t VALUES (1, 2, 3)')
    const history = join(bench.state, 'cdc-tail', 'schema.ndjson')
    rmSync(history)
    const missing = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
    assert.equal(missing.status, 1)
    assert.match(
      missing.stderr,
      /schema\.ndjson is missing: .*\n {2}restore it from a backup.* an empty file in its place/
    )
    writeFileSync(history, '{"base":{"after":0,"databases":[],"tab\n')
    const damaged = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
    assert.equal(damaged.status, 1)
    assert.match(damaged.stderr, /schema\.ndjson:1: the schema history is damaged: /)
    writeFileSync(history, '')
    const told = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
    assert.equal(told.status, 0, told.stderr)
    assert.deepEqual(inFile(bench), ['c null {"id":1,"a":2,"b":3}'])
  })

  test('there is one after a snapshot alone, for a run that goes on from there', async () => {
    await using bench = await open('mysql57', 'alone')
    await bench.connection.query('INSERT INTO t VALUES (1, 2, 3)')
    const first = await tail(bench.url, ...bench.kept, '--snapshot', 'only')
    assert.equal(first.status, 0, first.stderr)
    await bench.connection.query('INSERT INTO t VALUES (2, 3, 4)')
    await bench.connection.query('ALTER TABLE t CHANGE a x INT')
    const second = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
    assert.equal(second.status, 0, second.stderr)
    assert.deepEqual(inFile(bench), ['r null {"id":1,"a":2,"b":3}', 'c null {"id":2,"a":3,"b":4}'])
  })

  test('a table that comes from where nobody looked has the columns of today, with a warning that quotes the statement', async () => {
    await using bench = await open('mysql57', 'strange')
    const { connection, url } = bench
    await connection.query('DROP TABLE IF EXISTS test.elsewhere')
    await connection.query('CREATE TABLE test.elsewhere (y INT)')
    const running = new RunningTail([url, '--tables', 't', '--mark-every', '50ms', '--emit-ddl'])
    await running.until('start', ({ stdout }) => follows(stdout))
    await connection.query('DROP TABLE t')
    await connection.query('RENAME TABLE test.elsewhere TO strange.t')
    await connection.query('INSERT INTO t VALUES (1)')
    await running.until('a row', ({ stdout }) => events(stdout).length >= 3)
    await connection.query('ALTER TABLE t ADD z INT')
    await connection.query('INSERT INTO t VALUES (2, 3)')
    await running.until('a row', ({ stdout }) => events(stdout).length >= 5)
    const { stdout, stderr } = await running.stop()
    assert.deepEqual(events(stdout).map(lineOf), [
      'DROP TABLE `t` /* generated by server */: DROP "strange"."t" undefined',
      'RENAME TABLE test.elsewhere TO strange.t: ',
      'c null {"y":1}',
      'ALTER TABLE t ADD z INT: ',
      'c null {"y":2,"z":3}'
    ])
    assert.match(
      stderr,
      /^cdc-tail: warning: the columns of strange\.t cannot be followed \(test\.elsewhere is not known: RENAME TABLE test\.elsewhere TO strange\.t\): .* taken from the database as it is now$/m
    )
    assert.equal(stderr.match(/warning/g)?.length, 1)
  })
})

describe('statements that define tables', { skip: unavailable('mysql80') }, () => {
  test('stand among the rows in the form of Debezium’s schema changes, if they concern the tables', async () => {
    await using bench = await open('mysql80', 'emitted')
    const first = await tail(bench.url, ...bench.kept, '--stop-at', 'now')
    assert.equal(first.status, 0, first.stderr)
    for (const sql of [
      'INSERT INTO t VALUES (1, 2, 3)',
      "ALTER TABLE t DROP a, ADD u INT UNSIGNED NOT NULL AUTO_INCREMENT FIRST, ADD KEY (u), ADD e ENUM('x', 'it''s') CHARACTER SET latin1, ADD d DECIMAL(9,3)",
      'INSERT INTO t (id, u) VALUES (2, 2)',
      'CREATE TABLE other (id INT)',
      'CREATE INDEX i ON t (b)',
      'RENAME TABLE other TO swap, t TO other, swap TO t',
      'DROP TABLE other',
      'CREATE DATABASE emitted_2',
      'DROP DATABASE emitted_2',
      'ALTER DATABASE emitted CHARACTER SET latin1',
      'DROP TABLE t'
    ])
      await bench.connection.query(sql)
    const { status, stderr } = await tail(bench.url, ...bench.kept, '--emit-ddl', '--stop-at', 'now')
    assert.equal(status, 0, stderr)
    const lines = events(readFileSync(bench.file, 'utf8')) as (ChangeEvent | SchemaChange)[]
    assert.deepEqual(lines.map(lineOf), [
      'c null {"id":1,"a":2,"b":3}',
      "ALTER TABLE t DROP a, ADD u INT UNSIGNED NOT NULL AUTO_INCREMENT FIRST, ADD KEY (u), ADD e ENUM('x', 'it''s') CHARACTER SET latin1, ADD d DECIMAL(9,3): ALTER \"emitted\".\"t\" u,id,b,e,d",
      'c null {"u":2,"id":2,"b":null,"e":null,"d":null}',
      'CREATE INDEX i ON t (b): ALTER "emitted"."t" u,id,b,e,d',
      'RENAME TABLE other TO swap, t TO other, swap TO t: ALTER "emitted"."t" id',
      'ALTER DATABASE emitted CHARACTER SET latin1: ',
      'DROP TABLE `t` /* generated by server */: DROP "emitted"."t" undefined'
    ])
    const change = lines[1] as SchemaChange
    assert.equal(change.databaseName, 'emitted')
    assert.equal(change.source.table, 't')
    assert.ok(change.source.pos > (lines[0] as ChangeEvent).source.pos)
    const { table } = change.tableChanges[0] ?? {}
    assert.deepEqual(table?.primaryKeyColumnNames, ['id'])
    assert.equal(table?.defaultCharsetName, 'utf8mb4')
    const column = {
      nativeType: null,
      charsetName: null,
      length: null,
      scale: null,
      optional: true,
      autoIncremented: false,
      generated: false,
      enumValues: null
    }
    assert.deepEqual(table?.columns, [
      {
        ...column,
        name: 'u',
        jdbcType: 4,
        typeName: 'INT UNSIGNED',
        typeExpression: 'INT UNSIGNED',
        position: 1,
        optional: false,
        autoIncremented: true,
        generated: true
      },
      {
        ...column,
        name: 'id',
        jdbcType: 4,
        typeName: 'INT',
        typeExpression: 'INT',
        length: 11,
        position: 2,
        optional: false
      },
      { ...column, name: 'b', jdbcType: 4, typeName: 'INT', typeExpression: 'INT', length: 11, position: 3 },
      {
        ...column,
        name: 'e',
        jdbcType: 1,
        typeName: 'ENUM',
        typeExpression: 'ENUM',
        charsetName: 'latin1',
        length: 1,
        position: 4,
        enumValues: ["'x'", "'it''s'"]
      },
      {
        ...column,
        name: 'd',
        jdbcType: 3,
        typeName: 'DECIMAL',
        typeExpression: 'DECIMAL',
        length: 9,
        scale: 3,
        position: 5
      }
    ])
  })
})
