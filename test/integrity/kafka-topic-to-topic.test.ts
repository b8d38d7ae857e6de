import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { Pipeline, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { quickGroups } from '../support/quick-groups.ts'
import { randomNumbers } from '../support/random.ts'
import { rounds } from '../support/rounds.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const KILLS = rounds(8, 4)
const skip = unavailable('kafka') || kcatMissing() || false

// Two at a time: most of their time is spent waiting for the group.
describe('from topic to topic through kills', { skip, concurrency: 2 }, () => {
  const random = randomNumbers(20261201)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-topic-'))
  let kafka: RunningServer
  let broker = ''

  before(async () => {
    kafka = await startServer('kafka', {
      args: [
        ...['num.partitions=6', 'auto.create.topics.enable=true', ...quickGroups()],
        'transaction.abort.timed.out.transaction.cleanup.interval.ms=200'
      ]
    })
    broker = `127.0.0.1:${kafka.port}`
  })

  after(async () => {
    await kafka?.stop()
    rmSync(directory, { recursive: true })
  })

  /** Writes ids for as long as it may. @returns how many */
  async function write(topic: string, until: AbortSignal): Promise<number> {
    let next = 0
    while (!until.aborted) {
      const lines = Array.from({ length: 500 }, (_, i) => {
        const at = new Date(1_795_514_400_000 + (next + i) * 10).toISOString()
        return `k${next + i}\t{"id":${next + i},"at":"${at}"}\n`
      })
      await kcat(
        ['-P', '-X', 'enable.idempotence=true', '-b', broker, '-t', topic, '-K', '\t'],
        lines.join('')
      )
      next += 500
      await sleep(50)
    }
    return next
  }

  const CLASSIC = 'group-protocol=classic&session-timeout=2s'
  const CONSUMER = 'group-protocol=consumer'

  /** @param protocols of the members, one after the other */
  async function killMembers(t: TestContext, name: string, protocols: readonly string[]): Promise<void> {
    let started = 0
    const [from, to] = [`${name}-in`, `${name}-out`]
    const stage = (...args: string[]): StageCommand => [
      ...(['enrich', '-e', 'SELECT id, id * 2 AS twice FROM events', '--in'] as const),
      `${kafka.url}/${from}?group=${name}&mark-every=400ms&${protocols[started++ % protocols.length]}`,
      ...['--out', `${kafka.url}/${to}?transaction-timeout=2s`, '--key', 'id', ...args]
    ]
    const stop = new AbortController()
    const writing = write(from, stop.signal)
    await sleep(1000)
    const members = [new Pipeline([stage()]), new Pipeline([stage()])]
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(2000 + random() * 1500)
      // The older one, which has something to lose.
      const [victim] = members.splice(0, 1)
      await victim?.kill(0)
      await victim?.wait()
      members.push(new Pipeline([stage()]))
    }
    stop.abort()
    const written = await writing
    for (const member of members) {
      await member.kill(0, 'SIGTERM')
      const { statuses, stderr } = await member.wait()
      assert.deepEqual(statuses, [0], stderr)
    }
    // What a killed member has left open is over by then.
    await sleep(3000)
    const { statuses, stderr } = await runPipeline(stage('--stop-at', 'now'))
    assert.deepEqual(statuses, [0], stderr)
    const records = await readTopic(broker, to)
    const ids = records.map(({ key, payload }) => {
      const { id, twice } = JSON.parse(payload ?? '') as { id: number; twice: number }
      assert.deepEqual([key, twice], [`{"id":${id}}`, 2 * id])
      return id
    })
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      Array.from({ length: written }, (_, i) => i)
    )
    // On a slow machine kills may fall between transactions: members are still joining then.
    const all = await readTopic(broker, to, '-X', 'isolation.level=read_uncommitted')
    t.diagnostic(`${all.length - records.length} records of transactions that kills left open`)
  }

  test(`members by the classic protocol, ${KILLS} SIGKILLs: each result once for those who read committed records`, t =>
    killMembers(t, 'classic', [CLASSIC]))

  test(`members by both protocols, ${KILLS} SIGKILLs: each result once for those who read committed records`, t =>
    killMembers(t, 'both', [CONSUMER, CONSUMER, CLASSIC]))

  test(`windows with --state, ${KILLS} SIGKILLs: the same results as of an unbroken run`, async () => {
    const sql = `CREATE TABLE clicks (id BIGINT, at TIMESTAMP(3), WATERMARK FOR at AS at - INTERVAL '10' SECOND)
        WITH ('connector' = 'stdin', 'format' = 'json');
      SELECT window_end, COUNT(*) AS n, SUM(id) AS total
      FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(at), INTERVAL '1' SECOND)) GROUP BY window_start, window_end`
    const stage = (out: string, ...args: string[]): StageCommand => [
      ...(['enrich', '-e', sql, '--in', `${kafka.url}/clicks?mark-every=100ms`] as const),
      ...['--out', `${kafka.url}/${out}`, '--key', 'window_end', ...args]
    ]
    // One partition: the order of several, and with it what is late, is another in each run.
    await kcat(['-P', '-b', broker, '-t', 'clicks', '-p', '0'], '{"id":0,"at":"2026-11-24T10:00:00.000Z"}\n')
    const put = async (from: number): Promise<void> => {
      const lines = Array.from({ length: 2000 }, (_, i) => {
        const at = new Date(1_795_514_400_000 + (from + i) * 5).toISOString()
        return `{"id":${from + i},"at":"${at}"}\n`
      })
      await kcat(
        ['-P', '-X', 'enable.idempotence=true', '-b', broker, '-t', 'clicks', '-p', '0'],
        lines.join('')
      )
    }
    const state = ['--state', join(directory, 'windows')]
    let next = 1
    for (let kill = 0; kill < KILLS; kill++) {
      const killed = new Pipeline([stage('windows', ...state)])
      for (let i = 0; i < 3; i++) {
        await put(next)
        next += 2000
        await sleep(random() * 500)
      }
      await sleep(1000 + random() * 500)
      await killed.kill(0)
      await killed.wait()
    }
    await put(next)
    const last = await runPipeline(stage('windows', ...state, '--stop-at', 'now', '--final'))
    assert.deepEqual(last.statuses, [0], last.stderr)
    const unbroken = await runPipeline(stage('unbroken', '--stop-at', 'now'))
    assert.deepEqual(unbroken.statuses, [0], unbroken.stderr)
    const results = async (topic: string): Promise<string[]> =>
      (await readTopic(broker, topic)).map(({ key, payload }) => `${key} ${payload}`).sort()
    const wanted = await results('unbroken')
    assert.ok(wanted.length > 100)
    assert.deepEqual(await results('windows'), wanted)
  })
})
