import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Mark } from '../../src/lib/stream/control.ts'
import { StateDirectory } from '../../src/lib/stream/state.ts'
import {
  type Acknowledgement,
  forgetMember,
  type Member,
  oldestAcknowledged,
  oldestOf,
  type Run,
  readMembers,
  servedFrom,
  type Timeline
} from '../../src/lib/stream/timeline.ts'
import { temporaryFolder } from './temporary.ts'

const mark = (n: number): Mark => ({ n, at: { pos: n }, ts_ms: n * 10 })
const beginning: Mark = { n: 0, at: null, ts_ms: 0 }
const run = (first: number, resume: Mark, started_ms: number): Run => ({ first, resume, started_ms })
const timeline = (last: number, ...runs: Run[]): Timeline => ({ runs, last: { n: last, ts_ms: last * 10 } })
const member = (acknowledged: Mark | null, registered_ms = 0): Acknowledgement => ({
  registered_ms,
  mark: acknowledged,
  positions: []
})

test('a tool is served from the mark that it has acknowledged', () => {
  assert.deepEqual(servedFrom(member(mark(5)), timeline(7, run(1, beginning, 0))), mark(5))
  assert.deepEqual(servedFrom(member(mark(5)), null), mark(5))
})

test('an acknowledgement on a branch that was given up counts as the mark where that branch began', () => {
  // Run 2 resumed at 42 although this tool had acknowledged 45: marks 43 to 45 were given up.
  const runs = timeline(50, run(1, beginning, 0), run(46, mark(42), 460))
  assert.deepEqual(servedFrom(member(mark(45)), runs), mark(42))
  assert.deepEqual(servedFrom(member(mark(42)), runs), mark(42))
  assert.deepEqual(servedFrom(member(mark(40)), runs), mark(40))
  assert.deepEqual(servedFrom(member(mark(46)), runs), mark(46))
})

test('branches given up one after the other lead back to the oldest resume', () => {
  const runs = timeline(70, run(1, beginning, 0), run(46, mark(42), 460), run(61, mark(30), 610))
  assert.deepEqual(servedFrom(member(mark(45)), runs), mark(30))
  assert.deepEqual(servedFrom(member(mark(55)), runs), mark(30))
  assert.deepEqual(servedFrom(member(mark(61)), runs), mark(61))
})

test('a tool that is new to the pipeline asks for nothing', () => {
  assert.equal(servedFrom(member(null, 5), null), undefined)
  assert.equal(servedFrom(member(null, 71), timeline(7, run(1, beginning, 0))), undefined)
})

test('a tool that joined a run and acknowledged nothing is served from where that run began', () => {
  const runs = timeline(60, run(1, beginning, 10), run(21, mark(20), 210), run(51, mark(50), 510))
  assert.deepEqual(servedFrom(member(null, 520), runs), mark(50))
  assert.deepEqual(servedFrom(member(null, 5), runs), beginning)
})

test('a tool that registered just before the source of its first run is not served from the run before', () => {
  // Tools of a pipe start together. Snapshots before mark 50 are gone, since all others had acknowledged it.
  const runs = timeline(60, run(1, beginning, 10), run(21, mark(20), 210), run(51, mark(50), 510))
  assert.deepEqual(servedFrom(member(null, 505), runs), mark(50))
})

test('the slowest tool decides where the pipeline resumes, and new ones have no say', () => {
  const runs = timeline(9, run(1, beginning, 0))
  const members: Member[] = [
    { tool: 'alert-eval', running: true, acknowledgement: member(mark(7)) },
    { tool: 'es-sink', running: true, acknowledgement: member(mark(4)) },
    { tool: 'new', running: true, acknowledgement: member(null, 100) }
  ]
  assert.deepEqual(oldestOf(members, runs), mark(4))
  assert.equal(oldestOf([], runs), null)
})

test('tools that acknowledge are members, with whether they run; others and stray files are not', async t => {
  const root = temporaryFolder(t)
  const sink = await StateDirectory.open(root, 'es-sink')
  await sink.register()
  const archive = await StateDirectory.open(root, 'es-sink', 'archive')
  await archive.register()
  archive.close()
  await StateDirectory.open(root, 'enrich')
  writeFileSync(join(root, 'notes.txt'), 'mine')
  mkdirSync(join(root, 'old'))
  const members = await readMembers(root)
  assert.deepEqual(
    members.map(({ tool, running }) => [tool, running]),
    [
      ['es-sink', true],
      ['es-sink.archive', false]
    ]
  )
  assert.deepEqual(await readMembers(join(root, 'nothing')), [])
})

test('a tool that has left is forgotten, and no longer waited for', async t => {
  const root = temporaryFolder(t)
  for (const [tool, n] of [
    ['alert-eval', 3],
    ['es-sink', 8]
  ] as const) {
    const state = await StateDirectory.open(root, tool)
    await state.register()
    await state.acknowledge(mark(n))
    state.close()
  }
  assert.deepEqual(await oldestAcknowledged(root), mark(3))
  await forgetMember(root, 'alert-eval')
  assert.deepEqual(await oldestAcknowledged(root), mark(8))
  await assert.rejects(forgetMember(root, 'alert-eval'), {
    code: 'STATE',
    message: `${root} has no tool 'alert-eval'`,
    hint: 'registered are: es-sink'
  })
  await assert.rejects(forgetMember(root, '..'), { code: 'STATE' })
})

test('a tool that runs cannot be forgotten', async t => {
  const root = temporaryFolder(t)
  const state = await StateDirectory.open(root, 'es-sink')
  await state.register()
  await assert.rejects(forgetMember(root, 'es-sink'), {
    code: 'STATE',
    message: 'es-sink is running: stop it first'
  })
  state.close()
})

test('a damaged file is named', async t => {
  const root = temporaryFolder(t)
  mkdirSync(join(root, 'es-sink'))
  writeFileSync(join(root, 'es-sink', 'acknowledged.json'), '{"mark":')
  await assert.rejects(readMembers(root), (error: Error) => {
    assert.match(error.message, /es-sink\/acknowledged\.json: not JSON/)
    return true
  })
})
