import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { Folded, type Keys } from '../mysql/folded.ts'
import { events, killRunningTails, marks, RunningTail, tail } from '../mysql/tail.ts'
import { randomNumbers } from '../support/random.ts'
import { rounds } from '../support/rounds.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const KILLS = rounds(50, 25)
/** That of all kills which is the nth of 50. */
const nth = (n: number): number => Math.round((n * KILLS) / 50)
/** Rows of each table when the snapshot begins. */
const ROWS = 2 ** 17

const TABLES: Keys = {
  ints: ['id'],
  names: ['name'],
  pairs: ['b', 'a'],
  bare: null,
  late: ['id'],
  later: ['name']
}
/** Added while the log is followed, after this many kills. */
const ADDED: Readonly<Record<number, string>> = { [nth(21)]: 'late', [nth(30)]: 'later' }
/** Kills after which the snapshot, and what was added, may be over. */
const SNAPSHOT_ENDS = nth(20)
const ADDED_ENDS = nth(42)
const RESTARTED: ReadonlySet<number> = new Set([nth(5)])
const CRASHED: ReadonlySet<number> = new Set([nth(13), nth(27), nth(44)])

const SETUP = `
  SET SESSION cte_max_recursion_depth = 1000000;
  CREATE TABLE ints (id INT PRIMARY KEY, n INT NOT NULL, pad VARCHAR(100) NOT NULL);
  CREATE TABLE names (name VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, n INT NOT NULL);
  CREATE TABLE pairs (a INT, b VARCHAR(20) CHARACTER SET latin1, n INT NOT NULL, PRIMARY KEY (b, a), KEY (a));
  CREATE TABLE bare (a INT, b INT, KEY (a));
  INSERT INTO ints WITH RECURSIVE s (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < ${ROWS - 1}) SELECT i * 2, 0, REPEAT('x', 60) FROM s;
  INSERT INTO names SELECT CONCAT(ELT(1 + id % 5, 'a', 'B', 'ä', 'Z', 'ß'), id), 0 FROM ints WHERE id < 65536;
  INSERT INTO pairs SELECT id, CONCAT(ELT(1 + id % 7, 'Ä', 'a', 'B', 'ö', 'Z', 'x', 'y'), id % 50), 0 FROM ints;
  CREATE TABLE late LIKE ints;
  CREATE TABLE later LIKE names;
  INSERT INTO late SELECT * FROM ints;
  INSERT INTO later SELECT * FROM names;
  INSERT INTO bare SELECT id, id % 3 FROM ints LIMIT 20000;`

describe('SIGKILL in snapshot and stream, again and again', { skip: unavailable('mysql80') }, () => {
  const random = randomNumbers(20261125)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-snapshot-kills-'))
  let server: RunningServer

  before(async () => {
    server = await startServer('mysql80')
  })

  after(async () => {
    killRunningTails()
    await server?.kill()
    await server?.stop()
    rmSync(directory, { recursive: true })
  })

  const connect = async (): Promise<Connection> => {
    const connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
    // Ends with the server.
    connection.on('error', () => {})
    return connection
  }

  /** Writes for as long as it may, through restarts of the server. */
  async function change(until: AbortSignal): Promise<number> {
    let connection = await connect()
    let transactions = 0
    const upTo = (n: number): number => Math.floor(random() * n)
    while (!until.aborted) {
      const id = upTo(ROWS * 2)
      const near = `id BETWEEN ${id} AND ${id + 20}`
      const fresh = 1_000_000 + upTo(1e9)
      try {
        await connection.query(
          [
            'BEGIN',
            `UPDATE ints SET n = n + 1 WHERE ${near}`,
            `DELETE FROM ints WHERE id = ${id - (id % 2)}`,
            `INSERT IGNORE INTO ints VALUES (${id | 1}, 1, 'odd'), (${fresh}, 2, 'fresh')`,
            // Keys that move past whatever has been read.
            `UPDATE IGNORE ints SET id = id + ${upTo(200_001) - 100_000} WHERE id = ${upTo(ROWS * 2)}`,
            `UPDATE IGNORE names SET n = n + 1, name = CONCAT(ELT(${1 + upTo(4)}, 'Ö', 'q', 'Q', 'a'), n, '-', ${fresh}) WHERE name = CONCAT('B', ${id - (id % 10) + 2})`,
            `DELETE FROM names WHERE name = 'ä${upTo(ROWS / 5) * 10 + 4}'`,
            `INSERT IGNORE INTO names VALUES ('é${fresh}', 1), ('Zz ${fresh}', 1)`,
            `UPDATE IGNORE pairs SET b = CONCAT('ü', a % 9), n = n + 1 WHERE a = ${id - (id % 2)}`,
            `DELETE FROM pairs WHERE a = ${upTo(ROWS * 2)}`,
            `INSERT IGNORE INTO pairs VALUES (${fresh}, ELT(${1 + upTo(3)}, 'ö', 'M', 'z'), 1)`,
            `UPDATE bare SET b = b + 1 WHERE a = ${upTo(1000) * 2}`,
            `DELETE FROM bare WHERE a = ${upTo(40_000)} LIMIT 1`,
            `INSERT INTO bare VALUES (${upTo(10)}, 7), (${upTo(10)}, 7)`,
            `UPDATE late SET n = n + 1 WHERE ${near}`,
            `DELETE FROM late WHERE id = ${upTo(ROWS) * 2}`,
            `INSERT IGNORE INTO late VALUES (${id | 1}, 1, 'odd')`,
            `UPDATE IGNORE late SET id = id + ${upTo(200_001) - 100_000} WHERE id = ${upTo(ROWS * 2)}`,
            `UPDATE IGNORE later SET n = n + 1, name = CONCAT(ELT(${1 + upTo(4)}, 'Ö', 'q', 'Q', 'a'), n, '-', ${fresh}) WHERE name = CONCAT('B', ${id - (id % 10) + 2})`,
            `DELETE FROM later WHERE name = 'ä${upTo(ROWS / 5) * 10 + 4}'`,
            random() < 0.1 ? 'ROLLBACK' : 'COMMIT'
          ].join('; ')
        )
        transactions++
        await sleep(40)
      } catch {
        // The server is away: what was not committed did not happen.
        connection.destroy()
        await sleep(50)
        connection = await connect().catch(() => connection)
      }
    }
    await connection.end().catch(() => {})
    return transactions
  }

  test(`${KILLS} kills: each row is told once, and the events give the tables exactly`, async () => {
    const setup = await connect()
    await setup.query(SETUP)
    await setup.end()
    const file = join(directory, 'events.ndjson')
    const state = join(directory, 'state')
    const run = (...more: string[]): RunningTail =>
      new RunningTail([
        cdcUrl(server, 'test'),
        '--tables',
        'ints,names,pairs,bare',
        '--state',
        state,
        '--out',
        file,
        '--mark-every',
        '5ms',
        '--snapshot-parallel',
        String(1 + Math.floor(random() * 3)),
        ...more
      ])
    const acknowledged = (): {
      n?: number
      at?: { snapshot?: unknown; incremental?: { taking?: { rows: number } } }
    } => {
      const known = join(state, 'cdc-tail', 'acknowledged.json')
      return existsSync(known) ? (JSON.parse(readFileSync(known, 'utf8')).mark ?? {}) : {}
    }
    /** What a run has to change before it is killed, so that all runs together get on however slow the machine is. */
    const progress = (kill: number): string => {
      const { n, at } = acknowledged()
      if (kill < SNAPSHOT_ENDS) return JSON.stringify(at?.snapshot ?? n)
      if (kill === SNAPSHOT_ENDS) return String(at?.snapshot === undefined)
      return kill < ADDED_ENDS ? JSON.stringify(at?.incremental?.taking?.rows ?? n) : String(n)
    }
    const over = new AbortController()
    const writers = [change(over.signal), change(over.signal)]
    let inSnapshot = 0
    let inIncremental = 0
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const added = ADDED[kill]
        if (added !== undefined)
          assert.equal((await tail('snapshot', '--signal', '--state', state, added)).status, 0)
        const before = progress(kill)
        const running = run()
        // Some are killed while they start.
        if (random() < 0.15 && kill !== SNAPSHOT_ENDS) await sleep(random() * 400)
        else
          await running.until(
            'progress',
            () => running.hasEnded || progress(kill) !== before || before === 'true'
          )
        await sleep(random() * (kill < ADDED_ENDS ? 20 : 200))
        if (RESTARTED.has(kill)) await server.restart()
        if (CRASHED.has(kill)) {
          await server.kill()
          await server.restart()
        }
        if (kill % 5 === 2) {
          const connection = await connect()
          await connection.query('FLUSH BINARY LOGS')
          await connection.end()
        }
        running.kill('SIGKILL')
        const { stderr } = await running.ended
        if (!RESTARTED.has(kill) && !CRASHED.has(kill))
          assert.doesNotMatch(stderr, /cdc-tail: (?!resumes|goes on|snapshot|warning|no tool)/, stderr)
        if (/goes on with the snapshot/.test(stderr)) inSnapshot++
        if (/snapshot of test\.later?: goes on/.test(stderr)) inIncremental++
      }
    } finally {
      over.abort()
    }
    const transactions = (await Promise.all(writers)).reduce((a, b) => a + b)
    const last = await run('--stop-at', 'now').ended
    assert.equal(last.status, 0, last.stderr)
    assert.ok(transactions > 100, `${transactions} transactions`)
    assert.ok(inSnapshot > 3, `${inSnapshot} runs went on with the snapshot`)
    assert.ok(inIncremental > 2, `${inIncremental} runs went on with an incremental snapshot`)

    const text = readFileSync(file, 'utf8')
    assert.ok(marks(text).length > KILLS)
    const folded = new Folded(TABLES)
    for (const event of events(text)) folded.take(event)
    const connection = await connect()
    await folded.assertEquals(connection)
    await connection.end()
  })
})
