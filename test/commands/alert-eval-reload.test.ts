import assert from 'node:assert/strict'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { folder, ndjson } from '../rules/rules.ts'
import { startTool } from './run-tool.ts'

const START = Date.UTC(2026, 10, 24, 10)

function rule(name: string, events: number | string): string {
  return `name: ${name}\ntype: frequency\nindex: x\nalert: debug\nrealert: {minutes: 0}\ntimeframe: {hours: 1}\nnum_events: ${events}\n`
}

function event(second: number): string {
  return ndjson([{ '@timestamp': new Date(START + second * 1000).toISOString() }])
}

interface Running {
  dir: string
  child: ChildProcessWithoutNullStreams
  /** Waits until stdout, or stderr, has this. */
  out(text: string | RegExp): Promise<void>
  err(text: string | RegExp): Promise<void>
  end(): Promise<{ status: number; stdout: string; stderr: string }>
}

function running(t: TestContext, files: Record<string, string>, ...args: string[]): Running {
  const dir = folder(t, files)
  const child = startTool('alert-eval', ['--rules', dir, ...args])
  t.after(() => child.kill('SIGKILL'))
  const text = { stdout: '', stderr: '' }
  const waiting = (stream: 'stdout' | 'stderr') => {
    child[stream].on('data', chunk => {
      text[stream] += String(chunk)
    })
    return async (wanted: string | RegExp): Promise<void> => {
      while (text[stream].search(wanted) < 0) {
        if (child.exitCode !== null) assert.fail(`${wanted} never came: ${text.stderr}`)
        await new Promise(resolve => child[stream].once('data', resolve))
      }
    }
  }
  return {
    dir,
    child,
    out: waiting('stdout'),
    err: waiting('stderr'),
    async end() {
      child.stdin.end()
      const status = await new Promise<number>(resolve => child.on('close', resolve))
      return { status, ...text }
    }
  }
}

test('on SIGHUP rules are read again: a changed one counts anew what it had, a new one begins, a broken one stays', async t => {
  const { dir, child, out, err, end } = running(t, { 'a.yaml': rule('a', 3), 'b.yaml': rule('b', 1) })
  child.stdin.write(event(0))
  await out('"rule":"b"')
  writeFileSync(path.join(dir, 'a.yaml'), rule('a', 2))
  writeFileSync(path.join(dir, 'b.yaml'), rule('b', 'none'))
  writeFileSync(path.join(dir, 'c.yaml'), rule('c', 1))
  child.kill('SIGHUP')
  await err(/b\.yaml:7:1: num_events is .*; the rules of before go on/)
  await err('rules were read again: added c; changed a \\(3 in all\\)')
  child.stdin.write(event(1))
  await out('"rule":"c"')
  const { status, stdout, stderr } = await end()
  assert.equal(status, 0, stderr)
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line).rule)
      .sort(),
    ['a', 'b', 'b', 'c']
  )
  assert.match(stderr, /Alert for c at/)
})

test('a file that changes is read again without a signal, and windows of other rules stay', async t => {
  const { dir, child, out, err, end } = running(t, { 'a.yaml': rule('a', 2), 'b.yaml': rule('b', 1) })
  child.stdin.write(event(0))
  await out('"rule":"b"')
  writeFileSync(path.join(dir, 'b.yaml'), `${rule('b', 1)}is_enabled: false\n`)
  await err('removed b')
  child.stdin.write(event(1))
  await out('"rule":"a"')
  const { stdout } = await end()
  assert.equal(stdout.trim().split('\n').length, 2)
})
