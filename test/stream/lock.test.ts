import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ToolError } from '../../src/lib/cli/index.ts'
import { isLocked, lockFile } from '../../src/lib/stream/lock.ts'
import { temporaryFolder } from './temporary.ts'

const module = resolve(import.meta.dirname, '../../src/lib/stream/lock.ts')

/** Another process that holds the lock, for `ms` or until it is killed. */
async function holder(t: TestContext, path: string, ms = 60_000): Promise<ChildProcess> {
  const code = `
    const { lockFile } = await import(${JSON.stringify(module)})
    const unlock = await lockFile(${JSON.stringify(path)}, 'it')
    console.log('held')
    setTimeout(unlock, ${ms})`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('a lock is free again when it was freed, and leaves nothing behind', async t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'lock')
  assert.equal(isLocked(path), false)
  for (let i = 0; i < 2; i++) {
    const unlock = await lockFile(path, 'it')
    assert.equal(isLocked(path), true)
    assert.deepEqual(readdirSync(folder), ['lock'])
    unlock()
    assert.deepEqual(readdirSync(folder), [])
  }
})

test('while another process holds it, a lock is refused with the name of that process', async t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'lock')
  const child = await holder(t, path)
  assert.equal(isLocked(path), true)
  await assert.rejects(lockFile(path, 'state directory run/es-sink'), (error: ToolError) => {
    assert.ok(error instanceof ToolError)
    assert.equal(error.code, 'STATE')
    assert.equal(error.message, `state directory run/es-sink is in use by process ${child.pid}`)
    return true
  })
  assert.deepEqual(readdirSync(folder), ['lock'])
  assert.equal(child.exitCode, null)
})

test('a start waits for the process before it, which is finishing its last batch', async t => {
  const path = join(temporaryFolder(t), 'lock')
  await holder(t, path, 300)
  const unlock = await lockFile(path, 'it')
  unlock()
})

test('a killed holder does not keep the lock', async t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'lock')
  const child = await holder(t, path)
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(isLocked(path), false)
  const started = performance.now()
  const unlock = await lockFile(path, 'it')
  assert.ok(performance.now() - started < 1000)
  assert.deepEqual(readdirSync(folder), ['lock'])
  unlock()
})

test('a later process with the pid of a killed holder does not keep the lock', async t => {
  const path = join(temporaryFolder(t), 'lock')
  writeFileSync(path, `${process.ppid} 1\n`)
  assert.equal(isLocked(path), process.platform !== 'linux')
  if (process.platform === 'linux') (await lockFile(path, 'it'))()
})

test('a lock file that a power failure left empty keeps nobody out', async t => {
  const path = join(temporaryFolder(t), 'lock')
  writeFileSync(path, '')
  assert.equal(isLocked(path), false)
  const unlock = await lockFile(path, 'it')
  assert.equal(isLocked(path), true)
  unlock()
})

test('of several processes that find a dead holder at once, one gets the lock at a time', async t => {
  const folder = temporaryFolder(t)
  const [contenders, rounds, every] = [5, 16, 120]
  for (let round = 0; round < rounds; round++) writeFileSync(join(folder, `${round}.lock`), '999999999 1\n')
  const start = Date.now() + 2000
  const script = resolve(import.meta.dirname, 'lock-contender.ts')
  const outputs = Array.from({ length: contenders }, async () => {
    const child = spawn(process.execPath, [script, folder, String(rounds), String(start), String(every)], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.after(() => child.kill('SIGKILL'))
    let output = ''
    for await (const chunk of child.stdout.setEncoding('utf8')) output += chunk
    return output
  })
  assert.deepEqual(await Promise.all(outputs), new Array(contenders).fill('done\n'))
  assert.deepEqual(readdirSync(folder), [])
})

test('a claim whose holder was killed while taking over is succeeded too', async t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'lock')
  writeFileSync(path, '999999998 1\n')
  writeFileSync(`${path}.after.999999998.1`, '999999999 2\n')
  const unlock = await lockFile(path, 'it')
  assert.equal(isLocked(path), true)
  assert.deepEqual(readdirSync(folder), ['lock'])
  unlock()
})
