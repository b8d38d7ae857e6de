/**
 * What a rule sees of a line.
 *
 * A change event (Debezium's envelope) is seen as its row: `after`, or `before` where a row was deleted. Dotted names that the
 * row does not have are looked up in the envelope, so that `source.table`, `op` or `before.status` can stand in a filter
 * beside the columns. Of a statement that defined tables (Debezium's schema change) there is the envelope alone, with its
 * `ddl`. Any other JSON object is seen as it is.
 *
 * The time of an event is its `timestamp_field`; a change event without it happened when its transaction was committed
 * (`source.ts_ms`, else `ts_ms`). `timestamp_type` says how to read it, as in ElastAlert: `iso` (also accepts SQL's form;
 * no zone means UTC), `unix` (seconds), `unix_ms`, `custom` (`timestamp_format`).
 */

import { type Fields, isObject, type JsonObject, lookup } from './fields.ts'
import { strptime } from './strptime.ts'
import { isoOffset, MICROS_PER_MS, parseIso } from './time.ts'

export type TimestampType = 'iso' | 'unix' | 'unix_ms' | 'custom'

export interface Timestamp {
  field: string
  type: TimestampType
  /** Of the type custom: how Python's strptime reads it. */
  format?: string
}

/** The view of a parsed line; undefined when it is no JSON object. */
export function eventOf(value: unknown): Fields | undefined {
  if (!isObject(value)) return undefined
  const { op, source, ddl, databaseName } = value
  if (!isObject(source)) return { row: value, envelope: undefined }
  if (op === undefined && typeof ddl === 'string' && typeof databaseName === 'string')
    return { row: {}, envelope: value }
  if (typeof op !== 'string') return { row: value, envelope: undefined }
  if (isObject(value.after)) return { row: value.after, envelope: value }
  if (isObject(value.before)) return { row: value.before, envelope: value }
  return { row: {}, envelope: value }
}

/** Microseconds of a value of the timestamp_field; undefined for one that is no time. */
export function readTime(value: unknown, { type, format = '' }: Timestamp): number | undefined {
  if (type === 'custom') return typeof value === 'string' ? strptime(format)(value)?.micros : undefined
  if (type === 'iso') return typeof value === 'string' ? parseIso(value) : undefined
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return undefined
  const n = Number(value)
  return Number.isFinite(n) ? Math.round(n * (type === 'unix' ? 1e6 : MICROS_PER_MS)) : undefined
}

function commitTime(envelope: JsonObject): number | undefined {
  const source = envelope.source
  const ms = isObject(source) ? source.ts_ms : undefined
  const at = typeof ms === 'number' ? ms : envelope.ts_ms
  return typeof at === 'number' ? at * MICROS_PER_MS : undefined
}

/** Microseconds of the event's time; undefined when it has none, or one that cannot be read. */
export function timeOf(fields: Fields, timestamp: Timestamp): number | undefined {
  const { quick } = fields
  if (quick !== undefined) return quick.time(timestamp)
  const value = lookup(fields, timestamp.field)
  if (value !== undefined && value !== null) return readTime(value, timestamp)
  return fields.envelope === undefined ? undefined : commitTime(fields.envelope)
}

/** Minutes east of UTC in which a time is written; numbers are times of UTC. */
export function offsetOf(value: unknown, { type, format = '' }: Timestamp): number {
  if (typeof value !== 'string') return 0
  return (type === 'custom' ? strptime(format)(value)?.offset : isoOffset(value)) ?? 0
}
