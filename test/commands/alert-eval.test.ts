import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { folder, ndjson } from '../rules/rules.ts'
import { type Finished, runTool, startTool } from './run-tool.ts'

const RULE = `
name: gateway down
type: frequency
index: payments
num_events: 3
timeframe: {minutes: 1}
query_key: gateway
realert: {minutes: 10}
alert: debug
filter:
- term: {status: FAILED}
`

const START = Date.UTC(2026, 10, 24, 10)

function failed(second: number, gateway = 'paytm'): unknown {
  return { gateway, status: 'FAILED', '@timestamp': new Date(START + second * 1000).toISOString() }
}

function mark(kind: 'mark' | 'resume', n: number): string {
  return `${JSON.stringify({ [`@${kind}`]: { n, at: n === 0 ? null : { pos: n }, ts_ms: START } })}\n`
}

function alertEval(
  args: string[],
  input: string | Buffer = ''
): Finished & { alerts: Record<string, unknown>[] } {
  const finished = runTool('alert-eval', args, input)
  const lines = finished.stdout
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('{"@mark') && !line.startsWith('{"@resume'))
  return { ...finished, alerts: lines.map(line => JSON.parse(line)) }
}

function rulesIn(t: TestContext, ...texts: string[]): string {
  return folder(t, Object.fromEntries(texts.map((text, i) => [`rule${i}.yaml`, text])))
}

test('alerts are lines on stdout, and what the debug alerter says is on stderr', t => {
  const { status, alerts, stderr } = alertEval(
    ['--rules', rulesIn(t, RULE)],
    ndjson([0, 1, 2].map(s => failed(s)))
  )
  assert.equal(status, 0)
  assert.deepEqual(
    alerts.map(a => [a.rule, a.key, a.state]),
    [['gateway down', 'paytm', 'firing']]
  )
  assert.match(
    stderr,
    /Alert for gateway down at 2026-11-24T10:00:02.000Z:\ngateway down\n\nAt least 3 events occurred/
  )
})

test('a capture from a packed file gives the same bytes as the live run', t => {
  const dir = rulesIn(t, RULE)
  const events = ndjson([0, 1, 2, 700, 701, 702].map(s => failed(s)))
  const packed = path.join(dir, 'capture.ndjson.gz')
  writeFileSync(packed, gzipSync(events))
  const live = alertEval(['--rules', dir], events)
  assert.equal(live.alerts.length, 2)
  assert.equal(alertEval(['--rules', dir, '--in', packed]).stdout, live.stdout)
})

test('--fail-on-alert ends with 4 when there was an alert and 0 when there was none', t => {
  const dir = rulesIn(t, RULE)
  assert.equal(alertEval(['--rules', dir, '--fail-on-alert'], ndjson([failed(0), failed(1)])).status, 0)
  const { status, stderr } = alertEval(
    ['--rules', dir, '--fail-on-alert'],
    ndjson([0, 1, 2].map(s => failed(s)))
  )
  assert.equal(status, 4)
  assert.match(stderr, /1 alert was raised/)
})

test('a command is run with the values of the match in its arguments and the match on its input', t => {
  const dir = folder(t, {})
  const out = path.join(dir, 'out')
  const rule = RULE.replace(
    'alert: debug',
    `alert: command\npipe_match_json: true\ncommand: [/bin/sh, -c, 'echo "$1" >>"$0"; cat >>"$0"', ${out}, "%(gateway)s of {num_hits}"]`
  )
  writeFileSync(path.join(dir, 'rule.yaml'), rule)
  const { status, stderr } = alertEval(['--rules', dir], ndjson([0, 1, 2].map(s => failed(s, '$(id) "x"'))))
  assert.equal(status, 0, stderr)
  const [line, json] = readFileSync(out, 'utf8').split('\n')
  assert.equal(line, '$(id) "x" of 3')
  assert.equal(JSON.parse(json ?? '')[0].num_hits, 3)
})

test('a command that fails is named and does not cost the alert', t => {
  const rule = RULE.replace('alert: debug', 'alert: command\ncommand: [/nowhere/at/all]')
  const { status, alerts, stderr } = alertEval(
    ['--rules', rulesIn(t, rule)],
    ndjson([0, 1, 2].map(s => failed(s)))
  )
  assert.equal(status, 0)
  assert.equal(alerts.length, 1)
  assert.match(stderr, /rule "gateway down": command was not notified: cannot run \/nowhere\/at\/all/)
})

test('a notification that is given up is kept with its reason in --undelivered', t => {
  const dir = rulesIn(t, RULE.replace('alert: debug', 'alert: command\ncommand: [/nowhere/at/all]'))
  const file = path.join(dir, 'undelivered.ndjson')
  const { status } = alertEval(['--rules', dir, '--undelivered', file], ndjson([0, 1, 2].map(s => failed(s))))
  assert.equal(status, 0)
  const { receiver, reason, match } = JSON.parse(readFileSync(file, 'utf8'))
  assert.equal(receiver, 'rule "gateway down": command')
  assert.match(reason, /cannot run \/nowhere/)
  assert.equal(match.num_hits, 3)
})

test('--dry-run writes the alerts, notifies nobody and says who would have been', t => {
  const dir = folder(t, {})
  const out = path.join(dir, 'out')
  const rule = RULE.replace('alert: debug', `alert: command\ncommand: [/bin/touch, ${out}, '%(gateway)s']`)
  writeFileSync(path.join(dir, 'rule.yaml'), rule)
  const { alerts, stderr } = alertEval(['--rules', dir, '--dry-run'], ndjson([0, 1, 2].map(s => failed(s))))
  assert.equal(alerts.length, 1)
  assert.match(stderr, /rule "gateway down": command would be notified: \/bin\/touch .* paytm/)
  assert.equal(existsSync(out), false)
  assert.equal(alertEval(['--rules', dir, '--dry-run', '--state', dir]).status, 2)
})

test('alerters that are not supported are named when the rules are read', t => {
  const { stderr } = alertEval([
    '--rules',
    rulesIn(t, RULE.replace('alert: debug', 'alert: [debug, gitter]'))
  ])
  assert.match(stderr, /rule0\.yaml:9:16: alerts by gitter are not supported here/)
})

test('--check names options of alerters that are missing, misspelt or no such value, with their place', t => {
  const check = (alert: string): string => {
    const { status, stderr } = alertEval([
      '--check',
      '--rules',
      rulesIn(t, RULE.replace('alert: debug', alert))
    ])
    assert.equal(status, 2, stderr)
    return stderr
  }
  assert.match(
    check('alert: slack'),
    /rule0\.yaml:9:1: slack_webhook_url is missing: alerts by slack need it/
  )
  const misspelt = check('alert:\n- slack:\n    slack_webhook_ulr: http://x\n    slack_webhook_url: http://x')
  assert.match(
    misspelt,
    /rule0\.yaml:11:5: unknown option slack_webhook_ulr: did you mean slack_webhook_url\?/
  )
  assert.match(
    check('alert: slack\nslack_webhook_url: http://x\nslack_msg_color: dangr'),
    /rule0\.yaml:11:1: slack_msg_color is good, warning, danger, not dangr: did you mean danger\?/
  )
  assert.match(
    check('alert: post\nhttp_post_url: http://x\nhttp_post_timeout: soon'),
    /rule0\.yaml:11:1: http_post_timeout is a number, not "soon"/
  )
})

test('--check names every error with its place and ends with 2', t => {
  const dir = rulesIn(t, RULE.replace('num_events', 'num_evnts').replace('term:', 'trem:'))
  const { status, stderr } = alertEval(['--check', '--rules', dir])
  assert.equal(status, 2)
  assert.match(stderr, /rule0\.yaml:5:1: unknown option num_evnts: did you mean num_events\?/)
  assert.match(stderr, /rule0\.yaml:3:1: num_events is missing: a frequency rule needs it/)
  assert.match(stderr, /rule0\.yaml:11:3: unknown query trem: did you mean term\?/)
  assert.equal(alertEval(['--check', '--rules', rulesIn(t, RULE)]).status, 0)
  const steered = rulesIn(t, `${RULE}max_query_size: 100\n`)
  const said = /max_query_size does nothing here: every event is read, once/
  assert.match(alertEval(['--check', '--rules', steered]).stderr, said)
  assert.doesNotMatch(alertEval(['--rules', steered]).stderr, said)
})

test('a rule of another type, no rules and no --rules are errors of usage', t => {
  const other = alertEval(['--rules', rulesIn(t, RULE.replace('frequency', 'my_module.Rule'))])
  assert.equal(other.status, 2)
  assert.match(
    other.stderr,
    /my_module\.Rule is a Python class: here it is a JavaScript module, such as \.\/Rule\.mjs/
  )
  assert.equal(alertEval(['--rules', folder(t, {})]).status, 2)
  assert.equal(alertEval(['--rules', '/nowhere/at/all']).status, 2)
  assert.equal(alertEval([]).status, 2)
})

test("ElastAlert's config.yaml names the rules", t => {
  const dir = rulesIn(t, RULE)
  const config = path.join(folder(t, {}), 'config.yaml')
  writeFileSync(
    config,
    `rules_folder: ${dir}\nrun_every: {minutes: 1}\nbuffer_time: {minutes: 15}\nes_host: db\nes_port: 9200\nwriteback_index: e\n`
  )
  assert.equal(alertEval(['--config', config], ndjson([0, 1, 2].map(s => failed(s)))).alerts.length, 1)
})

test('a bad line ends the tool with 1, after the alerts before it; with --dead-letter it is kept and the rest goes on', t => {
  const dir = rulesIn(t, RULE)
  const good = (from: number) => ndjson([0, 1, 2].map(s => failed(from + s)))
  const input = `${good(0)}{"status":"FAILED"\n${good(1000)}`
  const stopped = alertEval(['--rules', dir], input)
  assert.equal(stopped.status, 1)
  assert.match(stopped.stderr, /stdin:4: not JSON/)
  assert.ok(stopped.alerts.length >= 1)
  const letters = path.join(dir, 'dead.ndjson')
  const { status, alerts } = alertEval(['--rules', dir, '--dead-letter', letters], input)
  assert.equal(status, 0)
  assert.equal(alerts.length, 2)
  assert.equal(JSON.parse(readFileSync(letters, 'utf8')).text, '{"status":"FAILED"')
})

test('a half-filled window and a silence outlive a restart at a mark, and marks are passed on', t => {
  const dir = rulesIn(t, RULE)
  const state = path.join(dir, 'state')
  const first = alertEval(
    ['--rules', dir, '--state', state],
    mark('resume', 0) + ndjson([failed(0), failed(1)]) + mark('mark', 1) + ndjson([failed(2)])
  )
  assert.equal(first.status, 0, first.stderr)
  assert.equal(first.alerts.length, 1)
  assert.ok(first.stdout.startsWith(mark('resume', 0) + mark('mark', 1)))
  assert.equal(
    JSON.parse(readFileSync(path.join(state, 'alert-eval', 'acknowledged.json'), 'utf8')).mark.n,
    1
  )
  const again = alertEval(
    ['--rules', dir, '--state', state],
    mark('resume', 1) + ndjson([failed(2), failed(3), failed(4), failed(5)]) + mark('mark', 2)
  )
  assert.deepEqual(
    again.alerts.map(a => a['@timestamp']),
    ['2026-11-24T10:00:02.000Z']
  )
})

test('silence is found at the marks of an idle source, and not at those behind lines', t => {
  const flat = `name: flat\ntype: flatline\nindex: x\nalert: debug\nthreshold: 1\ntimeframe: {minutes: 2}\nrealert: {hours: 1}\n`
  const late = (n: number): string =>
    `${JSON.stringify({ '@mark': { n, at: { pos: n }, ts_ms: START + 200_000 } })}\n`
  const args = ['--rules', rulesIn(t, flat), '--quiet']
  assert.deepEqual(alertEval(args, ndjson([failed(5)]) + late(1)).alerts, [])
  const { alerts } = alertEval(args, ndjson([failed(5)]) + late(1) + late(2))
  assert.deepEqual(
    alerts.map(a => [a['@timestamp'], a.match]),
    [
      [
        '2026-11-24T10:03:00.000Z',
        { '@timestamp': '2026-11-24T10:03:00Z', key: 'all', count: 0, threshold: 1 }
      ]
    ]
  )
})

test('a file of alerts is continued where the mark that is resumed from left it', t => {
  const dir = rulesIn(t, RULE)
  const state = path.join(dir, 'state')
  const out = path.join(dir, 'alerts.ndjson')
  const args = ['--rules', dir, '--state', state, '--out', out]
  const events = (from: number) => ndjson([0, 1, 2].map(s => failed(from + s)))
  alertEval(args, mark('resume', 0) + events(0) + mark('mark', 1) + events(1000))
  assert.equal(readFileSync(out, 'utf8').trim().split('\n').length, 2)
  const { status, stderr } = alertEval(
    args,
    mark('resume', 1) + events(1000) + events(2000) + mark('mark', 2)
  )
  assert.equal(status, 0, stderr)
  assert.deepEqual(
    readFileSync(out, 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line)['@timestamp'].slice(11, 19)),
    ['10:00:02', '10:16:42', '10:33:22']
  )
})

test('an alert leaves at once, while the input goes on', async t => {
  const child = startTool('alert-eval', ['--rules', rulesIn(t, RULE)])
  t.after(() => child.kill('SIGKILL'))
  child.stdin.write(ndjson([0, 1, 2].map(s => failed(s))))
  const [first] = await new Promise<Buffer[]>(resolve =>
    child.stdout.once('data', (chunk: Buffer) => resolve([chunk]))
  )
  assert.equal(JSON.parse(String(first)).rule, 'gateway down')
  child.stdin.end()
  const status = await new Promise(resolve => child.on('close', resolve))
  assert.equal(status, 0)
})

test('a reader that has seen enough is no error', async t => {
  const child = startTool('alert-eval', ['--rules', rulesIn(t, RULE.replace('minutes: 10', 'minutes: 0'))])
  t.after(() => child.kill('SIGKILL'))
  child.stdout.once('data', () => child.stdout.destroy())
  child.stdin.on('error', () => {
    // it has ended, as it should
  })
  const closed = new Promise(resolve => child.on('close', resolve))
  for (let i = 0; i < 200 && child.exitCode === null; i++) {
    child.stdin.write(ndjson(Array.from({ length: 300 }, (_, s) => failed(i * 1000 + s))))
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  child.stdin.end()
  assert.equal(await closed, 0)
})

test('without --state nothing is written beside the output', t => {
  const dir = rulesIn(t, RULE)
  alertEval(['--rules', dir], mark('resume', 0) + ndjson([failed(0)]) + mark('mark', 1))
  assert.equal(existsSync(path.join(dir, 'alert-eval')), false)
})

test('aggregated alerts go out at the end of the input, and a command is given all of their matches', t => {
  const rule = RULE.replace('realert: {minutes: 10}', 'aggregation: {hours: 1}')
    .replace('num_events: 3', 'num_events: 1')
    .replace('alert: debug', 'alert: command\ncommand: [cat]\npipe_match_json: true')
  const { alerts, stderr } = alertEval(['--rules', rulesIn(t, rule)], ndjson([failed(0), failed(1, 'upi')]))
  assert.deepEqual(
    alerts.map(a => [a['@timestamp'], a.num_hits]),
    [['2026-11-24T11:00:00.000Z', 2]]
  )
  assert.match(stderr, /^\[\{"gateway":"paytm".*\},\{"gateway":"upi".*\}\]$/m)
})

test('with --state what waits for others goes out in the next run', t => {
  const dir = rulesIn(t, RULE.replace('realert: {minutes: 10}', 'aggregation: {hours: 1}'))
  const args = ['--rules', dir, '--state', path.join(dir, 'state')]
  assert.deepEqual(alertEval(args, ndjson([0, 1, 2].map(s => failed(s)))).alerts, [])
  assert.deepEqual(
    alertEval(args, ndjson([failed(3603)])).alerts.map(a => a['@timestamp']),
    ['2026-11-24T11:00:02.000Z']
  )
})

test('intervals of nothing are an error of usage: rules that time decides were never evaluated', t => {
  const dir = folder(t, { 'rule.yaml': 'name: a\ntype: any\nindex: x\nalert: debug\n' })
  for (const flag of ['--run-every', '--buffer-time']) {
    const { status, stderr } = runTool('alert-eval', ['--rules', dir, flag, '0s'])
    assert.deepEqual([status, stderr], [2, `alert-eval: ${flag} is longer than nothing\n`])
  }
})
