import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByPartition } from '../../src/lib/stream/by-partition.ts'
import type { Lines, PartitionStates } from '../../src/lib/stream/ports.ts'

/** States as they were last written. */
class States implements PartitionStates {
  readonly name = 'states'
  readonly written = new Map<number, string>()

  async read(partition: number): Promise<Buffer | null> {
    const text = this.written.get(partition)
    return text === undefined ? null : Buffer.from(text)
  }

  async write(partition: number, state: Buffer): Promise<void> {
    this.written.set(partition, state.toString())
  }

  clear(): void {}

  note(): string {
    return ''
  }
}

/** Counts the lines that it is given. */
class Counter {
  count = 0

  snapshot(): Buffer {
    return Buffer.from(String(this.count))
  }
}

function counters(states: States): { work: ByPartition<Counter>; count: (partition: number) => void } {
  const restore = (counter: Counter, saved: Buffer): void => {
    counter.count = Number(saved.toString())
  }
  const work = new ByPartition(() => new Counter(), restore, states)
  const count = (partition: number): void => {
    work.of({ kind: 'lines', partition } as Lines).count++
  }
  return { work, count }
}

test('rows of a partition that stays, read between a mark and a rebalance, were missing in the state of the next mark', async () => {
  const states = new States()
  const { work, count } = counters(states)
  await work.change({
    kind: 'partitions',
    all: [0, 1],
    fresh: new Map([
      [0, ''],
      [1, '']
    ]),
    count: 2
  })
  count(0)
  await work.share()
  count(0)
  await work.change({ kind: 'partitions', all: [0], fresh: new Map(), count: 2 })
  await work.share()
  assert.deepEqual([...states.written], [[0, '2']])
})

test('a partition that is taken up anew is as it was written last', async () => {
  const states = new States()
  const { work, count } = counters(states)
  const fresh = new Map([[0, '']])
  await work.change({ kind: 'partitions', all: [0], fresh, count: 1 })
  count(0)
  await work.share()
  count(0)
  await work.change({ kind: 'partitions', all: [0], fresh, count: 1 })
  count(0)
  await work.share()
  assert.deepEqual([...states.written], [[0, '2']])
})
