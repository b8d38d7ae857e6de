import { Cron, CronError } from './cron.ts'
import { didYouMean } from './did-you-mean.ts'
import { isObject } from './fields.ts'
import type { OptionReader } from './option-reader.ts'
import type { Aggregation } from './rule.ts'

export const SUMMARY_TYPES = ['ascii', 'html', 'markdown'] as const

/** `aggregation` and what belongs to it; undefined where every match goes out by itself. */
export function readAggregation(options: OptionReader): Aggregation | undefined {
  checkSummary(options)
  const byMatchTime = options.boolean('aggregate_by_match_time') === true
  const fields = options.strings('aggregation_key')
  const when = readWhen(options)
  if (when === undefined || when === 0) {
    if (fields !== undefined && options.raw('aggregation') === undefined)
      options.warn(['aggregation_key'], 'aggregation_key does nothing without aggregation')
    return undefined
  }
  return { when, byMatchTime, key: fields && { name: fields.join(','), fields } }
}

function readWhen(options: OptionReader): number | Cron | undefined {
  const given = options.raw('aggregation')
  if (!isObject(given) || !Object.hasOwn(given, 'schedule')) return options.duration('aggregation')
  return readCron(options, ['aggregation', 'schedule'], given.schedule)
}

/** A cron expression; undefined, with the error reported, when it is none. */
export function readCron(
  options: OptionReader,
  where: readonly (string | number)[],
  value: unknown
): Cron | undefined {
  if (typeof value !== 'string')
    return options.error(where, `${where.at(-1)} is a cron expression such as "0 9 * * mon-fri"`)
  try {
    return new Cron(value)
  } catch (error) {
    if (!(error instanceof CronError)) throw error
    return options.error(where, error.message)
  }
}

function checkSummary(options: OptionReader): void {
  const type = options.choice('summary_table_type', SUMMARY_TYPES)
  const rows = options.number('summary_table_max_rows')
  if (rows !== undefined && !(Number.isInteger(rows) && rows >= 0))
    options.error(['summary_table_max_rows'], `summary_table_max_rows is a whole number, not ${rows}`)
  for (const name of ['summary_prefix', 'summary_suffix']) options.string(name)
  const fields = options.raw('summary_table_fields')
  if (fields === undefined) return
  const list: unknown[] = Array.isArray(fields) ? fields : [fields]
  const headers = new Set(['count'])
  for (const [i, field] of list.entries()) {
    const where = Array.isArray(fields) ? ['summary_table_fields', i] : ['summary_table_fields']
    const header = checkColumn(options, where, field)
    if (header !== undefined && headers.has(header) && type === 'html')
      options.error(where, `a second column ${header}: in a table of html each has a name of its own`)
    if (header !== undefined) headers.add(header)
  }
}

/** The header of a column: a field, or {path, header}. */
function checkColumn(
  options: OptionReader,
  where: readonly (string | number)[],
  field: unknown
): string | undefined {
  if (typeof field === 'string') return field
  if (!isObject(field) || typeof field.path !== 'string')
    return options.error(where, 'summary_table_fields are fields, or {path: field, header: its header}')
  const unknown = Object.keys(field).find(key => key !== 'path' && key !== 'header')
  if (unknown !== undefined)
    return options.error(
      [...where, unknown],
      `unknown ${unknown} of a column${didYouMean(unknown, ['path', 'header'])}`
    )
  return field.header === undefined ? field.path : String(field.header)
}
