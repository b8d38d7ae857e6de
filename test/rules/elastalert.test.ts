/**
 * ElastAlert 2 itself is the judge: random events through its own rule classes (an oracle that may lie beside the checkout) and
 * through ours must give the same matches. Without the oracle these tests are skipped.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { Evaluator, type Match } from '../../src/lib/rules/index.ts'
import { samples } from '../support/rounds.ts'
import { env, ORACLE, pythonJson, randomEvents, ruleText, skip } from './oracle.ts'
import { folder, load, ndjson } from './rules.ts'

const RULES: Record<string, string> = {
  any: 'type: any',
  'any by key': 'type: any\nquery_key: user',
  frequency: 'type: frequency\nnum_events: 7\ntimeframe: {seconds: 20}',
  'frequency of one': 'type: frequency\nnum_events: 1\ntimeframe: {seconds: 20}',
  'frequency by key': 'type: frequency\nnum_events: 3\ntimeframe: {seconds: 30}\nquery_key: user',
  'frequency by nested key':
    'type: frequency\nnum_events: 4\ntimeframe: {seconds: 10}\nquery_key: payment.gateway',
  'frequency by list of one':
    'type: frequency\nnum_events: 2\ntimeframe: {seconds: 5}\nquery_key: [dotted.name]',
  'frequency by compound key':
    'type: frequency\nnum_events: 2\ntimeframe: {minutes: 2}\nquery_key: [user, payment.gateway]',
  'any by compound key': 'type: any\nquery_key: [user, payment.ok]',
  'frequency by a field of a list':
    'type: frequency\nnum_events: 3\ntimeframe: {seconds: 20}\nquery_key: sent.items.name',
  'frequency by a time within':
    'type: frequency\nnum_events: 4\ntimeframe: {seconds: 9}\ntimestamp_field: sent.at',
  'frequency with related': 'type: frequency\nnum_events: 3\ntimeframe: {seconds: 10}\nattach_related: true'
}

/** Types whose rules ElastAlert evaluates run by run: compared at its runs, every minute. */
const RUN_BY_RUN: Record<string, string> = {
  blacklist: 'type: blacklist\ncompare_key: payment.gateway\nblacklist: [paytm, "!file LIST"]',
  whitelist: 'type: whitelist\ncompare_key: dotted.name\nwhitelist: [q]\nignore_null: true',
  'whitelist of numbers':
    'type: whitelist\ncompare_key: amount\nwhitelist: ["49.00", "7"]\nignore_null: true',
  'whitelist with nulls': 'type: whitelist\ncompare_key: dotted.name\nwhitelist: [p]\nignore_null: false',
  change: 'type: change\nquery_key: user\ncompare_key: payment.gateway\nignore_null: true',
  'change of several, in time':
    'type: change\nquery_key: [payment.gateway, payment.ok]\ncompare_key: [user, amount]\nignore_null: false\ntimeframe: {seconds: 9}',
  'spike up': 'type: spike\nspike_height: 2\nspike_type: up\ntimeframe: {seconds: 40}',
  'spike with thresholds':
    'type: spike\nspike_height: 1.5\nspike_type: both\nthreshold_ref: 3\nthreshold_cur: 2\ntimeframe: {minutes: 1}\nquery_key: payment.gateway',
  'spike down': 'type: spike\nspike_height: 3\nspike_type: down\ntimeframe: {minutes: 2}',
  'spike by key with new data':
    'type: spike\nspike_height: 2\nspike_type: both\ntimeframe: {seconds: 50}\nquery_key: user\nalert_on_new_data: true',
  'spike of a field':
    'type: spike\nspike_height: 1.5\nspike_type: both\ntimeframe: {seconds: 30}\nfield_value: amount\nquery_key: payment.gateway',
  'new term':
    'type: new_term\nfields: [user, dotted.name, [user, payment.gateway]]\nalert_on_missing_field: true',
  'new term by key': 'type: new_term\nquery_key: [user, amount]',
  'cardinality max':
    'type: cardinality\ncardinality_field: user\nmax_cardinality: 3\ntimeframe: {seconds: 20}',
  'cardinality max by key':
    'type: cardinality\ncardinality_field: id\nmax_cardinality: 6\ntimeframe: {seconds: 30}\nquery_key: payment.gateway',
  'cardinality min':
    'type: cardinality\ncardinality_field: user\nmin_cardinality: 4\ntimeframe: {minutes: 1}\nquery_key: payment.gateway',
  'cardinality both':
    'type: cardinality\ncardinality_field: user\nmin_cardinality: 3\nmax_cardinality: 6\ntimeframe: {minutes: 3}'
}

const REALERTS: Record<string, string> = {
  'realert by default': 'type: any',
  'realert by key': 'type: any\nquery_key: user\nrealert: {seconds: 45}',
  'realert of frequency':
    'type: frequency\nnum_events: 3\ntimeframe: {seconds: 20}\nquery_key: payment.gateway\nrealert: {minutes: 1}',
  'exponential realert':
    'type: any\nquery_key: payment.gateway\nrealert: {seconds: 10}\nexponential_realert: {minutes: 2}',
  'no realert': 'type: any\nrealert: {minutes: 0}'
}

/** Types that time decides. */
const BY_TIME: Record<string, string> = {
  flatline: 'type: flatline\nthreshold: 12\ntimeframe: {minutes: 1}',
  'flatline by key': 'type: flatline\nthreshold: 3\ntimeframe: {minutes: 2}\nquery_key: payment.gateway',
  'flatline that forgets':
    'type: flatline\nthreshold: 3\ntimeframe: {seconds: 90}\nquery_key: user\nforget_keys: true',
  'sum over a threshold':
    'type: metric_aggregation\nmetric_agg_key: amount\nmetric_agg_type: sum\nmax_threshold: 1200\nmin_threshold: 300',
  'average by key':
    'type: metric_aggregation\nmetric_agg_key: amount\nmetric_agg_type: avg\nmin_threshold: 17.5\nquery_key: payment.gateway\nbuffer_time: {minutes: 3}',
  'greatest by compound key':
    'type: metric_aggregation\nmetric_agg_key: amount\nmetric_agg_type: max\nmax_threshold: 10\nquery_key: [payment.gateway, payment.ok]\nmin_doc_count: 4\nbuffer_time: {minutes: 1}',
  'distinct values, formatted':
    'type: metric_aggregation\nmetric_agg_key: user\nmetric_agg_type: cardinality\nmax_threshold: 5\nmetric_format_string: "%.2f"\nbuffer_time: {minutes: 2}',
  'percentile by key, formatted':
    'type: metric_aggregation\nmetric_agg_key: amount\nmetric_agg_type: percentiles\npercentile_range: 70\nmax_threshold: 11\nquery_key: payment.gateway\nmetric_format_string: "{:.1f}"',
  'values in buckets':
    'type: metric_aggregation\nmetric_agg_key: amount\nmetric_agg_type: value_count\nmin_threshold: 5\nbucket_interval: {minutes: 2}\nbuffer_time: {minutes: 4}',
  'least in synchronous buckets by key':
    'type: metric_aggregation\nmetric_agg_key: amount\nmetric_agg_type: min\nmax_threshold: 1\nbucket_interval: {minutes: 2}\nsync_bucket_interval: true\nbuffer_time: {minutes: 4}\nquery_key: payment.gateway',
  percentage:
    'type: percentage_match\nmatch_bucket_filter:\n- term: {payment.ok: true}\nmax_percentage: 55\nmin_percentage: 45',
  'percentage by key, formatted':
    'type: percentage_match\nmatch_bucket_filter:\n- terms: {amount: [7, "49.00"]}\nmin_percentage: 50\nmin_denominator: 6\npercentage_format_string: "{:.3f}"\nquery_key: payment.gateway\nbuffer_time: {minutes: 5}',
  'spike of a sum':
    'type: spike_aggregation\nmetric_agg_key: amount\nmetric_agg_type: sum\nspike_height: 1.2\nspike_type: both\ntimeframe: {minutes: 3}\nbuffer_time: {minutes: 2}\nthreshold_ref: 5',
  'spike of an average by key':
    'type: spike_aggregation\nmetric_agg_key: amount\nmetric_agg_type: avg\nspike_height: 1.1\nspike_type: both\ntimeframe: {minutes: 3}\nbuffer_time: {minutes: 1}\nquery_key: payment.gateway',
  'spike of the greatest':
    'type: spike_aggregation\nmetric_agg_key: id\nmetric_agg_type: max\nspike_height: 1.1\nspike_type: up\ntimeframe: {minutes: 2}'
}

/** Minutes of event time, in ms. */
const RUN_EVERY = 60_000

function oracle(
  dir: string,
  files: string[],
  events: unknown[],
  ...options: string[]
): Map<string, unknown[]> {
  const input = path.join(dir, 'events.ndjson')
  writeFileSync(input, ndjson(events))
  const printed = execFileSync(ORACLE, ['oracle', ...files, input, '--buffer-time', '600', ...options], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const found = new Map<string, unknown[]>()
  for (const line of printed.trim().split('\n')) {
    const { rule, match } = JSON.parse(line)
    found.set(rule, [...(found.get(rule) ?? []), match])
  }
  return found
}

/** Sorted keys all the way down: the order of fields is not what is compared. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, canonical(v)])
  )
}

/** What an evaluation finds for several keys has no order. */
function sorted(matches: unknown): unknown {
  return (matches as unknown[]).map(m => JSON.stringify(m)).sort()
}

/** Ours on the same events, until ElastAlert's last run. */
function matchesOf(t: TestContext, text: string, events: { '@timestamp'?: unknown }[]): unknown[] {
  const { rules } = load(t, text)
  const ours: unknown[] = []
  const out = {
    match: (match: Match) => ours.push(match.fields.row),
    badLine: (index: number, _: Buffer, reason: string | undefined) => assert.fail(`${index}: ${reason}`)
  }
  const evaluator = new Evaluator(rules, { runEvery: RUN_EVERY * 1000, bufferTime: 600e6 })
  evaluator.process(Buffer.from(ndjson(events)), out)
  const last = Date.parse(String(events.at(-1)?.['@timestamp']))
  evaluator.pass(Math.ceil(last / RUN_EVERY) * RUN_EVERY * 1000 + 1, out)
  return ours
}

/** Each is a run of ElastAlert, which takes five seconds of the processor. */
const SEEDS = samples([1, 2], [1])

for (const [what, bodies, options, seeds] of [
  // events of one moment are one run there, whose matches are told apart by nothing but their order
  ['matches event by event', RULES, ['--every-event'], SEEDS],
  ['alerts that realert lets through', REALERTS, ['--every-event', '--alerts'], SEEDS],
  // not every rule finds something in one of them
  ['matches run by run', RUN_BY_RUN, ['--run-every', '60'], [1, 2]],
  ['matches of what time decides', BY_TIME, ['--run-every', '60'], SEEDS]
] as const) {
  test(`ElastAlert finds the same ${what}`, { skip }, t => {
    const names = Object.keys(bodies)
    const list = path.join(folder(t, { list: 'card \nother\n' }), 'list')
    const body = (name: string): string => bodies[name]!.replace('LIST', list)
    const dir = folder(t, Object.fromEntries(names.map(n => [`${n}.yaml`, ruleText(n, body(n))])))
    const compared = new Set<string>()
    for (const seed of seeds) {
      const events = randomEvents(seed, 400)
      const expected = oracle(
        dir,
        names.map(n => path.join(dir, `${n}.yaml`)),
        events,
        ...options
      )
      for (const name of names) {
        const realert = options.some(o => o === '--alerts') ? '' : '\nrealert: {minutes: 0}'
        const ours = matchesOf(t, ruleText(name, body(name) + realert), events)
        const theirs = expected.get(name) ?? []
        if (ours.length > 0) compared.add(name)
        const form =
          bodies === RUN_BY_RUN || bodies === BY_TIME ? (m: unknown) => sorted(canonical(m)) : canonical
        assert.deepEqual(form(ours), form(theirs), `${name}, seed ${seed}`)
      }
    }
    for (const name of names) assert.ok(compared.has(name), `${name}: nothing to compare`)
  })
}

/** ElastAlert's own send_alert over the oracle, in which an index knows nothing of the future. */
const TOP_COUNTS = `
import contextlib, importlib.util, io, json, sys, types
spec = importlib.util.spec_from_file_location('oracle', sys.argv[1])
oracle = importlib.util.module_from_spec(spec)
spec.loader.exec_module(oracle)

class Counting(oracle.Oracle):
    def alert(self, matches, rule, alert_time=None, retried=False):
        with contextlib.redirect_stdout(io.StringIO()):
            oracle.ea.ElastAlerter.send_alert(self, matches, rule)
        self.print_matches(matches)
    def get_hits_terms(self, rule, starttime, endtime, index, key, qk=None, size=None):
        hits = [e for _, _, e in self.between(starttime, min(endtime, self.now))]
        if qk is not None:
            hits = [e for e in hits if oracle.lookup_es_key(e, rule['query_key']) == qk]
        return {endtime: [{'key': k, 'doc_count': len(v)} for k, v in oracle.terms(hits, key, size)]}

cases = [json.loads(line) for line in sys.stdin]
options = types.SimpleNamespace(run_every=60, buffer_time=600, alerts=False, until=None, since=None, every_event=True, one_run=False)
for case in cases:
    o = Counting(options, list(enumerate(case['events'])), sys.stdout)
    o.load(case['file'])
    o.replay()
`

test('ElastAlert counts the same values beside a match', { skip }, t => {
  const bodies = {
    'of all': 'type: any',
    'of a timeframe': 'type: frequency\nnum_events: 4\ntimeframe: {seconds: 30}',
    'of a key': 'type: frequency\nnum_events: 2\ntimeframe: {minutes: 2}\nquery_key: payment.gateway'
  }
  const counted =
    'top_count_keys: [payment.gateway, dotted.name, rest]\ntop_count_number: 2\nraw_count_keys: false'
  const texts = Object.entries(bodies).map(([name, body]): [string, string] => [
    name,
    ruleText(name, `${body}\n${counted}`)
  ])
  const dir = folder(t, Object.fromEntries(texts.map(([name, text]) => [`${name}.yaml`, text])))
  // what comes at one moment is counted at once there
  const events = randomEvents(5, 300)
    .filter(
      (e, i, all) =>
        i === 0 || Date.parse(String(e['@timestamp'])) > Date.parse(String(all[i - 1]!['@timestamp']))
    )
    .map((e, i): Record<string, unknown> => ({ ...e, rest: (i * 7) % 12 }))
  const found = pythonJson<{ rule: string; match: unknown }>(
    TOP_COUNTS,
    texts.map(([name]) => ({ file: path.join(dir, `${name}.yaml`), events })),
    `${ORACLE}-oracle.py`
  )
  for (const [name, text] of texts) {
    const ours = matchesOf(t, `${text}realert: {minutes: 0}\n`, events)
    const theirs = found.filter(f => f.rule === name).map(f => f.match)
    assert.ok(ours.length > 5, `${name}: nothing to compare`)
    assert.deepEqual(canonical(ours), canonical(theirs), name)
  }
})
