/**
 * ElastAlert 2 runs beside alert-eval, for real: the same events go to Elasticsearch and to alert-eval as they happen, and
 * both tell the same receiver what a folder of rules finds in them. Skipped where ElastAlert is not there.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ElastAlert } from '../../scripts/lib/peers/elastalert.ts'
import { type LocalReceiver, localReceiver } from '../notify/receiver.ts'
import { skip as noElastAlert } from '../rules/oracle.ts'
import { folder } from '../rules/rules.ts'
import { borrowServer } from '../support/borrowed.ts'
import { randomNumbers } from '../support/random.ts'
import { unavailable } from '../support/servers.ts'

const BIN = path.resolve(import.meta.dirname, '../../bin')
const INDEX = 'live-events'

/** Rules whose matches an event decides: the same events must be told of, whole. */
const BY_EVENTS: Record<string, string> = {
  any: 'type: any\nfilter: [{term: {kind: denied}}]',
  'any by query string':
    'type: any\nfilter: [{query_string: {query: "kind:login AND country:(in OR lk) AND NOT user:u1 AND attempt:[3 TO *]"}}]',
  realert:
    'type: any\nquery_key: user\nrealert: {hours: 1}\nfilter: [{bool: {must_not: [{term: {kind: denied}}]}}, {exists: {field: user}}]',
  frequency:
    'type: frequency\nnum_events: 4\ntimeframe: {seconds: 2}\nquery_key: user\nfilter: [{term: {kind: login}}]',
  'frequency by two keys':
    'type: frequency\nnum_events: 3\ntimeframe: {seconds: 3}\nquery_key: [user, country]\nfilter: [{terms: {kind: [login, denied]}}]',
  blacklist: 'type: blacklist\ncompare_key: ip\nblacklist: ["10.0.1.3", "10.0.1.7"]',
  whitelist: 'type: whitelist\ncompare_key: country\nwhitelist: [in, lk, np]\nignore_null: true',
  change: 'type: change\nquery_key: user\ncompare_key: country\nignore_null: true',
  'new term': 'type: new_term\nfields: [ip]\nuse_keyword_postfix: false',
  cardinality:
    'type: cardinality\ncardinality_field: ip\nmax_cardinality: 4\ntimeframe: {seconds: 3}\nquery_key: user'
}

/** Rules that time decides, or whose match may be one event or another: told of by rule and key, and at about the time. */
const BY_TIME: Record<string, string> = {
  spike:
    'type: spike\nspike_height: 3\nspike_type: up\ntimeframe: {seconds: 3}\nthreshold_cur: 12\nfilter: [{term: {kind: order}}]',
  flatline: 'type: flatline\nthreshold: 1\ntimeframe: {seconds: 4}\nfilter: [{term: {kind: order}}]',
  average:
    'type: metric_aggregation\nmetric_agg_key: amount\nmetric_agg_type: avg\nmax_threshold: 500\nquery_key: gateway\nbuffer_time: {seconds: 4}\nfilter: [{term: {kind: payment}}]',
  percentage:
    'type: percentage_match\nmatch_bucket_filter: [{term: {ok: false}}]\nmax_percentage: 50\nbuffer_time: {seconds: 4}\nfilter: [{term: {kind: payment}}]'
}

const MAPPINGS = {
  settings: { number_of_shards: 1, number_of_replicas: 0, refresh_interval: '200ms' },
  mappings: {
    dynamic_templates: [{ texts: { match_mapping_type: 'string', mapping: { type: 'keyword' } } }],
    properties: { '@timestamp': { type: 'date' } }
  }
}

/**
 * Seconds that ElastAlert looks back from. By the end of a run it moves windows on, by its clock: a document that it only
 * finds later counts in windows that have gone, and what it would have made of them is missed.
 */
const DELAY = 2

/** Seconds from the first event. Until the pause is over a rule of ElastAlert has run at least once: its first run is up to 15 s late. */
const PAUSE = 15
const RESUMED = 26.5
const OUTAGE = [12, 23] as const
const END = 27.5

type Event = Record<string, unknown>

/** What happens, by the millisecond after the start; no two events at one. */
function happenings(): [at: number, event: Event][] {
  const next = randomNumbers(8)
  const pick = <T>(values: readonly T[]): T => values[Math.floor(next() * values.length)] as T
  const all = new Map<number, Event>()
  const add = (seconds: number, event: Event): void => {
    let at = Math.floor(seconds * 1000)
    while (all.has(at)) at++
    all.set(at, event)
  }
  for (let at = 0; at < END; at += 0.25) add(at, { kind: 'heartbeat' })
  for (let at = 0.1; at < 16; at += next() * 0.3) {
    const user = pick(['u1', 'u2', 'u3', 'u4', 'u5'])
    const country = next() < 0.9 ? 'in' : pick(['lk', 'np', 'us', null])
    const ip = `10.0.1.${Math.floor(next() ** 3 * 12)}`
    add(at, { kind: next() < 0.15 ? 'denied' : 'login', user, country, ip, attempt: pick([1, 2, 3, 4, '3']) })
  }
  for (let at = 0.2; at < END; at += 0.5) if (at < PAUSE || at >= RESUMED) add(at, { kind: 'order' })
  for (let i = 0; i < 60; i++) add(12 + i * 0.03, { kind: 'order' })
  for (let at = 0.3; at < END; at += 0.2) {
    const isOut = at >= OUTAGE[0] && at < OUTAGE[1]
    const gateway = pick(['upi', 'card'])
    add(at, {
      kind: 'payment',
      gateway,
      amount: isOut && gateway === 'upi' ? 900 : 20,
      ok: !isOut || next() < 0.1
    })
  }
  return [...all].sort(([a], [b]) => a - b)
}

function ruleText(name: string, body: string): string {
  const realert = body.includes('realert:') ? '' : 'realert: {minutes: 0}\n'
  const url = `"$RECEIVER/${encodeURIComponent(name)}"`
  const common = `name: ${name}\nindex: ${INDEX}*\nquery_delay: {seconds: ${DELAY}}`
  return `${common}\nalert: post2\nhttp_post2_url: ${url}\n${realert}${body}\n`
}

function start(t: TestContext, tool: string, args: string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [path.join(BIN, `${tool}.js`), ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'ignore', 'inherit']
  })
  t.after(() => child.kill('SIGKILL'))
  return child
}

/** Writes each event when its time has come. */
async function happen(
  events: readonly (readonly [number, Event])[],
  start: number,
  to: readonly ChildProcess[]
): Promise<void> {
  for (let i = 0; i < events.length; ) {
    let text = ''
    for (; i < events.length && start + (events[i] as [number, Event])[0] <= Date.now(); i++) {
      const [at, event] = events[i] as [number, Event]
      text += `${JSON.stringify({ '@timestamp': new Date(start + at).toISOString(), id: i, ...event })}\n`
    }
    for (const child of to) if (text !== '') child.stdin?.write(text)
    await sleep(20)
  }
  for (const child of to) child.stdin?.end()
}

/** What a receiver was told by each rule, without what only an index knows, and without counts of a query's hits. */
function told({ received }: LocalReceiver): Map<string, Event[]> {
  const matches = new Map<string, Event[]>()
  for (const { path: rule, body } of received) {
    const { _id, _index, _type, num_hits, num_matches, ...match } = JSON.parse(body) as Event
    const name = decodeURIComponent(rule.slice(1))
    matches.set(name, [
      ...(matches.get(name) ?? []),
      { ...match, '@timestamp': Date.parse(String(match['@timestamp'])) }
    ])
  }
  return matches
}

/** What a rule found of which key, in what order ever. */
function texts(matches: readonly Event[] = []): string[] {
  const sorted = (match: Event): Event =>
    Object.fromEntries(Object.entries(match).sort(([a], [b]) => (a < b ? -1 : 1)))
  return matches.map(match => JSON.stringify(sorted(match))).sort()
}

function keysOf(matches: readonly Event[] = []): unknown[] {
  return [...new Set(matches.map(({ gateway = null }) => gateway))].sort()
}

const skip = noElastAlert || unavailable('elasticsearch')

test('ElastAlert, live on Elasticsearch, tells of what alert-eval tells of', { skip }, async t => {
  const events = happenings()
  const rules = Object.entries({ ...BY_EVENTS, ...BY_TIME })
  const files = rules.map(([name, body]) => [`${name.replaceAll(' ', '-')}.yaml`, ruleText(name, body)])
  const dir = folder(t, Object.fromEntries(files))
  const mappings = path.join(folder(t, { 'mappings.json': JSON.stringify(MAPPINGS) }), 'mappings.json')
  const [ours, theirs] = [await localReceiver(t), await localReceiver(t)]
  await using elastic = await borrowServer('elasticsearch')

  const sink = start(t, 'es-sink', [
    ...[elastic.url, '--index', INDEX, '--id', '{id}', '--mode', 'append', '--mappings', mappings],
    // documents come to be found in the order of their time
    ...['--in-flight', '1', '--quiet']
  ])
  const evaluator = start(t, 'alert-eval', ['--rules', dir, '--run-every', '1s', '--quiet'], {
    RECEIVER: ours.url
  })
  await using elastAlert = await ElastAlert.start({
    url: elastic.url,
    rules: dir,
    runEvery: 1,
    bufferTime: 120,
    env: { RECEIVER: theirs.url }
  })
  const begin = Date.now()
  const ends = [once(evaluator, 'close'), once(sink, 'close')]
  await happen(events, begin, [evaluator, sink])
  assert.deepEqual(await Promise.all(ends), [
    [0, null],
    [0, null]
  ])
  await sleep(DELAY * 1000)
  await elastAlert.hasRun(rules.map(([name]) => name))

  const [our, their] = [told(ours), told(theirs)]
  for (const name of Object.keys(BY_EVENTS)) {
    assert.deepEqual(texts(our.get(name)), texts(their.get(name)), name)
    assert.ok((our.get(name)?.length ?? 0) >= 2, `${name} is not put to the test`)
  }
  const secondsOf = (match: Event): number => (Number(match['@timestamp']) - begin) / 1000
  // a spike is told of by the first event of the 3 s; evaluations are a second apart, and aggregations look 4 s back
  const within = {
    spike: [9, 12.5],
    flatline: [PAUSE + 3.5, RESUMED + 1.5],
    outage: [OUTAGE[0], OUTAGE[1] + 5]
  }
  for (const [name, interval, keys] of [
    ['spike', within.spike, [null]],
    ['flatline', within.flatline, [null]],
    ['average', within.outage, ['upi']],
    ['percentage', within.outage, [null]]
  ] as const) {
    for (const [who, matches = []] of [
      ['alert-eval', our.get(name)],
      ['ElastAlert', their.get(name)]
    ] as const) {
      const [from = 0, to = 0] = interval
      // when all has happened, time goes on for ElastAlert
      const found = matches.filter(match => secondsOf(match) <= END)
      assert.deepEqual(keysOf(found), keys, `${who}: ${name}`)
      for (const at of found.map(secondsOf)) {
        assert.ok(at >= from && at <= to, `${who}: ${name} at ${at} s`)
      }
    }
  }
  assert.equal(our.get('spike')?.length, their.get('spike')?.length)
})
