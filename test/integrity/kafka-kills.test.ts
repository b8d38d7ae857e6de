import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { type ChangeEvent, killRunningTails, RunningTail, tail } from '../mysql/tail.ts'
import { randomNumbers } from '../support/random.ts'
import { rounds } from '../support/rounds.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const KILLS = rounds(20, 8)
const ROWS = 5000
const skip = unavailable('mysql80', 'kafka') || kcatMissing() || false

describe('cdc-tail to Kafka, killed again and again', { skip }, () => {
  const random = randomNumbers(20261129)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kafka-kills-'))
  let mysql: RunningServer
  let kafka: RunningServer
  let connection: Connection

  before(async () => {
    ;[mysql, kafka] = await Promise.all([startServer('mysql80'), startServer('kafka')])
    connection = await createConnection({ uri: mysql.url, multipleStatements: true })
    await connection.query(`CREATE DATABASE dream; USE dream; SET SESSION cte_max_recursion_depth = 100000;
      CREATE TABLE ints (id INT PRIMARY KEY, n INT NOT NULL);
      CREATE TABLE names (name VARCHAR(40) PRIMARY KEY, n INT NOT NULL);
      INSERT INTO ints WITH RECURSIVE s (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < ${ROWS - 1}) SELECT i, 0 FROM s`)
  })

  after(async () => {
    killRunningTails()
    await connection?.end()
    await Promise.all([mysql?.stop(), kafka?.stop()])
    rmSync(directory, { recursive: true })
  })

  /** Writes for as long as it may: each transaction into both tables. */
  async function change(until: AbortSignal): Promise<void> {
    for (let i = 0; !until.aborted; i++) {
      const id = Math.floor(random() * ROWS * 2)
      const [row, near] = [`'${id}ä'`, `id BETWEEN ${id} AND ${id + 5}`]
      await connection.query(`BEGIN; REPLACE INTO ints VALUES (${id}, ${i}); UPDATE ints SET n = ${i} WHERE ${near};
        REPLACE INTO names VALUES (${row}, ${i}); DELETE FROM names WHERE n = ${i - 50};
        ${i % 20 === 0 ? `DELETE FROM ints WHERE ${near}; UPDATE ints SET n = n + 1 LIMIT 500;` : ''} COMMIT`)
      // What is read in the end has to fit into memory.
      await sleep(4)
    }
  }

  /** What a reader of committed records makes of a topic; a change that comes twice is an error. */
  async function folded(topic: string): Promise<{ rows: Map<string, unknown>; records: number }> {
    const rows = new Map<string, unknown>()
    const seen = new Set<string>()
    const records = await readTopic(`127.0.0.1:${kafka.port}`, topic)
    for (const { key, payload, offset } of records) {
      assert.ok(key !== null)
      if (payload === null) continue
      const { op, after, source } = JSON.parse(payload) as ChangeEvent & { source: { row: number } }
      // A snapshot's rows have the place of the view, not of their own.
      const change = op === 'r' ? `r ${key}` : `${source.file}:${source.pos}:${source.row} ${op} ${key}`
      assert.ok(!seen.has(change), `${topic} offset ${offset}: ${change} comes twice`)
      seen.add(change)
      if (after === null) rows.delete(key)
      else rows.set(key, after)
    }
    return { rows, records: records.length }
  }

  test(`${KILLS} SIGKILLs: every change is read once by those who read committed records`, async () => {
    const state = join(directory, 'run')
    const args = [cdcUrl(mysql, 'dream'), '--state', state, '--mark-every', '200ms']
    const out = ['--out', `${kafka.url}/{source.table}`, '--topic-partitions', '3']
    const acknowledged = (): number => {
      try {
        const text = readFileSync(join(state, 'cdc-tail', 'acknowledged.json'), 'utf8')
        return (JSON.parse(text) as { mark: { n: number } | null }).mark?.n ?? 0
      } catch {
        return 0
      }
    }
    const stop = new AbortController()
    const changing = change(stop.signal)
    for (let kill = 0; kill < KILLS; kill++) {
      const run = new RunningTail([...args, ...out])
      const begin = acknowledged()
      const marks = Math.floor(random() * 4)
      await run.until('it gets on', () => acknowledged() > begin + marks)
      await sleep(random() * 250)
      await run.stop('SIGKILL')
    }
    stop.abort()
    await changing
    const { status, stderr } = await tail(...args, ...out, '--stop-at', 'now')
    assert.equal(status, 0, stderr)
    for (const [table, key] of [
      ['ints', 'id'],
      ['names', 'name']
    ] as const) {
      const { rows, records } = await folded(table)
      const [inTable] = (await connection.query(`SELECT * FROM ${table}`)) as unknown as [
        Record<string, unknown>[]
      ]
      const wanted = new Map(inTable.map(row => [JSON.stringify({ [key]: row[key] }), { ...row }]))
      assert.deepEqual(new Map([...rows].sort()), new Map([...wanted].sort()), table)
      // The kills did hit open transactions.
      const all = await readTopic(`127.0.0.1:${kafka.port}`, table, '-X', 'isolation.level=read_uncommitted')
      assert.ok(all.length > records, `${table}: ${all.length} records, ${records} of them committed`)
    }
  })
})
