import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { METRICS } from '../../../src/lib/rules/rule.ts'
import { KEY_WORDS, KeyTable } from '../../../src/lib/rules/state/keys.ts'
import { tallyOf } from '../../../src/lib/rules/types/metric.ts'
import { SLOTS_WORDS, Slots } from '../../../src/lib/rules/types/slots.ts'
import { resumed } from '../state/resumed.ts'

interface Event {
  slot: number
  values: number[]
}

/** What a metric comes to, from the values themselves. The percentile is the greatest. */
const figures: Record<(typeof METRICS)[number], (values: number[]) => number | undefined> = {
  min: values => (values.length === 0 ? undefined : Math.min(...values)),
  max: values => (values.length === 0 ? undefined : Math.max(...values)),
  avg: values => (values.length === 0 ? undefined : values.reduce((a, b) => a + b) / values.length),
  sum: values => values.reduce((a, b) => a + b, 0),
  cardinality: values => new Set(values).size,
  value_count: values => values.length,
  percentiles: values => (values.length === 0 ? undefined : Math.max(...values))
}

const step = fc.record({
  key: fc.constantFrom('a', 'b'),
  does: fc.constantFrom('add', 'add', 'add', 'add', 'drop', 'resume'),
  /** Ahead of the latest slot, or behind it. */
  ahead: fc.integer({ min: -4, max: 3 }),
  values: fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 2 })
})

for (const type of METRICS) {
  test(`${type} over any slots is that of their events, late ones among them, also after a snapshot`, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(6), (steps, length) => {
        const tally = tallyOf({ field: 'x', type, percentile: 100 })
        let keys = new KeyTable(SLOTS_WORDS)
        let slots = new Slots(keys.records, KEY_WORDS, tally)
        const events = new Map<string, Event[]>()
        let now = 10
        for (const { key, does, ahead, values } of steps) {
          const own = events.get(key) ?? []
          if (does === 'add') {
            const slot = now + ahead
            now = Math.max(now, slot)
            slots.add(keys.add(key), slot, values)
            events.set(key, [...own, { slot, values }])
          } else if (does === 'resume') {
            keys = resumed(keys, new KeyTable(SLOTS_WORDS))
            slots = resumed(slots, new Slots(keys.records, KEY_WORDS, tally))
          } else if (events.has(key)) {
            slots.drop(keys.find(key), now - length)
            events.set(
              key,
              own.filter(({ slot }) => slot >= now - length)
            )
          }
          const [first, last] = [now - length, now - 1]
          for (const [name, all] of events) {
            const at = keys.find(name)
            const found = all.filter(({ slot }) => slot >= first && slot <= last)
            const value = figures[type](found.flatMap(event => event.values))
            assert.equal(slots.isEmpty(at), all.length === 0)
            assert.deepEqual(slots.total(at, first, last), { count: found.length, value })
            const places = found.map(({ slot }) => slot)
            const range = { first: Math.min(...places), last: Math.max(...places) }
            assert.deepEqual(slots.within(at, first, last), places.length === 0 ? undefined : range)
          }
        }
      }),
      { numRuns: 100 }
    )
  })
}
