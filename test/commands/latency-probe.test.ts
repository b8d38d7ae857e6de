import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ndjson } from '../rules/rules.ts'
import { runTool, startTool } from './run-tool.ts'

function change(agoMs: number, captureMs = 5): unknown {
  const committed = Date.now() - agoMs
  return {
    before: null,
    after: { id: 1 },
    source: { ts_ms: committed, table: 'payments' },
    op: 'c',
    ts_ms: committed + captureMs
  }
}

const minutes = 60_000

test('figures of the whole run come as one line at the end', () => {
  const { status, stdout } = runTool(
    'latency-probe',
    [],
    ndjson([change(2 * minutes), change(minutes), change(minutes)])
  )
  assert.equal(status, 0)
  const figures = JSON.parse(stdout)
  assert.equal(figures.final, true)
  assert.equal(figures.events, 3)
  const { source, capture } = figures.stages
  assert.equal(source.count, 3)
  assert.ok(source.p50 >= minutes * 0.99 && source.p50 < 1.5 * minutes)
  assert.ok(source.max >= 2 * minutes * 0.99 && source.max < 2.5 * minutes)
  assert.ok(Math.abs(capture.p99 - 5) < 0.1)
})

test('--field measures from a time of choice, in a plain row or the row of a change event', () => {
  const at = new Date(Date.now() - minutes).toISOString()
  const rows = [
    { window_end: at },
    { window_end: Date.now() - minutes },
    { after: { window_end: at }, op: 'c', source: {} }
  ]
  const { stdout } = runTool('latency-probe', ['--field', 'window_end'], ndjson(rows))
  const { stages, unmeasured } = JSON.parse(stdout)
  assert.equal(stages.total.count, 3)
  assert.equal(unmeasured, 0)
  assert.ok(stages.total.p50 >= minutes * 0.99 && stages.total.max < 1.5 * minutes)
})

test('a threshold that is crossed ends it with 4 and names figure and limit', () => {
  const events = ndjson([change(minutes)])
  const { status, stderr } = runTool(
    'latency-probe',
    ['--threshold', 'p99<50s', '--threshold', 'capture.p99=1s'],
    events
  )
  assert.equal(status, 4)
  assert.match(stderr, /source\.p99 is \d+(\.\d+)? ms, the limit is < 50000 ms \(p99<50s\)/)
  assert.doesNotMatch(stderr, /capture/)
  assert.equal(runTool('latency-probe', ['--threshold', 'p99<10m'], events).status, 0)
  assert.equal(runTool('latency-probe', ['--threshold', 'count>1'], events).status, 4)
})

test('a threshold on what was never measured cannot be met', () => {
  const { status, stderr } = runTool('latency-probe', ['--threshold', 'p99<50s'], '')
  assert.equal(status, 4)
  assert.match(stderr, /p99<50s: nothing was measured for source/)
})

test('a threshold that cannot be read is an error of usage', () => {
  for (const text of ['p98<1s', 'p99', 'p99<soon', 'sauce.p99<1s', 'rate>many']) {
    assert.equal(runTool('latency-probe', ['--threshold', text]).status, 2, text)
  }
})

test('--tee passes every byte on, marks too, with the figures on stderr', () => {
  const input = `{"@resume":{"n":0,"at":null,"ts_ms":1}}\n${ndjson([change(minutes)])}not even JSON\n{"@mark":{"n":1,"at":null,"ts_ms":1}}\n{"x":1}\r\n`
  const { status, stdout, stderr } = runTool('latency-probe', ['--tee'], input)
  assert.equal(status, 0)
  assert.equal(stdout, input)
  const figures = JSON.parse(stderr.split('\n').find(line => line.startsWith('{')) ?? '')
  assert.equal(figures.events, 3)
  assert.equal(figures.unmeasured, 2)
  assert.match(stderr, /2 of 3 lines had no time to measure by/)
})

test('figures come every --every, each of its own interval, and a crossed limit is said at once', async t => {
  const child = startTool('latency-probe', ['--every', '100ms', '--threshold', 'p99<1s'])
  t.after(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => (stdout += chunk))
  child.stderr.on('data', chunk => (stderr += chunk))
  child.stdin.write(ndjson([change(minutes), change(minutes)]))
  const until = Date.now() + 20_000
  while (!/the limit is < 1000 ms/.test(stderr) && Date.now() < until)
    await new Promise(resolve => setTimeout(resolve, 20))
  assert.match(stderr, /warning: source\.p99 is/)
  child.stdin.end(ndjson([change(minutes)]))
  const status = await new Promise(resolve => child.on('close', resolve))
  assert.equal(status, 4)
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const intervals = lines.filter(line => !line.final)
  assert.equal(intervals.reduce((sum, line) => sum + line.events, 0) <= 3, true)
  assert.equal(
    intervals.some(line => line.events === 2),
    true
  )
  assert.equal(lines.at(-1).final, true)
  assert.equal(lines.at(-1).events, 3)
})
