import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { Evaluator, loadRules } from '../../src/lib/rules/index.ts'
import { folder, ndjson, run } from './rules.ts'

test('a template comes from its file, with filters from a JavaScript module beside the rule', t => {
  const dir = folder(t, {
    'filters.mjs': 'export const filter_shout = text => `${text}!`\nexport const twice = n => n * 2\n',
    'text.jinja': '{{ gateway | shout }} {{ amount | twice }}\n'
  })
  const rule = path.join(
    folder(t, {
      'rule.yaml': `name: a\ntype: any\nindex: x\nalert: debug\nalert_text_type: alert_text_jinja\njinja_template_path: ${path.join(dir, 'text.jinja')}\njinja_filters: ["${path.join(dir, 'filters.mjs')}"]\n`
    }),
    'rule.yaml'
  )
  const { rules, problems } = loadRules([rule])
  assert.deepEqual(problems, [])
  const event = { '@timestamp': '2026-11-24T10:00:00Z', gateway: 'paytm', amount: 4 }
  const { alerts } = run(new Evaluator(rules), ndjson([event]))
  assert.equal(JSON.parse(alerts[0]!).text, 'a\n\npaytm! 8\n\n')
})

test('what a template cannot do with a match does not cost the alert', t => {
  const dir = folder(t, {
    'rule.yaml':
      'name: a\ntype: any\nindex: x\nalert: debug\nalert_text_type: alert_text_jinja\nalert_text: "{{ gone() }}"\n'
  })
  const { alerts } = run(
    new Evaluator(loadRules([dir]).rules),
    ndjson([{ '@timestamp': '2026-11-24T10:00:00Z' }])
  )
  assert.equal(
    JSON.parse(alerts[0]!).text,
    '{{ gone() }} (Unable to call `gone`, which is undefined or falsey)'
  )
})

test('nothing but data is within reach of a template', t => {
  const dir = folder(t, {
    'rule.yaml': `name: a\ntype: any\nindex: x\nalert: debug\nalert_text_type: alert_text_jinja\nalert_text: "[{{ user.constructor }}{{ name.constructor }}{{ user.items }}]"\n`
  })
  const event = { '@timestamp': '2026-11-24T10:00:00Z', user: { items: 3 } }
  const { alerts } = run(new Evaluator(loadRules([dir]).rules), ndjson([event]))
  assert.equal(JSON.parse(alerts[0]!).text, '[3]\n\n')
})
