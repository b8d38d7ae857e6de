import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import {
  brief,
  dataLines,
  events,
  follows,
  killRunningTails,
  logEnd,
  marks,
  RunningTail,
  tail
} from '../mysql/tail.ts'
import { samples } from '../support/rounds.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const FLAVOURS = ['mysql80', 'mysql57', 'mariadb', 'mysql'] as const
type Flavour = (typeof FLAVOURS)[number]

/** The newest MySQL runs without GTIDs here, and with compressed transactions. */
const ARGS: Partial<Record<Flavour, string[]>> = {
  mysql: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF', '--binlog-transaction-compression=ON']
}

const servers = new Map<Flavour, RunningServer>()
const directory = mkdtempSync(join(tmpdir(), 'millrace-resume-'))

before(async () => {
  const wanted = FLAVOURS.filter(flavour => unavailable(flavour) === false)
  await Promise.all(
    wanted.map(async flavour =>
      servers.set(flavour, await startServer(flavour, { args: ARGS[flavour] ?? [] }))
    )
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

/** A test's own database, and what it needs to read it. */
class Bench {
  readonly server: RunningServer
  readonly url: string
  readonly state: string
  connection!: Connection
  readonly #name: string

  private constructor(flavour: Flavour, name: string) {
    this.server = servers.get(flavour) as RunningServer
    this.#name = name
    this.url = cdcUrl(this.server, name)
    this.state = join(directory, `${flavour}-${name}`)
  }

  static async open(flavour: Flavour, name: string): Promise<Bench> {
    const bench = new Bench(flavour, name)
    const root = await createConnection({ uri: `${bench.server.url}/test` })
    await root.query(`DROP DATABASE IF EXISTS ${name}`)
    await root.query(`CREATE DATABASE ${name}`)
    await root.end()
    await bench.connect()
    return bench
  }

  async connect(): Promise<void> {
    this.connection = await createConnection({
      uri: `${this.server.url}/${this.#name}`,
      multipleStatements: true
    })
    // Ends with the server, which is part of these tests.
    this.connection.on('error', () => {})
  }

  /** A table of numbers with a padding, filled by `insert`. */
  async createNumbers(): Promise<void> {
    await this.connection.query('CREATE TABLE numbers (id INT PRIMARY KEY, v VARCHAR(500) NOT NULL)')
  }

  /** Inserts rows in one transaction. */
  async insert(from: number, count: number, padding = 10): Promise<void> {
    await this.connection.beginTransaction()
    for (let at = from; at < from + count; at += 5000) {
      const rows = Array.from({ length: Math.min(5000, from + count - at) }, (_, i) => [
        at + i,
        'x'.repeat(padding)
      ])
      await this.connection.query('INSERT INTO numbers VALUES ?', [rows])
    }
    await this.connection.commit()
  }

  start(...args: string[]): RunningTail {
    return new RunningTail([this.url, '--mark-every', '50ms', ...args])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.end().catch(() => {})
  }
}

const isUp = (running: RunningTail): boolean => marks(running.stdout).length > 0
const ids = (ndjson: string): unknown[] => events(ndjson).map(({ after, before }) => (after ?? before)?.id)
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

/** Rows 0 to `count`, in order, each once. (A diff of so many numbers would take minutes.) */
function assertRange(found: readonly unknown[], count: number): void {
  const at = found.findIndex((id, i) => id !== i)
  assert.equal(at, -1, `row ${found[at]} at place ${at}`)
  assert.equal(found.length, count)
}

const place = ({ source }: { source: { file: string; pos: number } }): string =>
  `${source.file}:${source.pos}`

describe('on every server', { concurrency: true }, () => {
  // The oldest differs in what its log tells of tables: cdc-schema.test.ts kills readers of it.
  for (const flavour of samples(FLAVOURS, ['mysql80', 'mariadb', 'mysql'])) {
    const by = flavour === 'mariadb' || flavour === 'mysql' ? 'file and position' : 'GTIDs'
    describe(`cdc-tail on ${flavour}, resuming by ${by}`, {
      skip: unavailable(flavour),
      concurrency: false
    }, () => {
      test('killed again and again, its file equals that of an unbroken run', async () => {
        await using bench = await Bench.open(flavour, 'killed')
        const { connection, url, state } = bench
        await bench.createNumbers()
        const start = await logEnd(connection)
        const file = join(directory, `${flavour}.ndjson`)
        let done = false
        const changes = (async () => {
          for (let id = 0; !done; id += 200) {
            await bench.insert(id, 200, 60)
            await connection.query(`UPDATE numbers SET v = 'y' WHERE id % 10 = 3 AND id >= ${id - 400}`)
            await connection.query(`DELETE FROM numbers WHERE id % 7 = 1 AND id >= ${id - 400}`)
            await sleep(5)
          }
        })()
        const args = ['--state', state, '--out', file, '--snapshot', 'never', '--start', start]
        try {
          const size = (): number => (existsSync(file) ? statSync(file).size : 0)
          for (let round = 0; round < 6; round++) {
            const before = size()
            const running = bench.start(...args)
            // Every other one is killed while it starts.
            if (round % 2 === 0) await running.until('a larger file', () => size() > before)
            await sleep((round * 7919) % 250)
            running.kill('SIGKILL')
            const { stderr } = await running.ended
            assert.doesNotMatch(stderr, /error/i)
            // A torn end of the file is cut off by the next run.
            if (round === 4) appendFileSync(file, '{"before":nu')
          }
        } finally {
          done = true
          await changes
        }
        const last = await bench.start(...args, '--stop-at', 'now').ended
        assert.equal(last.status, 0, last.stderr)
        const unbroken = await tail(url, '--snapshot', 'never', '--start', start, '--stop-at', 'now')
        const expected = events(unbroken.stdout)
        const found = events(readFileSync(file, 'utf8'))
        assert.ok(expected.length > 1000)
        assert.deepEqual(
          found.map(event => place(event) + brief(event)),
          expected.map(event => place(event) + brief(event))
        )
      })

      test('a server that is restarted, killed or cut off meanwhile is found again: nothing lost, nothing twice', async () => {
        await using bench = await Bench.open(flavour, 'restarted')
        await bench.createNumbers()
        const running = bench.start('--snapshot', 'never')
        await running.until('start', isUp)
        await bench.insert(0, 10)
        await running.until('the first rows', () => events(running.stdout).length >= 10)

        await bench.server.restart()
        await bench.connect()
        await bench.insert(10, 10)
        await running.until('rows after a restart', () => events(running.stdout).length >= 20)

        await bench.server.kill()
        await bench.server.restart()
        await bench.connect()
        await bench.insert(20, 10)
        await running.until('rows after a kill', () => events(running.stdout).length >= 30)

        const [rows] = (await bench.connection.query('SHOW PROCESSLIST')) as unknown as [
          { Id: number; User: string }[]
        ]
        for (const { Id, User } of rows) if (User === 'cdc') await bench.connection.query(`KILL ${Id}`)
        await bench.insert(30, 10)
        await running.until('rows after KILL', () => events(running.stdout).length >= 40)

        // What was not seen before has to be looked up where the log has no names.
        await bench.connection.query('CREATE TABLE later (id INT PRIMARY KEY); INSERT INTO later VALUES (40)')
        await running.until('a new table', () => events(running.stdout).length >= 41)
        const { status, stdout, stderr } = await running.stop()
        assert.equal(status, 0, stderr)
        assert.deepEqual(ids(stdout), range(0, 41))
        assert.match(stderr, /lost mysql:\/\/cdc@127\.0\.0\.1:\d+: .*; connects again/)
      })

      test('a server that dies in the middle of a transaction of 50,000 rows: nothing lost, nothing twice', async () => {
        await using bench = await Bench.open(flavour, 'large')
        await bench.createNumbers()
        const running = bench.start('--snapshot', 'never')
        await running.until('start', isUp)
        running.pause()
        await bench.insert(0, 50_000, 400)
        await sleep(300)
        await bench.server.kill()
        running.resume()
        await bench.server.restart()
        await running.until('all rows', () => dataLines(running.stdout).length >= 50_000)
        await bench.connect()
        await bench.insert(50_000, 1)
        await running.until('the next row', () => dataLines(running.stdout).length >= 50_001)
        const { status, stdout, stderr } = await running.stop()
        assert.equal(status, 0, stderr)
        assert.match(stderr, /connects again/)
        assertRange(ids(stdout), 50_001)
      })
    })
  }
})

describe('cdc-tail follows', { skip: unavailable('mysql80') }, () => {
  test('a log whose files and checksums change', async () => {
    await using bench = await Bench.open('mysql80', 'flushed')
    await bench.createNumbers()
    const running = bench.start('--snapshot', 'never')
    await running.until('start', isUp)
    for (const [i, statement] of [
      'FLUSH LOGS',
      'SET GLOBAL binlog_checksum = NONE',
      'FLUSH LOGS',
      'SET GLOBAL binlog_checksum = CRC32'
    ].entries()) {
      await bench.connection.query(statement)
      await bench.insert(i, 1)
    }
    await running.until('rows', () => events(running.stdout).length >= 4)
    const { status, stdout, stderr } = await running.stop()
    assert.equal(status, 0, stderr)
    assert.deepEqual(ids(stdout), range(0, 4))
    assert.ok(new Set(events(stdout).map(({ source }) => source.file)).size >= 4)
    assert.equal(stderr, '')
  })

  test('a table that is altered: rows have the columns of their time, live and read later', async () => {
    await using bench = await Bench.open('mysql80', 'altered')
    const { connection, url } = bench
    const start = await logEnd(connection)
    const running = bench.start('--snapshot', 'never')
    await running.until('start', isUp)
    for (const sql of [
      'CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT)',
      'INSERT INTO t VALUES (1, 10, 20)',
      'ALTER TABLE t ADD c INT AFTER id',
      'INSERT INTO t VALUES (2, 30, 10, 20)',
      'ALTER TABLE t DROP a',
      'INSERT INTO t VALUES (3, 30, 20)',
      'ALTER TABLE t RENAME COLUMN c TO b2, RENAME COLUMN b TO c',
      'INSERT INTO t VALUES (4, 30, 20)',
      "ALTER TABLE t MODIFY c VARCHAR(10) CHARACTER SET latin1, ADD e ENUM('x','y')",
      "INSERT INTO t VALUES (5, 30, 'é', 'y')",
      "ALTER TABLE t MODIFY e ENUM('y','x')",
      'UPDATE t SET b2 = 0 WHERE id = 5',
      'RENAME TABLE t TO u',
      'INSERT INTO u VALUES (6, NULL, NULL, NULL)',
      'DROP TABLE u'
    ])
      await connection.query(sql)
    const expected = [
      'c null {"id":1,"a":10,"b":20}',
      'c null {"id":2,"c":30,"a":10,"b":20}',
      'c null {"id":3,"c":30,"b":20}',
      'c null {"id":4,"b2":30,"c":20}',
      'c null {"id":5,"b2":30,"c":"é","e":"y"}',
      'u {"id":5,"b2":30,"c":"é","e":"y"} {"id":5,"b2":0,"c":"é","e":"y"}',
      'c null {"id":6,"b2":null,"c":null,"e":null}'
    ]
    await running.until('rows', () => events(running.stdout).length >= expected.length)
    const live = await running.stop()
    assert.deepEqual(events(live.stdout).map(brief), expected)
    const later = await tail(
      url,
      '--tables',
      'altered.*',
      '--snapshot',
      'never',
      '--start',
      start,
      '--stop-at',
      'now'
    )
    assert.deepEqual(events(later.stdout).map(brief), expected, later.stderr)
  })

  test('TRUNCATE as t, a changed primary key as d and c, and only the tables that are wanted', async () => {
    await using bench = await Bench.open('mysql80', 'wanted')
    const { connection, url } = bench
    await connection.query(
      'CREATE TABLE log_a (id INT PRIMARY KEY, n INT); CREATE TABLE log_b LIKE log_a; CREATE TABLE blog_a LIKE log_a; CREATE TABLE other LIKE log_a'
    )
    const start = await logEnd(connection)
    await connection.query(
      `INSERT INTO log_a VALUES (1, 1), (2, 2); INSERT INTO log_b VALUES (3, 3); INSERT INTO blog_a VALUES (4, 4); INSERT INTO other VALUES (5, 5);
       UPDATE log_a SET id = 9 WHERE id = 1; UPDATE log_a SET n = 7 WHERE id = 9; TRUNCATE TABLE log_a; TRUNCATE blog_a; TRUNCATE wanted.other`
    )
    const { stdout, stderr } = await tail(
      url,
      '--tables',
      'log_*,other',
      '--snapshot',
      'never',
      '--start',
      start,
      '--stop-at',
      'now'
    )
    assert.deepEqual(
      events(stdout).map(event => `${event.source.table} ${brief(event)}`),
      [
        'log_a c null {"id":1,"n":1}',
        'log_a c null {"id":2,"n":2}',
        'log_b c null {"id":3,"n":3}',
        'other c null {"id":5,"n":5}',
        'log_a d {"id":1,"n":1} null',
        'log_a c null {"id":9,"n":1}',
        'log_a u {"id":9,"n":1} {"id":9,"n":7}',
        'log_a t null null',
        'other t null null'
      ],
      stderr
    )
  })

  test('--stop-at a GTID set or a place ends there', async () => {
    await using bench = await Bench.open('mysql80', 'stopping')
    const { connection, url } = bench
    await bench.createNumbers()
    const start = await logEnd(connection)
    const [[{ before }]] = (await connection.query(
      'SELECT @@GLOBAL.gtid_executed AS `before`'
    )) as unknown as [[{ before: string }]]
    await bench.insert(0, 3)
    const middle = await logEnd(connection)
    const [[{ gtids }]] = (await connection.query('SELECT @@GLOBAL.gtid_executed AS gtids')) as unknown as [
      [{ gtids: string }]
    ]
    await bench.insert(3, 3)
    for (const [from, to] of [
      [start, middle],
      [before, gtids],
      [before, middle]
    ] as const) {
      const { status, stdout, stderr } = await tail(
        url,
        '--snapshot',
        'never',
        '--start',
        from,
        '--stop-at',
        to
      )
      assert.equal(status, 0, stderr)
      assert.deepEqual(ids(stdout), range(0, 3))
    }
    // A place that the run cannot know is told at once, instead of never.
    const never = await tail(url, '--snapshot', 'never', '--start', start, '--stop-at', gtids)
    assert.equal(never.status, 2)
    assert.match(never.stderr, /--stop-at/)
  })

  test('SIGTERM in the middle of a transaction: it is finished, and marked', async () => {
    await using bench = await Bench.open('mysql80', 'stopped')
    await bench.createNumbers()
    const running = bench.start('--snapshot', 'never')
    await running.until('start', isUp)
    running.pause()
    await bench.insert(0, 50_000, 400)
    await sleep(300)
    running.kill('SIGTERM')
    await sleep(100)
    running.resume()
    const { status, stdout, stderr } = await running.ended
    assert.equal(status, 0, stderr)
    assertRange(ids(stdout), 50_000)
    assert.match(stdout.trimEnd().split('\n').at(-1) as string, /^\{"@mark"/)
  })
})

describe('what a log without names cannot tell', { skip: unavailable('mysql57') }, () => {
  test('rows of a table that was altered since are a clear error, never wrong rows', async () => {
    for (const [name, alter] of [
      ['added', 'ALTER TABLE t ADD c INT'],
      ['dropped', 'ALTER TABLE t DROP b'],
      ['retyped', 'ALTER TABLE t MODIFY b BIGINT'],
      ['gone', 'DROP TABLE t']
    ] as const) {
      await using bench = await Bench.open('mysql57', name)
      await bench.connection.query('CREATE TABLE t (id INT PRIMARY KEY, b INT)')
      const start = await logEnd(bench.connection)
      await bench.connection.query(`INSERT INTO t VALUES (1, 2); ${alter}`)
      const { status, stdout, stderr } = await tail(
        bench.url,
        '--snapshot',
        'never',
        '--start',
        start,
        '--stop-at',
        'now'
      )
      assert.equal(status, 1, `${name}: ${stderr}`)
      assert.deepEqual(dataLines(stdout), [])
      assert.match(
        stderr,
        new RegExp(`^cdc-tail: binlog\\.\\d+:\\d+: ${name}\\.t.*\n  .*binlog_row_metadata`, 'm')
      )
    }
  })

  test('a table altered while it is followed is followed on', async () => {
    await using bench = await Bench.open('mysql57', 'live')
    await bench.connection.query('CREATE TABLE t (id INT PRIMARY KEY, b INT)')
    const running = bench.start('--snapshot', 'never')
    await running.until('start', isUp)
    await bench.connection.query('INSERT INTO t VALUES (1, 2)')
    await running.until('a row', () => events(running.stdout).length >= 1)
    await bench.connection.query("ALTER TABLE t ADD c VARCHAR(5); INSERT INTO t VALUES (2, 3, 'x')")
    await running.until('two rows', () => events(running.stdout).length >= 2)
    const { stdout } = await running.stop()
    assert.deepEqual(events(stdout).map(brief), ['c null {"id":1,"b":2}', 'c null {"id":2,"b":3,"c":"x"}'])
  })
})

describe('a pipeline’s state', { skip: unavailable('mysql80') }, () => {
  test('a first snapshot that is killed and taken again still tells what was deleted between', async () => {
    await using bench = await Bench.open('mysql80', 'snapshots')
    await bench.createNumbers()
    await bench.insert(0, 30_000, 400)
    const first = bench.start('--state', bench.state)
    await first.until('rows', () => first.stdout.includes('"op":"r"'))
    first.pause()
    first.kill('SIGKILL')
    first.resume()
    const { stdout } = await first.ended
    assert.ok(ids(stdout.slice(0, stdout.lastIndexOf('\n'))).includes(0), 'the first attempt told of row 0')
    await bench.connection.query('DELETE FROM numbers WHERE id = 0')
    const second = await bench.start('--state', bench.state, '--stop-at', 'now').ended
    assert.equal(second.status, 0, second.stderr)
    assert.deepEqual(
      events(second.stdout)
        .filter(({ op }) => op === 'd')
        .map(({ before }) => before?.id),
      [0]
    )
    // It is told as the first attempt told it, and its deletion: whoever counts is right, too.
    assert.deepEqual(ids(second.stdout).slice(0, 2), [0, 0])
    const rows = events(second.stdout).filter(({ op }) => op === 'r')
    assertRange(
      rows.map(({ after }) => after?.id),
      30_000
    )
    // The next run goes on after the snapshot only where somebody acknowledged it, and nobody did.
    assert.match(second.stdout, /^\{"@resume":\{"n":0/)
  })

  test('SIGTERM within a snapshot ends it with a mark that tells how far it has come', async () => {
    await using bench = await Bench.open('mysql80', 'ended')
    await bench.createNumbers()
    await bench.insert(0, 50_000, 400)
    const running = bench.start('--state', bench.state)
    await running.until('rows', () => running.stdout.includes('"op":"r"'))
    running.pause()
    running.kill('SIGTERM')
    await sleep(100)
    running.resume()
    const { status, stdout, stderr } = await running.ended
    assert.equal(status, 0, stderr)
    const count = dataLines(stdout).length
    assert.ok(count < 50_000)
    assert.match(stdout.trimEnd().split('\n').at(-1) as string, /^\{"@mark"/)
    assert.deepEqual(marks(stdout).at(-1)?.at.snapshot, {
      done: [],
      at: { 'ended.numbers': { key: 'id integer', after: [count - 1], rows: count } }
    })
    const again = await bench.start('--state', bench.state, '--stop-at', 'now').ended
    assertRange(ids(again.stdout), 50_000)
  })

  test('purged logs end it with status 3, naming what is missing', async () => {
    await using bench = await Bench.open('mysql80', 'purged')
    const { connection, url, state } = bench
    await bench.createNumbers()
    const start = await logEnd(connection)
    const file = join(directory, 'purged.ndjson')
    const run = (...args: string[]): ReturnType<typeof tail> => tail(url, '--stop-at', 'now', ...args)
    assert.equal((await run('--state', state, '--out', file)).status, 0)
    await bench.insert(0, 3)
    await connection.query('FLUSH LOGS')
    const [[{ File }]] = (await connection.query('SHOW MASTER STATUS')) as unknown as [[{ File: string }]]
    await connection.query(`PURGE BINARY LOGS TO '${File}'`)
    const resumed = await run('--state', state, '--out', file)
    assert.equal(resumed.status, 3)
    assert.match(
      resumed.stderr,
      /^cdc-tail: mysql:\/\/cdc@.*: the log was purged: [0-9a-f-]{36}:[\d-]+ cannot be read any more\n {2}.*new --state/m
    )
    const needed = await run('--state', state, '--out', file, '--snapshot', 'when-needed')
    assert.equal(needed.status, 0, needed.stderr)
    assert.match(needed.stderr, /the log was purged: .* takes a snapshot/)
    await bench.insert(3, 2)
    const onward = await run('--state', state, '--out', file, '--snapshot', 'when-needed')
    assert.equal(onward.status, 0, onward.stderr)
    assert.doesNotMatch(onward.stderr, /snapshot/)
    assertRange(ids(readFileSync(file, 'utf8')), 5)
    const byFile = await run('--snapshot', 'never', '--start', start)
    assert.equal(byFile.status, 3)
    assert.match(byFile.stderr, /has no log binlog\.\d+, only binlog\.\d+ to binlog\.\d+/)
    const beyond = await run('--snapshot', 'never', '--start', `${File}:99999999`)
    assert.equal(beyond.status, 3)
    assert.match(beyond.stderr, /ends at \d+, before 99999999/)
    const inside = await run('--snapshot', 'never', '--start', `${File}:77`)
    assert.equal(inside.status, 3, inside.stderr)
  })

  test('schema-only begins with what changes from now on', async () => {
    await using bench = await Bench.open('mysql80', 'schema_only')
    await bench.createNumbers()
    await bench.insert(10, 3)
    const running = bench.start('--snapshot', 'schema-only', '--mark-every', '50ms')
    await running.until('start', () => follows(running.stdout))
    await bench.insert(0, 2)
    await running.until('changes', () => dataLines(running.stdout).length === 2)
    assertRange(ids((await running.stop()).stdout), 2)
  })

  test('a tool that has left is warned of, and holds the pipeline back until it is forgotten', async () => {
    await using bench = await Bench.open('mysql80', 'members')
    const { url, state } = bench
    await bench.createNumbers()
    const file = join(directory, 'members.ndjson')
    const args = ['--state', state, '--out', file, '--stop-at', 'now']
    assert.equal((await tail(url, ...args)).status, 0)
    const left = join(state, 'es-sink')
    mkdirSync(left)
    const acknowledged = JSON.parse(readFileSync(join(state, 'cdc-tail/acknowledged.json'), 'utf8')) as {
      mark: { n: number }
    }
    writeFileSync(join(left, 'acknowledged.json'), JSON.stringify({ ...acknowledged, positions: [] }))
    await bench.insert(0, 2)
    assert.equal((await tail(url, ...args)).status, 0)
    await bench.insert(2, 2)

    const running = bench.start('--state', state, '--out', file)
    const warned = running.until('a warning', () =>
      /es-sink is registered in .* and does not run/.test(running.stderr)
    )
    await warned
    assert.match(running.stderr, new RegExp(`cdc-tail forget es-sink --state ${state}`))
    assert.match(running.stderr, new RegExp(`resumes after mark ${acknowledged.mark.n},`))
    const busy = await tail('forget', 'cdc-tail', '--state', state)
    assert.equal(busy.status, 1)
    assert.match(busy.stderr, /cdc-tail is running: stop it first/)
    assert.equal((await running.stop()).status, 0)
    assert.deepEqual(ids(readFileSync(file, 'utf8')), range(0, 4))

    const unknown = await tail('forget', 'es-snk', '--state', state)
    assert.equal(unknown.status, 1)
    assert.match(unknown.stderr, /has no tool 'es-snk'\n {2}registered are: cdc-tail, es-sink/)
    const forgotten = await tail('forget', 'es-sink', '--state', state)
    assert.equal(forgotten.status, 0, forgotten.stderr)
    const resumed = await tail(url, ...args)
    assert.doesNotMatch(resumed.stderr, new RegExp(`resumes after mark ${acknowledged.mark.n},`))
    assert.deepEqual(ids(readFileSync(file, 'utf8')), range(0, 4))
  })
})
