import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { formatProblem, loadRules } from '../../src/lib/rules/index.ts'
import { folder, load } from './rules.ts'

const GOOD = `name: a
type: any
index: x
alert: debug
`

test("a rule without errors is loaded with ElastAlert's defaults", t => {
  const { rules, printed } = load(t, 'type: any\nindex: x\nalert: debug\n')
  assert.deepEqual(printed, [])
  assert.equal(rules[0]?.name, 'rule')
  assert.equal(rules[0]?.realert, 60e6)
  assert.equal(rules[0]?.realertKey, 'rule')
  assert.deepEqual(rules[0]?.timestamp, { field: '@timestamp', type: 'iso' })
})

test('what is missing or misspelt is named with line, column and a suggestion', t => {
  const cases: [text: string, expected: string[]][] = [
    ['name: a\nindex: x\nalert: debug\n', ['rule.yaml:1:1: type is missing']],
    [
      GOOD.replace('any', 'frequency'),
      [
        'rule.yaml:2:1: timeframe is missing: a frequency rule needs it',
        'rule.yaml:2:1: num_events is missing: a frequency rule needs it'
      ]
    ],
    [
      `${GOOD}realertt: {minutes: 1}\n`,
      ['warning: rule.yaml:5:1: unknown option realertt: did you mean realert?']
    ],
    [`${GOOD}realert: {minuts: 1}\n`, ['rule.yaml:5:11: unknown unit minuts: did you mean minutes?']],
    [`${GOOD}realert: 5\n`, ['rule.yaml:5:1: realert is an object such as {minutes: 5}, not 5']],
    [GOOD.replace('any', 'frequncy'), ['rule.yaml:2:1: unknown type frequncy: did you mean frequency?']],
    [
      GOOD.replace('any', 'spike'),
      [
        'rule.yaml:2:1: spike_height is missing: a spike rule needs it',
        'rule.yaml:2:1: spike_type is missing: a spike rule needs it',
        'rule.yaml:2:1: timeframe is missing: a spike rule needs it'
      ]
    ],
    [
      `${GOOD.replace('any', 'spike')}spike_height: 2\nspike_type: upp\ntimeframe: {minutes: 0}\n`,
      [
        'rule.yaml:6:1: spike_type is up, down, both, not upp: did you mean up?',
        'rule.yaml:7:1: a timeframe is longer than nothing'
      ]
    ],
    [
      `${GOOD.replace('any', 'blacklist')}compare_key: [a, b]\nblacklist:\n- a\n- 5\n`,
      [
        'rule.yaml:5:1: a list is compared with one field: compare_key names one',
        'rule.yaml:8:3: blacklist holds texts, not 5: put it in quotes'
      ]
    ],
    [
      `${GOOD.replace('any', 'whitelist')}compare_key: a\nwhitelist:\n- "!file /no/such"\nignore_null: 1\n`,
      [
        "rule.yaml:7:3: ENOENT: no such file or directory, open '/no/such'",
        'rule.yaml:8:1: ignore_null is true or false, not 1'
      ]
    ],
    [
      GOOD.replace('any', 'change'),
      [
        'rule.yaml:2:1: query_key is missing: a change rule needs it',
        'rule.yaml:2:1: compare_key is missing: a change rule needs it',
        'rule.yaml:2:1: ignore_null is missing: a change rule needs it'
      ]
    ],
    [
      GOOD.replace('any', 'new_term'),
      ['rule.yaml:2:1: fields is missing: a new_term rule needs it, or a query_key']
    ],
    [
      `${GOOD.replace('any', 'cardinality')}cardinality_field: a\ntimeframe: {hours: 1}\n`,
      ['rule.yaml:2:1: max_cardinality is missing: a cardinality rule needs it, or min_cardinality']
    ],
    [
      GOOD.replace('any', 'my.Rule'),
      ['rule.yaml:2:1: my.Rule is a Python class: here it is a JavaScript module, such as ./Rule.mjs']
    ],
    [
      GOOD.replace('any', './no.mjs'),
      ['rule.yaml:2:1: ./no.mjs cannot be loaded: Cannot find module DIR/no.mjs']
    ],
    [
      `${GOOD}match_enhancements: [TimeEnhancement, my.Enhancement]\n`,
      [
        'rule.yaml:5:39: my.Enhancement is a Python class: here it is a JavaScript module, such as ./Enhancement.mjs'
      ]
    ],
    [GOOD.replace('debug', 'slck'), ['rule.yaml:4:1: unknown alert slck: did you mean slack?']],
    [
      GOOD.replace('debug', '[debug, slack]'),
      ['rule.yaml:4:16: slack_webhook_url is missing: alerts by slack need it']
    ],
    [GOOD.replace('debug', 'command'), ['rule.yaml:4:1: command is missing: alerts by command need it']],
    [`${GOOD}filter:\n- trem: {a: 1}\n`, ['rule.yaml:6:3: unknown query trem: did you mean term?']],
    [
      `${GOOD}filter:\n- query_string:\n    query: "a:(b"\n`,
      ['rule.yaml:7:5: a closing parenthesis is missing at column 5 of the query string a:(b']
    ],
    [`${GOOD}alert_text: "{0} {1}"\nalert_text_args: [a]\n`, ['rule.yaml:5:1: {1} has no value: 1 given']],
    [`${GOOD}alert_text: "{who}"\nalert_text_kw: {name: whom}\n`, ['rule.yaml:5:1: {who} has no value']],
    [
      `${GOOD}alert_text_type: alert_text_jinja\nalert_text: "a\\n{% if %}"\njinja_root_name: 5\n`,
      [
        'rule.yaml:7:1: jinja_root_name is a name in templates',
        'rule.yaml:6:1: line 2, column 7 of the template: unexpected token: %}'
      ]
    ],
    [
      `${GOOD}alert_text_type: alert_text_jinja\nalert_text: "{{ a | uper }}"\nalert_subject_max_len: none\n`,
      [
        'rule.yaml:7:1: alert_subject_max_len is a whole number of characters',
        'rule.yaml:6:1: filter not found: uper'
      ]
    ],
    [
      `${GOOD}alert_text_type: alert_text_jinja\njinja_filters: [./no.mjs, my.Filters]\n`,
      [
        'rule.yaml:6:17: ./no.mjs cannot be loaded: Cannot find module DIR/no.mjs',
        'rule.yaml:6:27: my.Filters is a Python class: here it is a JavaScript module, such as ./Filters.mjs'
      ]
    ],
    [
      `${GOOD}alert_text_type: alert_text_jinja\njinja_template_path: /no/such\n`,
      ["rule.yaml:6:1: ENOENT: no such file or directory, open '/no/such'"]
    ],
    [`${GOOD}aggregation: {schedule: "0 25 * * *"}\n`, ['rule.yaml:5:15: 25 is no hour: 0 to 23']],
    [
      `${GOOD}aggregation: {schedule: "0 0 31 2 *"}\n`,
      ['rule.yaml:5:15: "0 0 31 2 *" names a day that never comes']
    ],
    [
      `${GOOD}timeframe: {schedule: "0 0 * * *"}\n`.replace('any', 'flatline'),
      [
        'rule.yaml:2:1: threshold is missing: a flatline rule needs it',
        'rule.yaml:5:13: timeframe cannot have a schedule, in ElastAlert neither: {minutes: 5}'
      ]
    ],
    [
      `${GOOD}aggregation_key: a\nsummary_table_type: markdwn\nsummary_table_fields: [{path: a, headr: b}]\n`,
      [
        'rule.yaml:6:1: summary_table_type is ascii, html, markdown, not markdwn: did you mean markdown?',
        'rule.yaml:7:34: unknown headr of a column: did you mean header?',
        'warning: rule.yaml:5:1: aggregation_key does nothing without aggregation'
      ]
    ],
    [
      `${GOOD}timestamp_type: custom\ntimestamp_format: "%Y %Q"\ntimestamp_to_datetime_format_expr: ts[:23]\n`,
      [
        'rule.yaml:7:1: timestamp_to_datetime_format_expr is Python, which is not run here: say by timestamp_format how the time is written',
        'rule.yaml:6:1: %Q is no directive of strptime'
      ]
    ],
    [
      `${GOOD}limit_execution: "0 9-17 * * mon-frid"\npriority: high\n`,
      [
        'rule.yaml:5:1: frid is no day of week: 0 to 7',
        'rule.yaml:6:1: priority is a whole number, not "high"'
      ]
    ],
    [
      'name: [\n',
      ['rule.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]']
    ],
    ['- a\n', ['rule.yaml:1:1: a rule file is a mapping of options: name, type, index, alert, filter, …']]
  ]
  for (const [text, expected] of cases) assert.deepEqual(load(t, text).printed, expected, text)
})

test('every error of a file is reported, not only the first', t => {
  const { printed } = load(
    t,
    'name: a\ntype: frequency\nindex: x\nalert: debg\nnum_events: none\ntimeframe: {hour: 1}\n'
  )
  assert.equal(printed.length, 3)
})

test('options that only steer queries are accepted, and what they mean here is noted', t => {
  const { printed } = load(
    t,
    `${GOOD}use_strftime_index: true\nbuffer_time: {minutes: 5}\nes_host: db\nslack_webhook_url: https://x\n`
  )
  assert.deepEqual(printed, [
    'note: rule.yaml:5:1: use_strftime_index does nothing here: events come from the input, or as --from names their indices',
    'note: rule.yaml:7:1: es_host does nothing here: events come from the input, or from the index that --from names',
    'note: rule.yaml:6:1: buffer_time does nothing here: windows are as long as their timeframe, and only aggregations look at a buffer_time'
  ])
})

test('a rule that is switched off is not there', t => {
  assert.deepEqual(load(t, `${GOOD}is_enabled: false\n`).rules, [])
})

test('an import fills what is not set, and its filters come first', t => {
  const dir = folder(t, {
    'base.inc': 'index: x\nalert: debug\nrealert: {hours: 1}\nfilter:\n- term: {a: 1}\n',
    'rule.yaml': 'name: a\ntype: any\nimport: base.inc\nrealert: {minutes: 0}\nfilter:\n- term: {b: 2}\n'
  })
  const { rules, problems } = loadRules([dir])
  assert.deepEqual(problems, [])
  assert.equal(rules[0]?.realert, 0)
  assert.deepEqual(rules[0]?.options.filter, [{ term: { a: 1 } }, { term: { b: 2 } }])
})

test('files that import each other in a circle are named, and one that is imported twice is not', t => {
  const dir = folder(t, {
    'a.yaml': `${GOOD}import: [b.inc, c.inc]\n`,
    'b.inc': 'import: c.inc\nowner: me\n',
    'c.inc': 'priority: 3\n'
  })
  assert.deepEqual(loadRules([dir]).problems, [])
  writeFileSync(path.join(dir, 'c.inc'), 'import: [b.inc]\n')
  assert.deepEqual(
    loadRules([dir]).problems.map(p => [path.basename(p.file), p.line, p.message]),
    [['b.inc', 1, 'import in a circle: c.inc → b.inc → c.inc']]
  )
})

test('an error in an imported filter is named in the imported file', t => {
  const dir = folder(t, {
    'base.inc': 'index: x\nalert: debug\nfilter:\n- trem: {a: 1}\n',
    'rule.yaml': 'name: a\ntype: any\nimport: base.inc\n'
  })
  const { problems } = loadRules([dir])
  assert.deepEqual(
    problems.map(p => [path.basename(p.file), p.line, p.column]),
    [['base.inc', 4, 3]]
  )
})

test('folders are searched to the bottom, other files and ..data left alone, and two rules of a name are an error', t => {
  const dir = folder(t, { 'b.yml': GOOD, 'notes.txt': 'x: [' })
  mkdirSync(path.join(dir, 'deep'))
  mkdirSync(path.join(dir, '..data'))
  writeFileSync(path.join(dir, 'deep', 'c.yaml'), GOOD.replace('name: a', 'name: c'))
  writeFileSync(path.join(dir, '..data', 'd.yaml'), GOOD)
  assert.deepEqual(
    loadRules([dir]).rules.map(r => r.name),
    ['a', 'c']
  )
  writeFileSync(path.join(dir, 'deep', 'd.yaml'), GOOD)
  assert.match(loadRules([dir]).problems[0]?.message ?? '', /a rule named a is in .*b\.yml too/)
})

test('environment variables are filled in, as ElastAlert does', t => {
  process.env.MILLRACE_TEST_NAME = 'from outside'
  t.after(() => delete process.env.MILLRACE_TEST_NAME)
  const { rules } = load(t, GOOD.replace('name: a', 'name: ${MILLRACE_TEST_NAME} $NOT_SET_ANYWHERE'))
  assert.equal(rules[0]?.name, 'from outside $NOT_SET_ANYWHERE')
})

test("options hold what ElastAlert's schema lets them, also those that do nothing here", t => {
  const printed = (options: string, text = GOOD): string[] =>
    load(t, text + options).printed.filter(p => !p.startsWith('note'))
  assert.deepEqual(printed('query_key:\npriority: 2.5\nuse_local_time: "yes"\nes_port: "9200"\n'), [
    'rule.yaml:8:1: es_port is a whole number, not "9200"',
    'rule.yaml:6:1: priority is a whole number, not 2.5',
    'rule.yaml:7:1: use_local_time is true or false, not "yes"',
    'rule.yaml:5:1: query_key has no value: it is a text, or a list of them'
  ])
  assert.deepEqual(printed('alert_text: 3\nfilter: {term: {a: 1}}\nquery_delay: 5\ntop_count_keys: a\n'), [
    'rule.yaml:5:1: alert_text is a text, not 3',
    'rule.yaml:8:1: top_count_keys is a list of texts, not "a"',
    'rule.yaml:6:1: filter is a list, not {"term":{"a":1}}',
    'rule.yaml:7:1: query_delay is an object such as {minutes: 5}, not 5'
  ])
  const spike = GOOD.replace('any', 'spike\nspike_height: 2\nspike_type: up\ntimeframe: {minutes: 1}')
  assert.deepEqual(printed('threshold_ref: 2.5\nuse_terms_query: true\n', spike), [
    'rule.yaml:8:1: threshold_ref is a whole number, not 2.5',
    'rule.yaml:2:1: query_key is missing: a spike rule needs it'
  ])
  // not of this type
  assert.deepEqual(printed('threshold_ref: 2.5\n'), [])
})

test('a rule is at work unless Python takes its is_enabled as false, and labels hold what they like', t => {
  for (const [value, isOn, warnings] of [
    ['no', false, 0],
    ['0', false, 0],
    ['', false, 0],
    ['yes', true, 0],
    ['"no"', true, 1]
  ] as const) {
    const { rules, printed } = load(t, `${GOOD}description: 3\nis_enabled: ${value}\n`)
    assert.equal(rules.length, isOn ? 1 : 0, value)
    assert.equal(printed.filter(p => p.startsWith('warning')).length, warnings, value)
  }
})

test('numbers and times are those of PyYAML, and what looks like one but is none to it is a text', t => {
  const values: [written: string, value: unknown][] = [
    ['010', 8],
    ['08', '08'],
    ['0x1F', 31],
    ['0b101', 5],
    ['1_000', 1000],
    ['1:30', 90],
    ['-1:30', -90],
    ['0:30', '0:30'],
    ['1:2.5', 62.5],
    ['1e3', '1e3'],
    ['1.5e3', '1.5e3'],
    ['1.5e+3', 1500],
    ['.5', 0.5],
    ['-.5', '-.5'],
    ['.', '.'],
    ['5.', 5],
    ['2026-11-24 9:05:00', '2026-11-24T09:05:00'],
    ['2026-11-24t10:00:00.5 -5:30', '2026-11-24T10:00:00.500000-05:30'],
    ['2026-11-24T10:00:00Z', '2026-11-24T10:00:00+00:00']
  ]
  for (const [written, value] of values) {
    const { rules, printed } = load(t, `${GOOD}filter:\n- term: {a: ${written}}\n`)
    assert.deepEqual(printed, [], written)
    assert.deepEqual(rules[0]?.filter, { is: 'term', field: 'a', value, ignoreCase: false }, written)
  }
  const { printed } = load(t, `${GOOD}realert: {minutes: .inf}\n`)
  assert.deepEqual(printed, ['rule.yaml:5:1: the amounts of realert are numbers: {minutes: 5}'])
})

test('of an option that stands twice the last one counts, and that is told', t => {
  const { rules, printed } = load(t, `${GOOD}filter:\n- term: {a: 1, a: 2}\nname: b\n`)
  assert.equal(rules[0]?.name, 'b')
  assert.deepEqual(rules[0]?.filter, { is: 'term', field: 'a', value: 2, ignoreCase: false })
  assert.deepEqual(printed, [
    'warning: rule.yaml:7:1: name stands here a second time: what was said first does not count',
    'warning: rule.yaml:6:16: a stands here a second time: what was said first does not count'
  ])
})

test('YAML is read as PyYAML reads it: yes is a boolean, y and a date are texts', t => {
  const { rules } = load(
    t,
    `${GOOD}is_enabled: yes\nfilter:\n- term: {a: y}\n- range: {t: {gte: 2026-11-24}}\n`
  )
  assert.equal(rules[0]?.options.is_enabled, true)
  assert.deepEqual(rules[0]?.options.filter, [{ term: { a: 'y' } }, { range: { t: { gte: '2026-11-24' } } }])
})

test('what is to be kept of a match and counted beside it is checked', t => {
  assert.deepEqual(load(t, `${GOOD}include: a\ntop_count_keys: [a, 3]\ntop_count_number: 0\n`).printed, [
    'rule.yaml:6:21: top_count_keys holds texts, not 3: put it in quotes',
    'rule.yaml:7:1: top_count_number is a whole number from 1, not 0',
    'rule.yaml:5:1: include is a list of fields'
  ])
})

test("a ticket's account, fields and what is asked of others are checked before there is one", t => {
  const dir = folder(t, { 'user.acc': 'user: robot\n', 'key.acc': 'apikey: k\n' })
  const check = (account: string, ...more: string[]): string[] => {
    const file = path.join(dir, account)
    const options = ['server: x', 'project: x', 'issuetype: x', `account_file: ${file}`, ...more]
    return load(t, GOOD.replace('debug', 'jira') + options.map(option => `jira_${option}\n`).join('')).printed
  }
  const fields = ['impact: high', 'customfield_12: 3']
  assert.deepEqual(check('key.acc', ...fields, 'bump_tickets: true', 'transition_to: Reopen'), [])
  assert.match(check('no.acc').join(), /^rule\.yaml:8:1: jira_account_file .*no\.acc: ENOENT/)
  assert.match(check('user.acc').join(), /user\.acc: it has neither an apikey, nor a user and a password$/)
  assert.deepEqual(check('key.acc', 'bump_ticket: true', 'bump_only: true', 'bump_after_inactivity: 3'), [
    'warning: rule.yaml:9:1: unknown option jira_bump_ticket: did you mean jira_bump_tickets?',
    'warning: rule.yaml:10:1: jira_bump_only without jira_bump_tickets: no ticket is ever made',
    'warning: rule.yaml:11:1: jira_bump_after_inactivity without jira_bump_tickets: it does nothing'
  ])
  assert.deepEqual(
    check('key.acc', 'bump_tickets: true', 'bump_in_statuses: [Open]', 'bump_not_in_statuses: [Closed]'),
    ['warning: rule.yaml:11:1: jira_bump_in_statuses and jira_bump_not_in_statuses: one of them says it all']
  )
})

test('rules that are not there are named as such', () => {
  const { problems } = loadRules(['/no/such/folder'])
  assert.deepEqual(problems.map(formatProblem), ['/no/such/folder:1:1: no such file or folder'])
})
