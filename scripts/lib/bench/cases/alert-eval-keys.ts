import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchCase, Contestant } from '../case.ts'
import { tool } from '../commands.ts'
import { cachedFolder } from '../data/cache.ts'
import { EVENTS_A_KEY, keyedFile } from '../data/keyed.ts'
import { writesLines } from '../proofs.ts'

/** What each rule finds: the keys with a burst, or those that have gone quiet. */
const FOUND = 1000

/** By type a rule that keeps something of every key, and how many alerts it raises of so many keys. */
const RULES: Readonly<Record<string, readonly [text: string, alerts: (keys: number) => number]>> = {
  frequency: ['type: frequency, num_events: 8, timeframe: {hours: 1}', () => FOUND],
  change: ['type: change, compare_key: status, ignore_null: true', () => FOUND],
  new_term: ['type: new_term, fields: [[user, device]], realert: {hours: 1}', keys => keys],
  cardinality: [
    'type: cardinality, cardinality_field: contest, max_cardinality: 5, timeframe: {hours: 1}, realert: {hours: 1}',
    () => FOUND
  ],
  flatline: ['type: flatline, threshold: 1, timeframe: {minutes: 10}, realert: {hours: 1}', () => FOUND],
  spike: [
    'type: spike, spike_height: 3, spike_type: up, threshold_cur: 4, timeframe: {minutes: 5}',
    () => FOUND
  ],
  metric_aggregation: [
    'type: metric_aggregation, metric_agg_key: amount, metric_agg_type: avg, max_threshold: 500, realert: {hours: 1}',
    () => FOUND
  ],
  'metric_aggregation of percentiles': [
    'type: metric_aggregation, metric_agg_key: amount, metric_agg_type: percentiles, percentile_range: 90, max_threshold: 500, realert: {hours: 1}',
    () => FOUND
  ],
  'metric_aggregation of cardinality': [
    'type: metric_aggregation, metric_agg_key: contest, metric_agg_type: cardinality, max_threshold: 6, realert: {hours: 1}',
    () => FOUND
  ],
  spike_aggregation: [
    'type: spike_aggregation, metric_agg_key: amount, metric_agg_type: max, spike_height: 3, spike_type: up, timeframe: {minutes: 4}, buffer_time: {minutes: 5}',
    () => FOUND
  ],
  percentage_match: [
    'type: percentage_match, match_bucket_filter: [{term: {status: REFUNDED}}], max_percentage: 50, realert: {hours: 1}',
    () => FOUND
  ],
  'any with realert': ['type: any, realert: {hours: 1}', keys => keys],
  'any with exponential_realert': [
    'type: any, realert: {minutes: 30}, exponential_realert: {hours: 3}',
    keys => keys
  ],
  'any with resolve': [
    'type: any, realert: {hours: 1}, resolve: true, resolve_after: {hours: 1}',
    keys => keys
  ]
}

/** What a process needs that counts a million keys. */
export const keys: BenchCase = {
  name: 'alert-eval-keys',
  measures: 'a rule of each type that counts a million keys, three events of each',
  unit: 'rows',
  rows: 1_000_000 * EVENTS_A_KEY,
  runs: 1,

  async prepare({ rows, log }) {
    const stdin = await keyedFile(rows, log)
    const folder = await cachedFolder('rules')
    const judged = Object.entries(RULES).map(([name, [text, alerts]]): Contestant => {
      const file = join(folder, `${name}.yaml`)
      writeFileSync(file, `{name: ${name}, index: events, alert: [], query_key: user, ${text}}\n`)
      return {
        name,
        target: { peakBytes: 400e6 },
        command: () => ({ argv: tool('alert-eval', '--rules', file), stdin }),
        proof: writesLines(alerts(rows / EVENTS_A_KEY))
      }
    })
    return { servers: [], judged, peers: [], async [Symbol.asyncDispose]() {} }
  }
}
