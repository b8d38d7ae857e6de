import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ToolError } from '../../src/lib/cli/index.ts'
import { OutputWriter } from '../../src/lib/stream/bytes.ts'
import { formatMark, formatResume, type Mark } from '../../src/lib/stream/control.ts'
import { openInput } from '../../src/lib/stream/input.ts'
import { openOutput } from '../../src/lib/stream/output.ts'
import { formatSchema } from '../../src/lib/stream/row-schema.ts'
import { runStage, type Stage } from '../../src/lib/stream/stage.ts'
import { RunningRelay, runRelay } from './run-relay.ts'
import { temporaryFolder } from './temporary.ts'

const mark = (n: number): Mark => ({ n, at: { pos: n }, ts_ms: n })
const markLine = (n: number): string => formatMark(mark(n)).toString()
const resumeLine = (n: number): string => formatResume(mark(n)).toString()

/** What a stage is told, in order, and what comes out behind it. */
async function drive(
  t: TestContext,
  input: string,
  lines: (text: string) => void = () => {},
  passesRows = false
): Promise<{ calls: string[]; output: string; error: unknown }> {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'in'), input)
  const calls: string[] = []
  const writer = new OutputWriter(openOutput(join(folder, 'out')))
  const stage: Stage = {
    passesRows,
    schema: async ({ table }) => void calls.push(`schema ${table}`),
    begin: async resume => void calls.push(`begin ${resume === null ? null : resume.n}`),
    lines(part) {
      const text = part.bytes.toString()
      calls.push(`lines ${text.trimEnd()}`)
      writer.bytes.text(text.toUpperCase())
      lines(text)
    },
    mark: async ({ n }) => void calls.push(`mark ${n}`),
    end: async reason => void calls.push(`end ${reason}`)
  }
  let error: unknown
  try {
    await runStage(
      openInput(join(folder, 'in'), { maxLine: 1000 }),
      writer,
      stage,
      new AbortController().signal
    )
  } catch (thrown) {
    error = thrown
  }
  await writer.output.close()
  return { calls, output: readFileSync(join(folder, 'out'), 'utf8'), error }
}

test('lines and marks are handed over in order, and control lines are passed on behind the output before them', async t => {
  const { calls, output, error } = await drive(
    t,
    `${resumeLine(4)}a\nb\n${markLine(5)}{"@new":{"x":1}}\nc\n${markLine(6)}`
  )
  assert.equal(error, undefined)
  assert.deepEqual(calls, ['begin 4', 'lines a\nb', 'mark 5', 'lines c', 'mark 6', 'end end'])
  assert.equal(output, `${resumeLine(4)}A\nB\n${markLine(5)}{"@new":{"x":1}}\nC\n${markLine(6)}`)
})

test('a schema is handed over in its place, and passed on by stages that pass the rows on that it tells of', async t => {
  const schema = formatSchema({ db: 'd', table: 't', key: [], columns: [] })
  const input = `${schema}a\n${markLine(1)}`
  const calls = ['begin null', 'schema t', 'lines a', 'mark 1', 'end end']
  assert.deepEqual(await drive(t, input), { calls, output: `A\n${markLine(1)}`, error: undefined })
  const passed = await drive(t, input, undefined, true)
  assert.deepEqual(passed, { calls, output: `${schema}A\n${markLine(1)}`, error: undefined })
})

test('a stage begins once, whatever comes first', async t => {
  const cases: [string, string[]][] = [
    ['', ['begin null', 'end end']],
    ['a\n', ['begin null', 'lines a', 'end end']],
    [markLine(1), ['begin null', 'mark 1', 'end end']],
    [`{"@new":{}}\n${resumeLine(0)}a\n`, ['begin 0', 'lines a', 'end end']]
  ]
  for (const [input, calls] of cases) assert.deepEqual((await drive(t, input)).calls, calls)
})

test('a cut line ends the stage as cut, after all before it, and is thrown', async t => {
  const { calls, output, error } = await drive(t, `a\n${markLine(1)}b\n{"c"`)
  assert.deepEqual(calls, ['begin null', 'lines a', 'mark 1', 'lines b', 'end cut'])
  assert.equal(output, `A\n${markLine(1)}B\n`)
  assert.ok(error instanceof ToolError && error.code === 'INPUT')
  assert.match(error.message, /:4: input ended inside a line/)
})

test('a line over the limit ends the stage in the same way', async t => {
  const { calls, output, error } = await drive(t, `a\n${'x'.repeat(1001)}\nb\n`)
  assert.deepEqual(calls, ['begin null', 'lines a', 'end cut'])
  assert.equal(output, 'A\n')
  assert.match((error as Error).message, /:2: line is longer than 1000 B/)
})

test('a line that the stage refuses ends it as cut, with the output of the lines before', async t => {
  for (const code of ['INPUT', 'DATA'] as const) {
    const refusal = new ToolError(code, 'refused')
    const { calls, output, error } = await drive(t, 'a\nb\n', () => {
      throw refusal
    })
    assert.deepEqual(calls, ['begin null', 'lines a\nb', 'end cut'])
    assert.equal(output, 'A\nB\n')
    assert.equal(error, refusal)
  }
})

test('after any other failure nothing more is done: what was not acknowledged comes again', async t => {
  const failure = new ToolError('SERVER', 'gone')
  const { calls, error } = await drive(t, 'a\n', () => {
    throw failure
  })
  assert.deepEqual(calls, ['begin null', 'lines a'])
  assert.equal(error, failure)
})

test('good lines before a bad one are passed on, the bad one is named, status 1', () => {
  const { status, stdout, stderr } = runRelay(['--check'], '{"a":1}\n{"a":2}\n{"a":}\n{"a":4}\n')
  assert.equal(status, 1)
  assert.equal(stdout, '{"a":1}\n{"a":2}\n')
  assert.match(
    stderr,
    /^relay: ends: cut\nrelay: stdin:3: not JSON: expected a value, found '}'\n {2}\{"a":\}\n {7}\^\n/m
  )
})

test('with --dead-letter bad lines are kept there and the others passed on, status 0', t => {
  const file = join(temporaryFolder(t), 'dead.ndjson')
  const { status, stdout } = runRelay(
    ['--check', '--dead-letter', file],
    '{"a":1}\noops\n{"a":3}\n{"a"\n{"a":5}\n'
  )
  assert.equal(status, 0)
  assert.equal(stdout, '{"a":1}\n{"a":3}\n{"a":5}\n')
  const letters = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    letters.map(letter => [letter.dead_letter.line, letter.text]),
    [
      [2, 'oops'],
      [4, '{"a"']
    ]
  )
})

test('a cut line is never a dead letter', t => {
  const file = join(temporaryFolder(t), 'dead.ndjson')
  assert.equal(runRelay(['--check', '--dead-letter', file], '{"a":1}\n{"a"').status, 1)
  assert.equal(readFileSync(file, 'utf8'), '')
})

test('after SIGTERM what the stage before still writes is taken, then it ends as stopped with 0', async t => {
  const running = new RunningRelay(t)
  running.write('{"a":1}\n')
  await running.until('stdout', /\{"a":1\}/)
  running.child.kill('SIGTERM')
  running.write(`{"a":2}\n${markLine(1)}{"a":3`)
  const { status, stdout, stderr } = await running.finished()
  assert.equal(status, 0, stderr)
  assert.equal(stdout, `{"a":1}\n{"a":2}\n${markLine(1)}`)
  assert.match(stderr, /relay: mark 1\nrelay: ends: stopped\n$/)
})

test('after SIGINT the end of the input is not waited for the full second', async t => {
  const running = new RunningRelay(t)
  running.write('{"a":1}\n')
  await running.until('stdout', /\{"a":1\}/)
  const started = performance.now()
  running.child.kill('SIGINT')
  running.child.stdin?.end()
  assert.equal((await running.finished()).status, 0)
  assert.ok(performance.now() - started < 900)
})

test('a reader that does not read cannot keep a tool that is told to stop: a second signal ends it at once', async t => {
  const running = new RunningRelay(t)
  running.child.stdout?.pause()
  const line = `{"a":"${'x'.repeat(1000)}"}\n`
  for (let i = 0; i < 5000; i++) running.write(line)
  await running.until('stderr', /begins/)
  await new Promise(resolve => setTimeout(resolve, 500))
  running.child.kill('SIGTERM')
  await new Promise(resolve => setTimeout(resolve, 100))
  const started = performance.now()
  running.child.kill('SIGTERM')
  assert.deepEqual(await once(running.child, 'exit'), [143, null])
  assert.ok(performance.now() - started < 5000)
})
