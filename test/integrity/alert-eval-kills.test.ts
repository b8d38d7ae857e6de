import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { runTool, startTool } from '../commands/run-tool.ts'
import { folder } from '../rules/rules.ts'
import { randomNumbers } from '../support/random.ts'

const RULES = {
  'frequency.yaml':
    'name: often\ntype: frequency\nindex: x\nalert: debug\nnum_events: 4\ntimeframe: {minutes: 1}\nquery_key: k\nrealert: {minutes: 3}\nresolve: true\n',
  'flatline.yaml':
    'name: silent\ntype: flatline\nindex: x\nalert: debug\nthreshold: 1\ntimeframe: {minutes: 2}\nquery_key: k\nrealert: {minutes: 5}\nresolve: true\n',
  'any.yaml':
    'name: each\ntype: any\nindex: x\nalert: debug\nquery_key: k\nrealert: {minutes: 2}\nresolve_after: {minutes: 4}\n'
}
const START = Date.UTC(2026, 10, 24, 10)
const MARKS = 60
const EVENTS = 10

function time(second: number): string {
  return new Date(START + second * 1000).toISOString()
}

function control(kind: 'mark' | 'resume', n: number): string {
  return `${JSON.stringify({ [`@${kind}`]: { n, at: n === 0 ? null : { pos: n }, ts_ms: START } })}\n`
}

/** Stretches of events, each with the mark behind it. */
function stretches(random: () => number): string[] {
  let second = 0
  return Array.from({ length: MARKS }, (_, i) => {
    let text = ''
    for (let j = 0; j < EVENTS; j++) {
      second += Math.floor(random() * (random() < 0.05 ? 300 : 12))
      text += `${JSON.stringify({ '@timestamp': time(second), k: 'abc'[Math.floor(random() * 3)] })}\n`
    }
    return text + control('mark', i + 1)
  })
}

test('alerts, silences and resolved notices of a run that is killed again and again are those of an unbroken one', {
  timeout: 120_000
}, async t => {
  const seed = Date.now() % 1e6
  t.diagnostic(`seed ${seed}`)
  const random = randomNumbers(seed)
  const parts = stretches(random)
  const dir = folder(t, {})
  const rules = folder(t, RULES)
  const argsOf = (name: string): string[] => {
    const state = path.join(dir, name)
    mkdirSync(path.join(state, 'alert-eval'), { recursive: true })
    const made = runTool('alert-eval', [
      ...['silence', 'often', '--key', 'a', '--from', time(600), '--for', '20m', '--state', state]
    ])
    assert.equal(made.status, 0, made.stderr)
    return ['--rules', rules, '--state', state, '--out', path.join(dir, `${name}.ndjson`), '--quiet']
  }
  const unbroken = runTool('alert-eval', argsOf('unbroken'), control('resume', 0) + parts.join(''))
  assert.equal(unbroken.status, 0, unbroken.stderr)
  const args = argsOf('killed')
  const file = path.join(dir, 'killed', 'alert-eval', 'acknowledged.json')
  const acknowledged = (): number =>
    existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).mark?.n ?? 0) : 0
  let kills = 0
  for (let from = 0; from < MARKS && kills < 6; kills++) {
    const child = startTool('alert-eval', args)
    const ended = new Promise(resolve => child.on('close', resolve))
    child.stdin.on('error', () => {
      // it is killed while it is written to
    })
    child.stdin.write(control('resume', from))
    const upTo = from + 1 + Math.floor(random() * 12)
    for (const part of parts.slice(from, upTo)) child.stdin.write(part)
    child.stdin.write(parts[upTo]?.slice(0, 200) ?? '')
    while (acknowledged() === from) await sleep(5)
    await sleep(random() * 20)
    child.kill('SIGKILL')
    await ended
    from = acknowledged()
  }
  const from = acknowledged()
  const last = runTool('alert-eval', args, control('resume', from) + parts.slice(from).join(''))
  assert.equal(last.status, 0, last.stderr)
  const expected = readFileSync(path.join(dir, 'unbroken.ndjson'), 'utf8')
  assert.equal(readFileSync(path.join(dir, 'killed.ndjson'), 'utf8'), expected)
  assert.ok(kills > 2)
  for (const what of ['"silenced":true', '"state":"resolved"', '"rule":"silent"', '"rule":"each"'])
    assert.ok(expected.includes(what), `${what} is in no alert`)
})
