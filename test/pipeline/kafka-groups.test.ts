import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { runPipeline, type StageCommand } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'
import { COPY, idsOf, type Reader, sorted, TopicReaders, until, upTo } from '../support/topic-readers.ts'

const skip = unavailable('kafka') || kcatMissing() || false
const ENRICH = resolve(import.meta.dirname, '../../bin/enrich.js')
const SESSION_MS = 2000

describe('groups by both protocols', { skip }, () => {
  let kafka: RunningServer
  let broker = ''
  let readers: TopicReaders

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
    readers = new TopicReaders(kafka)
  })

  after(async () => {
    await readers?.close()
    await kafka?.stop()
  })

  // Two at a time: most of their time is spent waiting for the groups.
  describe('on a broker that stays', { concurrency: 2 }, () => {
    test("Kafka's own tool sees the members, the protocol and the offsets", async () => {
      await readers.put('seen', 0, 1000)
      const members = [
        readers.reader('seen-1', 'seen?group=seen&mark-every=200ms'),
        readers.reader('seen-2', 'seen?group=seen&mark-every=200ms'),
        readers.reader('seen-3', 'seen?group=seen-classic&mark-every=200ms&group-protocol=classic')
      ]
      // The tool takes seconds of the processor.
      await until('all have read', () => members.reduce((sum, { ids }) => sum + ids().length, 0) >= 2000)
      let rows: string[][] = []
      await until('two members share four partitions, without a lag', async () => {
        const all = await readers.groups('--describe', '--group', 'seen')
        rows = all.filter(([group]) => group === 'seen')
        const ids = new Set(rows.map(([, , , , , , id]) => id))
        return rows.length === 4 && ids.size === 2 && rows.every(([, , , , , lag]) => lag === '0')
      })
      assert.equal(
        rows.reduce((sum, [, , , offset]) => sum + Number(offset), 0),
        1000
      )
      const types = (await readers.groups('--list', '--type')).filter(([group]) => group?.startsWith('seen'))
      assert.deepEqual(types.sort(), [
        ['seen', 'Consumer'],
        ['seen-classic', 'Classic']
      ])
      for (const { member } of members) await readers.stopped(member)
    })

    test('beside classic members whose group is not converted the classic protocol is taken, or refused', async () => {
      await readers.put('mixed', 0, 400)
      const first = readers.reader('mixed-1', 'mixed?group=mixed&mark-every=200ms&group-protocol=classic')
      await until('the first has all', () => first.ids().length === 400)
      const second = readers.reader('mixed-2', 'mixed?group=mixed&mark-every=200ms')
      let next = 400
      await until('the second has a share', async () => {
        await readers.put('mixed', next, next + 100)
        next += 100
        return second.ids().length > 0
      })
      const args = ['--in', `${kafka.url}/mixed?group=mixed&group-protocol=consumer`]
      const { statuses, stderr } = await runPipeline(['enrich', ...COPY, ...args])
      assert.deepEqual(statuses, [3])
      assert.match(stderr, /group mixed: Cannot upgrade classic group/)
      await until('all is read', () => first.ids().length + second.ids().length >= next)
      await Promise.all([readers.stopped(first.member), readers.stopped(second.member)])
      assert.deepEqual(sorted(first.ids(), second.ids()), upTo(next))
    })

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
      await readers.put('news.a', 0, 100)
      const all = ['?group=news', '?group=news-classic&group-protocol=classic', ''].map((group, i) =>
        readers.reader(`news-${i}`, `^news\\..*${group}`)
      )
      const haveRead = (count: number): Promise<void> =>
        until(`all have read ${count}`, () => all.every(({ ids }) => ids().length >= count))
      await haveRead(100)
      await readers.put('news.b', 100, 200)
      await haveRead(200)
      await readers.put('news.c', 200, 300)
      await haveRead(300)
      for (const { member, ids } of all) {
        await readers.stopped(member)
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
        await readers.put(name, 0, 200)
        const first = readers.start(stage())
        await until('it has written', () => hasWritten(200))
        await first.kill(0, 'SIGSTOP')
        const second = readers.start(stage())
        await until('the other has written the same', () => hasWritten(400))
        await first.kill(0, 'SIGCONT')
        await sleep(3000)
        await readers.put(name, 200, 400)
        await sleep(1000)
        await Promise.all([readers.stopped(first), readers.stopped(second)])
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

    test('a member that is suspended until others have its partitions tells that they repeat what it has written', async () => {
      const suspend = async (name: string, parameters: string, isToEnd: boolean): Promise<void> => {
        // What goes to a file cannot be taken back.
        const reader = (i: number): Reader =>
          readers.reader(`${name}-${i}`, `${name}?group=${name}&mark-every=15s&${parameters}`)
        await readers.put(name, 0, 200)
        const first = reader(1)
        await until('it has written', () => first.ids().length === 200)
        await first.member.kill(0, 'SIGSTOP')
        const second = reader(2)
        await until('the other has written the same', () => second.ids().length === 200)
        if (isToEnd) await first.member.kill(0, 'SIGTERM')
        await first.member.kill(0, 'SIGCONT')
        // It has its signal already: a second one would end it at once.
        if (!isToEnd) await sleep(3000).then(() => readers.stopped(first.member))
        const told = /kafka:\/\/.*: group \S+ gave partitions .*: up to 200 records are read again/
        const { statuses, stderr } = await first.member.wait()
        assert.deepEqual(statuses, [0], stderr)
        assert.match(stderr, told, name)
        await readers.stopped(second.member)
        assert.doesNotMatch((await second.member.wait()).stderr, /read again/, name)
      }
      await Promise.all([
        suspend('slept', 'group-protocol=consumer', false),
        suspend('slept-and-ends', 'group-protocol=consumer', true),
        suspend('slept-classic', 'session-timeout=2s', false)
      ])
    })

    test('a reader that does not read holds a member up, and loses it no partitions', async () => {
      const count = 30_000
      await readers.put('held', 0, count)
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
  })

  test('members go on when the broker was killed and is there again', async () => {
    await readers.put('outage', 0, 500)
    const members = ['group-protocol=consumer', 'group-protocol=classic'].map((protocol, i) =>
      readers.reader(`outage-${i}`, `outage?group=outage-${i}&mark-every=200ms&${protocol}`)
    )
    const haveRead = (count: number): Promise<void> =>
      until(`both have read ${count}`, () => members.every(({ ids }) => ids().length >= count))
    await haveRead(500)
    // Committed by then.
    await sleep(1000)
    await kafka.kill()
    await sleep(1000)
    await kafka.restart()
    await readers.put('outage', 500, 1000)
    await haveRead(1000)
    for (const { member, ids } of members) {
      await readers.stopped(member)
      assert.deepEqual(ids(), upTo(1000))
    }
  })
})
