import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { Folded, type Keys } from '../mysql/folded.ts'
import { events, follows, killRunningTails, marks, RunningTail, tail } from '../mysql/tail.ts'
import { randomNumbers } from '../support/random.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

/** How the moment of a chunk's view is known. */
const FLAVOURS = {
  mysql80: { by: 'GTIDs', args: [] },
  mariadb: { by: 'the place that MariaDB tells', args: [] },
  mysql57: { by: 'a lock', args: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] }
} as const

const ROWS = 20_000
const directory = mkdtempSync(join(tmpdir(), 'millrace-incremental-'))

after(() => {
  killRunningTails()
  rmSync(directory, { recursive: true })
})

for (const [flavour, { by, args }] of Object.entries(FLAVOURS)) {
  const name = flavour as keyof typeof FLAVOURS
  describe(`a table that is added while the log is followed (${flavour}, by ${by})`, {
    skip: unavailable(name)
  }, () => {
    let server: RunningServer
    let connection: Connection
    const connect = (): Promise<Connection> =>
      createConnection({ uri: `${server.url}/test`, multipleStatements: true })

    before(async () => {
      server = await startServer(name, { args: [...args] })
      connection = await connect()
    })

    after(async () => {
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    const fill = async (table: string, rows: readonly unknown[][]): Promise<void> => {
      for (let at = 0; at < rows.length; at += 5000)
        await connection.query(`INSERT INTO ${table} VALUES ?`, [rows.slice(at, at + 5000)])
    }

    test('comes row by row, each once, with every change of it after that, while both tables change', async () => {
      const tables: Keys = { old: ['id'], fresh: ['id'], words: ['word'] }
      await connection.query(
        `CREATE TABLE old (id INT PRIMARY KEY, n INT NOT NULL); CREATE TABLE fresh (id INT PRIMARY KEY, n INT NOT NULL);
         CREATE TABLE words (word VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, n INT NOT NULL)`
      )
      await fill(
        'old',
        Array.from({ length: 100 }, (_, i) => [i, 0])
      )
      await fill(
        'fresh',
        Array.from({ length: ROWS }, (_, i) => [i * 2, 0])
      )
      await fill(
        'words',
        Array.from({ length: ROWS / 2 }, (_, i) => [`${'aBäZ'.charAt(i % 4)}${i}`, 0])
      )
      const random = randomNumbers(7)
      const upTo = (n: number): number => Math.floor(random() * n)
      let done = false
      const write = async (): Promise<void> => {
        const own = await connect()
        while (!done) {
          const id = upTo(ROWS * 2)
          await own.query(
            `BEGIN; UPDATE old SET n = n + 1 WHERE id = ${upTo(100)}; UPDATE fresh SET n = n + 1 WHERE id BETWEEN ${id} AND ${id + 9};
             DELETE FROM fresh WHERE id = ${upTo(ROWS) * 2}; INSERT IGNORE INTO fresh VALUES (${id | 1}, 1);
             UPDATE IGNORE fresh SET id = ${upTo(ROWS * 3)}, n = n + 1 WHERE id = ${upTo(ROWS) * 2};
             UPDATE IGNORE words SET word = CONCAT('q', n, word), n = n + 1 WHERE word = 'B${upTo(ROWS / 8) * 4 + 1}';
             DELETE FROM words WHERE word = 'ä${upTo(ROWS / 8) * 4 + 2}'; INSERT IGNORE INTO words VALUES ('ö${id}', 1); COMMIT`
          )
          // On a busy machine it would write more than can be read.
          await sleep(2)
        }
        await own.end()
      }
      const state = join(directory, `${flavour}-added`)
      const follow = [cdcUrl(server, 'test'), '--tables', 'old', '--state', state, '--mark-every', '50ms']
      const writers = [write(), write()]
      try {
        const running = new RunningTail(follow)
        await running.until('the start', () => follows(running.stdout))
        const asked = await tail('snapshot', '--signal', '--state', state, 'fresh,test.words')
        assert.equal(asked.status, 0, asked.stderr)
        assert.match(asked.stderr, /fresh, test\.words: asked for/)
        await running.until('both tables', () => (running.stderr.match(/rows, as of/g) ?? []).length === 3)
        done = true
        await Promise.all(writers)
        await connection.query('INSERT INTO old VALUES (-1, 0)')
        await running.until('the last row', () => running.stdout.includes('"after":{"id":-1,'))
        const { status, stdout, stderr } = await running.stop()
        assert.equal(status, 0, stderr)
        const folded = new Folded(tables)
        const found = events(stdout)
        for (const event of found) folded.take(event)
        await folded.assertEquals(connection)
        const taken = found.filter(({ op, source }) => op === 'r' && source.table === 'fresh')
        assert.ok(taken.length > ROWS / 2, `${taken.length} rows of fresh were read`)
        assert.ok(taken.every(({ source }) => source.snapshot !== 'false'))
        assert.ok(
          marks(stdout).some(({ at }) => (at.incremental as { taking: unknown } | undefined)?.taking != null)
        )
      } finally {
        done = true
        await Promise.all(writers)
      }
    })
  })
}

describe('requests for rows', { skip: unavailable('mysql80') }, () => {
  let server: RunningServer
  let connection: Connection

  before(async () => {
    server = await startServer('mysql80')
    connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
    await connection.query(
      `CREATE TABLE main (id INT PRIMARY KEY); CREATE TABLE more (id INT PRIMARY KEY, n INT); CREATE TABLE bare (id INT);
       CREATE TABLE requests (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048));
       INSERT INTO main VALUES (1); INSERT INTO more VALUES (1, 1), (2, 2), (3, 3)`
    )
  })

  after(async () => {
    await connection?.end()
    await server?.kill()
    await server?.stop()
  })

  const of = (table: string, ndjson: string): string[] =>
    events(ndjson)
      .filter(({ source }) => source.table === table)
      .map(({ op, after, before }) => `${op} ${(after ?? before)?.id}`)

  test('are taken from a signal table as Debezium has it, whose rows are no events', async () => {
    const running = new RunningTail([
      cdcUrl(server, 'test'),
      '--tables',
      'main',
      '--signal-table',
      'requests',
      '--mark-every',
      '50ms'
    ])
    await running.until('the start', () => follows(running.stdout))
    const data = {
      'data-collections': ['test.more'],
      type: 'incremental',
      'additional-conditions': [{ 'data-collection': 'test.more', filter: 'n > 1' }]
    }
    await connection.query('INSERT INTO requests VALUES (?, ?, ?)', [
      '1',
      'execute-snapshot',
      JSON.stringify(data)
    ])
    await running.until('its rows', () => of('more', running.stdout).length === 2)
    await running.until('the end', () => /snapshot of test\.more: 2 rows, as of/.test(running.stderr))
    await connection.query('INSERT INTO more VALUES (4, 4)')
    await running.until('a change', () => of('more', running.stdout).length === 3)
    await connection.query(
      `INSERT INTO requests VALUES ('2', 'execute-snapshot', '{"data-collections":["test.bare","test.gone"]}'), ('3', 'execute-snapshot', 'no'), ('4', 'log', '{}')`
    )
    await running.until('refusals', () => /test\.gone: refused: there is no such table/.test(running.stderr))
    const { status, stdout, stderr } = await running.stop()
    assert.equal(status, 0, stderr)
    assert.deepEqual(of('more', stdout), ['r 2', 'r 3', 'c 4'])
    assert.deepEqual(of('requests', stdout), [])
    assert.match(stderr, /test\.bare: refused: it has no primary key/)
    assert.match(stderr, /a signal's data is no JSON/)
  })

  test('are done by a later run, which follows the table, as do those after it', async () => {
    const state = join(directory, 'later')
    const out = join(directory, 'later.ndjson')
    const run = ['--tables', 'main', '--state', state, '--out', out, '--stop-at', 'now']
    const first = await tail(cdcUrl(server, 'test'), ...run)
    assert.equal(first.status, 0, first.stderr)
    assert.equal((await tail('snapshot', '--signal', '--state', state, 'more')).status, 0)
    const second = await tail(cdcUrl(server, 'test'), ...run)
    assert.equal(second.status, 0, second.stderr)
    await connection.query('INSERT INTO more VALUES (5, 5)')
    const third = await tail(cdcUrl(server, 'test'), ...run)
    assert.equal(third.status, 0, third.stderr)
    assert.deepEqual(of('more', readFileSync(out, 'utf8')), ['r 1', 'r 2', 'r 3', 'r 4', 'c 5'])
  })

  test('end when they are told to', async () => {
    const state = join(directory, 'stopped')
    await connection.query('CREATE TABLE large (id INT PRIMARY KEY, pad VARCHAR(300))')
    const rows = Array.from({ length: 50_000 }, (_, i) => [i, 'x'.repeat(300)])
    for (let at = 0; at < rows.length; at += 10_000)
      await connection.query('INSERT INTO large VALUES ?', [rows.slice(at, at + 10_000)])
    const running = new RunningTail([
      cdcUrl(server, 'test'),
      '--tables',
      'main',
      '--state',
      state,
      '--mark-every',
      '50ms'
    ])
    await running.until('the start', () => follows(running.stdout))
    assert.equal((await tail('snapshot', '--signal', '--state', state, 'large')).status, 0)
    await running.until('some rows', () => running.stdout.includes('"table":"large"'))
    running.pause()
    assert.equal((await tail('snapshot', '--signal', '--stop', '--state', state)).status, 0)
    await sleep(100)
    running.resume()
    await running.until('the end', () =>
      /snapshot of test\.large: stopped after \d+ rows/.test(running.stderr)
    )
    assert.ok(of('large', (await running.stop()).stdout).length < 50_000)
  })

  test('of nobody are a clear error', async () => {
    const { status, stderr } = await tail('snapshot', '--signal', '--state', join(directory, 'none'), 'more')
    assert.equal(status, 1)
    assert.match(stderr, /no cdc-tail has run with this state directory/)
    assert.equal((await tail('snapshot', 'more')).status, 2)
  })
})
