/** When aggregated alerts go out, and with which matches, as ElastAlert 2's own code decides. Skipped without ElastAlert. */

import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { Evaluator, type Match, matchesOf } from '../../src/lib/rules/index.ts'
import { samples } from '../support/rounds.ts'
import { pythonJson, randomEvents, ruleText, skip } from './oracle.ts'
import { folder, load, ndjson } from './rules.ts'

const RULES: Record<string, string> = {
  'a minute': 'aggregation: {minutes: 1}',
  'by key': 'aggregation: {seconds: 30}\naggregation_key: payment.gateway',
  'by two keys': 'aggregation: {minutes: 3}\naggregation_key: [user, payment.ok]',
  'by match time': 'aggregation: {seconds: 90}\naggregate_by_match_time: true\naggregation_key: user',
  'by schedule': 'aggregation: {schedule: "*/3 * * * *"}\naggregation_key: payment.gateway',
  'with realert': 'aggregation: {minutes: 1}\nquery_key: user\nrealert: {seconds: 20}',
  'for no time': 'aggregation: {minutes: 0}'
}

/** ElastAlert's aggregation over an index in memory: matches come at their time, and before each what is due is sent. */
const SEND = `
import copy, datetime, json, sys, threading, types
import elastalert.elastalert as ea
import elastalert.util as util
from elastalert.loaders import FileRulesLoader

class Alerter(ea.ElastAlerter):
    def __init__(self):
        self.alert_lock, self.thread_data, self.index, self.ids = threading.Lock(), threading.local(), {}, 0
        self.alert_time_limit, self.silence_cache, self.writeback_index, self.debug = None, {}, '', True
        self.add_metadata_alert = False
        self.writeback_es = types.SimpleNamespace(delete_by_query=lambda index, body: self.index.pop(body['query']['term']['_id'], None))
    def writeback(self, doc_type, body, rule=None, match_body=None):
        self.ids += 1
        self.index[str(self.ids)] = copy.deepcopy(body)
        return {'_id': str(self.ids)}
    def find_recent_pending_alerts(self, limit):
        return sorted(({'_id': k, '_source': copy.deepcopy(v)} for k, v in self.index.items() if 'aggregate_id' not in v), key=lambda a: a['_source']['alert_time'])
    def get_aggregated_matches(self, id):
        found = [k for k, v in self.index.items() if v.get('aggregate_id') == id]
        return [self.index.pop(k) for k in found]
    def find_pending_aggregate_alert(self, rule, key=None):
        return None
    def is_silenced(self, name, check_cache_only=False):
        return name in self.silence_cache and self.now < self.silence_cache[name][0]
    def set_realert(self, key, until, exponent):
        self.silence_cache[key] = (until, exponent)
    def alert(self, matches, rule, alert_time=None, retried=False):
        print(json.dumps({'rule': rule['name'], 'at': round(util.ts_to_dt(alert_time).timestamp() * 1000), 'ids': [m['id'] for m in matches]}))

ea.elasticsearch_client = lambda rule: None
conf = {'es_host': 'none', 'es_port': 0, 'rules_folder': '.', 'run_every': datetime.timedelta(minutes=1), 'buffer_time': datetime.timedelta(minutes=15)}
for line in sys.stdin:
    case = json.loads(line)
    alerter = Alerter()
    rule = FileRulesLoader(conf).load_configuration(case['file'], conf, types.SimpleNamespace(debug=True))
    rule.update(agg_matches=[], aggregate_alert_time={}, current_aggregate_id={})
    alerter.rules = [rule]
    for event in case['events'] + [{'@timestamp': '2027-01-01T00:00:00Z'}]:
        now = alerter.now = util.ts_to_dt(event['@timestamp'])
        ea.ts_now = lambda: now
        alerter.send_pending_alerts()
        if 'id' not in event:
            break
        match = alerter.process_hits(rule, [{'_source': event}])[0]
        match['@timestamp'] = util.dt_to_ts(match['@timestamp'])
        key = rule['realert_key']
        value = alerter.get_query_key_value(rule, match)
        if value is not None:
            key += '.' + value
        if alerter.is_silenced(key):
            continue
        if rule['realert']:
            alerter.set_realert(key, *alerter.next_alert_time(rule, key, now))
        if rule['aggregation']:
            alerter.add_aggregated_alert(match, rule)
        else:
            alerter.alert([match], rule, alert_time=util.dt_to_ts(now))
`

interface Sent {
  rule: string
  at: number
  ids: unknown[]
}

test('ElastAlert puts the same matches together, and lets them go at the same time', { skip }, t => {
  const bodies = Object.entries(RULES).map(([name, body]): [string, string] => [
    name,
    ruleText(name, `type: any\n${body}`)
  ])
  const dir = folder(t, Object.fromEntries(bodies.map(([name, text]) => [`${name}.yaml`, text])))
  for (const seed of samples([1, 2], [1])) {
    const events = randomEvents(seed, 300)
    const theirs = pythonJson<Sent>(
      SEND,
      bodies.map(([name]) => ({ file: path.join(dir, `${name}.yaml`), events }))
    )
    for (const [name, text] of bodies) {
      // one rule at a time, its lines in blocks of seven
      const { rules, printed } = load(t, text.replace('minutes: 0}', 'minutes: 0}\nrealert: {minutes: 0}'))
      assert.deepEqual(printed, [])
      const ours: Sent[] = []
      const out = {
        match: (alert: Match) => {
          ours.push({
            rule: alert.rule.name,
            at: alert.micros / 1000,
            ids: matchesOf(alert).map(m => m.fields.row.id)
          })
        },
        badLine: (index: number, _: Buffer, reason: string | undefined) => assert.fail(`${index}: ${reason}`)
      }
      const evaluator = new Evaluator(rules)
      for (let i = 0; i < events.length; i += 7)
        evaluator.process(Buffer.from(ndjson(events.slice(i, i + 7))), out)
      evaluator.finish(out)
      const expected = theirs.filter(s => s.rule === name)
      assert.ok(expected.length > 3, `${name}: nothing to compare`)
      const order = (a: Sent, b: Sent): number => a.at - b.at || Number(a.ids[0]) - Number(b.ids[0])
      assert.deepEqual(ours.sort(order), expected.sort(order), `${name}, seed ${seed}`)
    }
  }
})

const CRON = `
import json, sys
from croniter import croniter
for line in sys.stdin:
    case = json.loads(line)
    try:
        it = croniter(case['expression'], case['from'])
        print(json.dumps([it.get_next() for _ in range(5)]))
    except Exception as e:
        print(json.dumps(None))
`

test('croniter finds the same times for an expression', { skip }, async () => {
  const { Cron } = await import('../../src/lib/rules/cron.ts')
  const { random } = await import('./random.ts')
  const next = random(7)
  const pick = <T>(values: T[]): T => values[Math.floor(next() * values.length)]!
  const cases = Array.from({ length: 400 }, () => ({
    expression: [
      pick(['*', '0', '*/7', '5-50/9', '59', '1,2,30', '10/20']),
      pick(['*', '0', '*/5', '22-23', '6,18', '8-18/3', '22-2']),
      pick(['*', '*', '1', '31', '*/2', '1-31', 'L', '29', '13,14', '10-20']),
      pick(['*', '*', '*', 'feb', '6', '*/3', 'JAN-mar', '12']),
      pick(['*', '*', '0', '7', 'mon-fri', 'sat,sun', '*/2', '0-6', 'fri#2', '5-7', 'fri-mon'])
    ].join(' '),
    from: Math.floor(next() * 4e8) * 6 + Math.floor(next() * 2) * 30
  }))
  const theirs = pythonJson<number[] | null>(CRON, cases)
  let compared = 0
  for (const [i, { expression, from }] of cases.entries()) {
    if (theirs[i] === null) continue
    compared++
    const cron = new Cron(expression)
    const ours = []
    for (let at: number | undefined = from * 1e6, n = 0; n < 5 && at !== undefined; n++) {
      at = cron.next(at)
      if (at !== undefined) ours.push(at / 1e6)
    }
    assert.deepEqual(ours, theirs[i], `${expression} from ${from}`)
  }
  assert.ok(compared > 300)
})
