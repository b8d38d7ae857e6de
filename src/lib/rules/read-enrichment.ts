import type { OptionReader } from './option-reader.ts'
import type { TopCountOptions } from './rule.ts'

const MINUTE = 60e6

/** top_count_keys; a flatline looks back twice its timeframe, since the last one is nearly empty. */
export function readTopCounts(options: OptionReader): TopCountOptions | undefined {
  const fields = options.strings('top_count_keys')
  const number = options.number('top_count_number') ?? 5
  const raw = options.boolean('raw_count_keys') !== false
  if (!(Number.isInteger(number) && number > 0))
    return options.error(['top_count_number'], `top_count_number is a whole number from 1, not ${number}`)
  if (fields === undefined || fields.length === 0) return undefined
  const timeframe = options.raw('timeframe') === undefined ? 10 * MINUTE : (options.span('timeframe') ?? 0)
  return {
    // the names that ElastAlert asks an index by
    fields: fields.map(f => (raw && !f.endsWith('.keyword') ? `${f}.keyword` : f)),
    number,
    window: options.options.type === 'flatline' ? 2 * timeframe : timeframe
  }
}

/** include, and what ElastAlert keeps in any case; undefined where everything is kept. */
export function readInclude(options: OptionReader): string[] | undefined {
  const given = options.raw('include')
  if (given === undefined) return undefined
  if (!Array.isArray(given)) return options.error(['include'], 'include is a list of fields')
  const names = options.strings('include') ?? []
  if (names.includes('*')) return undefined
  const kept = ['query_key', 'compare_key', 'aggregation_key', 'top_count_keys'].flatMap(name => {
    const value = options.raw(name)
    return Array.isArray(value) ? value : value === undefined ? [] : [value]
  })
  const timestamp = options.raw('timestamp_field') ?? '@timestamp'
  return [...names, ...kept.map(String), String(timestamp)].map(name => name.replace(/\.keyword$/, ''))
}
