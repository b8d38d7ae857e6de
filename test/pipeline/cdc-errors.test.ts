import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import {
  afterText,
  brief,
  dataLines,
  events,
  follows,
  killRunningTails,
  logEnd,
  marks,
  RunningTail,
  type TailResult,
  tail
} from '../mysql/tail.ts'
import { runPipeline } from '../support/pipeline.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const BIN = resolve(import.meta.dirname, '../../bin/cdc-tail.js')

/** One line that says what is wrong, and at most one that says what to do; no data that was not asked for. */
function assertRefused(result: TailResult, status: number, message: RegExp, hint?: RegExp): void {
  assert.match(result.stderr, /^cdc-tail: [^\n]+\n( {2}[^\n]+\n)?$/)
  assert.match(result.stderr, message)
  if (hint !== undefined) assert.match(result.stderr, hint)
  assert.equal(result.status, status, result.stderr)
  assert.deepEqual(dataLines(result.stdout), [])
}

describe('cdc-tail says what is wrong', { skip: unavailable('mysql80') }, () => {
  let server: RunningServer
  let bare: RunningServer
  let connection: Connection
  let url: string
  const directory = mkdtempSync(join(tmpdir(), 'millrace-errors-'))

  before(async () => {
    ;[server, bare] = await Promise.all([
      startServer('mysql80'),
      startServer('mysql80', { args: ['--skip-log-bin', '--skip-ssl'] })
    ])
    url = cdcUrl(server, 'test')
    connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
    await connection.query(
      `CREATE TABLE payments (id INT PRIMARY KEY, amount DECIMAL(10,2)); INSERT INTO payments VALUES (1, 49), (2, 0.5);
       CREATE TABLE many (id INT PRIMARY KEY, v VARCHAR(500));
       CREATE USER nobody@'%' IDENTIFIED BY 'x';
       CREATE USER reader@'%' IDENTIFIED BY 'x'; GRANT SELECT ON test.* TO reader@'%';
       CREATE USER replica@'%' IDENTIFIED BY 'x'; GRANT SELECT, REPLICATION CLIENT ON *.* TO replica@'%';
       CREATE USER unlocked@'%' IDENTIFIED BY 'x'; GRANT SELECT, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO unlocked@'%';
       CREATE USER locker@'%' IDENTIFIED BY 'x'; GRANT SELECT, REPLICATION CLIENT, REPLICATION SLAVE, LOCK TABLES ON *.* TO locker@'%'`
    )
    const rows = Array.from({ length: 20_000 }, (_, i) => [i, 'x'.repeat(400)])
    await connection.query('INSERT INTO many VALUES ?', [rows])
  })

  after(async () => {
    killRunningTails()
    await connection?.end()
    for (const each of [server, bare]) {
      await each?.kill()
      await each?.stop()
    }
    rmSync(directory, { recursive: true })
  })

  const as = (user: string, password = 'x'): string =>
    `mysql://${user}:${password}@127.0.0.1:${server.port}/test`

  test('in its arguments', async () => {
    assertRefused(
      await tail(url, '--tabels', 'x'),
      2,
      /unknown flag --tabels \(did you mean --tables\?\)/,
      /usage: /
    )
    assertRefused(await tail(), 2, /URL is missing/)
    assertRefused(await tail('http://127.0.0.1/db'), 2, /the scheme is mysql:\/\//)
    assertRefused(
      await tail(url, '--start', 'yesterday'),
      2,
      /--start: 'yesterday' is not a position/,
      /earliest, latest, FILE:POS/
    )
    assertRefused(
      await tail(url, '--stop-at', 'binlog'),
      2,
      /--stop-at: 'binlog' is not a position/,
      /now, FILE:POS/
    )
    assertRefused(await tail(url, '--mark-every', 'often'), 2, /--mark-every: 'often' is not a duration/)
    assertRefused(
      await tail(url, '--state', join(directory, 'packed'), '--out', join(directory, 'x.gz')),
      2,
      /a packed file cannot be resumed/
    )
  })

  test('about a table that is not there, with one that is', async () => {
    assertRefused(
      await tail(url, '--tables', 'paymets'),
      2,
      /table test\.paymets does not exist/,
      /did you mean test\.payments\?/
    )
    assertRefused(
      await tail(`mysql://cdc:cdc@127.0.0.1:${server.port}`, '--tables', 'payments'),
      2,
      /in which database\?/
    )
  })

  test('about a wrong password, without showing it', async () => {
    const result = await tail(as('cdc', 's3cret'))
    assertRefused(result, 3, /Access denied for user 'cdc'/, /user and password stand in the URL/)
    assert.doesNotMatch(result.stderr, /s3cret/)
  })

  test('about a server that is down, once --retry-for has passed', async () => {
    const port = await closedPort()
    const started = Date.now()
    assertRefused(
      await tail(`mysql://cdc:cdc@127.0.0.1:${port}/test`, '--retry-for', '700ms'),
      3,
      /cannot reach mysql:\/\/cdc@127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      /--retry-for/
    )
    assert.ok(Date.now() - started >= 700)
  })

  test('about privileges that are missing', async () => {
    const never = ['--snapshot', 'never', '--stop-at', 'now']
    assertRefused(
      await tail(as('nobody'), '--tables', 'payments', ...never),
      2,
      /does not exist .* or the user may not see it/
    )
    assertRefused(await tail(as('reader'), '--tables', 'payments', ...never), 3, /REPLICATION CLIENT/)
    assertRefused(
      await tail(as('unlocked'), '--tables', 'payments'),
      3,
      /a consistent snapshot needs a short lock/,
      /GRANT RELOAD/
    )
    const replica = new RunningTail([as('replica'), '--tables', 'payments', '--snapshot', 'never'])
    assertRefused(await replica.ended, 3, /Access denied|REPLICATION SLAVE/, /GRANT REPLICATION SLAVE/)
    const locker = await tail(as('locker'), '--tables', 'payments', '--stop-at', 'now')
    assert.equal(locker.status, 0, locker.stderr)
    assert.equal(events(locker.stdout).length, 2)
  })

  test('about a server without a binary log, which can still be read once', async () => {
    const bareUrl = cdcUrl(bare, 'test')
    assertRefused(await tail(bareUrl), 3, /the binary log is off \(log_bin=OFF\)/, /--snapshot only/)
    const root = await createConnection({ uri: `${bare.url}/test`, multipleStatements: true })
    await root.query('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (7)')
    await root.end()
    const once = await tail(bareUrl, '--snapshot', 'only')
    assert.equal(once.status, 0, once.stderr)
    assert.deepEqual(events(once.stdout).map(brief), ['r null {"id":7}'])
  })

  test('about binlog_format=STATEMENT of the server', async () => {
    await connection.query('SET GLOBAL binlog_format = STATEMENT')
    try {
      assertRefused(await tail(url), 3, /binlog_format is STATEMENT/, /SET GLOBAL binlog_format=ROW/)
    } finally {
      await connection.query('SET GLOBAL binlog_format = ROW')
    }
  })

  test('about statements of one session, where they touch a table that is read', async () => {
    const running = new RunningTail([
      url,
      '--tables',
      'payments',
      '--snapshot',
      'never',
      '--mark-every',
      '50ms'
    ])
    await running.until('start', () => follows(running.stdout))
    const session = await createConnection({ uri: `${server.url}/test` })
    await session.query('SET SESSION binlog_format = STATEMENT')
    await session.query("UPDATE many SET v = 'y' WHERE id = 1")
    await connection.query('INSERT INTO payments VALUES (3, 3)')
    await running.until('a row behind a statement on another table', () => events(running.stdout).length > 0)
    await session.query(
      'WITH w AS (SELECT 1 AS id) UPDATE payments SET amount = 1 WHERE id IN (SELECT id FROM w)'
    )
    const { status, stdout, stderr } = await running.ended
    await session.end()
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^cdc-tail: binlog\.\d+:\d+: a change was logged as a statement, its rows are not in the log: WITH w .*\n {2}[^\n]+\n$/
    )
    assert.deepEqual(events(stdout).map(brief), ['c null {"id":3,"amount":"3.00"}'])
  })

  test('about an output that is full', async () => {
    assertRefused(
      await tail(url, '--tables', 'payments', '--snapshot', 'only', '--quiet', '--out', '/dev/full'),
      1,
      /cannot write to \/dev\/full: no space left/
    )
    const stdout = spawnSync(
      'bash',
      ['-c', `"$0" "$@" > /dev/full`, process.execPath, BIN, url, '--tables', 'many', '--snapshot', 'only'],
      { encoding: 'utf8' }
    )
    assert.equal(stdout.status, 1)
    assert.match(stdout.stderr, /^cdc-tail: cannot write to stdout: no space left/)
    assertRefused(
      await tail(url, '--out', join(directory, 'no/such/x.ndjson')),
      1,
      /no\/such\/x\.ndjson: ENOENT/
    )
  })

  test('about a state directory that another process uses', async () => {
    const state = join(directory, 'taken')
    const running = new RunningTail([url, '--tables', 'payments', '--state', state, '--mark-every', '50ms'])
    await running.until('start', () => follows(running.stdout))
    const second = await tail(url, '--tables', 'payments', '--state', state, '--stop-at', 'now')
    assertRefused(second, 1, /state directory .*taken\/cdc-tail is in use by process \d+/, /--name/)
    assert.equal((await running.stop()).status, 0)
  })

  test('about a server that stays away for longer than --retry-for', async () => {
    const running = new RunningTail([
      cdcUrl(server, 'test'),
      '--tables',
      'payments',
      '--snapshot',
      'never',
      '--mark-every',
      '50ms',
      '--retry-for',
      '500ms'
    ])
    await running.until('start', () => follows(running.stdout))
    await connection.end().catch(() => {})
    await server.kill()
    const { status, stderr } = await running.ended
    assert.equal(status, 3, stderr)
    assert.match(stderr, /cdc-tail: cannot reach mysql:\/\/cdc@[^\n]*\n {2}[^\n]+\n$/)
    await server.restart()
    connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
  })

  test('and has nothing to say when its reader has enough', () => {
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['-c', `set -o pipefail; "$0" "$@" | head -1`, process.execPath, BIN, url, '--tables', 'many'],
      { encoding: 'utf8' }
    )
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^\{"before":null,"after":\{"id":0,.*\n$/)
    assert.equal(stderr, '')
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`and ends with a last mark on ${signal}`, async () => {
      const running = new RunningTail([url, '--tables', 'payments', '--mark-every', '1h'])
      await running.until('the snapshot', () => events(running.stdout).length >= 2)
      await connection.query(`DELETE FROM payments WHERE id = 77; INSERT INTO payments VALUES (77, 7)`)
      await running.until('a change', () => events(running.stdout).some(({ op }) => op === 'c'))
      const { status, stdout } = await running.stop(signal)
      assert.equal(status, 0)
      assert.match(stdout.trimEnd().split('\n').at(-1) as string, /^\{"@mark"/)
      const { at } = marks(stdout).at(-1) as { at: Record<string, unknown> }
      assert.equal(`${at.file}:${at.pos}`, await logEnd(connection))
    })
  }

  test('and ends as on any signal while the server is away: from the start, or since a while', async () => {
    const folder = join(directory, 'away')
    const never = new RunningTail([
      'mysql://cdc:cdc@127.0.0.1:1/test',
      '--retry-for',
      '1h',
      '--state',
      folder
    ])
    const gate = createServer(socket => {
      const through = connect(server.port, '127.0.0.1')
      for (const [from, to] of [
        [socket, through],
        [through, socket]
      ] as const) {
        from.on('error', () => to.destroy()).on('close', () => to.destroy())
        from.pipe(to)
      }
      sockets.add(socket)
    })
    const sockets = new Set<Socket>()
    await once(gate.listen(0, '127.0.0.1'), 'listening')
    const { port } = gate.address() as AddressInfo
    const lost = new RunningTail([
      `mysql://cdc:cdc@127.0.0.1:${port}/test`,
      '--tables',
      'payments',
      '--mark-every',
      '50ms'
    ])
    await lost.until('a mark', ({ stdout }) => follows(stdout))
    gate.close()
    for (const socket of sockets) socket.destroy()
    for (const away of [never, lost]) {
      await away.until('a word of it', ({ stderr }) =>
        /cannot be reached, tries on: connect ECONNREFUSED/.test(stderr)
      )
    }
    for (const away of [never, lost]) {
      const { status, stderr } = await away.stop()
      assert.equal(status, 0, stderr)
    }
    assert.deepEqual(dataLines(never.stdout), [])
  })

  test('and reads over TLS what it reads without, from whom it is told to trust', async () => {
    const start = await logEnd(connection)
    await connection.query('INSERT INTO payments VALUES (99, 1)')
    const args = ['--tables', 'payments', '--snapshot', 'never', '--start', start, '--stop-at', 'now']
    const plain = await tail(url, ...args)
    const ca = join(server.dataDir, 'db/ca.pem')
    for (const query of ['ssl-mode=required', `ssl-mode=verify-ca&ssl-ca=${encodeURIComponent(ca)}`]) {
      const secure = await tail(`${url}?${query}`, ...args)
      assert.equal(secure.status, 0, secure.stderr)
      assert.deepEqual(dataLines(secure.stdout).map(afterText), dataLines(plain.stdout).map(afterText))
      const snapshot = await tail(`${url}?${query}`, '--tables', 'many', '--snapshot', 'only')
      assert.equal(dataLines(snapshot.stdout).length, 20_000, snapshot.stderr)
    }
    assertRefused(await tail(`${url}?ssl-mode=verify-ca`, ...args), 3, /certificate/)
    assertRefused(
      await tail(`${cdcUrl(bare, 'test')}?ssl-mode=required`, '--snapshot', 'only'),
      3,
      /TLS|SSL|secure/i
    )
  })

  test('and writes a whole file and nothing to stdout with --out', async () => {
    const file = join(directory, 'out.ndjson')
    const { statuses, stdout, stderr } = await runPipeline([
      'cdc-tail',
      url,
      '--tables',
      'many',
      '--snapshot',
      'only',
      '--out',
      file
    ])
    assert.deepEqual(statuses, [0], stderr)
    assert.equal(stdout, '')
    assert.equal(dataLines(readFileSync(file, 'utf8')).length, 20_000)
  })
})

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  await new Promise(done => server.close(done))
  return port
}
