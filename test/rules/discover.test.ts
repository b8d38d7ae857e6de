/** Links into Discover, as ElastAlert 2 writes them. Without ElastAlert they are not compared. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { Evaluator, type Match } from '../../src/lib/rules/index.ts'
import { rison } from '../../src/lib/rules/rison.ts'
import { pythonJson, randomEvents, ruleText, skip } from './oracle.ts'
import { folder, load, ndjson, run } from './rules.ts'

const KIBANA =
  'generate_kibana_discover_url: true\nkibana_discover_app_url: "app/discover#/"\nkibana_discover_index_pattern_id: plays-*\nkibana_url: http://127.0.0.1:5601/\n'
const OPENSEARCH =
  'generate_opensearch_discover_url: true\nopensearch_discover_app_url: app/data-explorer/discover#\nopensearch_discover_index_pattern_id: "4babf380-c3b1-11eb-b616-1b59c2feec54"\nopensearch_url: http://127.0.0.1:5601/\n'
const FILTER =
  'filter:\n- query: {query_string: {query: "user:a OR NOT user:\\"ü\'!\\""}}\n- range: {id: {gte: 0, lt: 1000}}\n- term: {payment.ok: true}\n'

const LINKS: Record<string, string> = {
  plain: `type: any\n${KIBANA}`,
  'of a key': `type: any\nquery_key: user\n${KIBANA}${OPENSEARCH}`,
  'of two keys': `type: any\nquery_key: [user, payment.gateway]\n${KIBANA}${OPENSEARCH}`,
  'of another time':
    `type: frequency\nnum_events: 2\ntimeframe: {minutes: 7}\n${KIBANA}${OPENSEARCH}` +
    'kibana_discover_from_timedelta: {hours: 1}\nopensearch_discover_to_timedelta: {milliseconds: 1500}\nkibana_discover_columns: [user, "*", "1st"]\n',
  'with filters': `type: any\n${FILTER}${KIBANA}${OPENSEARCH}`,
  'with a list': `type: blacklist\ncompare_key: payment.gateway\nblacklist: [upi]\n${KIBANA}${OPENSEARCH}`,
  'without one value': `type: whitelist\ncompare_key: payment.gateway\nignore_null: true\nwhitelist: [/upi/]\n${KIBANA}`,
  'of a tenant': `type: any\n${KIBANA}kibana_discover_security_tenant: my tenant\n`,
  'without a place': `type: any\n${KIBANA.replace(/kibana_url.*\n/, '')}`,
  'to a whole URL': `type: any\n${KIBANA.replace('app/disc', 'https://127.0.0.2/s/x/app/disc')}`
}

/** Prints the links that ElastAlert puts into each match. */
const PRINT_LINKS = `
import json, sys
import elastalert.elastalert
from elastalert.elastalert import ElastAlerter
from elastalert.loaders import FileRulesLoader
from elastalert.kibana_discover import generate_kibana_discover_url
from elastalert.opensearch_discover import generate_opensearch_discover_url
import datetime
conf = {'es_host': 'none', 'es_port': 0, 'rules_folder': '.', 'run_every': datetime.timedelta(minutes=1), 'buffer_time': datetime.timedelta(minutes=15)}
rules = {}
for line in sys.stdin:
    case = json.loads(line)
    rule = rules.get(case['file'])
    if rule is None:
        rule = FileRulesLoader(conf).load_configuration(case['file'], conf, None)
        ElastAlerter.enhance_filter(None, rule)
        rules[case['file']] = rule
    match = case['match']
    links = {}
    if rule.get('generate_kibana_discover_url'):
        links['kibana'] = ElastAlerter.get_kibana_discover_external_url_formatter(None, rule).format(generate_kibana_discover_url(rule, match))
    if rule.get('generate_opensearch_discover_url'):
        links['opensearch'] = ElastAlerter.get_opensearch_discover_external_url_formatter(None, rule).format(generate_opensearch_discover_url(rule, match))
    print(json.dumps(links))
`

test('ElastAlert makes the same links of the same matches', { skip }, t => {
  const dir = folder(
    t,
    Object.fromEntries(Object.entries(LINKS).map(([n, body]) => [`${n}.yaml`, ruleText(n, body)]))
  )
  const cases: { file: string; match: unknown }[] = []
  const ours: unknown[] = []
  for (const [name, body] of Object.entries(LINKS)) {
    const { rules, printed } = load(t, ruleText(name, `${body}realert: {minutes: 0}`))
    assert.deepEqual(printed, [])
    const evaluator = new Evaluator(rules)
    const out = {
      match: ({ fields }: Match) => {
        const { kibana_discover_url: kibana, opensearch_discover_url: opensearch, ...match } = fields.row
        cases.push({ file: path.join(dir, `${name}.yaml`), match })
        ours.push(JSON.parse(JSON.stringify({ kibana, opensearch })))
      },
      badLine: (index: number, _: Buffer, reason: string | undefined) => assert.fail(`${index}: ${reason}`)
    }
    const texts = ["it's ü!", '', ['', 'x'], []]
    const events = randomEvents(5, 40).map((event, i) => ({
      ...event,
      ...(i % 3 === 0 ? { user: texts[i % 4] } : {}),
      text: "it's ü!"
    }))
    evaluator.process(Buffer.from(ndjson(events)), out)
    evaluator.finish(out)
  }
  for (const name of Object.keys(LINKS))
    assert.ok(
      cases.some(({ file }) => path.basename(file) === `${name}.yaml`),
      `no match of ${name}`
    )
  const theirs = pythonJson(PRINT_LINKS, cases)
  for (const [i, links] of ours.entries()) assert.deepEqual(links, theirs[i], path.basename(cases[i]!.file))
})

test('a link without an app or an index is told of, and the alert goes out without it', t => {
  const { rules, printed } = load(t, ruleText('r', 'type: any\ngenerate_kibana_discover_url: true'))
  assert.deepEqual(printed, [
    'warning: rule.yaml:5:1: kibana_discover_app_url is missing: matches get no link',
    'warning: rule.yaml:5:1: kibana_discover_index_pattern_id is missing: matches get no link'
  ])
  const { alerts } = run(new Evaluator(rules), '{"@timestamp":"2026-11-24T10:00:00Z"}\n')
  assert.equal(alerts.length, 1)
  assert.ok(!alerts[0]?.includes('discover'))
})

test('values in Rison', () => {
  assert.equal(
    rison({ b: [1, -0.5, true, null, false], a: 'x y', 'c d': {} }),
    "(a:'x y',b:!(1,-0.5,!t,!n,!f),'c d':())"
  )
  assert.equal(
    rison(['', "it's!", 'plain-text_1.~/%+', '1a', '-a', 'ü']),
    "!('','it!'s!!',plain-text_1.~/%+,'1a','-a',ü)"
  )
})
