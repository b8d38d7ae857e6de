import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { folder, ndjson } from '../rules/rules.ts'
import { runTool, startTool } from './run-tool.ts'

const RULE = `
name: refunds
type: any
index: payments
query_key: gateway
realert: {minutes: 10}
alert: debug
`

const START = Date.UTC(2026, 10, 24, 10)

function at(minute: number): string {
  return new Date(START + minute * 60_000).toISOString()
}

function refund(minute: number, gateway = 'paytm'): unknown {
  return { gateway, '@timestamp': at(minute) }
}

function control(kind: 'mark' | 'resume', n: number): string {
  return `${JSON.stringify({ [`@${kind}`]: { n, at: n === 0 ? null : { pos: n }, ts_ms: START } })}\n`
}

/** A folder with the rule, and a state directory that the tool has been in. */
function prepared(t: TestContext): { rules: string; state: string; args: string[] } {
  const dir = folder(t, { 'rule.yaml': RULE })
  const state = path.join(dir, 'state')
  mkdirSync(path.join(state, 'alert-eval'), { recursive: true })
  return { rules: dir, state, args: ['--rules', dir, '--state', state] }
}

interface Line {
  '@timestamp': string
  key: string
  silenced?: boolean
}

/** Minute and key of each alert, a silenced one in brackets. */
function told(stdout: string): string[] {
  return stdout
    .split('\n')
    .filter(line => line.startsWith('{"@timestamp'))
    .map(line => {
      const alert = JSON.parse(line) as Line
      const text = `${(Date.parse(alert['@timestamp']) - START) / 60_000} ${alert.key}`
      return alert.silenced === true ? `(${text})` : text
    })
}

function silence(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return runTool('alert-eval', ['silence', ...args])
}

test('a silenced key is written as silenced and told to nobody, other keys are alerted', t => {
  const { state, args } = prepared(t)
  const done = silence('refunds', '--key', 'paytm', '--from', at(5), '--for', '60m', '--state', state)
  assert.equal(done.status, 0, done.stderr)
  const events = [refund(4), refund(20), refund(21, 'upi'), refund(25), refund(40)]
  const { stdout, stderr } = runTool('alert-eval', args, ndjson(events))
  assert.deepEqual(told(stdout), ['4 paytm', '(20 paytm)', '21 upi', '(40 paytm)'])
  assert.equal(stderr.match(/Alert for refunds/g)?.length, 2)
})

test('realert begins with the first alert after a silence: what was silenced holds nothing back', t => {
  const { state, args } = prepared(t)
  silence('refunds', '--from', at(0), '--for', '10m', '--state', state)
  const { stdout } = runTool('alert-eval', args, ndjson([refund(9), refund(10), refund(11)]))
  assert.deepEqual(told(stdout), ['(9 paytm)', '10 paytm'])
})

test('--fail-on-alert is not concerned by silenced alerts', t => {
  const { state, args } = prepared(t)
  silence('refunds', '--from', at(0), '--for', '1h', '--state', state)
  assert.equal(runTool('alert-eval', [...args, '--fail-on-alert'], ndjson([refund(5)])).status, 0)
})

test('a replay with the file of silences gives the bytes of the run, whenever it is', t => {
  const { rules, state, args } = prepared(t)
  silence('refunds', '--from', at(5), '--for', '1h', '--state', state)
  const events = ndjson([refund(4), refund(20), refund(70)])
  const live = runTool('alert-eval', args, events)
  const file = path.join(state, 'alert-eval', 'silences.json')
  const again = runTool('alert-eval', ['--rules', rules, '--silences', file], events)
  assert.equal(again.stdout, live.stdout)
  assert.match(live.stdout, /"silenced":true/)
})

test('a silence lasts over a restart, and a run that is resumed silences the same alerts again', t => {
  const { state, args, rules } = prepared(t)
  const out = path.join(rules, 'alerts.ndjson')
  const run = [...args, '--out', out]
  silence('refunds', '--from', at(5), '--for', '1h', '--state', state)
  const first = ndjson([refund(4), refund(20)])
  const rest = ndjson([refund(25), refund(31), refund(50), refund(66)])
  runTool('alert-eval', run, control('resume', 0) + first + control('mark', 1) + rest)
  const unbroken = readFileSync(out, 'utf8')
  assert.deepEqual(told(unbroken), ['4 paytm', '(20 paytm)', '(31 paytm)', '(50 paytm)', '66 paytm'])
  runTool('alert-eval', run, control('resume', 1) + rest + control('mark', 2))
  assert.equal(readFileSync(out, 'utf8'), unbroken)
})

test('a running process takes up a silence with the next lines', async t => {
  const { state, args } = prepared(t)
  const child = startTool('alert-eval', args)
  t.after(() => child.kill('SIGKILL'))
  let stdout = ''
  const lines = async (n: number): Promise<void> => {
    while (told(stdout).length < n) await new Promise(resolve => child.stdout.once('data', resolve))
  }
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
  })
  child.stdin.write(ndjson([refund(4)]))
  await lines(1)
  silence('refunds', '--from', at(5), '--for', '1h', '--state', state)
  child.stdin.write(ndjson([refund(20)]))
  await lines(2)
  writeFileSync(path.join(state, 'alert-eval', 'silences.json'), '{"silences":')
  child.stdin.end(ndjson([refund(40)]))
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  assert.equal(await new Promise(resolve => child.on('close', resolve)), 0)
  assert.deepEqual(told(stdout), ['4 paytm', '(20 paytm)', '(40 paytm)'])
  assert.match(stderr, /silences\.json holds no silences.*; the silences before it go on/s)
})

test('--list prints what is not over, and --lift ends it at once but not for what was before', t => {
  const { state } = prepared(t)
  const run = (...args: string[]) => silence(...args, '--state', state)
  run('old', '--from', at(-1e6), '--for', '1h')
  run(
    'refunds',
    '--key',
    'paytm',
    '--key',
    'upi',
    '--from',
    new Date(Date.now() - 3_600_000).toISOString(),
    '--for',
    '5h'
  )
  const listed = (): { rule: string; key: string | null; from: string }[] =>
    run('--list')
      .stdout.split('\n')
      .filter(line => line !== '')
      .map(line => JSON.parse(line))
  assert.deepEqual(
    listed().map(s => [s.rule, s.key]),
    [
      ['refunds', 'paytm'],
      ['refunds', 'upi']
    ]
  )
  assert.equal(run('refunds', '--lift', '--key', 'upi').status, 0)
  assert.deepEqual(
    listed().map(s => s.key),
    ['paytm']
  )
  const kept = JSON.parse(readFileSync(path.join(state, 'alert-eval', 'silences.json'), 'utf8')).silences
  assert.equal(kept.length, 3)
  const again = run('refunds', '--lift', '--key', 'upi')
  assert.equal(again.status, 1)
  assert.match(again.stderr, /"refunds" of upi has no silence to lift/)
})

test('silences that are made at once are all kept', async t => {
  const { state } = prepared(t)
  const file = path.join(state, 'alert-eval', 'silences.json')
  const made = Array.from({ length: 4 }, (_, i) =>
    startTool('alert-eval', ['silence', `rule ${i}`, '--for', '1h', '--state', state])
  )
  await Promise.all(made.map(child => new Promise(resolve => child.on('close', resolve))))
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).silences.length, 4)
})

test('a silence without a rule, an end, a time or a state that is there is an error of usage', t => {
  const { state } = prepared(t)
  assert.match(silence('--for', '1h', '--state', state).stderr, /RULE is missing/)
  assert.match(silence('refunds', '--state', state).stderr, /--for is missing/)
  assert.match(silence('refunds', '--for', '1h').stderr, /--state is missing/)
  assert.match(silence('a', '--for', '1h', '--from', 'noon', '--state', state).stderr, /'noon' is not a time/)
  const { status, stderr } = silence('refunds', '--for', '1h', '--state', `${state}/elsewhere`)
  assert.equal(status, 2)
  assert.match(stderr, /no alert-eval has kept state in/)
})

test('what has no effect on --list or --lift is an error of usage: all was listed, or lifted at once', t => {
  const { state } = prepared(t)
  const wrong: [args: string[], stderr: RegExp][] = [
    [['refunds', '--list'], /--list, which prints all, goes without RULE/],
    [['--list', '--key', 'a'], /goes without --key/],
    [['--list', '--lift'], /goes without --lift/],
    [['refunds', '--lift', '--for', '1h'], /--lift, which ends what there is now, goes without --for/],
    [['refunds', '--lift', '--from', at(0)], /goes without --from/]
  ]
  for (const [args, message] of wrong) {
    const { status, stderr } = silence(...args, '--state', state)
    assert.equal(status, 2, args.join(' '))
    assert.match(stderr, message)
  }
})

test('a list that cannot be written, as on a full disk, is an error: it was said to be done', t => {
  const { state } = prepared(t)
  assert.equal(silence('refunds', '--for', '1h', '--state', state).status, 0)
  const full = openSync('/dev/full', 'w')
  t.after(() => closeSync(full))
  const tool = path.resolve(import.meta.dirname, '../../bin/alert-eval.js')
  const args = [tool, 'silence', '--list', '--state', state]
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'] })
  assert.equal(status, 1)
  assert.match(stderr.toString(), /cannot write to stdout: ENOSPC/)
})

test('a rule that the last snapshot does not know is named in a warning', t => {
  const { state, args } = prepared(t)
  runTool('alert-eval', args, control('resume', 0) + ndjson([refund(0)]) + control('mark', 1))
  assert.match(
    silence('refund', '--for', '1h', '--state', state).stderr,
    /no rule named refund was there at the last mark in .*: did you mean refunds\?/
  )
  assert.doesNotMatch(silence('refunds', '--for', '1h', '--state', state).stderr, /no rule named/)
})
