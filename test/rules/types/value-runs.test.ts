import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KEY_WORDS, KeyTable } from '../../../src/lib/rules/state/keys.ts'
import { RUNS_WORDS, ValueRuns } from '../../../src/lib/rules/types/value-runs.ts'
import { resumed } from '../state/resumed.ts'
import { valuesOf } from './values-of.ts'

const TIMEFRAME = 45
const EVERY = 10

type Entry = [micros: number, value: number]

class Expected {
  reference: Entry[] = []
  current: Entry[] = []

  add(entry: Entry): void {
    this.current.push(entry)
    while (isOver(this.current)) {
      this.reference.push(this.current.shift()!)
      while (isOver(this.reference)) this.reference.shift()
    }
  }
}

function isOver(window: Entry[]): boolean {
  return window.at(-1)![0] - window[0]![0] >= TIMEFRAME
}

const step = fc.record({
  key: fc.constantFrom('a', 'b'),
  does: fc.constantFrom('add', 'add', 'add', 'add', 'clear', 'end', 'resume'),
  /** Evaluations that pass meanwhile. */
  later: fc.nat(3),
  value: fc.integer({ min: 0, max: 2 })
})

test('two windows hold the values of evaluations less than a timeframe apart, however often they repeat', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), steps => {
      let keys = new KeyTable(RUNS_WORDS)
      let runs = new ValueRuns(keys.records, KEY_WORDS, TIMEFRAME, EVERY)
      const expected = new Map<string, Expected>()
      let now = 1_000_003
      for (const { key, does, later, value } of steps) {
        const at = keys.find(key)
        if (does === 'add') {
          now += EVERY * (later + 1)
          const own = keys.add(key)
          runs.add(own, now, value)
          if (!expected.has(key)) expected.set(key, new Expected())
          expected.get(key)?.add([now, value])
        } else if (does === 'resume') {
          keys = resumed(keys, new KeyTable(RUNS_WORDS))
          runs = resumed(runs, new ValueRuns(keys.records, KEY_WORDS, TIMEFRAME, EVERY))
        } else if (at !== 0 && does === 'clear') {
          runs.clearReference(at)
          expected.get(key)!.reference = []
        } else if (at !== 0) {
          runs.end(at)
          keys.drop(at)
          expected.delete(key)
        }
        for (const [name, { reference, current }] of expected) {
          const own = keys.find(name)
          assert.deepEqual(
            [runs.reference(own), runs.current(own)].map(valuesOf),
            [reference, current].map(window => window.map(([, one]) => one))
          )
          const first = current.find(([, one]) => one > 1) ?? current.at(-1)!
          assert.equal(runs.oldest(own, one => one > 1).micros, first[0])
          assert.equal(runs.newest(own), current.at(-1)![0])
        }
      }
    }),
    { numRuns: 300 }
  )
})
