import { readFileSync } from 'node:fs'
import { messageOf } from '../cli/index.ts'
import { didYouMean } from './did-you-mean.ts'
import { readFilter } from './dsl.ts'
import { isModuleName } from './js-module.ts'
import type { OptionReader } from './option-reader.ts'
import { RULE_TYPES } from './options.ts'
import { QueryError } from './query.ts'
import {
  type AggregationWindow,
  type KindOf,
  METRICS,
  type Metric,
  type RuleKind,
  type Spike
} from './rule.ts'
import { readRuleModule } from './rule-module.ts'

const DAY = 86400e6

type Reader = (options: OptionReader) => RuleKind | undefined

const READERS: Record<string, Reader> = {
  any: () => ({ type: 'any' }),
  frequency,
  blacklist,
  whitelist,
  change,
  spike,
  new_term: newTerm,
  cardinality,
  flatline,
  metric_aggregation: metricAggregation,
  spike_aggregation: spikeAggregation,
  percentage_match: percentageMatch
}

/** The type of a rule with its figures; undefined when something is wrong with it, which has then been reported. */
export function readKind(options: OptionReader): RuleKind | undefined {
  const type = options.string('type')
  if (type === undefined) return undefined
  if (Object.hasOwn(READERS, type)) return READERS[type]?.(options)
  if (isModuleName(type) || /^[\w.]+\.\w+$/.test(type)) return readRuleModule(type, options)
  return options.error(['type'], `unknown type ${type}${didYouMean(type, RULE_TYPES)}`)
}

function timeframe(options: OptionReader): number | undefined {
  return options.required('timeframe', () => options.span('timeframe'))
}

function frequency(options: OptionReader): RuleKind | undefined {
  const frame = timeframe(options)
  const numEvents = options.required('num_events', () => {
    const n = options.raw('num_events')
    if (typeof n === 'number' && Number.isInteger(n) && n >= 1) return n
    return options.error(['num_events'], `num_events is a whole number from 1, not ${JSON.stringify(n)}`)
  })
  const attachRelated = options.raw('attach_related') === true
  if (frame === undefined || numEvents === undefined) return undefined
  return { type: 'frequency', numEvents, timeframe: frame, attachRelated }
}

/** The one field that a list is compared with. */
function listKey(options: OptionReader): string | undefined {
  const keys = options.required('compare_key', () => options.strings('compare_key'))
  if (keys === undefined || keys.length === 1) return keys?.[0]
  return options.error(['compare_key'], 'a list is compared with one field: compare_key names one')
}

/** Entries of a list; `!file path` stands for the lines of a file, ends of lines and blanks there left out. */
function listEntries(options: OptionReader, name: 'blacklist' | 'whitelist'): Set<string> | undefined {
  const given = options.required(name, () => options.strings(name))
  if (given === undefined) return undefined
  const entries = new Set<string>()
  for (const [i, entry] of given.entries()) {
    if (!entry.startsWith('!file')) {
      entries.add(entry)
      continue
    }
    const file = entry.split(/\s+/)[1]
    if (file === undefined) return options.error([name, i], 'the name of the file is missing: "!file path"')
    options.sources.push(file)
    try {
      const lines = readFileSync(file, 'utf8').split(/\r?\n/)
      if (lines.at(-1) === '') lines.pop()
      for (const line of lines) entries.add(line.trimEnd())
    } catch (error) {
      return options.error([name, i], messageOf(error))
    }
  }
  return entries
}

function blacklist(options: OptionReader): KindOf<'blacklist'> | undefined {
  const compareKey = listKey(options)
  const list = listEntries(options, 'blacklist')
  if (compareKey === undefined || list === undefined) return undefined
  return { type: 'blacklist', compareKey, list }
}

function whitelist(options: OptionReader): KindOf<'whitelist'> | undefined {
  const compareKey = listKey(options)
  const list = listEntries(options, 'whitelist')
  const ignoreNull = options.required('ignore_null', () => options.boolean('ignore_null'))
  if (compareKey === undefined || list === undefined || ignoreNull === undefined) return undefined
  return { type: 'whitelist', compareKey, list, ignoreNull }
}

function change(options: OptionReader): KindOf<'change'> | undefined {
  const key = options.raw('query_key')
  if (key === undefined || (Array.isArray(key) && key.length === 0))
    options.error(['type'], 'query_key is missing: a change rule needs it')
  const compareKeys = options.required('compare_key', () => options.strings('compare_key'))
  const ignoreNull = options.required('ignore_null', () => options.boolean('ignore_null'))
  const frame = options.span('timeframe')
  if (compareKeys === undefined || ignoreNull === undefined) return undefined
  return { type: 'change', compareKeys, ignoreNull, timeframe: frame }
}

function spikeFigures(options: OptionReader): Spike | undefined {
  const height = options.required('spike_height', () => options.number('spike_height'))
  const direction = options.required('spike_type', () =>
    options.choice('spike_type', ['up', 'down', 'both'] as const)
  )
  const frame = timeframe(options)
  if (height !== undefined && height <= 0)
    return options.error(['spike_height'], `spike_height is more than 0, not ${height}`)
  if (height === undefined || direction === undefined || frame === undefined) return undefined
  return {
    height,
    direction,
    timeframe: frame,
    thresholdRef: options.number('threshold_ref') ?? 0,
    thresholdCur: options.number('threshold_cur') ?? 0,
    alertOnNewData: options.boolean('alert_on_new_data') === true
  }
}

function spike(options: OptionReader): KindOf<'spike'> | undefined {
  const figures = spikeFigures(options)
  const fieldValue = options.string('field_value')
  return figures && { type: 'spike', fieldValue, ...figures }
}

function newTerm(options: OptionReader): KindOf<'new_term'> | undefined {
  const name = options.raw('fields') === undefined ? 'query_key' : 'fields'
  const given = options.raw(name)
  if (given === undefined)
    return options.error(['type'], 'fields is missing: a new_term rule needs it, or a query_key')
  const remembered = options.span('terms_window_size') ?? 30 * DAY
  const alertOnMissingField = options.boolean('alert_on_missing_field') === true
  const list: unknown[] = Array.isArray(given) ? given : [given]
  const isField = (f: unknown): f is string | string[] =>
    typeof f === 'string' || (name === 'fields' && Array.isArray(f) && f.every(g => typeof g === 'string'))
  if (list.length === 0 || !list.every(isField))
    return options.error([name], `${name} names fields: a, [a, b] or [[a, b], c]`)
  // the value of a compound query_key is one field of the event
  const fields = name === 'query_key' ? [list.join(',')] : list
  return { type: 'new_term', fields, remembered, alertOnMissingField }
}

function cardinality(options: OptionReader): KindOf<'cardinality'> | undefined {
  const field = options.required('cardinality_field', () => options.string('cardinality_field'))
  const frame = timeframe(options)
  const max = options.number('max_cardinality')
  const min = options.number('min_cardinality')
  if (options.raw('max_cardinality') === undefined && options.raw('min_cardinality') === undefined)
    return options.error(
      ['type'],
      'max_cardinality is missing: a cardinality rule needs it, or min_cardinality'
    )
  if (field === undefined || frame === undefined) return undefined
  return { type: 'cardinality', field, timeframe: frame, max, min }
}

function flatline(options: OptionReader): KindOf<'flatline'> | undefined {
  const threshold = options.required('threshold', () => options.number('threshold'))
  const frame = timeframe(options)
  if (threshold === undefined || frame === undefined) return undefined
  return {
    type: 'flatline',
    threshold,
    timeframe: frame,
    forgetKeys: options.boolean('forget_keys') === true
  }
}

function metricOf(options: OptionReader): Metric | undefined {
  const field = options.required('metric_agg_key', () => options.string('metric_agg_key'))
  const type = options.required('metric_agg_type', () => options.choice('metric_agg_type', METRICS))
  if (options.raw('metric_agg_script') !== undefined)
    return options.error(
      ['metric_agg_script'],
      'metric_agg_script is not supported: scripts are run by an index'
    )
  const given = options.raw('percentile_range')
  const percentile = given === undefined ? undefined : Number(given)
  if (percentile !== undefined && !(percentile >= 0 && percentile <= 100))
    return options.error(['percentile_range'], 'percentile_range is a number from 0 to 100')
  if (type === 'percentiles' && percentile === undefined)
    return options.error(['metric_agg_type'], 'percentile_range is missing: percentiles need it')
  if (field === undefined || type === undefined) return undefined
  return { field, type, percentile: percentile ?? 50 }
}

function windowOf(options: OptionReader): AggregationWindow {
  const length = options.span('bucket_interval')
  return {
    sinceLast: options.boolean('use_run_every_query_size') === true,
    bucket:
      length === undefined ? undefined : { length, sync: options.boolean('sync_bucket_interval') === true },
    minDocCount: Math.max(1, options.number('min_doc_count') ?? 1)
  }
}

/** The bounds of a figure, of which a rule has at least one. */
function bounds(options: OptionReader, max: string, min: string): Bounds | undefined {
  if (options.raw(max) !== undefined || options.raw(min) !== undefined)
    return { max: options.number(max), min: options.number(min) }
  return options.required(max, () => undefined)
}

interface Bounds {
  max: number | undefined
  min: number | undefined
}

function metricAggregation(options: OptionReader): KindOf<'metric_aggregation'> | undefined {
  const metric = metricOf(options)
  const limits = bounds(options, 'max_threshold', 'min_threshold')
  const format = options.string('metric_format_string')
  const window = windowOf(options)
  return metric && limits && { type: 'metric_aggregation', metric, window, ...limits, format }
}

function spikeAggregation(options: OptionReader): KindOf<'spike_aggregation'> | undefined {
  const metric = metricOf(options)
  const figures = spikeFigures(options)
  if (options.raw('bucket_interval') !== undefined)
    return options.error(['bucket_interval'], 'a spike_aggregation rule cannot have a bucket_interval')
  const window = windowOf(options)
  return metric && figures && { type: 'spike_aggregation', metric, window, ...figures }
}

function percentageMatch(options: OptionReader): KindOf<'percentage_match'> | undefined {
  const bucket = options.required('match_bucket_filter', () => {
    try {
      return readFilter(options.raw('match_bucket_filter'), ['match_bucket_filter'])
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      return options.error(error.path, error.message)
    }
  })
  const limits = bounds(options, 'max_percentage', 'min_percentage')
  const minDenominator = options.number('min_denominator') ?? 0
  const format = options.string('percentage_format_string')
  const window = windowOf(options)
  return bucket && limits && { type: 'percentage_match', bucket, window, ...limits, minDenominator, format }
}
