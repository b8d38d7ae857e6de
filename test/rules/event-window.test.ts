import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventWindow } from '../../src/lib/rules/event-window.ts'

/** ElastAlert's window, as simply as can be. */
function expectedWindow(times: number[], timeframe: number): number[] {
  let window: number[] = []
  for (const t of times) {
    window = [...window, t].sort((a, b) => a - b)
    while (window.at(-1)! - window[0]! >= timeframe) window.shift()
  }
  return window
}

test('a window holds the events that lie less than a timeframe apart, however late they come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(500), { maxLength: 200 }),
      fc.integer({ min: 1, max: 300 }),
      (times, timeframe) => {
        const window = new EventWindow()
        for (const t of times) window.add(t, timeframe, { t })
        const expected = expectedWindow(times, timeframe)
        assert.deepEqual(window.snapshot().times, expected)
        assert.deepEqual(
          window.documents.map(d => d.t),
          expected
        )
        assert.equal(window.size, expected.length)
      }
    )
  )
})

test('events a whole timeframe apart are not in one window', () => {
  const window = new EventWindow()
  window.add(0, 60, undefined)
  window.add(60, 60, undefined)
  assert.equal(window.size, 1)
})
