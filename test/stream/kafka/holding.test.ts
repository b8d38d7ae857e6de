import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Holding } from '../../../src/lib/stream/kafka/holding.ts'
import { type Partition, partitionKey } from '../../../src/lib/stream/kafka/offsets.ts'
import { stickyShares } from '../../../src/lib/stream/kafka/sticky-assignor.ts'

interface Life {
  readonly id: string
  readonly holding: Holding
  generation: number
}

/** A group as its broker sees it: nobody is told anything but by a division. */
class World {
  readonly lives: Life[] = []
  readonly all: readonly Partition[]
  readonly #counts: ReadonlyMap<string, number>
  #generation = 0
  #born = 0

  constructor(counts: ReadonlyMap<string, number>) {
    this.#counts = counts
    this.all = [...counts].flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition }))
    )
  }

  join(): void {
    this.lives.push({ id: `m${this.#born++}`, holding: new Holding(), generation: -1 })
  }

  /** @param deaf hears nothing of it, though the others have its words */
  divide(deaf?: Life): void {
    if (this.lives.length === 0) return
    this.#generation += 1
    const topics = new Set(this.#counts.keys())
    const members = this.lives.map(({ id, holding, generation }) => ({
      id,
      topics,
      owned: holding.tell(),
      generation
    }))
    const shares = [...stickyShares(members, this.#counts).values()]
    for (const [i, life] of this.lives.entries()) {
      if (life === deaf) continue
      life.holding.give(shares[i] ?? [])
      life.generation = this.#generation
    }
  }

  /** What each member works on, or may begin with at any time. */
  hands(): string[] {
    return this.lives.flatMap(({ holding }) => {
      const owned = new Set(holding.owned.map(partitionKey))
      return this.all
        .filter(partition => owned.has(partitionKey(partition)) || holding.isGiven(partition))
        .map(partitionKey)
    })
  }
}

type Event = 'join' | 'leave' | 'take' | 'take while reading' | 'divide' | 'miss'

const worlds = fc.array(fc.nat(9), { minLength: 1, maxLength: 3 }).map(sizes => {
  const topics = ['a', 'b', 'c']
  return new Map(sizes.map((size, i) => [topics[i] as string, size]))
})
const events = fc.array(
  fc.record({
    event: fc.constantFrom<Event>('join', 'leave', 'take', 'take while reading', 'divide', 'miss'),
    who: fc.nat(5)
  }),
  { maxLength: 40 }
)

test('no partition is ever in the hands of two, whoever comes, goes, finishes late or misses a division', () => {
  fc.assert(
    fc.property(worlds, events, (counts, events) => {
      const world = new World(counts)
      for (const { event, who } of events) {
        const life = world.lives[who]
        if (event === 'join') world.join()
        else if (event === 'leave') world.lives.splice(who, 1)
        else if (event === 'take') life?.holding.take([])
        else if (event === 'take while reading') life?.holding.take(life.holding.owned)
        else world.divide(event === 'miss' ? life : undefined)
        const hands = world.hands()
        assert.equal(new Set(hands).size, hands.length, `${event}: ${hands}`)
      }
    }),
    { numRuns: 500 }
  )
})

test('members that join again when they have given back what is missing leave no partition behind', () => {
  fc.assert(
    fc.property(worlds, events, (counts, events) => {
      const world = new World(counts)
      world.join()
      for (const { event, who } of events) {
        const life = world.lives[who]
        if (event === 'join') world.join()
        else if (event === 'leave' && world.lives.length > 1) world.lives.splice(who, 1)
        else if (event === 'take') life?.holding.take([])
        else if (event === 'take while reading') life?.holding.take(life.holding.owned)
        else world.divide(event === 'miss' ? life : undefined)
      }
      const take = (): void => {
        for (const { holding } of world.lives) holding.take([])
      }
      // As the broker has it done when members have come or gone.
      world.divide()
      take()
      for (let i = 0; world.lives.some(({ holding }) => holding.hasGivenBack); i++) {
        assert.ok(i < 3, 'it comes to an end')
        world.divide()
        take()
      }
      assert.deepEqual(world.hands().sort(), world.all.map(partitionKey).sort())
      assert.ok(world.lives.every(({ holding }) => !holding.isMoving && !holding.isMissing))
    }),
    { numRuns: 500 }
  )
})
