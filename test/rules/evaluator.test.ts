import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Evaluator, loadRules } from '../../src/lib/rules/index.ts'
import { folder, ndjson, rules, run } from './rules.ts'

const GATEWAY_DOWN = `
name: gateway down
type: frequency
index: payments
num_events: 3
timeframe: {seconds: 10}
query_key: gateway
realert: {seconds: 30}
alert: debug
filter:
- term: {status: FAILED}
alert_subject: "{0} is failing"
alert_subject_args: [gateway]
alert_text: "{0} of {1}"
alert_text_args: [num_hits, nothing]
alert_text_type: alert_text_only
`

const ANY = `
name: refunds
type: any
index: payments
realert: {minutes: 0}
alert: debug
filter:
- query_string: {query: "status:REFUND*"}
`

const START = Date.UTC(2026, 10, 24, 10)

function payment(second: number, gateway: string, status = 'FAILED'): unknown {
  return { '@timestamp': new Date(START + second * 1000).toISOString(), gateway, status, amount: second % 7 }
}

test('an alert is one line with the keys in their order', t => {
  const { alerts } = run(
    new Evaluator(rules(t, GATEWAY_DOWN)),
    ndjson([0, 1, 2].map(s => payment(s, 'paytm')))
  )
  assert.deepEqual(alerts, [
    '{"@timestamp":"2026-11-24T10:00:02.000Z","rule":"gateway down","type":"frequency","state":"firing","key":"paytm",' +
      '"subject":"paytm is failing","text":"3 of <MISSING VALUE>\\n\\n","num_hits":3,' +
      '"match":{"@timestamp":"2026-11-24T10:00:02Z","gateway":"paytm","status":"FAILED","amount":2}}'
  ])
})

test('frequency counts each key by itself and begins anew after a match', t => {
  const rule = GATEWAY_DOWN.replace('{seconds: 30}', '{seconds: 0}')
  const events = [0, 1, 2, 3, 4, 5].flatMap(s => [payment(s, 'paytm'), payment(s, s % 2 ? 'upi' : 'card')])
  const { alerts } = run(new Evaluator(rules(t, rule)), ndjson(events))
  const keys = alerts.map(a => [JSON.parse(a).key, JSON.parse(a)['@timestamp'].slice(17, 19)])
  assert.deepEqual(keys, [
    ['paytm', '02'],
    ['card', '04'],
    ['paytm', '05'],
    ['upi', '05']
  ])
})

test('events a whole timeframe apart do not count together', t => {
  const evaluator = new Evaluator(rules(t, GATEWAY_DOWN))
  assert.equal(run(evaluator, ndjson([0, 1, 10].map(s => payment(s, 'a')))).alerts.length, 0)
  assert.equal(run(evaluator, ndjson([20, 21, 29].map(s => payment(s, 'b')))).alerts.length, 1)
})

test('realert silences the key and no other', t => {
  const at = (from: number, key: string) => [0, 1, 2].map(s => payment(from + s, key))
  const { alerts } = run(
    new Evaluator(rules(t, GATEWAY_DOWN)),
    ndjson([...at(0, 'a'), ...at(5, 'a'), ...at(6, 'b'), ...at(32, 'a')])
  )
  assert.deepEqual(
    alerts.map(a => [JSON.parse(a).key, JSON.parse(a)['@timestamp'].slice(14, 19)]),
    [
      ['a', '00:02'],
      ['b', '00:08'],
      ['a', '00:34']
    ]
  )
})

test('rules of one realert_key silence each other only for the same value', t => {
  const shared = ANY.replace('{minutes: 0}', '{minutes: 5}\nrealert_key: money')
  const { alerts } = run(
    new Evaluator(rules(t, shared)),
    ndjson([payment(0, 'a', 'REFUNDED'), payment(1, 'b', 'REFUNDED'), payment(301, 'b', 'REFUNDED')])
  )
  assert.equal(alerts.length, 2)
})

test('an alert of one rule holds back those of all with its realert_key, each for its own realert', t => {
  const ruleOf = (name: string, type: string, minutes: number): string =>
    `name: ${name}\nindex: x\nalert: debug\ntype: ${type}\nrealert: {minutes: ${minutes}}\n`
  const all = rules(
    t,
    `${ruleOf('a', 'any', 1)}realert_key: money\nquery_key: gateway\nfilter: [{term: {status: A}}]`,
    `${ruleOf('b', 'any', 5)}realert_key: money\nquery_key: gateway\nfilter: [{term: {status: B}}]`,
    `${ruleOf('money', 'any', 0)}query_key: gateway\nfilter: [{term: {status: C}}]`,
    `${ruleOf('other', 'any', 5)}query_key: gateway`
  )
  const first = [payment(0, 'x', 'A'), payment(1, 'x', 'B'), payment(2, 'y', 'B'), payment(3, 'x', 'C')]
  const second = [
    payment(61, 'x', 'B'),
    payment(122, 'x', 'A'),
    payment(200, 'y', 'C'),
    payment(361, 'x', 'C')
  ]
  const told = (alerts: string[]): unknown[] =>
    alerts
      .map(a => JSON.parse(a))
      .filter(a => a.rule !== 'other')
      .map(a => [a.rule, a.key, a.match['@timestamp'].slice(14, 19)])
  const before = new Evaluator(all)
  const begun = told(run(before, ndjson(first)).alerts)
  assert.deepEqual(begun, [
    ['a', 'x', '00:00'],
    ['b', 'y', '00:02']
  ])
  const after = new Evaluator(all)
  after.restore(Buffer.concat(before.snapshot()))
  for (const evaluator of [after, before]) {
    assert.deepEqual(told(run(evaluator, ndjson(second)).alerts), [
      ['b', 'x', '01:01'],
      ['money', 'x', '06:01']
    ])
  }
})

test('exponential_realert doubles the silence while alerts keep coming and lets it decay', t => {
  const rule = ANY.replace('{minutes: 0}', '{seconds: 10}\nexponential_realert: {seconds: 60}')
  const events = Array.from({ length: 200 }, (_, s) => payment(s, 'a', 'REFUNDED'))
  const { alerts } = run(
    new Evaluator(rules(t, rule)),
    ndjson([...events, payment(1000, 'a', 'REFUNDED'), payment(1011, 'a', 'REFUNDED')])
  )
  const seconds = alerts.map(a => (Date.parse(JSON.parse(a)['@timestamp']) - START) / 1000)
  assert.deepEqual(seconds, [0, 10, 30, 70, 130, 190, 1000, 1011])
})

test('a compound query_key joins its values, missing ones as None, and is a field of the match', t => {
  const rule = ANY.replace('alert: debug', 'query_key: [gateway, bank]\nalert: debug')
  const { alerts } = run(new Evaluator(rules(t, rule)), ndjson([payment(0, 'a', 'REFUNDED')]))
  assert.equal(JSON.parse(alerts[0]!).key, 'a, None')
  assert.equal(JSON.parse(alerts[0]!).match['gateway,bank'], 'a, None')
})

test('a change event without the timestamp field happened at its commit', t => {
  const event = {
    before: null,
    after: { id: 7, status: 'REFUNDED' },
    source: { ts_ms: START + 123, table: 'payments' },
    op: 'c',
    ts_ms: START + 900
  }
  const { alerts } = run(new Evaluator(rules(t, ANY)), ndjson([event]))
  const alert = JSON.parse(alerts[0]!)
  assert.equal(alert['@timestamp'], '2026-11-24T10:00:00.123Z')
  assert.deepEqual(alert.match, { id: 7, status: 'REFUNDED', '@timestamp': '2026-11-24T10:00:00.123Z' })
})

test('a statement that defined a table happened at its commit, and a filter may ask for it', t => {
  const event = {
    source: { ts_ms: START + 123, db: 'dream', table: 'payments' },
    ts_ms: START + 900,
    databaseName: 'dream',
    schemaName: null,
    ddl: 'ALTER TABLE payments DROP COLUMN status',
    tableChanges: []
  }
  const dropped = ANY.replace('status:REFUND*', 'ddl:*DROP*')
  const { alerts } = run(new Evaluator(rules(t, ANY, dropped)), ndjson([event]))
  assert.deepEqual(
    alerts.map(line => JSON.parse(line)['@timestamp']),
    ['2026-11-24T10:00:00.123Z']
  )
})

test('a late event takes its place in the window; the match is the event that completed the count', t => {
  const { alerts } = run(new Evaluator(rules(t, GATEWAY_DOWN)), ndjson([5, 6, 3].map(s => payment(s, 'a'))))
  assert.equal(JSON.parse(alerts[0]!)['@timestamp'], '2026-11-24T10:00:03.000Z')
})

test('attach_related brings the earlier events of the window', t => {
  const rule = GATEWAY_DOWN.replace('alert: debug', 'attach_related: true\nalert: debug')
  const { alerts } = run(new Evaluator(rules(t, rule)), ndjson([0, 1, 2].map(s => payment(s, 'a'))))
  assert.deepEqual(
    JSON.parse(alerts[0]!).match.related_events.map((e: { '@timestamp': string }) => e['@timestamp']),
    ['2026-11-24T10:00:00Z', '2026-11-24T10:00:01Z']
  )
})

test('a line that passes a filter and has no time is named, and so is one that is not JSON or no object', t => {
  const evaluator = new Evaluator(rules(t, ANY))
  const { alerts, bad } = run(
    evaluator,
    `${ndjson([payment(0, 'a', 'REFUNDED')])}{"status":"REFUNDED"}\n{"status":"REFUNDED"\n["status"]\n{"status":"REFUNDED","@timestamp":5}\n`
  )
  assert.equal(alerts.length, 1)
  assert.deepEqual(
    bad.map(b => [b.index, b.reason]),
    [
      [1, 'no @timestamp, which rule "refunds" takes as the event\'s time (timestamp_field)'],
      [2, undefined],
      [3, 'not a JSON object'],
      [
        4,
        '@timestamp 5 is no time of type iso, which rule "refunds" takes as the event\'s time (timestamp_field)'
      ]
    ]
  )
})

test('a line that was cut or is no object is named although no rule could match it', t => {
  const { bad } = run(
    new Evaluator(rules(t, ANY)),
    Buffer.from('{"a":1}\n{"a":1\n{\xff\x00\x80\n[1]\n \t{"a":1} \r\nplain text\n', 'latin1')
  )
  assert.deepEqual(
    bad.map(b => [b.index, b.reason]),
    [
      [1, undefined],
      [2, undefined],
      [3, 'not a JSON object'],
      [5, undefined]
    ]
  )
})

test('a line that is nested without measure is a bad line', t => {
  const deep = `${'['.repeat(200_000)}1${']'.repeat(200_000)}`
  const { bad } = run(
    new Evaluator(rules(t, ANY)),
    `{"status":"REFUNDED","@timestamp":"2026-11-24T10:00:00Z","x":${deep}}\n`
  )
  assert.deepEqual(
    bad.map(b => b.reason),
    ['nested too deeply']
  )
})

test('a value that a format cannot take does not cost the alert', t => {
  const rule = ANY.replace(
    'alert: debug',
    'alert_subject: "{0:d}"\nalert_subject_args: [gateway]\nalert: debug'
  )
  const { alerts } = run(new Evaluator(rules(t, rule)), ndjson([payment(0, 'a', 'REFUNDED')]))
  assert.equal(JSON.parse(alerts[0]!).subject, "{0:d} (:d needs a number, not 'a')")
})

const events = fc.array(
  fc.record({
    second: fc.nat(60),
    gateway: fc.constantFrom('a', 'b', 'c'),
    status: fc.constantFrom('FAILED', 'OK', 'REFUNDED', 'FAILED')
  }),
  { maxLength: 60 }
)

/** A rule of each type that keeps something, by key where it can. */
const STATEFUL = [
  'type: change\nquery_key: gateway\ncompare_key: status\nignore_null: true\ntimeframe: {seconds: 20}',
  'type: spike\nspike_height: 1.5\nspike_type: both\ntimeframe: {seconds: 6}\nquery_key: gateway\nalert_on_new_data: true',
  'type: spike\nspike_height: 1.2\nspike_type: both\ntimeframe: {seconds: 5}\nfield_value: amount',
  'type: new_term\nfields: [gateway, [gateway, status]]',
  'type: cardinality\ncardinality_field: status\nmax_cardinality: 1\ntimeframe: {seconds: 4}\nquery_key: gateway',
  'type: cardinality\ncardinality_field: status\nmin_cardinality: 2\ntimeframe: {seconds: 4}\nquery_key: gateway',
  'type: flatline\nthreshold: 2\ntimeframe: {seconds: 6}\nquery_key: gateway',
  'type: flatline\nthreshold: 2\ntimeframe: {seconds: 6}\nforget_keys: true',
  ...['avg', 'cardinality', 'percentiles', 'min'].map(
    metric =>
      `type: metric_aggregation\nmetric_agg_key: amount\nmetric_agg_type: ${metric}\nmax_threshold: 2\nbuffer_time: {seconds: 9}\npercentile_range: 50\nquery_key: gateway`
  ),
  'type: spike_aggregation\nmetric_agg_key: amount\nmetric_agg_type: sum\nspike_height: 1.5\nspike_type: both\ntimeframe: {seconds: 6}\nbuffer_time: {seconds: 6}',
  'type: any\naggregation: {seconds: 4}\naggregation_key: gateway',
  'type: any\nlimit_execution: "*/2 * * * *"\nquery_key: gateway',
  'type: flatline\nthreshold: 2\ntimeframe: {seconds: 6}\nlimit_execution: "1 * * * *"\nlimit_execution_coverage: true',
  'type: any\ntop_count_keys: [status]\nquery_key: gateway',
  'type: frequency\nnum_events: 2\ntimeframe: {seconds: 5}\naggregation: {schedule: "* * * * *"}\naggregation_key: [gateway, status]',
  'type: flatline\nthreshold: 2\ntimeframe: {seconds: 6}\nquery_key: gateway\naggregation: {seconds: 7}',
  'type: percentage_match\nmatch_bucket_filter: [{term: {status: OK}}]\nmax_percentage: 20\nbuffer_time: {seconds: 9}\nquery_key: [gateway, amount]'
].map(
  (body, i) =>
    `name: rule ${i}\nindex: x\nalert: debug\nrealert: {seconds: 1}\nrun_every: {seconds: 3}\n${body}\n`
)

test('the same lines give the same alerts however they are cut into blocks and wherever a snapshot is taken up', t => {
  const all = rules(t, GATEWAY_DOWN, ANY, ...STATEFUL)
  fc.assert(
    fc.property(events, fc.array(fc.nat(60), { maxLength: 5 }), (list, cuts) => {
      const lines = list.map(e => ndjson([payment(e.second, e.gateway, e.status)]))
      const whole = run(new Evaluator(all), lines.join('')).alerts
      let evaluator = new Evaluator(all)
      const alerts: string[] = []
      let from = 0
      for (const cut of [...cuts.map(c => c % (lines.length + 1)).sort((a, b) => a - b), lines.length]) {
        alerts.push(...run(evaluator, lines.slice(from, cut).join('')).alerts)
        const resumed = new Evaluator(all)
        resumed.restore(Buffer.concat(evaluator.snapshot()))
        evaluator = resumed
        from = cut
      }
      assert.deepEqual(alerts, whole)
    })
  )
})

test('many events of one block give the alerts and bad lines, in their order, that each gives in a block of its own', t => {
  const all = rules(t, GATEWAY_DOWN, ANY, ANY.replace('refunds', 'again'), ...STATEFUL)
  const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`field ${i}`, i]))
  const lines = Array.from({ length: 6000 }, (_, i) => {
    const event = payment(
      i / 20,
      'abcdefg'[i % 7]!,
      ['FAILED', 'OK', 'OK', 'REFUNDED', 'OK'][i % 5]!
    ) as object
    // of some shapes, some lines of none, and some events that two rules cannot take
    if (i % 97 === 0) return `${'[1]'.repeat(i % 2)}\n`
    if (i % 101 === 0) return ndjson([{ gateway: 'a', status: 'REFUNDED' }])
    return ndjson([i % 3 === 0 ? { ...event, ...wide } : event])
  })
  const whole = run(new Evaluator(all), lines.join(''))
  const evaluator = new Evaluator(all)
  const alone = lines.map(line => run(evaluator, line))
  assert.ok(whole.alerts.length > 1000, `${whole.alerts.length} alerts`)
  assert.deepEqual(
    whole.alerts,
    alone.flatMap(({ alerts }) => alerts)
  )
  assert.deepEqual(
    whole.bad,
    alone.flatMap(({ bad }, index) => bad.map(each => ({ ...each, index })))
  )
})

test('a block with more events than rules put off at once gives the alerts that each gives in a block of its own', t => {
  const all = rules(t, ANY, ANY.replace('refunds', 'again'))
  const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`field ${i}`, i]))
  for (const more of [{}, wide]) {
    const lines = Array.from({ length: 5000 }, (_, i) =>
      ndjson([{ ...(payment(i, 'a', 'REFUNDED') as object), ...more }])
    )
    const evaluator = new Evaluator(all)
    assert.deepEqual(
      run(new Evaluator(all), lines.join('')).alerts,
      lines.flatMap(line => run(evaluator, line).alerts)
    )
  }
})

test('what enhancements of several rules have in common sees events in their order', t => {
  const dir = folder(t, {
    'count.mjs': 'let n = 0\nexport default match => { match.n = n++ }\n',
    ...Object.fromEntries(
      ['a', 'b'].map(name => [
        `${name}.yaml`,
        `name: ${name}\ntype: any\nindex: x\nalert: debug\nrealert: {seconds: 0}\nmatch_enhancements: [count.mjs]\n`
      ])
    )
  })
  const { alerts } = run(
    new Evaluator(loadRules([dir]).rules),
    ndjson([0, 1, 2].map(second => payment(second, 'x')))
  )
  assert.deepEqual(
    alerts.map(alert => JSON.parse(alert).match.n),
    [0, 1, 2, 3, 4, 5]
  )
})

test('a rule that time decides sees it pass in lines that do not concern it', t => {
  const few = `name: few\ntype: cardinality\nindex: x\nalert: debug\ncardinality_field: status\nmin_cardinality: 1
timeframe: {seconds: 30}\nfilter:\n- term: {gateway: paytm}\nrealert: {minutes: 0}\n`
  const lines = [0, 1, 59, 61, 130].map(s => payment(s, s < 2 ? 'paytm' : 'upi'))
  const { alerts } = run(new Evaluator(rules(t, few)), ndjson(lines))
  assert.deepEqual(
    alerts.map(a => [JSON.parse(a)['@timestamp'], JSON.parse(a).match]),
    [['2026-11-24T10:01:00.000Z', { '@timestamp': '2026-11-24T10:01:00Z' }]]
  )
})

test('aggregated matches are one alert of the time at which they were due, with all of them in it', t => {
  const rule =
    'name: all\ntype: any\nindex: x\nalert: debug\naggregation: {seconds: 10}\nquery_key: gateway\n'
  const lines = [payment(0, 'a'), payment(3, 'b'), payment(10, 'c'), payment(11, 'd')]
  const { alerts } = run(new Evaluator(rules(t, rule)), ndjson(lines))
  const [alert, ...others] = alerts.map(a => JSON.parse(a))
  assert.deepEqual(others, [])
  assert.deepEqual(Object.keys(alert).slice(-3), ['num_hits', 'match', 'matches'])
  assert.equal(alert['@timestamp'], '2026-11-24T10:00:10.000Z')
  assert.deepEqual([alert.key, alert.num_hits, alert.match.gateway], [null, 3, 'a'])
  assert.deepEqual(
    alert.matches.map((m: { gateway: string }) => m.gateway),
    ['a', 'b', 'c']
  )
})

test('an aggregated alert goes out when time passes in a line that no rule looks at, and when it passes without lines', t => {
  const rule =
    'name: all\ntype: any\nindex: x\nalert: debug\naggregation: {seconds: 10}\nfilter:\n- term: {gateway: a}\n'
  const evaluator = new Evaluator(rules(t, rule))
  assert.equal(run(evaluator, ndjson([payment(0, 'a'), payment(12, 'x'), payment(13, 'a')])).alerts.length, 1)
  const passed: number[] = []
  const out = { match: ({ micros }: { micros: number }) => passed.push(micros), badLine: () => {} }
  evaluator.pass((START + 23_000) * 1000, out)
  assert.deepEqual(passed, [])
  evaluator.pass((START + 23_001) * 1000, out)
  assert.deepEqual(passed, [(START + 23_000) * 1000])
})

test('include keeps of a match what it names, what is below, what the rule is about, and what the document is called by', t => {
  const rule =
    'name: a\ntype: any\nindex: x\nalert: debug\nquery_key: [gateway, user.id]\ninclude: [pa*, items.sku]\n'
  const event = {
    '@timestamp': new Date(START).toISOString(),
    gateway: 'a',
    user: { id: 7, name: 'x' },
    payment: { amount: 2, method: { kind: 'card' } },
    'paid.at': 'now',
    items: [{ sku: 1, price: 2 }, { price: 3 }],
    note: { text: 'x' },
    _id: '17',
    _index: 'payments'
  }
  const { alerts } = run(new Evaluator(rules(t, rule)), ndjson([event]))
  assert.deepEqual(JSON.parse(alerts[0]!).match, {
    '@timestamp': '2026-11-24T10:00:00Z',
    gateway: 'a',
    user: { id: 7 },
    payment: { amount: 2, method: { kind: 'card' } },
    'paid.at': 'now',
    items: [{ sku: 1 }],
    _id: '17',
    _index: 'payments',
    'gateway,user.id': 'a, 7'
  })
})

test('what is found outside of limit_execution goes out in its next minute, with coverage never', t => {
  const rule =
    'name: a\ntype: any\nindex: x\nalert: debug\nrealert: {minutes: 0}\nlimit_execution: "5-6 * * * *"\n'
  const lines = ndjson([60, 302, 419, 420].map(s => payment(s, 'a')))
  const times = (text: string): string[] =>
    run(new Evaluator(rules(t, text)), lines).alerts.map(a => JSON.parse(a)['@timestamp'].slice(14, 19))
  assert.deepEqual(times(rule), ['01:00', '05:02', '06:59'])
  assert.deepEqual(times(`${rule}limit_execution_coverage: true\n`), ['05:02', '06:59'])
})

test('evaluations are made in the minutes of limit_execution', t => {
  const rule =
    'name: a\ntype: flatline\nindex: x\nalert: debug\nthreshold: 1\ntimeframe: {minutes: 1}\nrealert: {minutes: 0}\nlimit_execution: "*/5 * * * *"\n'
  const { alerts } = run(new Evaluator(rules(t, rule)), ndjson([payment(0, 'a'), payment(1000, 'a')]))
  assert.deepEqual(
    alerts.map(a => JSON.parse(a)['@timestamp'].slice(14, 19)),
    ['05:00', '10:00', '15:00']
  )
})

test('a time in a form of its own is read, moves the clock and is written as ISO 8601', t => {
  const rule =
    'name: a\ntype: any\nindex: x\nalert: debug\ntimestamp_field: at\ntimestamp_type: custom\ntimestamp_format: "%d/%b/%Y:%H:%M:%S %z"\naggregation: {minutes: 1}\nfilter: [{term: {a: 1}}]\n'
  const lines = [
    { at: '24/Nov/2026:12:00:00 +0200', a: 1 },
    { at: '24/Nov/2026:10:02:00 +0000', a: 2 },
    { at: '24.11.2026', a: 1 }
  ]
  const { alerts, bad } = run(new Evaluator(rules(t, rule)), ndjson(lines))
  assert.deepEqual(
    alerts.map(a => [JSON.parse(a)['@timestamp'], JSON.parse(a).match.at]),
    [['2026-11-24T10:01:00.000Z', '2026-11-24T12:00:00+02:00']]
  )
  assert.match(String(bad[0]?.reason), /at "24.11.2026" is no time of type custom/)
})

test('what waits to go out does so although its rule aggregates no more', t => {
  const rule = 'name: all\ntype: any\nindex: x\nalert: debug\naggregation: {seconds: 10}\n'
  const before = new Evaluator(rules(t, rule))
  run(before, ndjson([payment(0, 'a')]))
  const after = new Evaluator(
    rules(t, rule.replace('aggregation: {seconds: 10}', 'filter:\n- term: {gateway: b}'))
  )
  after.restore(Buffer.concat(before.snapshot()))
  assert.equal(run(after, ndjson([payment(11, 'x')])).alerts.length, 1)
})

test('rows of a snapshot are known terms, and a term that was long gone is a new one', t => {
  const rule = `name: new\ntype: new_term\nindex: x\nalert: debug\nfields: gateway\nterms_window_size: {minutes: 1}\nrealert: {minutes: 0}\n`
  const snapshot = { op: 'r', source: { ts_ms: START }, after: payment(0, 'paytm'), before: null }
  const lines = [snapshot, ...[1, 30, 89, 149].map(s => payment(s, 'paytm')), payment(150, 'upi')]
  const { alerts } = run(new Evaluator(rules(t, rule)), ndjson(lines))
  assert.deepEqual(
    alerts.map(a => [JSON.parse(a).match.gateway, JSON.parse(a).match.new_field, JSON.parse(a).match.amount]),
    [
      ['paytm', 'gateway', 2],
      ['upi', 'gateway', 3]
    ]
  )
})

test('memory does not grow with the keys that were seen', t => {
  const evaluator = new Evaluator(rules(t, GATEWAY_DOWN))
  const bytes = Array.from({ length: 20 }, (_, i) => {
    const block = Array.from({ length: 10_000 }, (_, j) => payment(i * 1000 + j / 100, `key ${i} ${j}`))
    run(evaluator, ndjson(block))
    return Buffer.concat(evaluator.snapshot()).length
  })
  assert.ok(bytes[19]! < bytes[9]! * 1.1, `${bytes[9]} bytes ${bytes}`)
})
