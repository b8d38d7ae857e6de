import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { folder, ndjson } from '../rules/rules.ts'
import { runTool } from './run-tool.ts'

const RULE = `
name: gateway down
type: frequency
index: payments
num_events: 3
timeframe: {minutes: 1}
query_key: gateway
realert: {minutes: 10}
alert: command
command: [touch, FILE]
filter:
- term: {status: FAILED}
`

const SPIKE = `
name: spike
type: spike
index: payments
spike_height: 3
spike_type: up
timeframe: {minutes: 5}
threshold_cur: 3
realert: {minutes: 0}
alert: debug
`

const START = Date.UTC(2026, 10, 24, 10)

function at(second: number): string {
  return new Date(START + second * 1000).toISOString()
}

function failed(second: number, gateway = 'paytm'): unknown {
  return { gateway, status: 'FAILED', '@timestamp': at(second) }
}

/** Three failures from each of these seconds on, and an event at the end of the hour. */
const EVENTS = ndjson([
  ...[60, 1200, 2400].flatMap(s => [failed(s), failed(s + 1), failed(s + 2)]),
  failed(3600, 'upi')
])

interface Prepared {
  rule: string
  capture: string
  touched: string
  file(name: string, text: string): string
}

function prepared(t: TestContext): Prepared {
  const dir = folder(t, { 'capture.ndjson': EVENTS })
  const touched = path.join(dir, 'touched')
  writeFileSync(path.join(dir, 'rule.yaml'), RULE.replace('FILE', touched))
  return {
    rule: path.join(dir, 'rule.yaml'),
    capture: path.join(dir, 'capture.ndjson'),
    touched,
    file(name, text) {
      writeFileSync(path.join(dir, name), text)
      return path.join(dir, name)
    }
  }
}

test('a test writes the bytes of the live run, with marks in it or not, and tells nobody', t => {
  const { rule, capture, touched, file } = prepared(t)
  const tested = runTool('alert-eval', ['--test', rule, capture])
  assert.equal(tested.status, 0, tested.stderr)
  assert.equal(existsSync(touched), false)
  const live = runTool('alert-eval', ['--rules', rule], EVENTS)
  assert.equal(existsSync(touched), true)
  assert.equal(tested.stdout.trim().split('\n').length, 3)
  assert.equal(tested.stdout, live.stdout)
  const lines = EVENTS.split('\n')
  lines.splice(5, 0, JSON.stringify({ '@mark': { n: 1, at: null, ts_ms: START } }))
  const marked = file('marked.ndjson', lines.join('\n'))
  const out = file('alerts.ndjson', '')
  runTool('alert-eval', ['--test', rule, marked, '--out', out])
  assert.equal(readFileSync(out, 'utf8'), live.stdout)
})

test('the timeline has a row for each key, from the first event to the last', t => {
  const { rule, capture } = prepared(t)
  const { stderr } = runTool('alert-eval', ['--test', rule, capture])
  assert.match(
    stderr,
    /3 alerts from 2026-11-24T10:01:00\.000Z to 2026-11-24T11:00:00\.000Z, 1 min 0 s a column/
  )
  assert.match(stderr, /gateway down, paytm {2}#\.{18}#\.{19}#\.{20} {2}3 alerts/)
  assert.match(runTool('alert-eval', ['--test', rule, '/dev/null']).stderr, /no events/)
})

test('labels give precision, recall and delay, and what was missed and what was too much', t => {
  const { rule, capture, file } = prepared(t)
  const labels = file(
    'labels.ndjson',
    ndjson([
      { start: at(50), end: at(120), key: 'paytm' },
      { start: at(1190), end: at(1300), rule: 'gateway down' },
      { start: at(1800), end: at(1900) },
      { start: at(2400), end: at(2500), key: 'upi' }
    ])
  )
  const { stderr } = runTool('alert-eval', ['--test', rule, capture, '--labels', labels])
  assert.match(stderr, /gateway down +3 +2 +0\.667 +4 +2 +0\.500 +12 s +12 s/)
  assert.match(stderr, /missed: 2026-11-24T10:30:00\.000Z to 2026-11-24T10:31:40\.000Z\n/)
  assert.match(stderr, /missed: 2026-11-24T10:40:00\.000Z to 2026-11-24T10:41:40\.000Z \(upi\)/)
  assert.match(stderr, /without a label: 2026-11-24T10:40:02\.000Z \(gateway down, paytm\)/)
  assert.match(stderr, /gateway down, paytm {2}#-\.+-#-\.+--\.+!\.+ {2}3 alerts\n {2}labels/)
  const json = runTool('alert-eval', ['--test', rule, capture, '--labels', labels, '--log', 'json']).stderr
  const report = JSON.parse(json.trim().split('\n').at(-1) as string)
  assert.deepEqual(
    [report.precision, report.recall, report.delay],
    [2 / 3, 0.5, { median_ms: 12000, max_ms: 12000 }]
  )
  assert.equal(report.rules['gateway down'].right, 2)
})

test('a spike counts when it is found, not at the first of its events', t => {
  const { file } = prepared(t)
  const events = [0, 200, 400, 600, 800].map(s => failed(s))
  const burst = [900, 910, 920, 930, 940, 950].map(s => failed(s))
  const capture = file('spike.ndjson', ndjson([...events, ...burst]))
  const rule = file('spike.yaml', SPIKE)
  const { stdout } = runTool('alert-eval', ['--test', rule, capture])
  const [first] = stdout.split('\n')
  const told = Date.parse(JSON.parse(first as string)['@timestamp'])
  assert.ok(told < START + 900_000, 'the match is an event before the burst')
  const labels = file('labels.ndjson', ndjson([{ start: at(900), end: at(1000) }]))
  const { stderr } = runTool('alert-eval', ['--test', rule, capture, '--labels', labels])
  assert.match(stderr, /spike +1 +1 +1\.000 +1 +1 +1\.000/)
})

test('flags that do not go with a test are errors of usage', t => {
  const { rule, capture, touched } = prepared(t)
  const said = (...args: string[]): string => {
    const { status, stderr } = runTool('alert-eval', args)
    assert.equal(status, 2, stderr)
    return stderr
  }
  assert.match(said('--rules', rule, capture), /a capture needs --test/)
  assert.match(said('--rules', rule, '--labels', capture), /--labels needs --test/)
  assert.match(said('--test', rule, '--rules', rule), /leave --rules out/)
  assert.match(said('--test', rule, '--state', touched), /leave --state out/)
  assert.match(said('--test', rule, capture, '--in', capture), /both name the events/)
})

test('labels of a rule that is not there are named: they counted for nothing without a word', t => {
  const { rule, capture } = prepared(t)
  const labels = `${capture}.labels`
  const label = (name: string): unknown => ({ start: at(0), end: at(60), rule: name })
  writeFileSync(labels, ndjson([label('gateway down'), label('gatway down'), label('gatway down')]))
  const { status, stderr } = runTool('alert-eval', ['--test', rule, capture, '--labels', labels])
  assert.equal(status, 0)
  const warnings = stderr.split('\n').filter(line => line.includes('warning'))
  const expected = `alert-eval: warning: ${labels}: no rule is named gatway down: did you mean gateway down?`
  assert.deepEqual(warnings, [expected])
  const missing = runTool('alert-eval', ['--test', rule, capture, '--labels', `${labels}.no`])
  assert.deepEqual([missing.status, missing.stderr], [1, `alert-eval: --labels ${labels}.no: no such file\n`])
})
