import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KEY_WORDS, KeyTable } from '../../../src/lib/rules/state/keys.ts'
import { pairWords, WindowPairs } from '../../../src/lib/rules/types/window-pairs.ts'
import { resumed } from '../state/resumed.ts'
import { valuesOf } from './values-of.ts'

const TIMEFRAME = 40
const OPTIONS = { counts: true, keepsEvents: true }

interface Entry {
  micros: number
  count: number
  i: number | undefined
}

/** ElastAlert's two windows, as simply as can be: a pass is an entry without a count. */
class Expected {
  reference: Entry[] = []
  current: Entry[] = []

  add(entry: Entry): void {
    insert(this.current, entry)
    while (isOver(this.current)) {
      insert(this.reference, this.current.shift()!)
      while (isOver(this.reference)) this.reference.shift()
    }
  }
}

function insert(window: Entry[], entry: Entry): void {
  let at = window.length
  while (at > 0 && window[at - 1]!.micros > entry.micros) at--
  window.splice(at, 0, entry)
}

function isOver(window: Entry[]): boolean {
  return window.at(-1)!.micros - window[0]!.micros >= TIMEFRAME
}

function counts(window: Entry[]): number[] {
  return window.filter(e => !Number.isNaN(e.count)).map(e => e.count)
}

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c'),
  does: fc.constantFrom('add', 'add', 'add', 'add', 'pass', 'clear', 'end', 'resume'),
  /** Ahead of the latest pass or event, or behind it. */
  ahead: fc.integer({ min: -90, max: 60 }),
  count: fc.integer({ min: -3, max: 5 })
})

test('two windows hold what those of ElastAlert do, with late events, passes and what is cleared', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150 }), steps => {
      let keys = new KeyTable(pairWords(OPTIONS))
      let pairs = new WindowPairs(keys.records, KEY_WORDS, TIMEFRAME, OPTIONS)
      const expected = new Map<string, Expected>()
      let now = 1000
      let passed = 1000
      for (const [i, { key, does, ahead, count }] of steps.entries()) {
        const at = keys.find(key)
        if (does === 'add') {
          const micros = now + ahead
          now = Math.max(now, micros)
          const own = keys.add(key)
          if (!pairs.isAlive(own)) pairs.begin(own)
          pairs.add(own, micros, count, { row: { i }, envelope: undefined })
          if (!expected.has(key)) expected.set(key, new Expected())
          expected.get(key)?.add({ micros, count, i })
        } else if (does === 'pass') {
          passed = Math.max(passed + 7, now - 30)
          pairs.pass(passed)
          keys.each(own => pairs.advance(own))
          for (const windows of expected.values())
            windows.add({ micros: passed, count: Number.NaN, i: undefined })
        } else if (does === 'resume') {
          keys = resumed(keys, new KeyTable(pairWords(OPTIONS)))
          pairs = resumed(pairs, new WindowPairs(keys.records, KEY_WORDS, TIMEFRAME, OPTIONS))
        } else if (at !== 0 && does === 'clear') {
          pairs.clearReference(at)
          expected.get(key)!.reference = []
        } else if (at !== 0) {
          pairs.end(at)
          keys.drop(at)
          expected.delete(key)
        }
        for (const [name, { reference, current }] of expected) {
          const own = keys.find(name)
          for (const [window, entries] of [
            [pairs.reference(own), reference],
            [pairs.current(own), current]
          ] as const) {
            assert.deepEqual(valuesOf(window), counts(entries))
            assert.equal(window.size, counts(entries).length)
            assert.equal(
              window.sum,
              counts(entries).reduce((a, b) => a + b, 0)
            )
          }
          const first = current.find(e => e.count > 2) ?? { micros: current.at(-1)!.micros, i: undefined }
          const oldest = pairs.oldest(own, n => n > 2)
          assert.deepEqual(
            [oldest.micros, (oldest.line as { i: number } | undefined)?.i],
            [first.micros, first.i]
          )
        }
      }
    }),
    { numRuns: 300 }
  )
})
