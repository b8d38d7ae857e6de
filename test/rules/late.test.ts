import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluator } from '../../src/lib/rules/index.ts'
import { ndjson, rules, run } from './rules.ts'

const START = Date.UTC(2026, 10, 24, 10)

function rule(type: string, more: string): string {
  return `name: r\ntype: ${type}\nindex: x\nalert: debug\nrealert: {minutes: 0}\n${more}\n`
}

function at(...seconds: number[]): string {
  return ndjson(seconds.map(s => ({ '@timestamp': new Date(START + s * 1000).toISOString(), n: 1 })))
}

const COUNT = rule(
  'metric_aggregation',
  'metric_agg_key: n\nmetric_agg_type: value_count\nmax_threshold: 2\nbuffer_time: {minutes: 5}'
)

test('an event within buffer_time is looked at again when it comes late, and one behind it is counted as late', t => {
  const evaluator = new Evaluator(rules(t, COUNT))
  assert.equal(run(evaluator, at(0, 10, 70, 130)).alerts.length, 1)
  const { alerts } = run(evaluator, at(100, 190))
  assert.equal(JSON.parse(alerts[0] as string).num_hits, 5)
  assert.equal(evaluator.late().get('r'), 0)
  run(evaluator, at(600, -200))
  assert.equal(evaluator.late().get('r'), 1)
  // the next evaluation, at 600, begins behind this one
  run(evaluator, at(299, 301))
  assert.equal(evaluator.late().get('r'), 2)
})

test('an event a timeframe behind its key is late for a frequency and a flatline', t => {
  for (const more of ['frequency\nnum_events: 3', 'flatline\nthreshold: 1']) {
    const evaluator = new Evaluator(rules(t, rule(more, 'timeframe: {minutes: 1}')))
    run(evaluator, at(100, 41))
    assert.equal(evaluator.late().get('r'), 0, more)
    run(evaluator, at(40))
    assert.equal(evaluator.late().get('r'), 1, more)
  }
})
