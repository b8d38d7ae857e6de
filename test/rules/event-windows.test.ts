import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { EventWindows, WINDOW_WORDS } from '../../src/lib/rules/event-windows.ts'
import { Records } from '../../src/lib/rules/state/records.ts'

/** ElastAlert's window, as simply as can be. */
function expectedWindow(times: number[], timeframe: number): number[] {
  let window: number[] = []
  for (const t of times) {
    window = [...window, t].sort((a, b) => a - b)
    while (window.at(-1)! - window[0]! >= timeframe) window.shift()
  }
  return window
}

test('windows hold the events that lie less than a timeframe apart, however late they come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2), fc.nat(500)), { maxLength: 200 }),
      fc.integer({ min: 1, max: 300 }),
      (events, timeframe) => {
        const owners = new Records(WINDOW_WORDS)
        const windows = new EventWindows(owners, 0, true)
        const keys = [owners.take(), owners.take(), owners.take()]
        for (const [key, t] of events) windows.add(keys[key]!, t, timeframe, { t })
        for (const [key, owner] of keys.entries()) {
          const own = events.filter(([k]) => k === key).map(([, t]) => t)
          const expected = expectedWindow(own, timeframe)
          assert.deepEqual(windows.times(owner), expected)
          assert.deepEqual(
            windows.since(owner, Number.NEGATIVE_INFINITY).map(d => d.t),
            expected
          )
          assert.equal(windows.size(owner), expected.length)
        }
      }
    )
  )
})

test('events a whole timeframe apart are not in one window', () => {
  const owners = new Records(WINDOW_WORDS)
  const windows = new EventWindows(owners, 0, false)
  const owner = owners.take()
  windows.add(owner, 0, 60)
  windows.add(owner, 60, 60)
  assert.equal(windows.size(owner), 1)
})
