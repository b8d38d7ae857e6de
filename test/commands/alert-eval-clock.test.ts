import assert from 'node:assert/strict'
import { test } from 'node:test'
import { folder, ndjson } from '../rules/rules.ts'
import { runTool, startTool } from './run-tool.ts'

const FLATLINE = `
name: silent
type: flatline
index: logs
threshold: 1
timeframe: {seconds: 2}
run_every: {seconds: 1}
realert: {hours: 1}
resolve: true
alert: debug
`

const ANY = 'name: all\ntype: any\nindex: logs\nrealert: {minutes: 0}\nalert: debug\n'

test('by the wall clock a log that goes silent is found out without another line, and one that speaks again is resolved', async t => {
  const child = startTool('alert-eval', ['--rules', folder(t, { 'rule.yaml': FLATLINE }), '--clock', 'wall'])
  t.after(() => child.kill('SIGKILL'))
  let stdout = ''
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
  })
  const seen = async (text: string): Promise<void> => {
    while (!stdout.includes(text)) await new Promise(resolve => child.stdout.once('data', resolve))
  }
  const begun = Date.now()
  child.stdin.write(ndjson([{ message: 'a line without a time' }]))
  await seen('"state":"firing"')
  const alert = JSON.parse(stdout.split('\n')[0] as string)
  assert.ok(Date.parse(alert['@timestamp']) - begun > 1000)
  const speaking = setInterval(() => child.stdin.write(ndjson([{ message: 'again' }])), 300)
  await seen('"state":"resolved"')
  clearInterval(speaking)
  child.stdin.end()
  assert.equal(await new Promise(resolve => child.on('close', resolve)), 0)
})

test('by the wall clock an event without a time has that of its arrival, and one with a time its own', t => {
  const args = ['--rules', folder(t, { 'rule.yaml': ANY }), '--quiet']
  const events = ndjson([{ message: 'x' }, { message: 'y', '@timestamp': '2026-11-24T10:00:00Z' }])
  const before = Date.now()
  const { status, stdout, stderr } = runTool('alert-eval', [...args, '--clock', 'wall'], events)
  assert.equal(status, 0, stderr)
  const [first, second] = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.ok(Date.parse(first['@timestamp']) >= before)
  assert.equal(first.match.message, 'x')
  assert.equal(second['@timestamp'], '2026-11-24T10:00:00.000Z')
  const unreadable = ndjson([{ '@timestamp': 'yesterday' }])
  assert.equal(runTool('alert-eval', [...args, '--clock', 'wall'], unreadable).status, 1)
  assert.equal(runTool('alert-eval', args, events).status, 1)
})
