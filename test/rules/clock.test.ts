import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluator } from '../../src/lib/rules/index.ts'
import { ndjson, rules, run } from './rules.ts'

const WAITING = `
name: refunds
type: any
index: payments
realert: {minutes: 0}
aggregation: {minutes: 5}
alert: debug
filter:
- term: {status: REFUNDED}
`

/** Bytes that are looked through by `indexOf` while something is done. */
function bytesSearched(act: () => void): number {
  const { indexOf } = Buffer.prototype
  let bytes = 0
  Buffer.prototype.indexOf = function (this: Buffer, ...args: Parameters<Buffer['indexOf']>): number {
    const found = indexOf.apply(this, args)
    const from = typeof args[1] === 'number' ? args[1] : 0
    bytes += (found < 0 ? this.length : found) - from
    return found
  } as Buffer['indexOf']
  try {
    act()
  } finally {
    Buffer.prototype.indexOf = indexOf
  }
  return bytes
}

test('while alerts wait, the time of a line is looked for no further than its end', t => {
  const time = '2026-11-24T10:00:00.000Z'
  // no two lines are of the same shape, so that none is found by it
  const others = Array.from({ length: 4000 }, (_, n) => ({ [`k${n}`]: 1, '@timestamp': time, status: 'OK' }))
  const block = ndjson([{ status: 'REFUNDED', '@timestamp': time }, ...others])
  const late = ndjson([{ status: 'OK', '@timestamp': '2026-11-24T10:05:00.001Z' }])
  const evaluator = new Evaluator(rules(t, WAITING))
  let alerts: string[] = []
  const searched = bytesSearched(() => {
    alerts = run(evaluator, block, late).alerts
  })
  assert.equal(alerts.length, 1)
  assert.ok(searched < block.length * 10, `${searched / block.length} times the block`)
})
