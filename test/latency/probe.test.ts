import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { crossed, LatencyProbe, parseThreshold } from '../../src/lib/latency/index.ts'

const NOW = 1_795_514_400_000

function line(source: number, captured: number): string {
  return `{"before":null,"after":{"ts_ms":1,"note":"\\"ts_ms\\":2"},"source":{"ts_ms":${source}},"op":"c","ts_ms":${captured}}\n`
}

test('percentiles are those of the sorted latencies (nearest rank), to three significant digits', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 300 }), ages => {
      const probe = new LatencyProbe(undefined, NOW)
      probe.measure(Buffer.from(ages.map(age => line(NOW - age, NOW)).join('')), NOW)
      const { source } = probe.endRun(NOW + 1000).stages
      assert.ok(source)
      const sorted = [...ages].sort((a, b) => a - b)
      for (const [name, p] of [
        ['p50', 50],
        ['p90', 90],
        ['p99', 99],
        ['p99.9', 99.9],
        ['max', 100]
      ] as const) {
        const expected = sorted[Math.max(0, Math.floor((p / 100) * sorted.length + 0.5) - 1)]!
        const at = source[name]
        assert.ok(Math.abs(at - expected) <= expected * 0.001 + 0.001, `${name}: ${at} for ${expected}`)
      }
      assert.equal(source.count, ages.length)
    })
  )
})

test('intervals add up to the run', () => {
  const probe = new LatencyProbe(undefined, NOW)
  probe.measure(Buffer.from(line(NOW - 10, NOW)), NOW)
  const first = probe.endInterval(NOW + 500)
  probe.measure(Buffer.from(line(NOW - 1000, NOW) + line(NOW - 1000, NOW)), NOW)
  const run = probe.endRun(NOW + 1000)
  assert.equal(first.events, 1)
  assert.equal(first.rate, 2)
  assert.equal(run.events, 3)
  assert.equal(run.rate, 3)
  assert.equal(run.stages.source?.count, 3)
})

test('an event from the future, by a clock that runs ahead, counts as no latency', () => {
  const probe = new LatencyProbe(undefined, NOW)
  probe.measure(Buffer.from(line(NOW + 50, NOW + 60)), NOW)
  assert.equal(probe.endRun(NOW).stages.source?.max, 0)
})

test('thresholds are read with or without a stage, and = is <', () => {
  assert.deepEqual(parseThreshold('p99<50s', 'source'), {
    text: 'p99<50s',
    stage: 'source',
    figure: 'p99',
    operator: '<',
    limit: 50_000
  })
  assert.deepEqual(parseThreshold('total.p99.9=2s', 'source'), {
    text: 'total.p99.9=2s',
    stage: 'total',
    figure: 'p99.9',
    operator: '<',
    limit: 2000
  })
  assert.equal(parseThreshold('rate>100.5', 'source').limit, 100.5)
})

test('a figure at its limit has crossed it', () => {
  const probe = new LatencyProbe(undefined, NOW)
  probe.measure(Buffer.from(line(NOW - 10, NOW).repeat(5)), NOW)
  const figures = probe.endRun(NOW + 1000)
  assert.equal(
    crossed(parseThreshold('count>5', 'source'), figures),
    'source.count is 5 events, the limit is > 5 events (count>5)'
  )
  assert.equal(crossed(parseThreshold('count>4', 'source'), figures), undefined)
  assert.equal(
    crossed(parseThreshold('rate<5', 'source'), figures)?.startsWith('source.rate is 5 events/s'),
    true
  )
})
