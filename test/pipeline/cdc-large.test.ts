import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import {
  type ChangeEvent,
  dataLines,
  events,
  killRunningTails,
  logEnd,
  RunningTail,
  tail
} from '../mysql/tail.ts'
import { samples } from '../support/rounds.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const MIB = 1024 * 1024
/** Prints the most memory that the process has used, KiB, at its end. */
const TELL_MEMORY = `--import=data:text/javascript,${encodeURIComponent(
  'process.on("exit", () => process.stderr.write(`memory ${process.resourceUsage().maxRSS}\\n`))'
)}`

async function open(server: RunningServer): Promise<Connection> {
  return createConnection({ uri: `${server.url}/test`, multipleStatements: true, maxPreparedStatements: 1 })
}

const hash = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

for (const kind of samples(['mysql80', 'mysql'], ['mysql'])) {
  describe(`a large transaction, ${kind}`, { skip: unavailable(kind) }, () => {
    let server: RunningServer
    let connection: Connection

    before(async () => {
      server = await startServer(kind)
      connection = await open(server)
      await connection.query('CREATE TABLE seed (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(200))')
      const values = Array.from({ length: 1000 }, () => `('${randomBytes(80).toString('base64')}')`)
      await connection.query(`INSERT INTO seed (v) VALUES ${values.join()}`)
    })

    after(async () => {
      killRunningTails()
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    /** Some 60 MB of rows in one transaction. */
    const insertMany = async (table: string, settings: string): Promise<string> => {
      await connection.query(
        `CREATE TABLE ${table} (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(250), n INT)`
      )
      const start = await logEnd(connection)
      const rows = Array.from({ length: 100 }, (_, n) => `SELECT ${n} AS n`).join(' UNION ALL ')
      await connection.query(`${settings}; BEGIN`)
      for (let i = 0; i < 4; i++) {
        await connection.query(`INSERT INTO ${table} (v, n) SELECT CONCAT(v, n), n FROM seed, (${rows}) AS r`)
      }
      await connection.query('COMMIT')
      return start
    }

    for (const compressed of kind === 'mysql' ? [false, true] : [false]) {
      test(`is read in little memory, ${compressed ? 'compressed' : 'plain'}`, async () => {
        const table = compressed ? 'packed' : 'plain'
        const setting =
          kind === 'mysql' ? `SET binlog_transaction_compression = ${compressed ? 'ON' : 'OFF'}` : 'DO 1'
        const start = await insertMany(table, setting)
        const directory = mkdtempSync(join(tmpdir(), 'millrace-large-'))
        try {
          const args = ['--tables', table, '--start', start, '--stop-at', 'now', '--columns', `${table}.n`]
          const out = join(directory, 'out.ndjson')
          const run = new RunningTail([cdcUrl(server, 'test'), ...args, '--out', out, '--state', directory], {
            NODE_OPTIONS: TELL_MEMORY
          })
          const { status, stderr } = await run.ended
          assert.equal(status, 0, stderr)
          const lines = dataLines(readFileSync(out, 'latin1'))
          assert.equal(lines.length, 400_000)
          const values = new Set(lines.map(line => /"id":(\d+)/.exec(line)?.[1]))
          assert.equal(values.size, 400_000)
          const memory = Number(/memory (\d+)/.exec(stderr)?.[1]) / 1024
          assert.ok(memory < 200, `${memory} MiB`)
          // What was kept on disk meanwhile is gone.
          const left = readdirSync(join(directory, 'cdc-tail'))
          assert.deepEqual(
            left.filter(name => name.startsWith('millrace')),
            []
          )
        } finally {
          rmSync(directory, { recursive: true })
        }
      })
    }

    test('gives its rows whole, of 40 MiB too, and the transactions around it', {
      skip: kind === 'mysql80' && 'compression came later'
    }, async () => {
      await connection.query('CREATE TABLE wide (id INT PRIMARY KEY, b LONGBLOB)')
      await connection.query('SET binlog_transaction_compression = ON; FLUSH BINARY LOGS')
      const start = await logEnd(connection)
      const blobs = [...Array.from({ length: 20 }, (_, i) => randomBytes(i * 100_000)), randomBytes(40 * MIB)]
      await connection.query("INSERT INTO wide VALUES (-1, 'before')")
      await connection.query('BEGIN')
      for (const [id, bytes] of blobs.entries())
        await connection.query('INSERT INTO wide VALUES (?, ?)', [id, bytes])
      await connection.query('COMMIT')
      await connection.query("INSERT INTO wide VALUES (-2, 'behind')")
      await connection.query('FLUSH BINARY LOGS')
      const brief = ({ after, source }: ChangeEvent) =>
        `${after?.id} ${(source as { row?: number }).row} ${hash(Buffer.from(String(after?.b), 'base64'))}`
      const expected = [
        `-1 0 ${hash('before')}`,
        ...blobs.map((bytes, id) => `${id} ${id} ${hash(bytes)}`),
        `-2 0 ${hash('behind')}`
      ]
      const fromServer = await tail(
        cdcUrl(server, 'test'),
        '--tables',
        'wide',
        '--start',
        start,
        '--stop-at',
        'now'
      )
      assert.equal(fromServer.status, 0, fromServer.stderr)
      assert.deepEqual(events(fromServer.stdout).map(brief), expected)
      const name = start.split(':')[0] as string
      const path = readdirSync(server.dataDir, { recursive: true }).find(file => `${file}`.endsWith(name))
      const log = readFileSync(join(server.dataDir, `${path}`))
      const folder = mkdtempSync(join(tmpdir(), 'millrace-large-'))
      try {
        const file = join(folder, name)
        writeFileSync(file, log)
        const fromFile = await tail(`file:${file}`, '--tables', 'test.wide')
        assert.equal(fromFile.status, 0, fromFile.stderr)
        assert.deepEqual(events(fromFile.stdout).map(brief), expected)
        // A checksum that does not hold is seen before any row is written.
        log[20 * MIB] = (log[20 * MIB] as number) ^ 1
        writeFileSync(file, log)
        const damaged = await tail(`file:${file}`, '--tables', 'test.wide')
        assert.equal(damaged.status, 1)
        assert.match(damaged.stderr, /:\d+: checksum of the event is wrong/)
        assert.deepEqual(events(damaged.stdout).map(brief), expected.slice(0, 1))
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  })
}
