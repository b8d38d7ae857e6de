import type { Timestamp, TimestampType } from './event.ts'
import type { OptionReader } from './option-reader.ts'
import { readCron } from './read-aggregation.ts'
import type { Rule } from './rule.ts'
import { strptime } from './strptime.ts'

const TYPES: readonly TimestampType[] = ['iso', 'unix', 'unix_ms', 'custom']

const known = new Map<string, Timestamp>()

/** The same object for the same times: those of most rules are, and are read once for all of them. */
function same(timestamp: Timestamp): Timestamp {
  const name = JSON.stringify(timestamp)
  const before = known.get(name)
  if (before === undefined) known.set(name, timestamp)
  return before ?? timestamp
}

/** Where an event has its time, and in which form. */
export function readTimestamp(options: OptionReader): Timestamp {
  const field = options.string('timestamp_field') ?? '@timestamp'
  const given = (options.string('timestamp_type') ?? 'iso').trim().toLowerCase()
  const type = TYPES.find(t => t === given)
  if (type === undefined)
    options.error(['timestamp_type'], `timestamp_type is ${TYPES.join(', ')}, not ${given}`)
  if (options.raw('timestamp_to_datetime_format_expr') !== undefined)
    options.error(
      ['timestamp_to_datetime_format_expr'],
      'timestamp_to_datetime_format_expr is Python, which is not run here: say by timestamp_format how the time is written'
    )
  if (type !== 'custom') return same({ field, type: type ?? 'iso' })
  const format = options.string('timestamp_format') ?? '%Y-%m-%dT%H:%M:%SZ'
  try {
    strptime(format)
  } catch (error) {
    options.error(['timestamp_format'], (error as Error).message)
  }
  return same({ field, type, format })
}

/** limit_execution and limit_execution_coverage. */
export function readLimit(options: OptionReader): Rule['limit'] {
  const covers = options.boolean('limit_execution_coverage') === true
  const given = options.raw('limit_execution')
  const cron = given === undefined ? undefined : readCron(options, ['limit_execution'], given)
  return cron && { cron, covers }
}
