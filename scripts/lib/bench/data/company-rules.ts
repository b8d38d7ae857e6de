import { rm, writeFile } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { cachedFolder } from './cache.ts'
import { BANKS, GATEWAYS, PATHS, SPORTS, STATES, VERSIONS } from './company-events.ts'

/**
 * A folder of so many ElastAlert rules on the company's events, a multiple of ten: ten kinds of rule, and of each kind
 * variations for other values. Most rules are passed by one to ten per cent of the events.
 * @returns its path
 */
export async function companyRuleFolder(count: number): Promise<string> {
  const folder = await cachedFolder(`company/rules-${count}`)
  await rm(folder, { recursive: true })
  await cachedFolder(`company/rules-${count}`)
  for (let n = 0; n < count; n++) {
    const kind = KINDS[n % KINDS.length] as (variation: number) => string
    const variation = Math.floor(n / KINDS.length)
    const head = `name: rule ${n}\nindex: company-*\nalert: debug\n`
    await writeFile(joinPath(folder, `rule-${String(n).padStart(4, '0')}.yaml`), head + kind(variation))
  }
  return folder
}

const at = <T>(list: readonly T[], n: number): T => list[n % list.length] as T

/** A pair of values, another one for each number. */
const two = (list: readonly string[], n: number): string =>
  `[${at(list, n)}, ${at(list, n + 1 + (Math.floor(n / list.length) % (list.length - 1)))}]`

const KINDS: readonly ((variation: number) => string)[] = [
  failedPayments,
  joinsSpike,
  gatewaySilent,
  manyAddresses,
  contestChanges,
  foreignPayments,
  newBanks,
  slowPaths,
  failedShare,
  serverErrors
]

function failedPayments(n: number): string {
  const narrower = n === 0 ? '' : `- terms: {bank: ${two(BANKS, n)}}\n`
  return `type: frequency
num_events: ${60 + n}
timeframe: {minutes: 1}
query_key: gateway
realert: {minutes: 5}
filter:
- term: {type: payment}
- terms: {status: [FAILED, PENDING]}
${narrower}`
}

function joinsSpike(n: number): string {
  return `type: spike
spike_height: ${2 + (n % 3)}
spike_type: both
timeframe: {seconds: ${30 + n}}
threshold_ref: 10
query_key: sport
realert: {minutes: 1}
filter:
- query_string: {query: "type:join AND status:JOINED AND platform:${at(['android', 'ios', 'web'], n)} AND entry_fee:${at(['0.00', '49.00', '575.00', '19.00', '99.00'], n)}"}
`
}

function gatewaySilent(n: number): string {
  return `type: flatline
threshold: ${1 + n}
timeframe: {minutes: ${1 + (n % 3)}}
query_key: gateway
realert: {minutes: 10}
filter:
- bool:
    must:
    - term: {type: payment}
    - terms: {gateway: ${two(GATEWAYS, n)}}
    must_not:
    - term: {status: FAILED}
    - range: {amount: {gt: ${200 + 20 * n}}}
`
}

function manyAddresses(n: number): string {
  return `type: cardinality
cardinality_field: ip
max_cardinality: ${40 + n}
timeframe: {seconds: 20}
query_key: user_id
filter:
- query_string: {query: "type:request AND path:${n % 2 === 0 ? `${at(PATHS, n / 2).replaceAll('/', '\\\\/')}*` : '\\\\/v1*'} AND state:(${at(STATES, n)} OR ${at(STATES, n + 3)})"}
`
}

function contestChanges(n: number): string {
  return `type: change
compare_key: ${at(['spots', 'sport', 'operator'], n)}
ignore_null: true
query_key: contest_id
timeframe: {seconds: ${1 + n}}
realert: {minutes: 30}
filter:
- term: {service: contest-admin}
- terms: {sport: [${at(SPORTS, 0)}, ${at(SPORTS, n)}, ${at(SPORTS, n + 3)}]}
`
}

function foreignPayments(n: number): string {
  return `type: blacklist
compare_key: country
blacklist: [${at(['US', 'AE', 'LK', 'NP'], n)}]
query_key: gateway
realert: {minutes: 30}
filter:
- term: {type: payment}
- range: {amount: {gte: ${10_000 + 1000 * n}}}
`
}

function newBanks(n: number): string {
  return `type: new_term
fields: [${at(['bank', 'error_code', 'method'], n)}]
query_key: gateway
terms_window_size: {days: 7}
filter:
- wildcard: {host: "pay-${1 + (n % 2)}*.bom1"}
- range: {latency_ms: {gt: ${300 + 10 * n}}}
`
}

function slowPaths(n: number): string {
  return `type: metric_aggregation
metric_agg_key: latency_ms
metric_agg_type: ${at(['avg', 'max', 'sum'], n)}
max_threshold: ${at([200, 400, 4_000_000], n)}
buffer_time: {minutes: ${1 + (n % 5)}}
query_key: state
realert: {minutes: 5}
filter:
- term: {service: edge}
- prefix: {path: "${at(PATHS, n)}"}
- terms: {state: ${two(STATES, n)}}
`
}

function failedShare(n: number): string {
  return `type: percentage_match
match_bucket_filter:
- terms: {status: [REJECTED, REFUNDED]}
max_percentage: ${12 + (n % 4)}
min_denominator: 100
buffer_time: {minutes: ${2 + (n % 4)}}
query_key: app_version
realert: {minutes: 5}
filter:
- term: {type: join}
- terms: {app_version: ${two(VERSIONS, n)}}
- range: {entry_fee: {gte: ${at([19, 49, 99, 575], n)}}}
`
}

function serverErrors(n: number): string {
  return `type: any
realert: {minutes: 1}
query_key: path
filter:
- query_string: {query: "type:request AND status:>=${n % 2 === 0 ? 500 : 400} AND NOT path:\\\\/health* AND NOT state:${at(STATES, n)}"}
`
}
