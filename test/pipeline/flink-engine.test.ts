import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Admin } from '@platformatic/kafka'
import { Flink, flinkMissing } from '../../scripts/lib/peers/flink.ts'
import { kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { freePorts } from '../../scripts/lib/servers/ports.ts'
import { run } from '../sql/events.ts'
import { type Change, fold, parseLine, typeOf } from '../support/flink-values.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const skip = unavailable('kafka') || kcatMissing() || flinkMissing() || false
const ENRICH = resolve(import.meta.dirname, '../../bin/enrich.js')

const play = (id: number, contest: number, second: number): string =>
  JSON.stringify({
    before: null,
    after: { id, contest, amount: `${id}.50`, at: `2026-11-24T10:00:${String(second).padStart(2, '0')}` },
    source: { db: 'dream', table: 'plays' },
    op: 'c'
  })

const TABLE = `CREATE TABLE plays (id BIGINT, contest INT, amount DECIMAL(10, 2), at TIMESTAMP(3), WATERMARK FOR at AS at)
  WITH ('connector' = 'stdin', 'format' = 'debezium-json');`
const PER_CONTEST = `${TABLE} SELECT contest, COUNT(*) AS value, SUM(amount) AS total FROM plays GROUP BY contest`
const PER_WINDOW = `${TABLE} SELECT window_end AS at, contest, COUNT(*) AS n
  FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(at), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, contest`

/** enrich as a process, with what it said so far. */
class Enrich {
  readonly child: ChildProcess
  stderr = ''
  readonly #closed: Promise<unknown[]>

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [ENRICH, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#closed = once(this.child, 'close')
  }

  async status(): Promise<number> {
    const [code] = await this.#closed
    return code as number
  }

  /** Ends it where a test did not. */
  kill(): void {
    if (this.child.exitCode === null) this.child.kill('SIGKILL')
  }

  async says(text: string): Promise<void> {
    while (!this.stderr.includes(text)) {
      assert.equal(this.child.exitCode, null, this.stderr)
      await sleep(50)
    }
  }
}

describe('enrich --engine flink', { skip, timeout: 300_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-flink-engine-'))
  let kafka: RunningServer
  let flink: Flink

  before(async () => {
    ;[kafka, flink] = await Promise.all([startServer('kafka'), Flink.start()])
    // Flink makes none.
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [`127.0.0.1:${kafka.port}`] })
    await admin.createTopics({
      topics: ['totals', 'windows', 'live-totals', 'once'],
      partitions: 1,
      replicas: 1
    })
    await admin.close()
  })

  after(async () => {
    for (const enrich of runs) enrich.kill()
    await Promise.all([kafka?.stop(), flink?.[Symbol.asyncDispose]()])
    rmSync(directory, { recursive: true })
  })

  async function give(topic: string, lines: readonly string[]): Promise<void> {
    const file = join(directory, 'in.ndjson')
    writeFileSync(file, lines.map(line => `${line}\n`).join(''))
    const writer = new Enrich('-e', 'SELECT * FROM events', '--in', file, '--out', `${kafka.url}/${topic}`)
    assert.equal(await writer.status(), 0, writer.stderr)
  }

  const runs: Enrich[] = []
  function started(sql: string, topic: string, out: string, ...more: string[]): Enrich {
    const ports = ['--in', `${kafka.url}/${topic}`, '--out', `${kafka.url}/${out}`]
    const enrich = new Enrich('--engine', 'flink', '--gateway', flink.gateway, '-e', sql, ...ports, ...more)
    runs.push(enrich)
    return enrich
  }

  /** The end of each partition. */
  async function offsets(topic: string): Promise<number[]> {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [`127.0.0.1:${kafka.port}`] })
    const [found] = await admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }]
    })
    await admin.close()
    return (found?.partitions ?? []).map(({ offset }) => Number(offset))
  }

  const records = async (topic: string): Promise<string[]> =>
    (await readTopic(`127.0.0.1:${kafka.port}`, topic)).flatMap(({ payload }) => payload ?? [])

  test('gives the results that enrich gives, and ends where the topics ended', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => play(i, i % 3, i))
    await give('plays', lines)
    const changes = started(PER_CONTEST, 'plays', 'totals', '--stop-at', 'now', '--key', 'contest')
    assert.equal(await changes.status(), 0, changes.stderr)
    assert.match(changes.stderr, /job [0-9a-f]{32} is submitted\n(?:.*\n)*.*is finished/)
    const columns = [
      { name: 'contest', type: typeOf('INT') },
      { name: 'value', type: typeOf('BIGINT') },
      { name: 'total', type: typeOf('DECIMAL(38, 2)') }
    ]
    const folded = (texts: readonly string[]): unknown =>
      [
        ...fold(
          texts.map(text => parseLine(text) as Change),
          columns
        )
      ].sort()
    const ours = run(PER_CONTEST, lines).text.trim().split('\n')
    assert.deepEqual(folded(await records('totals')), folded(ours))

    const rows = started(PER_WINDOW, 'plays', 'windows', '--stop-at', 'now')
    assert.equal(await rows.status(), 0, rows.stderr)
    const counts = (texts: readonly string[]): string[] =>
      texts
        .map(text => JSON.parse(text) as { at: string; contest: number; n: number })
        .map(({ at, contest, n }) => `${at.slice(0, 19)} ${contest} ${n}`)
        .sort()
    assert.deepEqual(
      counts(await records('windows')),
      counts(run(PER_WINDOW, lines).rows.map(row => JSON.stringify(row)))
    )
  })

  test('--exactly-once writes results in transactions that a checkpoint commits', async () => {
    await give('plays-once', [play(1, 7, 1), play(2, 8, 2)])
    const sql = `SET 'execution.checkpointing.interval' = '1 s'; ${TABLE} SELECT id, contest FROM plays`
    const job = started(sql, 'plays-once', 'once', '--exactly-once')
    await job.says(': RUNNING')
    while ((await records('once')).length < 2) await sleep(100)
    job.child.kill('SIGTERM')
    assert.equal(await job.status(), 0, job.stderr)
    assert.deepEqual(
      (await records('once')).map(text => JSON.parse(text).after),
      [
        { id: 1, contest: 7 },
        { id: 2, contest: 8 }
      ]
    )
    // A transaction ends with a record of its own, which has an offset too.
    const [partition] = await offsets('once')
    assert.ok((partition ?? 0) > 2, `${partition}`)
  })

  test('SIGTERM stops the job with a savepoint, at which another one goes on', async () => {
    await give('live', [play(1, 7, 1), play(2, 7, 2)])
    const first = started(PER_CONTEST, 'live', 'live-totals', '--savepoint', `file://${directory}/savepoints`)
    await first.says(': RUNNING')
    while (!(await records('live-totals')).some(text => text.includes('"value":2'))) await sleep(100)
    first.child.kill('SIGTERM')
    assert.equal(await first.status(), 0, first.stderr)
    const savepoint = /is stopped, savepoint (\S+)/.exec(first.stderr)?.[1] ?? ''
    assert.match(savepoint, /savepoints\/savepoint-/)

    await give('live', [play(3, 7, 3)])
    const second = started(PER_CONTEST, 'live', 'live-totals', '--from-savepoint', savepoint)
    while (!(await records('live-totals')).some(text => text.includes('"value":3'))) await sleep(100)
    second.child.kill('SIGTERM')
    assert.equal(await second.status(), 0, second.stderr)
    assert.match(second.stderr, /is stopped\n$/)
  })

  test('what Flink does not take is one line and status 2', async () => {
    const sql = `CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '/x', 'format' = 'csv');
      ${TABLE} SELECT p.id FROM plays AS p JOIN t FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = p.id`
    const refused = started(sql, 'plays', 'none')
    assert.equal(await refused.status(), 2)
    assert.match(refused.stderr, /^enrich: Flink does not take "[^\n]*\n$/)
  })

  test('a job that fails is told with its cause, and status 3', async () => {
    await give('zero', [play(0, 0, 1)])
    const failed = started(
      `${TABLE} SELECT 1 / contest AS share FROM plays`,
      'zero',
      'none',
      '--stop-at',
      'now'
    )
    assert.equal(await failed.status(), 3, failed.stderr)
    assert.match(failed.stderr, /job [0-9a-f]{32} failed: \/ by zero\n$/)
  })

  test('a gateway that is not there is status 3', async () => {
    const args = ['--in', `${kafka.url}/plays`, '--out', `${kafka.url}/none`]
    const [port = 0] = await freePorts(1)
    const gateway = `http://127.0.0.1:${port}`
    const lost = new Enrich('--engine', 'flink', '--gateway', gateway, '-e', PER_CONTEST, ...args)
    assert.equal(await lost.status(), 3)
    assert.match(lost.stderr, /the SQL gateway http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/)
  })
})
