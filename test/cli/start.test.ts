import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { measure } from '../../scripts/lib/bench/measure.ts'
import { root, toolNames } from './tools.ts'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** A Node older than what package.json asks for, if this machine has one. */
function oldNode(): string | undefined {
  const found = (process.env.PATH ?? '')
    .split(delimiter)
    .map(folder => join(folder, 'node'))
    .filter(existsSync)
  return found.find(node => {
    const [major = 0, minor = 0] = spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      .stdout.split('.')
      .map(Number)
    return major < 22 || (major === 22 && minor < 22)
  })
}

test('every bin says its version, without loading the tool', () => {
  for (const tool of toolNames) {
    for (const flag of ['--version', '-V']) {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [join(root, 'bin', `${tool}.js`), flag],
        {
          encoding: 'utf8'
        }
      )
      assert.deepEqual([status, stdout, stderr], [0, `${tool} ${version}\n`, ''])
    }
  }
})

test('--version takes less than 80 ms', async () => {
  const unset = ['env', '-u', 'NODE_COMPILE_CACHE'] // of our own runs, not of those who use the tools
  for (const tool of toolNames) {
    const argv = [...unset, process.execPath, join(root, 'bin', `${tool}.js`), '--version']
    const times: number[] = []
    // The best of many, since other work on the machine only ever adds time; what it takes of the processor where that
    // is less, so that waiting for one does not count.
    while (times.length < 60 && !times.some(ms => ms < 80)) {
      const { wallMs, cpuMs } = await measure({ argv })
      times.push(Math.min(wallMs, cpuMs))
    }
    assert.ok(Math.min(...times) < 80, `${tool}: ${Math.min(...times).toFixed(0)} ms`)
  }
})

test('every bin runs what was built from its source', {
  skip: !existsSync(join(root, 'dist')) && 'not built'
}, () => {
  for (const tool of toolNames) {
    const { status, stdout } = spawnSync(process.execPath, [join(root, 'bin', `${tool}.js`), '--help'], {
      encoding: 'utf8'
    })
    assert.equal(status, 0, tool)
    assert.match(stdout, new RegExp(`^Usage: ${tool} `))
  }
})

const old = oldNode()

test('an older Node gets one clear line and status 2', {
  skip: old === undefined && 'no older Node here'
}, () => {
  for (const tool of toolNames) {
    const { status, stdout, stderr } = spawnSync(old as string, [join(root, 'bin', `${tool}.js`), '--help'], {
      encoding: 'utf8'
    })
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, new RegExp(`^${tool}: needs Node\\.js 22\\.22 or newer, this is [\\d.]+\\n$`))
  }
})
