import { isObject, type JsonObject } from './fields.ts'
import { pythonTimedelta } from './rule-text.ts'
import { durationMicros } from './time.ts'

/** What ElastAlert reads as a timedelta. */
const TIMES = [
  'timeframe',
  'realert',
  'exponential_realert',
  'aggregation',
  'query_delay',
  'buffer_time',
  'run_every',
  'kibana_discover_from_timedelta',
  'kibana_discover_to_timedelta',
  'opensearch_discover_from_timedelta',
  'opensearch_discover_to_timedelta'
]

const known = new WeakMap<JsonObject, JsonObject>()

/** The options of a rule as texts and matches are told of them: with ElastAlert's defaults, times as Python writes them. */
export function ruleValues(options: JsonObject): JsonObject {
  const before = known.get(options)
  if (before !== undefined) return before
  const realert = Object.hasOwn(options, 'aggregation') ? { minutes: 0 } : { minutes: 1 }
  const values: JsonObject = {
    description: '',
    owner: '',
    category: '',
    priority: '2',
    timestamp_field: '@timestamp',
    timestamp_type: 'iso',
    filter: [],
    realert_key: options.name,
    realert,
    ...options
  }
  for (const name of TIMES) {
    const value = values[name]
    const micros = isObject(value) ? durationMicros(value) : undefined
    if (micros !== undefined) values[name] = pythonTimedelta(micros)
  }
  for (const name of ['query_key', 'compare_key', 'aggregation_key']) {
    const value = values[name]
    if (Array.isArray(value)) values[name] = value.join(',')
  }
  known.set(options, values)
  return values
}

/** The same where Python takes a time of nothing as false. */
export function isNoTime(value: unknown): boolean {
  return value === pythonTimedelta(0)
}
