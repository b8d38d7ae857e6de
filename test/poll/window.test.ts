import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { floorAt, type Heights, withHeight } from '../../src/lib/poll/heights.ts'
import { digestOf, Window } from '../../src/lib/poll/window.ts'

const contents = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })

/** What each poll tells of the rows that it reads. */
function told(polls: readonly string[][], save: boolean): string[][] {
  let window = new Window()
  return polls.map(rows => {
    const list = rows.filter(row => window.take(digestOf(row), true))
    window.turn()
    if (save) {
      const [before, now] = window.save()
      window = new Window()
      window.load(before, now)
    }
    return list
  })
}

function counts(rows: readonly string[]): Map<string, number> {
  const map = new Map<string, number>()
  for (const row of rows) map.set(row, (map.get(row) ?? 0) + 1)
  return map
}

test('a poll tells what the poll before has not met, as often as it is there more often', () => {
  fc.assert(
    fc.property(fc.array(contents, { maxLength: 6 }), fc.boolean(), (polls, save) => {
      const lists = told(polls, save)
      polls.forEach((rows, i) => {
        const before = counts(polls[i - 1] ?? [])
        const now = counts(rows)
        const more = counts(lists[i] ?? [])
        for (const row of 'abcd') {
          assert.equal(more.get(row) ?? 0, Math.max(0, (now.get(row) ?? 0) - (before.get(row) ?? 0)), row)
        }
      })
    })
  )
})

test('a poll that starts again tells nothing twice and forgets nothing', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(50)), fc.uniqueArray(fc.nat(50)), fc.nat(50), (first, second, cut) => {
      const window = new Window()
      for (const row of first) window.take(digestOf(`${row}`), true)
      window.turn()
      const list = second.slice(0, cut).filter(row => window.take(digestOf(`${row}`), true))
      window.restart()
      list.push(...second.filter(row => window.take(digestOf(`${row}`), true)))
      assert.deepEqual(
        list.sort((a, b) => a - b),
        second.filter(row => !first.includes(row)).sort((a, b) => a - b)
      )
    })
  )
})

test('lists of parts that would be the same text have digests of their own', () => {
  const digests = [
    digestOf('ab', 'c'),
    digestOf('a', 'bc'),
    digestOf('abc'),
    digestOf('1 ab', 'c'),
    digestOf('', 'abc')
  ]
  assert.equal(new Set(digests).size, digests.length)
})

test('the height at the window is one that was read before it, the newest but for close polls', () => {
  const steps = fc.array(fc.tuple(fc.nat(300), fc.nat(100)), { minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(steps, list => {
      let heights: Heights = []
      const all: [ms: number, id: bigint][] = []
      let ms = 0
      let id = 0n
      for (const [time, count] of list) {
        ms += time
        id += BigInt(count)
        all.push([ms, id])
        heights = withHeight(heights, ms, String(id), 1000)
        const floor = floorAt(heights, ms, 1000)
        const before = all.filter(([at]) => at <= ms - 1000)
        if (floor !== null) assert.ok(BigInt(floor) <= (before.at(-1)?.[1] ?? -1n))
        // Of polls that are closer together than a sixteenth of the window the first stands for all.
        const newest = before.at(-1)?.[0]
        const near = newest === undefined ? undefined : all.find(([at]) => at >= newest - 63)
        if (near !== undefined) assert.ok(floor !== null && BigInt(floor) >= near[1])
      }
      assert.ok(heights.length <= 20, `${heights.length} are kept`)
    })
  )
})
