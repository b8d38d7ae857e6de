import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { events, killRunningTails, RunningTail, tail } from '../mysql/tail.ts'
import { cannotPoll, openPolled, type Polled, type PolledKind } from '../support/polled.ts'

const KINDS: readonly PolledKind[] = ['mysql80', 'postgres', 'sqlite']

for (const kind of KINDS) {
  describe(`what may go wrong in polling ${kind}`, { skip: cannotPoll(kind) }, () => {
    let db: Polled
    const folder = mkdtempSync(join(tmpdir(), 'millrace-poll-errors-'))

    before(async () => {
      db = await openPolled(kind)
      await db.run(`CREATE TABLE orders (id ${db.id}, v INT, changed ${db.time})`)
      await db.run(
        'CREATE TABLE plain (a VARCHAR(9), b BLOB)'.replace('BLOB', kind === 'postgres' ? 'bytea' : 'BLOB')
      )
    })

    afterEach(async () => {
      killRunningTails()
      await db.run('DELETE FROM orders')
    })

    after(async () => {
      await db?.end()
      rmSync(folder, { recursive: true })
    })

    const refused = async (status: number, message: RegExp, ...args: string[]): Promise<void> => {
      const result = await tail(db.url, '--stop-at', 'now', ...args)
      assert.match(result.stderr, message)
      assert.equal(result.status, status)
      assert.equal(events(result.stdout).length, 0)
    }

    test('tables and columns that are not there are named, with what is near', async () => {
      const incrementing = ['--poll', 'incrementing', '--tables']
      await refused(
        2,
        /table \w+\.ordrs does not exist on .*\n.*did you mean \w+\.orders\?/,
        ...incrementing,
        'ordrs'
      )
      await refused(
        2,
        /--poll-incrementing idd: \w+\.orders has no such column\n.*did you mean id\?/,
        ...incrementing,
        'orders',
        '--poll-incrementing',
        'idd'
      )
      await refused(
        2,
        /--mask orders.vv=?.*no table that is read has such a column/,
        ...incrementing,
        'orders',
        '--mask',
        'orders.vv=redact'
      )
      await refused(
        2,
        /--where: \w+\.plain is not among the tables that are read/,
        ...incrementing,
        'orders',
        '--where',
        'plain=1 = 1'
      )
    })

    test('a table without a column to poll by says which might do', async () => {
      await refused(
        2,
        /orders: which column holds the time of the last change\?\n.*--poll-timestamp changed/,
        '--poll',
        'timestamp',
        '--tables',
        'orders'
      )
      await refused(
        2,
        /plain: which column counts up with each new row\?\n.*--poll bulk needs none/,
        '--poll',
        'incrementing',
        '--tables',
        'plain'
      )
      await refused(
        2,
        /orders: v may be NULL, and such rows would not be seen\n.*--poll-incrementing id/,
        '--poll',
        'incrementing',
        '--tables',
        'orders',
        '--poll-incrementing',
        'v'
      )
    })

    test('flags about the log are refused', async () => {
      for (const flags of [
        ['--start', 'earliest'],
        ['--server-id', '7'],
        ['--failover', 'mysql://a@localhost'],
        ['--transactions'],
        ['--emit-ddl'],
        ['--debezium-types']
      ]) {
        await refused(2, new RegExp(`${flags[0]} is about the log`), '--poll', 'bulk', ...flags)
      }
      const { status, stderr } = await tail(db.url, '--poll', 'bulk', '--stop-at', 'binlog.000001:4')
      assert.equal(status, 2)
      assert.match(stderr, /with --poll only now is known/)
    })

    test('a query that cannot be run is shown with the reason of the database', async () => {
      await refused(3, /nope/, '--poll', 'bulk', '--poll-query', 'SELECT nope FROM orders')
      await refused(3, /nope/, '--poll', 'bulk', '--tables', 'orders', '--where', 'orders=nope > 1')
    })

    test('a state directory of another mode is refused', async () => {
      const flags = [
        '--tables',
        'orders',
        '--state',
        join(folder, 'state'),
        '--out',
        join(folder, 'out.ndjson')
      ]
      const first = await tail(db.url, '--poll', 'incrementing', '--stop-at', 'now', ...flags)
      assert.equal(first.status, 0, first.stderr)
      const { status, stderr } = await tail(db.url, '--poll', 'bulk', '--stop-at', 'now', ...flags)
      assert.equal(status, 1)
      assert.match(stderr, /is that of a run with --poll incrementing/)
    })

    test('columns that come and go while it runs are followed', async () => {
      await db.run(`INSERT INTO orders (v, changed) VALUES (1, ${db.now})`)
      const running = new RunningTail([
        db.url,
        '--poll',
        'incrementing',
        '--tables',
        'orders',
        '--poll-every',
        '50ms'
      ])
      await running.until('the first row', ({ stdout }) => events(stdout).length === 1)
      const notes = (): unknown[] => events(running.stdout).map(({ after: row }) => row?.note)
      await db.run('ALTER TABLE orders ADD COLUMN note VARCHAR(9)')
      // A poll that had begun has the columns of its beginning.
      while (!notes().includes('new')) {
        await db.run(`INSERT INTO orders (v, changed, note) VALUES (2, ${db.now}, 'new')`)
        await sleep(20)
      }
      await db.run('ALTER TABLE orders DROP COLUMN note')
      await db.run(`INSERT INTO orders (v, changed) VALUES (3, ${db.now})`)
      await running.until('the last row', ({ stdout }) => events(stdout).at(-1)?.after?.v === 3)
      const { stdout, status } = await running.stop()
      assert.equal(status, 0)
      const last = events(stdout).at(-1)?.after
      assert.deepEqual(Object.keys(last ?? {}), ['id', 'v', 'changed'])
    })

    test('ids that are given again after rows were deleted are new rows', async () => {
      const type = kind === 'sqlite' ? 'INTEGER PRIMARY KEY' : 'INT PRIMARY KEY'
      await db.run(`CREATE TABLE again (id ${type}, v INT)`)
      await db.run('INSERT INTO again VALUES (1, 1), (2, 2), (3, 3)')
      const running = new RunningTail([
        db.url,
        '--poll',
        'incrementing',
        '--tables',
        'again',
        '--poll-every',
        '50ms'
      ])
      await running.until('the rows', ({ stdout }) => events(stdout).length === 3)
      await db.run('DELETE FROM again WHERE id > 1')
      await running.until('a warning', ({ stderr }) => stderr.includes('went back from 3 to 1'))
      await db.run('INSERT INTO again VALUES (2, 20)')
      await running.until('the new row', ({ stdout }) => events(stdout).length === 4)
      const { stdout } = await running.stop()
      assert.equal(events(stdout).at(-1)?.after?.v, 20)
    })

    test('rows without a time are warned of', async () => {
      await db.run(
        `CREATE TABLE untimed (id INT PRIMARY KEY, changed ${db.time.replace(/NOT NULL.*/, 'NULL')})`
      )
      await db.run(`INSERT INTO untimed VALUES (1, NULL), (2, ${db.now})`)
      const flags = ['--tables', 'untimed', '--poll-timestamp', 'changed', '--stop-at', 'now']
      const { stdout, stderr } = await tail(db.url, '--poll', 'timestamp', ...flags)
      assert.equal(events(stdout).length, 1)
      assert.match(stderr, /warning: \w+\.untimed: rows whose .changed. is NULL are not read/)
    })

    test('a stop ends with a mark, and status 0, in the middle of a large table too', async () => {
      await db.run(`INSERT INTO orders (v, changed) SELECT n, ${db.now} FROM ${db.numbers(60_000)}`)
      const flags = ['--tables', 'orders', '--poll-timestamp', 'changed']
      const args = [
        db.url,
        '--poll',
        'timestamp',
        ...flags,
        '--state',
        join(folder, 'stop'),
        '--out',
        join(folder, 'stop.ndjson')
      ]
      const running = new RunningTail(args)
      const out = join(folder, 'stop.ndjson')
      await running.until('some rows', () => existsSync(out) && statSync(out).size > 0)
      assert.equal((await running.stop('SIGTERM')).status, 0)
      const { status, stderr } = await tail(...args, '--stop-at', 'now')
      assert.equal(status, 0, stderr)
      const ids = events(readFileSync(join(folder, 'stop.ndjson'), 'utf8')).map(({ after: row }) => row?.id)
      assert.equal(ids.length, 60_000)
      assert.equal(new Set(ids).size, 60_000)
    })
  })
}

for (const kind of ['mysql80', 'postgres'] as const) {
  describe(`a ${kind} that is away while it is polled`, { skip: cannotPoll(kind) }, () => {
    let db: Polled

    before(async () => {
      db = await openPolled(kind)
      await db.run(`CREATE TABLE orders (id ${db.id}, v INT, changed ${db.time})`)
    })

    after(async () => {
      killRunningTails()
      await db?.end()
    })

    test('a wrong password ends the tool at once, with status 3', async () => {
      const { status, stderr } = await tail(db.url.replace('cdc:cdc@', 'cdc:wrong@'), '--poll', 'bulk')
      assert.equal(status, 3)
      assert.match(stderr, /password/)
      assert.doesNotMatch(stderr, /wrong/)
    })

    test('a server that does not answer is waited for as long as --retry-for says', async () => {
      const url = db.url.replace(/:\d+\//, ':9/')
      const { status, stderr } = await tail(url, '--poll', 'bulk', '--retry-for', '300ms')
      assert.equal(status, 3)
      assert.match(stderr, /cannot reach .*ECONNREFUSED/)
    })

    test('a stop does not wait for a slow query', async () => {
      await db.run(`INSERT INTO orders (v, changed) VALUES (1, ${db.now})`)
      const [slow, isAsked] =
        kind === 'postgres'
          ? ['pg_sleep(60) IS NOT NULL', "pg_stat_activity WHERE state = 'active' AND query LIKE 'FETCH%'"]
          : ['SLEEP(60) = 0', "information_schema.PROCESSLIST WHERE STATE = 'User sleep'"]
      const running = new RunningTail([
        db.url,
        '--poll',
        'bulk',
        '--tables',
        'orders',
        '--where',
        `orders=${slow}`
      ])
      while ((await db.rows(`SELECT 1 FROM ${isAsked}`)).length === 0) {
        assert.ok(!running.hasEnded, running.stderr)
        await sleep(20)
      }
      assert.equal((await running.stop()).status, 0)
    })

    test('what is committed before and after a restart is told, nothing twice', async () => {
      for (const mode of ['incrementing', 'timestamp', 'bulk']) {
        const session = await db.session()
        await session.run('DELETE FROM orders')
        await session.run(`INSERT INTO orders (v, changed) SELECT n, ${db.now} FROM ${db.numbers(500)}`)
        const flags = [
          '--tables',
          'orders',
          '--poll-every',
          '20ms',
          ...(mode === 'timestamp' ? ['--poll-timestamp', 'changed'] : [])
        ]
        const running = new RunningTail([db.url, '--poll', mode, ...flags])
        await running.until('the first rows', ({ stdout }) => events(stdout).length === 500)
        await session.end().catch(() => {})
        await db.server?.kill()
        await sleep(200)
        await db.server?.restart()
        const another = await db.session()
        await another.run(`INSERT INTO orders (v, changed) SELECT 500 + n, ${db.now} FROM ${db.numbers(500)}`)
        await running.until('the rows after', ({ stdout }) => events(stdout).length >= 1000)
        const { status, stdout, stderr } = await running.stop()
        assert.equal(status, 0)
        assert.match(stderr, /lost .*; connects again/)
        assert.equal(new Set(events(stdout).map(({ after: row }) => row?.v)).size, 1000)
        assert.equal(events(stdout).length, 1000)
        await another.end()
      }
    })
  })
}

describe('zones', () => {
  test('DATETIME and timestamp are taken to be in the zone of the server, or the one that is given', {
    skip: cannotPoll('mysql80') || cannotPoll('postgres')
  }, async () => {
    for (const [kind, args] of [
      ['mysql80', '--default-time-zone=+05:30'],
      ['postgres', '--timezone=Asia/Kolkata']
    ] as const) {
      const db = await openPolled(kind, [args])
      try {
        const [type, now] =
          kind === 'postgres' ? ['timestamp', 'clock_timestamp() AT TIME ZONE'] : ['DATETIME(3)', '']
        await db.run(`CREATE TABLE local (id INT PRIMARY KEY, changed ${type})`)
        const clock = (zone: string, offset: string): string =>
          kind === 'postgres' ? `${now} '${zone}'` : `CONVERT_TZ(UTC_TIMESTAMP(3), '+00:00', '${offset}')`
        await db.run(`INSERT INTO local VALUES (1, ${clock('Asia/Kolkata', '+05:30')})`)
        const flags = [
          '--tables',
          'local',
          '--poll',
          'timestamp',
          '--poll-timestamp',
          'changed',
          '--poll-every',
          '50ms'
        ]
        // The URL's user has no zone of its own.
        const running = new RunningTail([db.url, ...flags, '--snapshot', 'never', '--mark-every', '50ms'])
        await running.until('a mark', ({ stdout }) => stdout.includes('@mark'))
        await db.run(`INSERT INTO local VALUES (2, ${clock('Asia/Kolkata', '+05:30')})`)
        await running.until('the new row', ({ stdout }) => events(stdout).length === 1)
        const { stdout } = await running.stop()
        const [event] = events(stdout)
        assert.equal(event?.after?.id, 2)
        const source = event?.source as unknown as { ts_ms: number }
        assert.ok(Math.abs(source.ts_ms - Date.now()) < 60_000, `${kind}: ts_ms is a moment`)
        // Rows of a time that has not come in the zone given are not there yet.
        const early = await tail(db.url, ...flags, '--poll-zone', '+00:00', '--stop-at', 'now')
        assert.equal(events(early.stdout).length, 0, early.stderr)
      } finally {
        await db.end()
      }
    }
  })
})

test('PostgreSQL and SQLite without --poll are a usage error that says so', async () => {
  for (const url of ['postgres://a@localhost/b', 'sqlite:shop.db']) {
    const { status, stderr } = await tail(url)
    assert.equal(status, 2)
    assert.match(stderr, /only MySQL and MariaDB have a log that can be read.*\n.*--poll timestamp/)
  }
})

test('flags of polling that mean nothing without it, or in its mode, are refused', async () => {
  for (const [flags, message] of [
    [['--poll-query', 'SELECT 1'], /--poll-query SELECT 1: only with --poll/],
    [['--poll', 'bulk', '--poll-timestamp', 'a'], /--poll-timestamp: --poll bulk has no use for it/],
    [
      ['--poll', 'timestamp', '--poll-incrementing', 'a'],
      /--poll-incrementing: --poll timestamp has no use for it/
    ],
    [
      ['--poll', 'bulk', '--poll-query', 'SELECT 1', '--tables', 'a,b'],
      /--tables: with --poll-query it is one name/
    ]
  ] as const) {
    const { status, stderr } = await tail('mysql://a@localhost/b', ...flags)
    assert.equal(status, 2)
    assert.match(stderr, message)
  }
})

test('a file that is no database, or is not there, is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-poll-file-'))
  try {
    writeFileSync(
      join(folder, 'text.db'),
      'no database at all, but long enough to have a header of its own\n'.repeat(20)
    )
    for (const name of ['text.db', 'missing.db']) {
      const { status, stderr } = await tail(`sqlite:${join(folder, name)}`, '--poll', 'bulk')
      assert.equal(status, 3)
      assert.match(stderr, new RegExp(`${name}: (file is not a database|unable to open database file)`))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})
