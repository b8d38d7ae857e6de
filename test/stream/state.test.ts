import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { ToolError } from '../../src/lib/cli/index.ts'
import type { Mark } from '../../src/lib/stream/control.ts'
import { StateDirectory } from '../../src/lib/stream/state.ts'
import { temporaryFolder } from './temporary.ts'

const mark = (n: number): Mark => ({ n, at: { pos: n }, ts_ms: n })

async function open(t: TestContext, root: string, tool: string, name?: string): Promise<StateDirectory> {
  const state = await StateDirectory.open(root, tool, name)
  t.after(() => state.close())
  return state
}

const snapshotsOf = (state: StateDirectory): string[] =>
  readdirSync(state.path)
    .filter(name => name.startsWith('snapshot'))
    .sort()

test('state lies in DIR/<tool>, or DIR/<tool>.<name> for two of a kind', async t => {
  const root = join(temporaryFolder(t), 'run', 'deep')
  assert.equal((await open(t, root, 'es-sink')).path, join(root, 'es-sink'))
  assert.equal((await open(t, root, 'es-sink', 'archive')).path, join(root, 'es-sink.archive'))
})

test('a name that would lead elsewhere is refused', async t => {
  const root = temporaryFolder(t)
  for (const name of ['', '../es-sink', 'a/b', 'a b', '.']) {
    await assert.rejects(StateDirectory.open(root, 'es-sink', name), { code: 'USAGE' }, name)
  }
  assert.deepEqual(readdirSync(root), [])
})

test('a directory that cannot be made is named', async t => {
  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  await assert.rejects(StateDirectory.open(file, 'es-sink'), (error: ToolError) => {
    assert.ok(error instanceof ToolError)
    assert.equal(error.code, 'STATE')
    assert.match(error.message, /cannot create .*es-sink/)
    return true
  })
})

test('what a snapshot holds is restored, byte for byte', async t => {
  const state = await open(t, temporaryFolder(t), 'enrich')
  let n = 0
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async bytes => {
      await state.snapshot(++n, Buffer.from(bytes))
      assert.deepEqual(await state.restore(n), Buffer.from(bytes))
      assert.deepEqual(await state.latest(), { n, content: Buffer.from(bytes) })
    }),
    { numRuns: 20 }
  )
})

test('at the beginning there is no state, and snapshots of runs that were given up are removed', async t => {
  const state = await open(t, temporaryFolder(t), 'enrich')
  assert.equal(await state.latest(), null)
  for (const n of [3, 4, 5]) await state.snapshot(n, Buffer.from(`as of ${n}`))
  assert.equal((await state.restore(4))?.toString(), 'as of 4')
  assert.deepEqual(snapshotsOf(state), ['snapshot.3', 'snapshot.4'])
  assert.equal(await state.restore(0), null)
  assert.deepEqual(snapshotsOf(state), [])
})

test('a resume at a mark without snapshot is refused: the state would be wrong', async t => {
  const state = await open(t, temporaryFolder(t), 'enrich')
  await state.snapshot(3, Buffer.from('as of 3'))
  await assert.rejects(state.restore(4), {
    code: 'STATE',
    message: `${state.path} has no snapshot of mark 4, where the pipeline resumes`
  })
})

test('a snapshot that was being written when the process died is not taken for one', async t => {
  const state = await open(t, temporaryFolder(t), 'enrich')
  await state.snapshot(1, Buffer.from('whole'))
  writeFileSync(join(state.path, 'snapshot.2.new'), 'ha')
  assert.deepEqual(await state.latest(), { n: 1, content: Buffer.from('whole') })
})

test('snapshots are removed once no tool can ask for them any more', async t => {
  const root = temporaryFolder(t)
  const enrich = await open(t, root, 'enrich')
  const [slow, fast] = [await open(t, root, 'es-sink'), await open(t, root, 'alert-eval')]
  await slow.register()
  await fast.register()
  await slow.acknowledge(mark(1))
  for (const n of [1, 2, 3, 4]) {
    await enrich.snapshot(n, Buffer.from('x'))
    await fast.acknowledge(mark(n))
  }
  await slow.acknowledge(mark(2))
  await enrich.snapshot(5, Buffer.from('x'))
  assert.deepEqual(snapshotsOf(enrich), ['snapshot.2', 'snapshot.3', 'snapshot.4', 'snapshot.5'])
  await slow.acknowledge(mark(5))
  await enrich.snapshot(6, Buffer.from('x'))
  assert.deepEqual(snapshotsOf(enrich), ['snapshot.4', 'snapshot.5', 'snapshot.6'])
})

test('without a tool that acknowledges all snapshots are kept: nobody knows yet where a resume begins', async t => {
  const state = await open(t, temporaryFolder(t), 'enrich')
  for (const n of [1, 2, 3]) await state.snapshot(n, Buffer.from('x'))
  assert.deepEqual(snapshotsOf(state), ['snapshot.1', 'snapshot.2', 'snapshot.3'])
})

test('an acknowledgement outlives the process, with the time of the first registration', async t => {
  const root = temporaryFolder(t)
  const first = await StateDirectory.open(root, 'es-sink')
  const registered = await first.register()
  assert.equal(registered.mark, null)
  await first.acknowledge(mark(7))
  first.close()
  const second = await open(t, root, 'es-sink')
  assert.deepEqual(await second.register(), {
    registered_ms: registered.registered_ms,
    mark: mark(7),
    positions: []
  })
  assert.deepEqual(second.acknowledged?.mark, mark(7))
})

test('positions of an output are kept for every mark that a resume can ask for', async t => {
  const root = temporaryFolder(t)
  const [output, sink] = [await open(t, root, 'cdc-tail'), await open(t, root, 'es-sink')]
  await output.register()
  await sink.register()
  await sink.acknowledge(mark(2))
  for (const n of [1, 2, 3, 4]) await output.acknowledge(mark(n), n * 100)
  await output.acknowledge(mark(5), 500)
  assert.deepEqual(
    [0, 2, 3, 5].map(n => output.positionAt(n)),
    [0, 200, 300, 500]
  )
  assert.equal(output.positionAt(9), null)
  await sink.acknowledge(mark(5))
  await output.acknowledge(mark(6), 600)
  assert.equal(output.positionAt(2), null)
  const onDisk = JSON.parse(readFileSync(join(output.path, 'acknowledged.json'), 'utf8'))
  assert.deepEqual(onDisk.positions, [
    [5, 500],
    [6, 600]
  ])
})
