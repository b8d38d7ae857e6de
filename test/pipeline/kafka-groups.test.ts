import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { kinds } from '../../scripts/lib/servers/index.ts'
import { prefixOf } from '../../scripts/lib/servers/install.ts'
import { Pipeline, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const skip = unavailable('kafka') || kcatMissing() || false
const ENRICH = resolve(import.meta.dirname, '../../bin/enrich.js')
const COPY = ['-e', 'SELECT id FROM events'] as const
const SESSION_MS = 2000

describe('groups by both protocols', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-groups-'))
  const running = new Set<Pipeline>()
  let kafka: RunningServer
  let broker = ''

  before(async () => {
    kafka = await startServer('kafka', {
      args: [
        ...['num.partitions=4', 'auto.create.topics.enable=true', 'group.min.session.timeout.ms=1000'],
        ...[
          `group.consumer.min.session.timeout.ms=${SESSION_MS}`,
          'group.consumer.migration.policy=disabled'
        ],
        ...[`group.consumer.session.timeout.ms=${SESSION_MS}`, 'group.consumer.heartbeat.interval.ms=500'],
        'group.consumer.min.heartbeat.interval.ms=500'
      ]
    })
    broker = `127.0.0.1:${kafka.port}`
  })

  after(async () => {
    for (const pipeline of running) await pipeline.kill(0)
    await kafka?.stop()
    rmSync(directory, { recursive: true })
  })

  const put = (topic: string, from: number, to: number): Promise<string> =>
    kcat(
      ['-P', '-b', broker, '-t', topic, '-K', '\t'],
      Array.from({ length: to - from }, (_, i) => `k${from + i}\t{"id":${from + i}}\n`).join('')
    )

  const start = (stage: StageCommand): Pipeline => {
    const pipeline = new Pipeline([stage])
    running.add(pipeline)
    return pipeline
  }

  const stopped = async (pipeline: Pipeline): Promise<void> => {
    await pipeline.kill(0, 'SIGTERM')
    const { statuses, stderr } = await pipeline.wait()
    running.delete(pipeline)
    assert.deepEqual(statuses, [0], stderr)
  }

  const idsOf = (text: string): number[] =>
    text
      .split('\n')
      .filter(line => line.startsWith('{"id"'))
      .map(line => (JSON.parse(line) as { id: number }).id)
      .sort((a, b) => a - b)

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

  /** A member whose output is a file; gives what it has read, too. */
  const reader = (name: string, topic: string): { member: Pipeline; ids: () => number[] } => {
    const out = join(directory, name)
    const member = start(['enrich', ...COPY, '--in', `${kafka.url}/${topic}`, '--out', out])
    return { member, ids: () => (existsSync(out) ? idsOf(readFileSync(out, 'utf8')) : []) }
  }

  const until = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(200))
      assert.ok(Date.now() < deadline, what)
  }

  /** What Kafka's own kafka-consumer-groups prints, as columns. */
  async function tool(...args: string[]): Promise<string[][]> {
    const command = await kinds.kafka.client?.(prefixOf('kafka'), kafka.port, ['groups', ...args])
    const [program = '', ...rest] = command ?? []
    const { stdout } = await promisify(execFile)(program, rest)
    return stdout.split('\n').map(line => line.trim().split(/\s+/))
  }

  test("Kafka's own tool sees the members, the protocol and the offsets", async () => {
    await put('seen', 0, 1000)
    const members = [
      reader('seen-1', 'seen?group=seen&mark-every=200ms'),
      reader('seen-2', 'seen?group=seen&mark-every=200ms'),
      reader('seen-3', 'seen?group=seen-classic&mark-every=200ms&group-protocol=classic')
    ]
    let rows: string[][] = []
    await until('two members share four partitions, without a lag', async () => {
      const all = await tool('--describe', '--group', 'seen')
      rows = all.filter(([group]) => group === 'seen')
      const ids = new Set(rows.map(([, , , , , , id]) => id))
      return rows.length === 4 && ids.size === 2 && rows.every(([, , , , , lag]) => lag === '0')
    })
    assert.equal(
      rows.reduce((sum, [, , , offset]) => sum + Number(offset), 0),
      1000
    )
    const types = (await tool('--list', '--type')).filter(([group]) => group?.startsWith('seen'))
    assert.deepEqual(types.sort(), [
      ['seen', 'Consumer'],
      ['seen-classic', 'Classic']
    ])
    for (const { member } of members) await stopped(member)
  })

  test('beside classic members whose group is not converted the classic protocol is taken, or refused', async () => {
    await put('mixed', 0, 400)
    const first = reader('mixed-1', 'mixed?group=mixed&mark-every=200ms&group-protocol=classic')
    await until('the first has all', () => first.ids().length === 400)
    const second = reader('mixed-2', 'mixed?group=mixed&mark-every=200ms')
    let next = 400
    await until('the second has a share', async () => {
      await put('mixed', next, next + 100)
      next += 100
      return second.ids().length > 0
    })
    const args = ['--in', `${kafka.url}/mixed?group=mixed&group-protocol=consumer`]
    const { statuses, stderr } = await runPipeline(['enrich', ...COPY, ...args])
    assert.deepEqual(statuses, [3])
    assert.match(stderr, /group mixed: Cannot upgrade classic group/)
    await until('all is read', () => first.ids().length + second.ids().length >= next)
    await Promise.all([stopped(first.member), stopped(second.member)])
    assert.deepEqual(idsOfAll(first.ids(), second.ids()), upTo(next))
  })

  const idsOfAll = (...ids: number[][]): number[] => ids.flat().sort((a, b) => a - b)

  test('where the consumer protocol is switched off the classic one is taken, or the run refused', async () => {
    const classic = await startServer('kafka', {
      args: ['group.coordinator.rebalance.protocols=classic', 'auto.create.topics.enable=true']
    })
    const run = (parameters: string): ReturnType<typeof runPipeline> =>
      runPipeline(['enrich', ...COPY, '--in', `${classic.url}/old?group=${parameters}`, '--stop-at', 'now'])
    await kcat(['-P', '-b', `127.0.0.1:${classic.port}`, '-t', 'old'], '{"id":0}\n{"id":1}\n')
    const read = await run('a')
    const refused = await run('b&group-protocol=consumer')
    await classic.stop()
    assert.deepEqual([read.statuses, idsOf(read.stdout)], [[0], upTo(2)], read.stderr)
    assert.deepEqual(refused.statuses, [3])
    assert.match(refused.stderr, /leave group-protocol=consumer away/)
  })

  test('topics that come later are found by their pattern', async () => {
    await put('news.a', 0, 100)
    const readers = ['?group=news', '?group=news-classic&group-protocol=classic', ''].map((group, i) =>
      reader(`news-${i}`, `^news\\..*${group}`)
    )
    const haveRead = (count: number): Promise<void> =>
      until(`all have read ${count}`, () => readers.every(({ ids }) => ids().length >= count))
    await haveRead(100)
    await put('news.b', 100, 200)
    await haveRead(200)
    await put('news.c', 200, 300)
    await haveRead(300)
    for (const { member, ids } of readers) {
      await stopped(member)
      assert.deepEqual(ids(), upTo(300))
    }
  })

  test('a member that is suspended until others have its partitions drops what it has not committed', async () => {
    const suspend = async (name: string, parameters: string): Promise<void> => {
      // Marks come later than it is found out that the partitions are lost, and commit what is left.
      const stage = (...args: string[]): StageCommand => [
        ...([
          'enrich',
          ...COPY,
          '--in',
          `${kafka.url}/${name}?group=${name}&mark-every=15s&${parameters}`
        ] as const),
        ...['--out', `${kafka.url}/${name}-out?transaction-timeout=60s`, '--key', 'id', ...args]
      ]
      const hasWritten = async (count: number): Promise<boolean> => {
        const all = readTopic(broker, `${name}-out`, '-X', 'isolation.level=read_uncommitted')
        // Until it is made the topic is an error.
        return (await all.catch(() => [])).length >= count
      }
      await put(name, 0, 200)
      const first = start(stage())
      await until('it has written', () => hasWritten(200))
      await first.kill(0, 'SIGSTOP')
      const second = start(stage())
      await until('the other has written the same', () => hasWritten(400))
      await first.kill(0, 'SIGCONT')
      await sleep(3000)
      await put(name, 200, 400)
      await sleep(1000)
      await Promise.all([stopped(first), stopped(second)])
      const { statuses, stderr } = await runPipeline(stage('--stop-at', 'now'))
      assert.deepEqual(statuses, [0], stderr)
      const records = await readTopic(broker, `${name}-out`)
      assert.deepEqual(idsOf(records.map(({ payload }) => `${payload}\n`).join('')), upTo(400), name)
    }
    await Promise.all([
      suspend('asleep', 'group-protocol=consumer'),
      suspend('asleep-classic', 'session-timeout=2s')
    ])
  })

  test('a reader that does not read holds a member up, and loses it no partitions', async () => {
    const count = 30_000
    await put('held', 0, count)
    const args = ['--in', `${kafka.url}/held?group=held&mark-every=200ms`, '--stop-at', 'now']
    const child = spawn(process.execPath, [ENRICH, ...COPY, ...args], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    await sleep(3 * SESSION_MS)
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    const [status] = (await once(child, 'close')) as [number]
    assert.equal(status, 0)
    assert.deepEqual(idsOf(Buffer.concat(chunks).toString()), upTo(count))
  })

  test('members go on when the broker was killed and is there again', async () => {
    await put('outage', 0, 500)
    const members = ['group-protocol=consumer', 'group-protocol=classic'].map((protocol, i) =>
      reader(`outage-${i}`, `outage?group=outage-${i}&mark-every=200ms&${protocol}`)
    )
    const haveRead = (count: number): Promise<void> =>
      until(`both have read ${count}`, () => members.every(({ ids }) => ids().length >= count))
    await haveRead(500)
    // Committed by then.
    await sleep(1000)
    await kafka.kill()
    await sleep(1000)
    await kafka.restart()
    await put('outage', 500, 1000)
    await haveRead(1000)
    for (const { member, ids } of members) {
      await stopped(member)
      assert.deepEqual(ids(), upTo(1000))
    }
  })
})
