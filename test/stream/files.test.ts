import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ToolError } from '../../src/lib/cli/index.ts'
import { readIfExists, readJsonIfExists, replaceFile } from '../../src/lib/stream/files.ts'
import { temporaryFolder } from './temporary.ts'

test('a file is replaced as a whole, and nothing is left beside it', async t => {
  const folder = temporaryFolder(t)
  const path = join(folder, 'file')
  await replaceFile(path, 'old')
  await replaceFile(path, Buffer.from([1, 2, 3]))
  assert.deepEqual(await readIfExists(path), Buffer.from([1, 2, 3]))
  assert.deepEqual(readdirSync(folder), ['file'])
})

test('a process that is killed while it replaces a file leaves one that is whole', async t => {
  const path = join(temporaryFolder(t), 'file')
  const module = resolve(import.meta.dirname, '../../src/lib/stream/files.ts')
  const code = `
    const { replaceFile } = await import(${JSON.stringify(module)})
    for (let i = 0; ; i++) {
      await replaceFile(${JSON.stringify(path)}, String(i % 10).repeat(500_000))
      if (i === 0) console.log('begun')
    }`
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit']
    })
    t.after(() => child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    await sleep(Math.random() * 30)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const text = readFileSync(path, 'utf8')
    assert.ok(text === text.charAt(0).repeat(500_000))
  }
})

test('a file that is not there reads as null, one that cannot be read is named', async t => {
  const folder = temporaryFolder(t)
  assert.equal(await readIfExists(join(folder, 'none')), null)
  assert.equal(await readJsonIfExists(join(folder, 'none')), null)
  await assert.rejects(readIfExists(folder), (error: ToolError) => {
    assert.ok(error instanceof ToolError)
    assert.equal(error.code, 'STATE')
    assert.match(error.message, new RegExp(`^cannot read ${folder}: EISDIR`))
    return true
  })
})

test('a damaged file is named, with what to do', async t => {
  const path = join(temporaryFolder(t), 'state.json')
  writeFileSync(path, '{"n":')
  await assert.rejects(readJsonIfExists(path), (error: ToolError) => {
    assert.equal(error.code, 'STATE')
    assert.match(error.message, /state\.json: not JSON: /)
    assert.match(error.hint ?? '', /backup/)
    return true
  })
})

test('a file that cannot be written is an error that names it, and leaves what was there', async t => {
  const path = join(temporaryFolder(t), 'file')
  mkdirSync(path)
  writeFileSync(join(path, 'inside'), 'kept')
  await assert.rejects(replaceFile(path, 'new'), (error: ToolError) => {
    assert.equal(error.code, 'OUTPUT')
    assert.match(error.message, /^cannot write .*\/file: /)
    return true
  })
  assert.equal(readFileSync(join(path, 'inside'), 'utf8'), 'kept')
})
