import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Evaluator } from '../../src/lib/rules/index.ts'
import { ndjson, rules, run } from './rules.ts'

const START = Date.UTC(2026, 10, 24, 10)

function event(second: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    '@timestamp': new Date(START + second * 1000).toISOString(),
    gateway: 'a',
    status: 'FAILED',
    ...more
  }
}

function rule(type: string, more: string): string {
  return `name: r\ntype: ${type}\nindex: x\nalert: debug\n${more}\n`
}

function explained(t: TestContext, text: string, events: unknown[]): string[] {
  const evaluator = new Evaluator(rules(t, text), undefined, undefined, true)
  run(evaluator, ndjson(events))
  return evaluator.explain().flatMap(lines => lines.split('\n'))
}

const FREQUENCY = rule(
  'frequency',
  `num_events: 3
timeframe: {minutes: 5}
query_key: gateway
realert: {minutes: 10}
filter:
- term: {status: FAILED}
- range: {amount: {gt: 100}}`
)

test('each part of a filter says how many events it kept out, and each key how far its window is', t => {
  const events = [
    event(0, { amount: 200 }),
    event(1, { amount: 200 }),
    event(2, { amount: 5 }),
    event(3, { amount: 5, status: 'DONE', gateway: 'b' })
  ]
  assert.deepEqual(explained(t, FREQUENCY, events), [
    'rule "r" (frequency): 4 events, 2 passed the filter (1 not status is FAILED, 2 not amount > 100); no match',
    '  a: 3 events, 2 passed the filter (1 not amount > 100); no match; 2 of 3 events within 0:05:00',
    '  b: 1 event, 0 passed the filter (1 not status is FAILED, 1 not amount > 100); no match'
  ])
})

test('what realert and silences did to matches is told, and until when', t => {
  const events = [0, 1, 2, 3, 4, 5, 6].map(s => event(s, { amount: 200 }))
  assert.match(
    explained(t, FREQUENCY, events)[1] ?? '',
    /^ {2}a: 7 events, 7 passed the filter; 2 matches: 1 alert, 1 held back by realert; realert until 2026-11-24T10:10:02\.000Z; 1 of 3 events within/
  )
  const evaluator = new Evaluator(rules(t, FREQUENCY), undefined, () => true, true)
  run(evaluator, ndjson(events.slice(0, 3)))
  assert.match(evaluator.explain()[0] ?? '', /1 match: 0 alerts, 1 silenced$/m)
})

test('windows of every type are told in words', t => {
  const events = [event(0, { n: 9 }), event(30, { n: 1 }), event(61, { n: 4 })]
  const last = (type: string, more: string): string => explained(t, rule(type, more), events).join('\n')
  assert.match(
    last('flatline', 'threshold: 1\ntimeframe: {minutes: 5}'),
    /; 3 events within 0:05:00 \(threshold 1\)$/
  )
  assert.match(
    last('cardinality', 'cardinality_field: n\nmax_cardinality: 4\ntimeframe: {minutes: 5}'),
    /; 3 values of n within 0:05:00 \(max 4\)$/
  )
  assert.match(
    last('spike', 'spike_height: 2\nspike_type: up\nthreshold_cur: 5\ntimeframe: {seconds: 40}'),
    /; 2 within 0:00:40 \(threshold_cur 5\), 1 in the 0:00:40 before \(threshold_ref 0\), spike_height 2, no key has had two full windows yet$/
  )
  assert.match(
    last('metric_aggregation', 'metric_agg_key: n\nmetric_agg_type: max\nmax_threshold: 10'),
    /; max of n is 9 over 3 events \(max 10\)$/
  )
  assert.match(
    last('percentage_match', 'match_bucket_filter:\n- term: {n: 9}\nmax_percentage: 50\nmin_denominator: 10'),
    /; 33\.33 % of 3 events \(max 50, min_denominator 10\)$/
  )
  assert.match(
    last('change', 'query_key: gateway\ncompare_key: n\nignore_null: true'),
    / {2}a: .*; \[4\] since 2026-11-24T10:01:01\.000Z$/
  )
})

test('a filter is told in words, whichever language it was written in', t => {
  const filter =
    'filter:\n- query_string: {query: "(status:FAIL* OR amount:[1 TO 5}) AND NOT gateway:b"}\n- exists: {field: bank}'
  assert.match(explained(t, rule('any', filter), [event(0)])[0] ?? '', /1 not bank exists/)
  const [line = ''] = explained(
    t,
    rule('any', 'filter:\n- query_string: {query: "status:done OR amount:[1 TO 5}"}'),
    [event(0)]
  )
  assert.match(line, /\(1 not status has done or amount >= 1 and amount < 5\)/)
})

test('to explain changes no alert, also where no rule could match a line that is none', t => {
  const loaded = rules(
    t,
    FREQUENCY,
    rule('any', 'realert: {minutes: 0}\nfilter:\n- term: {status: X}').replace('name: r', 'name: s')
  )
  const lines = `${ndjson(Array.from({ length: 50 }, (_, i) => event(i, { amount: i * 10, status: i % 9 ? 'FAILED' : 'X' })))}{nothing}\n`
  const plain = run(new Evaluator(loaded), lines)
  const asked = run(new Evaluator(loaded, undefined, undefined, true), lines)
  assert.deepEqual(asked, plain)
  assert.ok(plain.alerts.length > 0)
})
