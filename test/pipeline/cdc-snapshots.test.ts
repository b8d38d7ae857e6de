import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { Folded, type Keys } from '../mysql/folded.ts'
import { type ChangeEvent, events, killRunningTails, marks, RunningTail, tail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

/** Far more of each table than what stands between the tool and a reader who does not read. */
const ROWS = 16_000
/** So many that a look at the state now and then finds it in the middle of the table. */
const MANY_ROWS = 40_000

describe('a snapshot', { skip: unavailable('mysql80') }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-snapshots-'))
  let server: RunningServer
  let root: Connection

  before(async () => {
    server = await startServer('mysql80')
    root = await connect('test')
  })

  after(async () => {
    killRunningTails()
    await root?.end().catch(() => {})
    await server?.kill()
    await server?.stop()
    rmSync(directory, { recursive: true })
  })

  async function connect(database: string): Promise<Connection> {
    const connection = await createConnection({ uri: `${server.url}/${database}`, multipleStatements: true })
    // Ends with the server, which is part of these tests.
    connection.on('error', () => {})
    return connection
  }

  /** A database with tables of numbers, each with a padding. */
  async function numbers(
    name: string,
    tables: readonly string[],
    { definition = 'id INT PRIMARY KEY, pad VARCHAR(300) NOT NULL', rows = ROWS } = {}
  ): Promise<Connection> {
    await (await connect('test')).query(`CREATE DATABASE ${name}`)
    const connection = await connect(name)
    for (const table of tables) {
      await connection.query(`CREATE TABLE ${table} (${definition})`)
      await connection.query(
        `INSERT INTO ${table} WITH RECURSIVE s (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < ${rows - 1})
          SELECT /*+ SET_VAR(cte_max_recursion_depth = ${rows}) */ i, REPEAT('x', 300) FROM s`
      )
    }
    return connection
  }

  /** Runs that end within the snapshot, as nobody reads on. */
  const stuck = async (...args: string[]): Promise<RunningTail> => {
    const running = new RunningTail(args)
    await running.pauseAt('"op":"r"')
    return running
  }

  const fold = async (keys: Keys, ndjson: string, connection: Connection): Promise<void> => {
    const folded = new Folded(keys)
    for (const event of events(ndjson)) folded.take(event)
    await folded.assertEquals(connection)
  }

  test('whose server is restarted goes on with a new view: each row is told once', async () => {
    let connection = await numbers('restarted', ['a', 'b'])
    const running = await stuck(cdcUrl(server, 'restarted'), '--stop-at', 'now', '--mark-every', '20ms')
    await connection.query('DELETE FROM a WHERE id % 10 = 1; UPDATE a SET id = id + 100000 WHERE id % 10 = 2')
    await server.restart()
    connection = await connect('restarted')
    await connection.query("DELETE FROM b WHERE id % 10 = 1; INSERT INTO b VALUES (-1, 'new')")
    running.resume()
    const { status, stdout, stderr } = await running.ended
    assert.equal(status, 0, stderr)
    assert.match(stderr, /the view of the snapshot is lost: .*; goes on with another/)
    await fold({ a: ['id'], b: ['id'] }, stdout, connection)
    await connection.end()
  })

  test('goes on when a table that it has not read yet is altered, with the columns of then', async () => {
    const connection = await numbers('altered', ['a', 'b'])
    const running = await stuck(cdcUrl(server, 'altered'), '--stop-at', 'now', '--snapshot-parallel', '1')
    await connection.query(
      'ALTER TABLE b ADD n INT NOT NULL DEFAULT 7 FIRST, ALGORITHM=COPY; DELETE FROM a WHERE id = 0'
    )
    running.resume()
    const { status, stdout, stderr } = await running.ended
    assert.equal(status, 0, stderr)
    assert.match(stderr, /the view of the snapshot is lost: .*definition has changed/)
    await fold({ a: ['id'], b: ['id'] }, stdout, connection)
    await connection.end()
  })

  test('gives rows under the names of their time, whichever tables have changed places meanwhile', async () => {
    const connection = await numbers('swapped', ['a', 'b', 'c', 'd'])
    await connection.query("UPDATE c SET pad = 'c'; UPDATE d SET pad = 'd'")
    const running = new RunningTail([
      cdcUrl(server, 'swapped'),
      '--stop-at',
      'now',
      '--snapshot-parallel',
      '1',
      '--emit-ddl'
    ])
    // At once: were it at c by then, that could not be renamed before it is read.
    await running.pauseAt('"table":"b"')
    await connection.query('RENAME TABLE c TO moved, d TO c, moved TO d')
    running.resume()
    const { status, stdout, stderr } = await running.ended
    assert.equal(status, 0, stderr)
    assert.match(
      stderr,
      /the view of the snapshot is lost: .* may have got its name since the view was opened/
    )
    let tables = new Map(['a', 'b', 'c', 'd'].map(name => [name, new Map<unknown, unknown>()]))
    for (const { op, after: row, source, ddl } of events(stdout) as (ChangeEvent & { ddl?: string })[]) {
      if (ddl === undefined) {
        const rows = tables.get(source.table)
        assert.ok(op === 'r' && !rows?.has(row?.id), `${op} of ${source.table} ${row?.id}`)
        rows?.set(row?.id, row?.pad)
      } else {
        const moved = new Map(tables)
        for (const [, from = '', to = ''] of ddl.matchAll(/(\w+) TO (\w+)/g)) {
          moved.set(to, moved.get(from) as Map<unknown, unknown>)
          moved.delete(from)
        }
        tables = moved
      }
    }
    const pads = [...tables].map(
      ([name, rows]) => `${name} ${rows.size} ${[...new Set(rows.values())].join().slice(0, 3)}`
    )
    assert.deepEqual(pads.sort(), [`a ${ROWS} xxx`, `b ${ROWS} xxx`, `c ${ROWS} d`, `d ${ROWS} c`])
    await connection.end()
  })

  test('taken up again after the primary key changed is a clear error', async () => {
    const connection = await numbers('rekeyed', ['a'], { rows: MANY_ROWS })
    const state = join(directory, 'rekeyed')
    const file = join(directory, 'rekeyed.ndjson')
    const args = [cdcUrl(server, 'rekeyed'), '--state', state, '--out', file, '--mark-every', '10ms']
    const acknowledged = (): boolean => {
      try {
        return /"rekeyed.a":\{/.test(readFileSync(join(state, 'cdc-tail', 'acknowledged.json'), 'utf8'))
      } catch {
        return false
      }
    }
    const running = new RunningTail(args)
    await running.until('a mark within the table', acknowledged)
    await running.stop('SIGKILL')
    if (!/"snapshot"/.test(readFileSync(join(state, 'cdc-tail', 'acknowledged.json'), 'utf8'))) return
    await connection.query(
      'ALTER TABLE a DROP PRIMARY KEY, ADD n INT NOT NULL AUTO_INCREMENT FIRST, ADD PRIMARY KEY (id, n), ADD KEY (n)'
    )
    const { status, stderr } = await tail(...args, '--stop-at', 'now')
    assert.equal(status, 1, stderr)
    assert.match(
      stderr,
      /the primary key of rekeyed\.a was \(id integer\) when its rows were read, and is \(id integer, n integer\) now/
    )
    await connection.end()
  })

  test('each mark tells exactly the rows before it, of all tables that are read at a time', async () => {
    const names = ['a', 'b', 'c', 'd']
    const connection = await numbers('marked', names)
    const file = join(directory, 'marked.ndjson')
    const { status, stderr } = await tail(
      ...[cdcUrl(server, 'marked'), '--stop-at', 'now', '--state', join(directory, 'marked'), '--out', file],
      ...['--mark-every', '1ms', '--snapshot-parallel', String(names.length)]
    )
    assert.equal(status, 0, stderr)
    const rows = new Map(names.map(name => [`marked.${name}`, 0]))
    let inTheMiddle = 0
    for (const line of readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map(text => JSON.parse(text))) {
      if (line.op === 'r') {
        const table = `${line.source.db}.${line.source.table}`
        rows.set(table, (rows.get(table) ?? 0) + 1)
      }
      const told = line['@mark']?.at?.snapshot
      if (told === undefined) continue
      for (const [table, count] of rows) {
        const expected = told.done.includes(table) ? ROWS : (told.at[table]?.rows ?? 0)
        assert.equal(count, expected, `${table} at mark ${line['@mark'].n}`)
        if (expected > 0 && expected < ROWS) inTheMiddle++
      }
    }
    assert.ok(inTheMiddle > 20, `${inTheMiddle} places in the middle of a table`)
    await connection.end()
  })

  test('gives tables without a primary key, or with a masked one, whole between two marks', async () => {
    const connection = await numbers('keyless', ['bare'], { definition: 'id INT, pad VARCHAR(300) NOT NULL' })
    await connection.query(
      "CREATE TABLE secret (email VARCHAR(40) PRIMARY KEY); INSERT INTO secret SELECT CONCAT('user', id) FROM bare"
    )
    const { status, stdout, stderr } = await tail(
      cdcUrl(server, 'keyless'),
      '--stop-at',
      'now',
      '--mark-every',
      '1ms',
      '--mask',
      'secret.email=hash'
    )
    assert.equal(status, 0, stderr)
    assert.equal(events(stdout).length, 2 * ROWS)
    assert.doesNotMatch(stdout, /user\d/)
    for (const { at } of marks(stdout)) {
      const { at: partly = {} } = (at.snapshot ?? {}) as { at?: Record<string, unknown> }
      assert.deepEqual(partly, {})
    }
    const lines = stdout.trimEnd().split('\n')
    for (const table of ['bare', 'secret']) {
      const isRow = (line: string): boolean => line.includes(`"table":"${table}"`)
      const whole = lines.slice(lines.findIndex(isRow), lines.findLastIndex(isRow) + 1)
      assert.equal(whole.length, ROWS, `${table}: something stands between its rows`)
    }
    await connection.end()
  })

  test('of tables without transactions is of one moment, too', async () => {
    const connection = await numbers('untransacted', ['a', 'b'])
    await connection.query('ALTER TABLE a ENGINE=MyISAM; ALTER TABLE b ENGINE=MyISAM')
    let done = false
    const write = async (): Promise<void> => {
      const own = await connect('untransacted')
      for (let id = 0; !done; id++)
        await own.query(
          `DELETE FROM b WHERE id = ${(id * 7919) % ROWS}; INSERT INTO a VALUES (${100_000 + id}, 'new'); UPDATE a SET pad = 'y' WHERE id = ${(id * 31) % ROWS}`
        )
      await own.end()
    }
    const writer = write()
    const running = await stuck(cdcUrl(server, 'untransacted'))
    try {
      await sleep(200)
      running.resume()
      await running.until('the end', ({ stderr }) => /snapshot: \d+ rows/.test(stderr))
      await sleep(200)
    } finally {
      done = true
      await writer
    }
    await connection.query("INSERT INTO a VALUES (-1, 'last')")
    await running.until('the last row', ({ stdout }) => stdout.includes('"after":{"id":-1,'))
    const { status, stdout, stderr } = await running.stop()
    assert.equal(status, 0, stderr)
    assert.match(stderr, /untransacted\.a, untransacted\.b: locked against writing while they are read/)
    await fold({ a: ['id'], b: ['id'] }, stdout, connection)
    await connection.end()
  })

  test('reads several tables at a time, whose blocks take turns', async () => {
    const connection = await numbers('parallel', ['a', 'b', 'c'])
    const order = async (parallel: string): Promise<string[]> => {
      const { status, stdout, stderr } = await tail(
        cdcUrl(server, 'parallel'),
        '--snapshot',
        'only',
        '--snapshot-parallel',
        parallel
      )
      assert.equal(status, 0, stderr)
      await fold({ a: ['id'], b: ['id'], c: ['id'] }, stdout, connection)
      const tables = events(stdout).map(({ source }) => source.table)
      return tables.filter((table, i) => table !== tables[i - 1])
    }
    assert.deepEqual(await order('1'), ['a', 'b', 'c'])
    assert.ok((await order('3')).length > 10)
    assert.equal((await tail(cdcUrl(server, 'parallel'), '--snapshot-parallel', '0')).status, 2)
    await connection.end()
  })

  test('whose log is purged before it is taken up again says so, and begins anew where that is wanted', async () => {
    const connection = await numbers('purged', ['a'], { rows: MANY_ROWS })
    const state = join(directory, 'purged')
    const file = join(directory, 'purged.ndjson')
    const args = [cdcUrl(server, 'purged'), '--state', state, '--out', file, '--mark-every', '5ms']
    const running = new RunningTail(args)
    const known = (): string => {
      try {
        return readFileSync(join(state, 'cdc-tail', 'acknowledged.json'), 'utf8')
      } catch {
        return ''
      }
    }
    await running.until('a mark within the table', () => /"purged.a":\{/.test(known()))
    await running.stop('SIGKILL')
    await connection.query("INSERT INTO a VALUES (-1, ''); FLUSH BINARY LOGS")
    const [[{ File }]] = (await connection.query('SHOW MASTER STATUS')) as unknown as [[{ File: string }]]
    await connection.query(`PURGE BINARY LOGS TO '${File}'`)
    const refused = await tail(...args, '--stop-at', 'now')
    assert.equal(refused.status, 3, refused.stderr)
    assert.match(refused.stderr, /the log was purged/)
    const needed = await tail(...args, '--stop-at', 'now', '--snapshot', 'when-needed')
    assert.equal(needed.status, 0, needed.stderr)
    assert.match(needed.stderr, /takes a snapshot/)
    assert.equal(events(readFileSync(file, 'utf8')).filter(({ after }) => after?.id === -1).length, 1)
    await connection.end()
  })
})
