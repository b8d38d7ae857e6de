import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { Connection, decodeConsumerProtocolAssignment, describeGroupsV5 } from '@platformatic/kafka'
import { kcatMissing, kcatProgram } from '../../scripts/lib/peers/kcat.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'
import { idsOf, type Reader, sorted, TopicReaders, until, upTo } from '../support/topic-readers.ts'

const skip = unavailable('kafka') || kcatMissing() || false
const PARTITIONS = 6
const JAVA = 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor'

/** A member that is another program. */
interface Guest {
  readonly ids: () => number[]
  readonly stop: () => Promise<void>
}

describe('members that divide their partitions themselves', { skip }, () => {
  const guests = new Set<ChildProcess>()
  let kafka: RunningServer
  let readers: TopicReaders
  let connection: Connection

  before(async () => {
    // As brokers before 4.0, which do not divide partitions.
    const settings = ['auto.create.topics.enable=true', 'group.coordinator.rebalance.protocols=classic']
    kafka = await startServer('kafka', { args: [`num.partitions=${PARTITIONS}`, ...settings] })
    readers = new TopicReaders(kafka)
    connection = new Connection('test')
    await connection.connect('127.0.0.1', kafka.port)
  })

  after(async () => {
    for (const guest of guests) guest.kill('SIGKILL')
    await connection?.close()
    await readers?.close()
    await kafka?.stop()
  })

  const member = (name: string, topic: string, more = ''): Reader =>
    readers.reader(name, `${topic}?group=${topic}&mark-every=200ms${more}`)

  const guest = ([program = '', ...args]: readonly string[]): Guest => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    guests.add(child)
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    const closed = once(child, 'close')
    return {
      ids: () => idsOf(Buffer.concat(chunks).toString()),
      stop: async () => {
        child.kill('SIGTERM')
        await closed
        guests.delete(child)
      }
    }
  }

  const librdkafka = async (topic: string, strategy: string): Promise<Guest> =>
    guest([
      ...(await kcatProgram()),
      ...['-b', `127.0.0.1:${kafka.port}`, '-G', topic, '-u', '-q'],
      ...['-X', `partition.assignment.strategy=${strategy}`, '-X', 'auto.offset.reset=earliest', topic]
    ])

  interface Described {
    readonly protocolData: string
    readonly groupState: string
    readonly members: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
  }

  async function described(topic: string): Promise<Described> {
    // Until the broker has made its own topics it says that it is not the one to ask.
    const { groups } = await describeGroupsV5.api
      .async(connection, [topic], false)
      .catch(() => ({ groups: [] }))
    return groups[0] ?? { protocolData: '', groupState: '', members: [] }
  }

  /** How the group divides its partitions, and how it is. */
  async function stateOf(topic: string): Promise<string> {
    const { protocolData, groupState } = await described(topic)
    return `${protocolData} ${groupState}`
  }

  /** The partitions of each member. */
  async function divided(topic: string): Promise<Map<string, number[]>> {
    const { members } = await described(topic)
    const partitionsOf = (share: Buffer): number[] =>
      decodeConsumerProtocolAssignment(share).assignedPartitions.flatMap(({ partitions }) => partitions)
    return new Map(members.map(({ memberId, memberAssignment: share }) => [memberId, partitionsOf(share)]))
  }

  const evenly = (topic: string, members: number): Promise<void> =>
    until(`${members} members share ${topic} evenly`, async () => {
      const shares = [...(await divided(topic)).values()].map(({ length }) => length)
      return shares.length === members && shares.every(size => size === PARTITIONS / members)
    })

  test('while one that joins is waited for by another the rest is read on, and each record once', async () => {
    await readers.put('stays', 0, 600)
    const first = member('stays-1', 'stays')
    await until('the first has read all', () => first.ids().length === 600)
    const [firstId = ''] = (await divided('stays')).keys()
    const second = member('stays-2', 'stays', '&session-timeout=60s')
    await evenly('stays', 2)
    const kept = (await divided('stays')).get(firstId) ?? []
    // It does not hear that another comes, so that the partitions cannot be divided.
    await second.member.kill(0, 'SIGSTOP')
    const third = member('stays-3', 'stays')
    await until('the group waits', async () => / PreparingRebalance$/.test(await stateOf('stays')))
    await readers.put('stays', 600, 700, '-p', String(kept[0]))
    await until('the first reads on', () => first.ids().length >= 700)
    assert.match(await stateOf('stays'), / PreparingRebalance$/)
    await second.member.kill(0, 'SIGCONT')
    await evenly('stays', 3)
    assert.equal(await stateOf('stays'), 'cooperative-sticky Stable')
    for (const partition of (await divided('stays')).get(firstId) ?? []) assert.ok(kept.includes(partition))
    await readers.put('stays', 700, 1300)
    const all = [first, second, third]
    await until('all is read', () => all.reduce((sum, { ids }) => sum + ids().length, 0) >= 1300)
    for (const { member } of all) await readers.stopped(member)
    assert.deepEqual(sorted(...all.map(({ ids }) => ids())), upTo(1300))
    for (const { ids } of all) assert.ok(ids().length > 0)
  })

  test("Java's consumers and librdkafka's are members like ours, and divide as ours do", async () => {
    await readers.put('mixed', 0, 600)
    const all: (Reader | Guest)[] = []
    const readAll = async (count: number): Promise<void> => {
      await readers.put('mixed', count - 600, count)
      await until('all is read', () => all.reduce((sum, { ids }) => sum + ids().length, 0) >= count)
    }
    const ours = member('mixed-1', 'mixed')
    all.push(ours)
    await until('the first has read all', () => ours.ids().length === 600)
    const kcat = await librdkafka('mixed', 'cooperative-sticky')
    all.push(kcat)
    await evenly('mixed', 2)
    const strategy = ['--consumer-property', `partition.assignment.strategy=${JAVA}`]
    const java = guest(
      await readers.toolCommand('consume', '--topic', 'mixed', '--group', 'mixed', ...strategy)
    )
    all.push(java)
    await evenly('mixed', 3)
    await readAll(1200)
    // From here on another divides.
    await readers.stopped(ours.member)
    await evenly('mixed', 2)
    const other = member('mixed-2', 'mixed')
    all.push(other)
    await evenly('mixed', 3)
    await readAll(1800)
    await kcat.stop()
    await evenly('mixed', 2)
    await java.stop()
    await evenly('mixed', 1)
    await readAll(2400)
    await readers.stopped(other.member)
    assert.deepEqual(sorted(...all.map(({ ids }) => ids())), upTo(2400))
    for (const { ids } of all) assert.ok(ids().length > 0)
  })

  test('one that only knows range is taken in: all finish what they have, and nothing is read twice', async () => {
    await readers.put('range', 0, 600)
    const ours = [member('range-1', 'range'), member('range-2', 'range')]
    await evenly('range', 2)
    let next = 600
    const put = async (): Promise<void> => {
      await readers.put('range', next, next + 100)
      next += 100
    }
    const kcat = await librdkafka('range', 'range')
    await until('the third has a share', async () => {
      await put()
      return kcat.ids().length > 0
    })
    assert.equal(await stateOf('range'), 'range Stable')
    const all = [...ours, kcat]
    const allIsRead = (): Promise<void> =>
      until('all is read', () => all.reduce((sum, { ids }) => sum + ids().length, 0) >= next)
    // kcat commits what it has in hand when it is to end, whether it has written it or not.
    await allIsRead()
    await kcat.stop()
    await until('the others divide cooperatively again', async () => {
      await put()
      return (await stateOf('range')) === 'cooperative-sticky Stable'
    })
    await allIsRead()
    for (const { member } of ours) await readers.stopped(member)
    assert.deepEqual(sorted(...all.map(({ ids }) => ids())), upTo(next))
  })
})
