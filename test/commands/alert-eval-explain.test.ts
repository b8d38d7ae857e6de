import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folder, ndjson } from '../rules/rules.ts'
import { runTool, startTool } from './run-tool.ts'

const RULE = `
name: gateway down
type: frequency
index: payments
num_events: 3
timeframe: {minutes: 5}
query_key: gateway
alert: debug
filter:
- term: {status: FAILED}
`

const START = Date.UTC(2026, 10, 24, 10)

function event(second: number, status = 'FAILED'): unknown {
  return { '@timestamp': new Date(START + second * 1000).toISOString(), gateway: 'paytm', status }
}

test('--explain says at the end why a rule has not fired, and changes no alert', t => {
  const dir = folder(t, { 'rule.yaml': RULE })
  const events = ndjson([event(0), event(1), event(2, 'DONE')])
  const { status, stdout, stderr } = runTool('alert-eval', ['--rules', dir, '--explain'], events)
  assert.deepEqual([status, stdout], [0, ''], stderr)
  assert.match(
    stderr,
    /paytm: 3 events, 2 passed the filter \(1 not status is FAILED\); no match; 2 of 3 events within/
  )
  const tested = runTool('alert-eval', ['--test', dir, '--explain'], events + ndjson([event(3)]))
  assert.equal(tested.stdout, runTool('alert-eval', ['--rules', dir], events + ndjson([event(3)])).stdout)
  assert.match(tested.stderr, /1 match: 1 alert; realert until/)
})

test('a running process says on SIGUSR2 how it stands', async t => {
  const dir = folder(t, { 'rule.yaml': RULE })
  const child = startTool('alert-eval', ['--rules', dir, '--explain'])
  t.after(() => child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  child.stdin.write(ndjson([0, 1, 2].map(s => event(s))))
  await new Promise(resolve => child.stdout.once('data', resolve))
  child.stdin.write(ndjson([event(3)]))
  while (!/paytm: 4 events.*1 of 3 events within/.test(stderr)) {
    child.kill('SIGUSR2')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  child.stdin.end()
  assert.equal(await new Promise(resolve => child.on('close', resolve)), 0)
})
