/** Subjects and texts of alerts, as ElastAlert 2's own alerters write them. Without ElastAlert these tests are skipped. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { alertTexts, Evaluator, type Match, matchesOf, matchWithCounts } from '../../src/lib/rules/index.ts'
import { pythonJson, randomEvents, ruleText, skip } from './oracle.ts'
import { folder, load, ndjson } from './rules.ts'

const TEXTS: Record<string, string> = {
  plain: 'type: any',
  'plain frequency': 'type: frequency\nnum_events: 2\ntimeframe: {minutes: 5}',
  'no fields':
    'type: frequency\nnum_events: 2\ntimeframe: {hours: 1}\nalert_text_type: exclude_fields\nalert_text: "Look\\n"',
  'only text':
    'type: any\nalert_text_type: alert_text_only\nalert_text: "{0} {1!r:>8} {2} {3} {4[gateway]}"\nalert_text_args: [user, amount, gone, owner, payment]\nowner: me',
  'by name':
    'type: any\nalert_text: "{who} {{x}} {n:05d}"\nalert_text_kw: {payment.gateway: who, id: n}\nalert_missing_value: "-"',
  subject:
    'type: any\nalert_subject: "{} of {}: {}"\nalert_subject_args: [id, user, dotted.name]\nalert_subject_max_len: 20',
  'own time form':
    'type: frequency\nnum_events: 1\ntimeframe: {days: 1}\ncustom_pretty_ts_format: "%d.%m.%Y %H:%M:%S"',
  aggregated: 'type: any\naggregation: {minutes: 1}',
  'aggregated, only text':
    'type: any\naggregation: {minutes: 1}\nalert_text_type: alert_text_only\nalert_text: "{}"\nalert_text_args: [id]\nalert_subject: "{}"\nalert_subject_args: [id]',
  'table of text':
    'type: any\naggregation: {minutes: 2}\nsummary_table_fields: [user, amount]\nsummary_prefix: "Before"\nsummary_suffix: "After"',
  'table alone':
    'type: any\naggregation: {minutes: 5}\naggregation_key: payment.gateway\nalert_text_type: aggregation_summary_only\nsummary_table_fields: [long, text, {path: payment.gateway, header: "The way of payment"}]\nsummary_table_max_rows: 3',
  'table too wide':
    'type: any\naggregation: {hours: 1}\nalert_text_type: aggregation_summary_only\nsummary_table_fields: [long, user, text, "@timestamp", long, text]',
  'table of markdown':
    'type: any\naggregation: {minutes: 2}\nsummary_table_fields: [user, text]\nsummary_table_type: markdown\nsummary_suffix: "end"',
  'table of html':
    'type: any\naggregation: {minutes: 2}\nsummary_table_fields: [user, {path: text, header: "<Text>"}]\nsummary_table_type: html\nsummary_prefix: "lost"\nsummary_table_max_rows: 4',
  'table without aggregation': 'type: any\nsummary_table_fields: [user]',
  jinja:
    "type: any\nowner: me\nalert_text_type: alert_text_jinja\nalert_subject: '{{ id }} of {{ owner }}'\nalert_text: |\n  {{ amount }} {{ user }} {{ nothing }} {{ payment }} {{ _data['dotted.name'] }} {{ payment.ok }}\n  {% if user %}some{% else %}none{% endif %} {{ 'y' if gone else 'n' }} {{ not payment.ok }}\n  {% for k, v in payment.items() %}{{ loop.index }} {{ k }}={{ v }};{% endfor %}\n",
  'jinja filters':
    "type: any\nalert_text_type: alert_text_jinja\njinja_root_name: doc\nalert_text: |\n  {{ doc['payment']['gateway'] | upper }} {{ text | default('-', true) | trim }} {{ long.split('-') | first }}\n  {{ payment | tojson }} {{ [3, 1, 2] | max }} {{ [id, 1, id] | unique | list }} {{ [payment] | map(attribute='gateway') | join(', ') }}\n  {{ '%05.1f|%s' | format(id, amount) }} {{ '{:>5}'.format(id) }} {{ (id * 1000) | filesizeformat }} {{ id is none }} {{ id is number }}\n  {{ long.upper().startswith('A') }} {{ long | length }} {{ long | truncate(20) }} {{ long | truncate(30, true, '~') }} {{ long | truncate(length=12, leeway=0) }} {{ ['a', 'b'] | map('upper') | join('+') }}\n  {{ payment.get('none', 'other') }} {{ text | replace('a', 'b') }} {{ 7 // 2 }} {{ 2 ** 3 }} {{ id % 3 }} {{ text ~ '!' }}\n",
  'rule options in texts':
    'type: frequency\nnum_events: 1\ntimeframe: {minutes: 90}\nquery_key: [user, id]\nalert_text: "{0} {1} {2} {3}"\nalert_text_args: [timeframe, priority, owner, query_key]',
  'rule options by name':
    'type: any\nalert_text: "{a} {b} {d}"\nalert_text_kw: {owner: a, priority: b, nothing: d}',
  'times in another form':
    'type: frequency\nnum_events: 1\ntimeframe: {minutes: 90}\ncustom_pretty_ts_format: "%e %k %l %w %u %U %W %C %h %F %T %D %R %r %c %%D"',
  'jinja with floats':
    "type: any\nalert_text_type: alert_text_jinja\nalert_text: |\n  {{ id | round }} {{ 2.5 | round }} {{ 3.14159 | round(2) }} {{ 3.2 | round(method='ceil') }} {{ id | float }} {{ 'x' | float }} {{ id / 1 }} {{ (id / 3) | round(1) }} {{ '%.1f' | format(id / 2) }} {{ id / 2 > 3 }}\n  {{ [sent, sent] | sum(attribute='n') }} {{ [1, 2] | sum }} {{ long[2:5] }} {{ long[:3] }} {{ [payment] | selectattr('gateway', 'eq', 'upi') | list }} {{ [payment] | rejectattr('ok') | list }} {{ [id, 1] | select('gt', 5) | list }} {{ [id] | reject('odd') | list }} {{ long | e }} {{ priority }}{{ owner }}\n",
  'top counts':
    'type: any\ntop_count_keys: [payment.gateway, dotted.name, gone]\nraw_count_keys: false\ntop_count_number: 2',
  'top counts by raw name': 'type: any\ntop_count_keys: [payment.gateway]\nalert_text_type: exclude_fields',
  'parameters in matches':
    'type: any\naggregation: {minutes: 1}\nowner: me\ninclude_rule_params_in_matches: [owner, name]',
  'parameters in the first match':
    'type: any\naggregation: {minutes: 1}\nowner: me\ninclude_rule_params_in_matches: [owner]\ninclude_rule_params_in_first_match_only: true'
}

/** Prints subject and text of each alert as ElastAlert's debug alerter would. */
const PRINT_TEXTS = `
import json, sys
import elastalert.elastalert
from elastalert.loaders import FileRulesLoader
from elastalert.alerters.debug import DebugAlerter
import datetime
conf = {'es_host': 'none', 'es_port': 0, 'rules_folder': '.', 'run_every': datetime.timedelta(minutes=1), 'buffer_time': datetime.timedelta(minutes=15)}
alerters = {}
for line in sys.stdin:
    case = json.loads(line)
    alerter = alerters.get(case['file'])
    if alerter is None:
        rule = FileRulesLoader(conf).load_configuration(case['file'], conf, None)
        rule['use_local_time'] = False
        alerter = alerters[case['file']] = DebugAlerter(rule)
    print(json.dumps({'subject': alerter.create_title(case['matches']), 'text': alerter.create_alert_body(case['matches'])}))
`

/** Words to be wrapped: hyphens, dashes, wide and combined characters, lines, tabs, markup. */
const LONG = [
  'a well-known state-of-the-art em--dash, and so on -- until the end of the line is reached',
  'averyveryveryverylongwordwithoutanyplacetobreakitanywhereatallwhichgoesonandonandon-and-on',
  'first line\nsecond\tline  with   spaces ',
  '日本語のテキスト と e\u0301',
  '<b>"x" & \'y\'</b>',
  ''
]

test('ElastAlert writes the same subjects and texts', { skip }, t => {
  const dir = folder(
    t,
    Object.fromEntries(Object.entries(TEXTS).map(([n, body]) => [`${n}.yaml`, ruleText(n, body)]))
  )
  const cases: { file: string; matches: unknown[] }[] = []
  const ours: { subject: string; text: string }[] = []
  for (const [name, body] of Object.entries(TEXTS)) {
    const { rules, printed } = load(t, ruleText(name, `${body}\nrealert: {minutes: 0}`))
    assert.deepEqual(printed, [])
    const events = randomEvents(3, 30).map((event, i) => ({
      ...event,
      long: LONG[i % LONG.length],
      text: LONG[(i * 5) % 7]?.slice(0, 20)
    }))
    const evaluator = new Evaluator(rules)
    const out = {
      match: (match: Match) => {
        cases.push({
          file: path.join(dir, `${name}.yaml`),
          matches: matchesOf(match).map(m => JSON.parse(JSON.stringify(matchWithCounts(m))))
        })
        ours.push(alertTexts(match, rules[0]!.options))
      },
      badLine: (index: number, _: Buffer, reason: string | undefined) => assert.fail(`${index}: ${reason}`)
    }
    evaluator.process(Buffer.from(ndjson(events)), out)
    evaluator.finish(out)
  }
  const theirs = pythonJson<{ subject: string; text: string }>(PRINT_TEXTS, cases)
  assert.equal(theirs.length, cases.length)
  assert.ok(cases.some(c => c.matches.length > 5))
  for (const [i, text] of ours.entries()) assert.deepEqual(text, theirs[i], path.basename(cases[i]!.file))
})
