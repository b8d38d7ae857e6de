import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { Evaluator, loadRules, type Rule, RuleFiles, reloadRules } from '../../src/lib/rules/index.ts'
import { folder, ndjson, run } from './rules.ts'

const START = Date.UTC(2026, 10, 24, 10)

function rule(name: string, more = 'num_events: 3'): string {
  return `name: ${name}\ntype: frequency\nindex: x\nalert: debug\nrealert: {minutes: 0}\ntimeframe: {minutes: 1}\n${more}\n`
}

function events(...seconds: number[]): string {
  return ndjson(seconds.map(s => ({ '@timestamp': new Date(START + s * 1000).toISOString() })))
}

function names(alerts: string[]): string[] {
  return alerts.map(line => JSON.parse(line).rule)
}

interface Folder {
  dir: string
  rules: Rule[]
  write(name: string, text: string): void
}

function loaded(t: TestContext, files: Record<string, string>): Folder {
  const dir = folder(t, files)
  return {
    dir,
    rules: loadRules([dir]).rules,
    write: (name, text) => writeFileSync(path.join(dir, name), text)
  }
}

test('rules that are as they were are the same objects, and the others are named', t => {
  const { dir, rules, write } = loaded(t, { 'a.yaml': rule('a'), 'b.yaml': rule('b'), 'c.yaml': rule('c') })
  write('b.yaml', rule('b', 'num_events: 2'))
  write('d.yaml', rule('d'))
  rmSync(path.join(dir, 'c.yaml'))
  const again = reloadRules([dir], rules)
  assert.equal(
    again.rules.find(r => r.name === 'a'),
    rules[0]
  )
  assert.deepEqual([again.added, again.changed, again.removed, again.errors], [['d'], ['b'], ['c'], []])
})

test('a broken file keeps its rule, and says what is wrong and where', t => {
  const { dir, rules, write } = loaded(t, { 'a.yaml': rule('a'), 'b.yaml': rule('b') })
  write('a.yaml', rule('a', 'num_events: three'))
  write('b.yaml', rule('b', 'num_events: 2'))
  const again = reloadRules([dir], rules)
  assert.equal(
    again.rules.find(r => r.name === 'a'),
    rules[0]
  )
  assert.deepEqual([again.changed, again.removed], [['b'], []])
  assert.match(again.errors.join('\n'), /a\.yaml:7:1: num_events is a whole number/)
})

test('a broken import, or a folder that is away, keeps what it gave; without any rule all go on', t => {
  const { dir, rules, write } = loaded(t, {
    'a.yaml': `${rule('a')}import: base.inc\n`,
    'base.inc': 'priority: 1\n',
    'b.yaml': rule('b')
  })
  write('base.inc', 'priority: [')
  assert.deepEqual(
    reloadRules([dir], rules)
      .rules.map(r => r.name)
      .sort(),
    ['a', 'b']
  )
  rmSync(path.join(dir, 'a.yaml'))
  rmSync(path.join(dir, 'b.yaml'))
  const none = reloadRules([dir], rules)
  assert.deepEqual([none.rules, none.removed], [rules, []])
  assert.match(none.errors.join(), /no rules in/)
  rmSync(dir, { recursive: true })
  assert.deepEqual(reloadRules([dir], rules).rules, rules)
})

test('a rule whose file takes the name of a broken one gives way to nobody twice', t => {
  const { dir, rules, write } = loaded(t, { 'a.yaml': rule('a') })
  write('a.yaml', '[')
  write('b.yaml', rule('a', 'num_events: 2'))
  const again = reloadRules([dir], rules)
  assert.deepEqual([again.rules.length, again.changed], [1, ['a']])
})

test('files are seen to have changed once they stay as they are: rules, imports and lists', t => {
  const outside = folder(t, { 'base.inc': 'priority: 1\n', list: 'evil\n' })
  const text = `name: a\ntype: blacklist\ncompare_key: ip\nblacklist: ["!file ${outside}/list"]\nindex: x\nalert: debug\nimport: ${outside}/base.inc\n`
  const { dir, rules, write } = loaded(t, { 'a.yaml': text })
  const files = new RuleFiles([dir], rules)
  const seen = (): boolean[] => [1, 2, 3].map(() => files.haveChanged(rules))
  assert.deepEqual(seen(), [false, false, false])
  write('a.yaml', `${text}priority: 3\n`)
  assert.deepEqual(seen(), [false, true, false])
  writeFileSync(path.join(outside, 'base.inc'), 'priority: 22\n')
  assert.deepEqual(seen(), [false, true, false])
  writeFileSync(path.join(outside, 'list'), 'evil\nworse\n')
  assert.deepEqual(seen(), [false, true, false])
  write('a.yaml', text)
  assert.equal(files.haveChanged(rules), false)
  write('a.yaml', `${text}#\n`)
  assert.equal(files.haveChanged(rules), false)
  assert.deepEqual(seen(), [true, false, false])
})

test('an unchanged rule keeps its half-filled window, a changed one what it would after a restart, a removed one nothing', t => {
  const { dir, rules, write } = loaded(t, { 'a.yaml': rule('a'), 'b.yaml': rule('b'), 'c.yaml': rule('c') })
  const evaluator = new Evaluator(rules)
  assert.deepEqual(names(run(evaluator, events(0, 1)).alerts), [])
  write('b.yaml', rule('b', 'num_events: 4'))
  write('d.yaml', rule('d', 'num_events: 2'))
  rmSync(path.join(dir, 'c.yaml'))
  evaluator.replace(reloadRules([dir], rules).rules)
  assert.deepEqual(names(run(evaluator, events(2)).alerts), ['a'])
  assert.deepEqual(names(run(evaluator, events(3)).alerts), ['b', 'd'])
})

test('a rule that time decides goes on at its evaluations', t => {
  const flat = (threshold: number): string =>
    `name: f\ntype: flatline\nindex: x\nalert: debug\nrealert: {minutes: 0}\ntimeframe: {minutes: 2}\nthreshold: ${threshold}\n`
  const { dir, rules, write } = loaded(t, { 'f.yaml': flat(1) })
  const whole = run(new Evaluator(rules), events(0, 90, 400, 500)).alerts
  const evaluator = new Evaluator(rules)
  const before = run(evaluator, events(0, 90)).alerts
  write('g.yaml', rule('g', 'num_events: 1'))
  evaluator.replace(reloadRules([dir], rules).rules)
  const after = run(evaluator, events(400, 500)).alerts
  assert.deepEqual(
    [...before, ...after].filter(line => JSON.parse(line).rule === 'f'),
    whole
  )
  assert.ok(whole.length > 0)
})
