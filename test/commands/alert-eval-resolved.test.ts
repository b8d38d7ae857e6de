import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { folder, ndjson } from '../rules/rules.ts'
import { runTool } from './run-tool.ts'

const RULE = `
name: gateway down
type: frequency
index: payments
num_events: 2
timeframe: {minutes: 2}
query_key: gateway
realert: {minutes: 0}
resolve: true
alert: command
command: [sh, -c, 'echo "$0" >> FILE', "{alert_state} {gateway}"]
`

const START = Date.UTC(2026, 10, 24, 10)

function failed(second: number, gateway = 'paytm'): unknown {
  return { gateway, '@timestamp': new Date(START + second * 1000).toISOString() }
}

function control(kind: 'mark' | 'resume', n: number): string {
  return `${JSON.stringify({ [`@${kind}`]: { n, at: n === 0 ? null : { pos: n }, ts_ms: START } })}\n`
}

test('alerters are told that a condition has cleared, and --fail-on-alert is not concerned', t => {
  const dir = folder(t, {})
  const told = path.join(dir, 'told')
  writeFileSync(path.join(dir, 'rule.yaml'), RULE.replace('FILE', told))
  const events = [failed(0), failed(1), failed(300, 'upi')]
  const { status, stderr } = runTool('alert-eval', ['--rules', dir], ndjson(events))
  assert.equal(status, 0, stderr)
  assert.match(stderr, /: 1 alert from 1 rule/)
  assert.deepEqual(readFileSync(told, 'utf8').trim().split('\n').sort(), ['firing paytm', 'resolved paytm'])
})

test('a run that is killed between an alert and its end resolves it once, as an unbroken one', t => {
  const dir = folder(t, { 'rule.yaml': RULE.replace(/alert: command[\s\S]*/, 'alert: debug\n') })
  const out = path.join(dir, 'alerts.ndjson')
  const args = ['--rules', dir, '--state', path.join(dir, 'state'), '--out', out, '--quiet']
  const before = control('resume', 0) + ndjson([failed(0), failed(1)]) + control('mark', 1)
  const after = ndjson([failed(90, 'upi'), failed(130, 'upi'), failed(300, 'card'), failed(900, 'card')])
  runTool('alert-eval', args, before + after)
  const unbroken = readFileSync(out, 'utf8')
  const states = unbroken
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
    .map(({ state, key }) => `${state} ${key}`)
  assert.deepEqual(states, ['firing paytm', 'firing upi', 'resolved paytm', 'resolved upi'])
  runTool('alert-eval', args, control('resume', 1) + after + control('mark', 2))
  assert.equal(readFileSync(out, 'utf8'), unbroken)
  runTool('alert-eval', args, control('resume', 2) + ndjson([failed(2000, 'card')]))
  assert.equal(readFileSync(out, 'utf8'), unbroken)
})
