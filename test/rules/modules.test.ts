import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluator, loadRules } from '../../src/lib/rules/index.ts'
import { folder, ndjson, run } from './rules.ts'

const HEAD = 'name: a\nindex: x\nalert: debug\nrealert: {minutes: 0}\n'

function event(second: number, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { '@timestamp': new Date(Date.UTC(2026, 10, 24, 10, 0, second)).toISOString(), ...more }
}

/** Every n-th event of a key, and keys that were silent for a minute. */
const NTH = `
export default class Nth {
  static requiredOptions = ['nth']
  #counts = new Map()
  constructor(options) { this.nth = options.nth }
  addEvent(event, time, key) {
    if (event.boom) throw new Error('boom')
    const [count] = this.#counts.get(key) ?? [0]
    this.#counts.set(key, [count + 1, time.getTime()])
    if ((count + 1) % this.nth === 0) return { nth: count + 1, num_hits: this.nth }
  }
  garbageCollect(time) {
    const gone = [...this.#counts].filter(([, [, last]]) => time.getTime() - last >= 60000)
    for (const [key] of gone) this.#counts.delete(key)
    return gone.map(([user]) => ({ user, gone: true }))
  }
  matchText(match) { return match.gone ? 'gone' : 'the ' + match.nth + 'th' }
  snapshot() { return [...this.#counts] }
  restore(state) { this.#counts = new Map(state) }
}
`

test('a class of a JavaScript module decides at events and as time passes, and its state is taken up', t => {
  const dir = folder(t, { 'nth.mjs': NTH, 'a.yaml': `${HEAD}type: ./nth.mjs\nnth: 2\nquery_key: user\n` })
  const { rules, problems } = loadRules([dir])
  assert.deepEqual(problems, [])
  const lines = [
    event(0, { user: 'a' }),
    event(1, { user: 'b' }),
    event(2, { user: 'a' }),
    event(130, { user: 'b' })
  ]
  const first = new Evaluator(rules)
  const before = run(first, ndjson(lines.slice(0, 2))).alerts
  const second = new Evaluator(rules)
  second.restore(Buffer.concat(first.snapshot()))
  const alerts = [...before, ...run(second, ndjson(lines.slice(2))).alerts].map(a => JSON.parse(a))
  assert.deepEqual(
    alerts.map(a => [a.type, a.key, a.num_hits, a.match.nth ?? a.match.gone, a['@timestamp'].slice(14, 19)]),
    [
      ['./nth.mjs', 'a', 2, 2, '00:02'],
      ['./nth.mjs', 'a', 1, true, '02:00'],
      ['./nth.mjs', 'b', 1, true, '02:00']
    ]
  )
  assert.match(alerts[0].text, /^a\n\nthe 2th\n\n@timestamp/)
})

test('an event that a rule module cannot take is a bad line, and the options that it needs are asked for', t => {
  const dir = folder(t, { 'nth.mjs': NTH, 'a.yaml': `${HEAD}type: ./nth.mjs\nnth: 2\n` })
  const { bad } = run(new Evaluator(loadRules([dir]).rules), ndjson([event(0, { boom: 1 })]))
  assert.deepEqual(
    bad.map(b => b.reason),
    ['rule "a": ./nth.mjs: boom']
  )
  const without = folder(t, { 'nth.mjs': NTH, 'a.yaml': `${HEAD}type: ./nth.mjs\n` })
  assert.deepEqual(
    loadRules([without]).problems.map(p => p.message),
    ['nth is missing: a ./nth.mjs rule needs it']
  )
})

const ENHANCE = `
export default (match, options) => {
  if (match.user === 'drop') return null
  if (match.user === 'boom') throw new Error('boom')
  match.who = match.user + '@' + options.name
}
`

test('enhancements change matches and drop them; what one raises is said and costs no alert', t => {
  const rule = `${HEAD}type: any\nquery_key: user\nmatch_enhancements: [./enhance.mjs, TimeEnhancement]\n`
  const dir = folder(t, { 'enhance.mjs': ENHANCE, 'a.yaml': rule })
  const { alerts } = run(
    new Evaluator(loadRules([dir]).rules),
    ndjson(['x', 'drop', 'boom'].map(user => event(0, { user })))
  )
  assert.deepEqual(
    alerts.map(a => JSON.parse(a).match),
    [
      { '@timestamp': '2026-11-24 10:00 UTC', user: 'x', who: 'x@a' },
      { '@timestamp': '2026-11-24 10:00 UTC', user: 'boom', enhancement_error: './enhance.mjs: boom' }
    ]
  )
})

test('an aggregated alert is of the matches that were not dropped, and none when all were', t => {
  for (const first of ['', 'run_enhancements_first: true\n']) {
    const rule = `${HEAD}type: any\naggregation: {minutes: 1}\nmatch_enhancements: [./enhance.mjs]\n${first}`
    const dir = folder(t, { 'enhance.mjs': ENHANCE, 'a.yaml': rule })
    const lines = [
      event(0, { user: 'drop' }),
      event(1, { user: 'x' }),
      event(2, { user: 'y' }),
      event(90, { user: 'drop' })
    ]
    const out = run(new Evaluator(loadRules([dir]).rules), ndjson([...lines, event(200, { user: 'x' })]))
    assert.deepEqual(
      out.alerts.map(a => [JSON.parse(a).num_hits, JSON.parse(a).matches.map((m: { who: string }) => m.who)]),
      [[2, ['x@a', 'y@a']]],
      first
    )
  }
})
