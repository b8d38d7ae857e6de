import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
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

test('the runs of all files end in one summary, with the totals of all', t => {
  const folder = suite(t, {
    'a.test.ts': "test('one', () => {})\ntest('skipped', { skip: true }, () => {})",
    'deep/b.test.ts': `${onServers}\ntest('two', () => {})`,
    'deep/helper.ts': "test('no test file', () => {})"
  })
  const { status, stdout } = runTests(folder)
  assert.equal(status, 0)
  for (const line of [/^✔ one .*/m, /^﹣ skipped .*/m, /^✔ two .*/m]) assert.match(stdout, line)
  assert.match(
    stdout,
    /ℹ tests 3\nℹ suites 0\nℹ pass 2\nℹ fail 0\nℹ cancelled 0\nℹ skipped 1\nℹ todo 0\nℹ duration_ms \d+\n$/
  )
})

test('as many files with servers as memory allows run at a time, and beside them one of the others', t => {
  const atATime = totalmem() >= 16e9 ? 3 : 2
  const first = ['a', 'b', 'c'].slice(0, atATime)
  const folder = suite(t, {})
  const log = JSON.stringify(join(folder, 'log'))
  const tells = (name: string, body: string): string => `
    import { appendFileSync as append, readFileSync as read } from 'node:fs'
    import { setTimeout as sleep } from 'node:timers/promises'
    test('${name}', async () => {
      append(${log}, 'begins ${name}\\n')
      const told = text => read(${log}, 'utf8').includes(text)
      ${body}
      append(${log}, 'ends ${name}\\n')
    })`
  const until = (...names: string[]): string =>
    names.map(name => `while (!told('begins ${name}')) await sleep(5)`).join('\n')
  const files = {
    ...Object.fromEntries(
      first.map(name => [`${name}.test.ts`, `${onServers}\n${tells(name, until(...first, 'x'))}`])
    ),
    'd.test.ts': `${onServers}\n${tells('d', '')}`,
    'x.test.ts': tells('x', until(...first, 'd')),
    'y.test.ts': tells('y', '')
  }
  for (const [name, body] of Object.entries(files))
    writeFileSync(join(folder, name), `import { test } from 'node:test'\n${body}\n`)
  assert.equal(runTests(folder).status, 0)
  const lines = readFileSync(join(folder, 'log'), 'utf8')
  assert.match(
    lines,
    new RegExp(`^(begins [${first.join('')}x]\\n){${atATime + 1}}(ends [${first.join('')}]\\n)+begins d\\n`)
  )
  assert.match(lines, /ends x\nbegins y\n|ends d\n[\s\S]*begins y\n/)
})

test('the times by which files are ordered are of files that there are', () => {
  for (const file of Object.keys(JSON.parse(readFileSync(join(root, 'test/seconds.json'), 'utf8'))))
    assert.ok(existsSync(join(root, file)), file)
})

test('a failure in any run is the status of the whole, and listed at the end', t => {
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
