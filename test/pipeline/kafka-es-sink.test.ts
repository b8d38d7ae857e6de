import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments, request } from '../support/elastic.ts'
import { Pipeline, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { quickGroups } from '../support/quick-groups.ts'
import { randomNumbers } from '../support/random.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const ROWS = 3000
const KILLS = 4

describe('MySQL to topics to Elasticsearch', {
  skip: unavailable('mysql80', 'kafka', 'elasticsearch')
}, () => {
  const random = randomNumbers(20261130)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kafka-es-'))
  let mysql: RunningServer
  let kafka: RunningServer
  let elastic: BorrowedServer
  let connection: Connection

  before(async () => {
    ;[mysql, kafka, elastic] = await Promise.all([
      startServer('mysql80'),
      startServer('kafka', {
        args: quickGroups(6000)
      }),
      borrowServer('elasticsearch')
    ])
    connection = await createConnection({ uri: mysql.url, multipleStatements: true })
    await connection.query(
      'CREATE DATABASE dream; USE dream; CREATE TABLE payments (id INT PRIMARY KEY, n INT NOT NULL)'
    )
  })

  after(async () => {
    await connection?.end()
    await Promise.all([mysql?.stop(), kafka?.stop(), elastic?.stop()])
    rmSync(directory, { recursive: true })
  })

  async function change(until: AbortSignal): Promise<void> {
    for (let i = 0; !until.aborted; i++) {
      const id = Math.floor(random() * ROWS)
      await connection.query(
        `REPLACE INTO payments VALUES (${id}, ${i}); UPDATE payments SET n = ${i} WHERE id BETWEEN ${id} AND ${id + 3};
         DELETE FROM payments WHERE id = ${Math.floor(random() * ROWS)}`
      )
    }
  }

  test('two sinks of a group, one of them killed again and again: the index equals the table', async () => {
    const topics = `${kafka.url}/{source.table}`
    const tailing: StageCommand = [
      ...(['cdc-tail', cdcUrl(mysql, 'dream'), '--state', join(directory, 'tail')] as const),
      ...['--mark-every', '200ms', '--out', topics, '--topic-partitions', '4']
    ]
    const sink = (...args: string[]): StageCommand => [
      ...(['es-sink', elastic.url, '--index', 'payments', '--id', '{id}'] as const),
      ...['--in', `${kafka.url}/payments?group=sink&mark-every=300ms`, ...args]
    ]
    const stop = new AbortController()
    const changing = change(stop.signal)
    const tail = new Pipeline([tailing])
    await sleep(3000)
    const steady = new Pipeline([sink()])
    for (let kill = 0; kill < KILLS; kill++) {
      const killed = new Pipeline([sink()])
      await sleep(3000 + random() * 1500)
      await killed.kill(0)
      await killed.wait()
    }
    stop.abort()
    await changing
    await tail.kill(0, 'SIGTERM')
    assert.deepEqual((await tail.wait()).statuses, [0])
    const rest = await runPipeline([...tailing, '--stop-at', 'now'])
    assert.deepEqual(rest.statuses, [0], rest.stderr)
    await steady.kill(0, 'SIGTERM')
    const ended = await steady.wait()
    assert.deepEqual(ended.statuses, [0], ended.stderr)
    const last = await runPipeline(sink('--stop-at', 'now'))
    assert.deepEqual(last.statuses, [0], last.stderr)
    await request(elastic.url, 'POST', '/payments/_refresh')
    const documents = await allDocuments(elastic.url, 'payments')
    const [rows] = (await connection.query('SELECT id, n FROM payments')) as unknown as [
      { id: number; n: number }[]
    ]
    assert.ok(rows.length > 100)
    assert.deepEqual(
      new Map([...documents].sort()),
      new Map(rows.map(row => [String(row.id), { ...row }] as const).sort(([a], [b]) => (a < b ? -1 : 1)))
    )
  })
})
