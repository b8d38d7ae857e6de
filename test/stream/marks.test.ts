import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { OutputWriter } from '../../src/lib/stream/bytes.ts'
import { parseControl } from '../../src/lib/stream/control.ts'
import { MarkWriter } from '../../src/lib/stream/marks.ts'
import { FileOutput, openOutput } from '../../src/lib/stream/output.ts'
import { StateDirectory } from '../../src/lib/stream/state.ts'
import { readTimeline } from '../../src/lib/stream/timeline.ts'
import { temporaryFolder } from './temporary.ts'

/** Control lines of a file as `mark 3`, data lines as they are. */
function linesOf(path: string): string[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => {
      const control = parseControl(Buffer.from(line))
      return control.kind === 'other' || control.kind === 'schema'
        ? line
        : `${control.kind} ${control.mark.n}`
    })
}

/** A tool downstream that has acknowledged this mark. */
async function sink(root: string, tool: string, n: number): Promise<void> {
  const state = await StateDirectory.open(root, tool)
  await state.register()
  await state.acknowledge({ n, at: { pos: n * 10 }, ts_ms: Date.now() })
  state.close()
}

/** One run of a source that writes to a pipe: `count` marks. */
async function run(t: TestContext, root: string, count: number, name?: string): Promise<string[]> {
  const path = join(temporaryFolder(t), 'out')
  const writer = new OutputWriter(openOutput(path))
  const state = await StateDirectory.open(root, 'cdc-tail', name)
  const marks = await MarkWriter.open(root, state, writer, 1000)
  await marks.begin()
  for (let i = 0; i < count; i++) await marks.write({ pos: 0 })
  await writer.drain()
  await writer.output.close()
  state.close()
  return linesOf(path)
}

test('the first run begins from nothing, and its marks are numbered from 1', async t => {
  assert.deepEqual(await run(t, temporaryFolder(t), 3), ['resume 0', 'mark 1', 'mark 2', 'mark 3'])
})

test('a run resumes from the oldest acknowledged mark, and its marks are numbered on', async t => {
  const root = temporaryFolder(t)
  await run(t, root, 5)
  await sink(root, 'es-sink', 4)
  await sink(root, 'alert-eval', 2)
  assert.deepEqual(await run(t, root, 2), ['resume 2', 'mark 6', 'mark 7'])
  await sink(root, 'alert-eval', 7)
  // es-sink's 4 lies on the branch that was given up at 2.
  assert.deepEqual(await run(t, root, 1), ['resume 2', 'mark 8'])
})

test('the timeline belongs to the pipeline, whatever --name its source has', async t => {
  const root = temporaryFolder(t)
  assert.deepEqual(await run(t, root, 2, 'dream'), ['resume 0', 'mark 1', 'mark 2'])
  await sink(root, 'es-sink', 1)
  assert.deepEqual(await run(t, root, 1), ['resume 1', 'mark 3'])
})

test('a number once taken is never given to another place, even when its mark was not written', async t => {
  const root = temporaryFolder(t)
  const writer = new OutputWriter({
    name: 'pipe',
    takesMarks: true,
    write: () => Promise.reject(new Error('the reader is gone')),
    sync: () => Promise.resolve(null),
    close: () => Promise.resolve()
  })
  const state = await StateDirectory.open(root, 'cdc-tail')
  const marks = await MarkWriter.open(root, state, writer, 1000)
  await marks.begin()
  await assert.rejects(async () => {
    await marks.write({ pos: 1 })
    await marks.write({ pos: 2 })
    await writer.drain()
  })
  state.close()
  const { last } = (await readTimeline(root)) ?? { last: { n: 0 } }
  assert.ok(last.n >= 1)
  const [, first] = await run(t, root, 1)
  assert.equal(first, `mark ${last.n + 1}`)
})

test('an acknowledged mark outlives a timeline that was lost', async t => {
  const root = temporaryFolder(t)
  await sink(root, 'es-sink', 9)
  assert.deepEqual(await run(t, root, 1), ['resume 9', 'mark 10'])
})

test('without a state directory there are marks, but nothing to resume from', async t => {
  const path = join(temporaryFolder(t), 'out')
  const writer = new OutputWriter(openOutput(path))
  const marks = await MarkWriter.open(null, null, writer, 1000)
  await marks.begin()
  await marks.write({ pos: 1 })
  await writer.drain()
  await writer.output.close()
  assert.equal(marks.resume.n, 0)
  assert.deepEqual(linesOf(path), ['mark 1'])
})

test('topics get no marks', async t => {
  const written: string[] = []
  const writer = new OutputWriter({
    name: 'topic',
    takesMarks: false,
    write: async bytes => void written.push(bytes.toString()),
    sync: () => Promise.resolve(null),
    close: () => Promise.resolve()
  })
  const root = temporaryFolder(t)
  const marks = await MarkWriter.open(root, null, writer, 1000)
  await marks.begin()
  await marks.write({ pos: 1 })
  await writer.drain()
  assert.equal(written.join(''), '')
})

test('a mark is due when the time between marks has passed', async t => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 })
  const writer = new OutputWriter(openOutput('/dev/null'))
  const marks = await MarkWriter.open(temporaryFolder(t), null, writer, 60)
  assert.equal(marks.isDue, false)
  assert.equal(marks.untilDue, 60)
  t.mock.timers.tick(59)
  assert.deepEqual([marks.isDue, marks.untilDue], [false, 1])
  t.mock.timers.tick(1)
  assert.equal(marks.isDue, true)
  assert.equal(marks.untilDue, 0)
  await marks.write({ pos: 1 })
  assert.deepEqual([marks.isDue, marks.untilDue], [false, 60])
})

test('a file as output acknowledges each mark with the size that it had', async t => {
  const root = temporaryFolder(t)
  const path = join(root, 'out')
  const output = openOutput(path, { append: true })
  assert.ok(output instanceof FileOutput)
  const writer = new OutputWriter(output)
  const state = await StateDirectory.open(root, 'cdc-tail')
  await state.register()
  const marks = await MarkWriter.open(root, state, writer, 1000)
  await marks.begin()
  writer.bytes.text('{"a":1}\n')
  await marks.write({ pos: 1 })
  assert.equal(state.positionAt(1), readFileSync(path).length)
  assert.deepEqual(state.acknowledged?.mark?.at, { pos: 1 })
  await output.close()
  state.close()
})

test('a source that is killed again and again leaves a file with every line once', async t => {
  const folder = temporaryFolder(t)
  const [root, file, total] = [join(folder, 'run'), join(folder, 'out.ndjson'), 40_000]
  const script = resolve(import.meta.dirname, 'counter.ts')
  let kills = 0
  for (;;) {
    const child = spawn(process.execPath, [script, root, file, String(total)], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    if (kills < 6) {
      await sleep(10 + Math.random() * 60)
      child.kill('SIGKILL')
    }
    const [status, signal] = await ended
    if (signal !== 'SIGKILL') {
      assert.equal(status, 0)
      break
    }
    kills++
    assert.ok(existsSync(file))
  }
  assert.ok(kills > 0)
  const numbers = linesOf(file).flatMap(line => (line.startsWith('{') ? [JSON.parse(line).i as number] : []))
  assert.equal(numbers.length, total)
  assert.ok(numbers.every((number, i) => number === i + 1))
})
