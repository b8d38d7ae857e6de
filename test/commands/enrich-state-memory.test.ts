import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { created, parseLines } from '../sql/events.ts'
import { runTool, startTool } from './run-tool.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'millrace-state-memory-'))
after(() => rmSync(directory, { recursive: true }))

const SQL = 'SELECT k, COUNT(*) AS n FROM joins GROUP BY k'
const lines = (count: number, from = 0, prefix = 'key '): string =>
  Array.from({ length: count }, (_, i) => `${created({ id: from + i, k: prefix + (from + i) })}\n`).join('')

test('--inspect tells how many keys are on disk', () => {
  const state = path.join(directory, 'inspected')
  assert.equal(runTool('enrich', ['-e', SQL, '--state', state, '--state-memory', '1k'], lines(500)).status, 0)
  const { stdout } = runTool('enrich', ['--inspect', state])
  const [group] = parseLines(stdout)
  assert.deepEqual([group?.keys, group?.on_disk], [500, 500])
})

test('a state without its file on disk is refused, and so is --state-memory 0', () => {
  const state = path.join(directory, 'missing')
  runTool('enrich', ['-e', SQL, '--state', state, '--state-memory', '1k'], lines(500))
  rmSync(path.join(state, 'enrich', 'state.db'))
  const { status, stderr } = runTool('enrich', ['-e', SQL, '--state', state], lines(1))
  assert.equal(status, 1)
  assert.match(stderr, /^enrich: .*state\.db is missing\n {2}a part of the state lies there/)
  assert.equal(runTool('enrich', ['-e', SQL, '--state-memory', '0']).status, 2)
})

test('when no more can be written it says so and stops, and the next run goes on from the last mark', () => {
  const state = path.join(directory, 'full')
  const args = ['-e', SQL, '--state', state, '--state-memory', '1k']
  const mark = (n: number): string => `${JSON.stringify({ '@mark': { n, at: null, ts_ms: 0 } })}\n`
  const resume = (n: number): string => `${JSON.stringify({ '@resume': { n, at: null, ts_ms: 0 } })}\n`
  const module = path.resolve(import.meta.dirname, '../../src/commands/enrich.ts')
  const script = `process.argv.splice(1, 0, ${JSON.stringify(module)}); await (await import(${JSON.stringify(module)})).main()`
  const node = [process.execPath, '--input-type=module', '--eval', script, '--', ...args]
  // Files of at most 512 KiB, in blocks of 1 KiB.
  const { status, stdout, stderr } = spawnSync('bash', ['-c', 'ulimit -f 512; exec "$@"', 'bash', ...node], {
    input: resume(0) + lines(1000) + mark(1) + lines(30_000, 1000) + mark(2),
    encoding: 'utf8',
    maxBuffer: 2 ** 26
  })
  assert.equal(status, 1, stderr)
  assert.match(stderr, /^enrich: cannot write .*state\.db: .*\n {2}free some space/m)
  assert.ok(stdout.includes('{"@mark":{"n":1,') && !stdout.includes('{"@mark":{"n":2,'))
  const again = runTool('enrich', args, resume(1) + lines(2000, 500) + mark(2))
  assert.equal(again.status, 0, again.stderr)
  const counts = parseLines(again.stdout).flatMap(({ after: row }) =>
    row === undefined ? [] : [(row as { n: number }).n]
  )
  assert.deepEqual([counts.length, counts.filter(n => n === 2).length], [2000, 500])
})

test('without --state the file on disk has no name, so that nothing is left of it however the process ends', {
  skip: process.platform !== 'linux' && 'files of a process are looked at in /proc'
}, async () => {
  const child = startTool('enrich', ['-e', SQL, '--state-memory', '1k'])
  child.stdout.resume()
  child.stdin.on('error', () => {})
  // More than is kept of the file in memory.
  child.stdin.write(lines(20_000, 0, 'x'.repeat(2000)))
  const files = (): string[] =>
    readdirSync(`/proc/${child.pid}/fd`).map(fd => {
      try {
        return readlinkSync(`/proc/${child.pid}/fd/${fd}`)
      } catch {
        return ''
      }
    })
  try {
    let found: string | undefined
    for (let waited = 0; found === undefined && waited < 60_000; waited += 50) {
      await sleep(50)
      found = files().find(file => /etilqs_.* \(deleted\)$/.test(file))
    }
    assert.ok(found !== undefined)
  } finally {
    child.kill('SIGKILL')
  }
})
