import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Evaluator } from '../../src/lib/rules/index.ts'
import { load, ndjson, rules, run } from './rules.ts'

const START = Date.UTC(2026, 10, 24, 10)

function event(second: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { '@timestamp': new Date(START + second * 1000).toISOString(), gateway: 'a', ...more }
}

function rule(type: string, more = ''): string {
  return `name: r\ntype: ${type}\nindex: x\nalert: debug\nrealert: {minutes: 0}\nquery_key: gateway\n${more}\n`
}

/** State, second and key of each line. */
function told(alerts: string[]): string[] {
  return alerts.map(line => {
    const { state, key, '@timestamp': at, silenced } = JSON.parse(line)
    return `${state} ${(Date.parse(at) - START) / 1000} ${key}${silenced ? ' silenced' : ''}`
  })
}

const FREQUENCY = rule('frequency', 'num_events: 2\ntimeframe: {minutes: 2}\nresolve: true')
/** Time passes, by events of a key that do not matter. */
function ticks(from: number, to: number, gateway = 'tick'): unknown[] {
  return Array.from({ length: Math.floor((to - from) / 30) + 1 }, (_, i) => event(from + i * 30, { gateway }))
}

test('a frequency that was too high is resolved a timeframe after its last match, once', t => {
  const events = [0, 10, 70, 80, 240, 300].map(second =>
    event(second, { gateway: second < 100 ? 'a' : null })
  )
  const { alerts } = run(new Evaluator(rules(t, FREQUENCY)), ndjson(events))
  assert.deepEqual(told(alerts.filter(a => JSON.parse(a).key === 'a')), [
    'firing 10 a',
    'firing 80 a',
    'resolved 240 a'
  ])
})

test('a notice tells of the last alert: its match, since when, and its texts', t => {
  const { alerts } = run(
    new Evaluator(rules(t, FREQUENCY)),
    ndjson([event(0), event(10), event(20), event(30, { n: 7 }), event(400, { gateway: 'b' })])
  )
  const [first, last, notice] = alerts.map(a => JSON.parse(a))
  assert.equal(notice.state, 'resolved')
  assert.equal(notice['@timestamp'], '2026-11-24T10:03:00.000Z')
  assert.equal(notice.since, first['@timestamp'])
  assert.deepEqual(notice.match, last.match)
  assert.equal(notice.subject, 'Resolved: r')
  assert.equal(
    notice.text,
    `Resolved at 2026-11-24T10:03:00.000Z, alerted since 2026-11-24T10:00:10.000Z.\n\n${last.text}`
  )
  assert.equal(
    JSON.stringify(Object.keys(notice).slice(0, 6)),
    '["@timestamp","rule","type","state","key","since"]'
  )
})

test('without resolve a rule raises the same alerts, and no notices', t => {
  const events = ndjson(
    Array.from({ length: 60 }, (_, i) => event(i * 17 + (i % 9 > 5 ? 200 : 0), { gateway: `${i % 3}` }))
  )
  for (const kind of [
    'frequency\nnum_events: 2\ntimeframe: {minutes: 1}',
    'flatline\nthreshold: 2\ntimeframe: {minutes: 2}',
    'cardinality\ncardinality_field: "@timestamp"\nmax_cardinality: 2\ntimeframe: {minutes: 1}',
    'metric_aggregation\nmetric_agg_key: gateway\nmetric_agg_type: value_count\nmax_threshold: 1\nbuffer_time: {minutes: 2}'
  ]) {
    const plain = run(new Evaluator(rules(t, rule(kind))), events).alerts
    const asked = run(new Evaluator(rules(t, rule(kind, 'resolve: true'))), events).alerts
    assert.ok(plain.length > 0, kind)
    assert.deepEqual(
      asked.filter(a => JSON.parse(a).state === 'firing'),
      plain
    )
    assert.ok(asked.length > plain.length, kind)
  }
})

test('a flatline is resolved when there are enough events again, also after forget_keys', t => {
  for (const forget of ['', 'forget_keys: true']) {
    const text = rule('flatline', `threshold: 2\ntimeframe: {minutes: 1}\nresolve: true\n${forget}`)
    const events = [event(0), event(1), ...ticks(30, 300), event(301), event(302), ...ticks(330, 420)]
    const { alerts } = run(new Evaluator(rules(t, text)), ndjson(events))
    const own = told(alerts).filter(a => a.endsWith(' a'))
    assert.equal(own[0], 'firing 60 a', forget)
    assert.deepEqual(
      own.filter(a => a.startsWith('resolved')),
      ['resolved 360 a']
    )
    // none while it is silent
    assert.ok(own.indexOf('resolved 360 a') > 0)
  }
})

test('a cardinality is resolved when it is within its bounds, and not while a minimum is missed without a match', t => {
  const few = rule(
    'cardinality',
    'cardinality_field: n\nmin_cardinality: 2\ntimeframe: {minutes: 1}\nresolve: true'
  )
  const events = [
    event(0, { n: 1 }),
    ...ticks(30, 600),
    event(601, { n: 1 }),
    event(602, { n: 2 }),
    ...ticks(630, 700)
  ]
  const own = told(run(new Evaluator(rules(t, few)), ndjson(events)).alerts).filter(a => a.endsWith(' a'))
  assert.deepEqual(
    own.filter(a => a.startsWith('resolved')),
    ['resolved 660 a']
  )
  const many = rule(
    'cardinality',
    'cardinality_field: n\nmax_cardinality: 1\ntimeframe: {minutes: 1}\nresolve: true'
  )
  const { alerts } = run(
    new Evaluator(rules(t, many)),
    ndjson([event(0, { n: 1 }), event(5, { n: 2 }), ...ticks(30, 200)])
  )
  assert.deepEqual(told(alerts), ['firing 5 a', 'resolved 120 a'])
})

test('a metric and a percentage are resolved at the first evaluation that finds them within bounds', t => {
  const metric = rule(
    'metric_aggregation',
    'metric_agg_key: n\nmetric_agg_type: max\nmax_threshold: 5\nbuffer_time: {minutes: 1}\nresolve: true'
  )
  const events = [
    event(10, { n: 9 }),
    event(70, { n: 9 }),
    event(130, { n: 1 }),
    event(200, { n: 1 }),
    event(300, { n: 1 })
  ]
  assert.deepEqual(told(run(new Evaluator(rules(t, metric)), ndjson(events)).alerts), [
    'firing 60 a',
    'firing 120 a',
    'resolved 180 a'
  ])
  const share = rule(
    'percentage_match',
    'match_bucket_filter:\n- term: {n: 9}\nmax_percentage: 50\nbuffer_time: {minutes: 1}\nresolve: true'
  )
  assert.deepEqual(told(run(new Evaluator(rules(t, share)), ndjson(events)).alerts), [
    'firing 60 a',
    'firing 120 a',
    'resolved 180 a'
  ])
})

test('what an event decides is resolved by resolve_after alone', t => {
  const text = rule('blacklist', 'compare_key: ip\nblacklist: [evil]\nresolve_after: {minutes: 3}')
  const { alerts } = run(
    new Evaluator(rules(t, text)),
    ndjson([event(0, { ip: 'evil' }), event(100, { ip: 'evil' }), ...ticks(120, 400)])
  )
  assert.deepEqual(told(alerts), ['firing 0 a', 'firing 100 a', 'resolved 300 a'])
  const { printed } = load(t, rule('any', 'resolve: true'))
  assert.match(printed.join('\n'), /rule\.yaml:\d+:1: resolve_after is missing: an event decides a any rule/)
  assert.match(
    load(t, FREQUENCY.replace('resolve: true', 'resolve: true\naggregation: {minutes: 1}')).printed.join(),
    /resolve does not go with aggregation/
  )
  assert.deepEqual(load(t, rule('any', 'resolve: false\nresolve_after: {minutes: 3}')).printed, [])
})

test('a match that realert holds back keeps its key from being resolved, and raises none to resolve', t => {
  const text = FREQUENCY.replace('realert: {minutes: 0}', 'realert: {minutes: 30}')
  const burst = (s: number): unknown[] => [event(s), event(s + 1)]
  const events = [
    ...burst(0),
    ...burst(100),
    ...burst(200),
    event(400, { gateway: 'b' }),
    ...burst(500),
    event(900, { gateway: 'b' })
  ]
  const { alerts } = run(new Evaluator(rules(t, text)), ndjson(events))
  assert.deepEqual(told(alerts), ['firing 1 a', 'resolved 360 a'])
})

test('who was told of an alert is told of its end, and nobody of what was silenced all along', t => {
  const micros = (s: number): number => (START + s * 1000) * 1000
  const silencedFrom = (from: number) =>
    new Evaluator(rules(t, FREQUENCY), undefined, (_rule, _key, at) => at >= micros(from))
  const events = ndjson([event(0), event(1), event(100), event(101), event(400, { gateway: 'b' })])
  assert.deepEqual(told(run(silencedFrom(50), events).alerts), [
    'firing 1 a',
    'firing 101 a silenced',
    'resolved 240 a'
  ])
  assert.deepEqual(told(run(silencedFrom(0), events).alerts), [
    'firing 1 a silenced',
    'firing 101 a silenced',
    'resolved 240 a silenced'
  ])
})

test('notices are the same however lines are cut into blocks and wherever a snapshot is taken up', t => {
  const texts = [
    FREQUENCY,
    rule('flatline', 'threshold: 1\ntimeframe: {minutes: 1}\nresolve: true').replace('name: r', 'name: s'),
    rule('any', 'resolve_after: {minutes: 1}').replace('name: r', 'name: u')
  ]
  const loaded = rules(t, ...texts)
  const gaps = fc.array(fc.tuple(fc.integer({ min: -20, max: 150 }), fc.constantFrom('a', 'b')), {
    maxLength: 40
  })
  fc.assert(
    fc.property(gaps, fc.nat(39), (list, cut) => {
      let second = 0
      const lines = list.map(([gap, gateway]) => {
        second += gap
        return `${JSON.stringify(event(second, { gateway }))}\n`
      })
      const whole = run(new Evaluator(loaded), lines.join('')).alerts
      const first = new Evaluator(loaded)
      const before = run(first, ...lines.slice(0, cut)).alerts
      const next = new Evaluator(loaded)
      next.restore(Buffer.concat(first.snapshot()))
      assert.deepEqual([...before, ...run(next, ...lines.slice(cut)).alerts], whole)
    }),
    { numRuns: 60 }
  )
})
