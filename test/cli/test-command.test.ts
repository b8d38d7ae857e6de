import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Finished, root } from './tools.ts'

/** A folder of test files, by name. */
function suite(t: TestContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-tests-'))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'deep'))
  for (const [name, body] of Object.entries(files)) {
    writeFileSync(join(folder, name), `import { test } from 'node:test'\n${body}\n`)
  }
  return folder
}

function runTests(...args: string[]): Finished {
  // Set by the run that this file is part of; with it node:test would not start another one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'scripts/lib/test/main.ts'), ...args],
    {
      encoding: 'utf8',
      env
    }
  )
  return { status, stdout, stderr }
}

const onServers = "// import { startServer } from '../support/servers.ts'"

test('both runs end in one summary, with the totals of both', t => {
  const folder = suite(t, {
    'a.test.ts': "test('one', () => {})\ntest('skipped', { skip: true }, () => {})",
    'deep/b.test.ts': `${onServers}\ntest('two', () => {})`,
    'deep/helper.ts': "test('no test file', () => {})"
  })
  const { status, stdout } = runTests(folder)
  assert.equal(status, 0)
  assert.match(
    stdout,
    /✔ one .*\n﹣ skipped .*\n✔ two .*\nℹ tests 3\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\nℹ duration_ms \d+\n$/
  )
})

test('a failure in either run is the status of the whole, and listed at the end', t => {
  for (const [unit, server] of [
    ["test('bad', () => { throw new Error('oops') })", "test('good', () => {})"],
    ["test('good', () => {})", "test('bad', () => { throw new Error('oops') })"],
    ["test('good', () => {})", "throw new Error('oops')"]
  ] as const) {
    const { status, stdout } = runTests(
      suite(t, { 'a.test.ts': unit, 'b.test.ts': `${onServers}\n${server}` })
    )
    assert.equal(status, 1)
    assert.equal(stdout.match(/✖ failing tests:/g)?.length, 1)
    assert.match(stdout, /✔ good[\s\S]*✖ failing tests:[\s\S]*\nℹ tests 2\n[\s\S]*\nℹ fail 1\n/)
  }
})

test('a test that is still to do does not fail the run', t => {
  assert.equal(
    runTests(suite(t, { 'a.test.ts': "test('later', { todo: true }, () => { throw new Error('x') })" }))
      .status,
    0
  )
})

test('--unit leaves out the files that start servers', t => {
  const files = { 'a.test.ts': "test('one', () => {})", 'b.test.ts': `${onServers}\ntest('two', () => {})` }
  assert.match(runTests('--unit', suite(t, files)).stdout, /ℹ tests 1\n/)
})

test('a place that is not there, or has no tests, is an error', t => {
  const missing = runTests('no/such.test.ts')
  assert.deepEqual([missing.status, missing.stderr], [2, 'test: no/such.test.ts: no such file or folder\n'])
  assert.equal(runTests(suite(t, {})).status, 2)
})
