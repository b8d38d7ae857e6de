import { ToolError } from '../../cli/index.ts'
import type { ElasticConnection } from '../connection.ts'
import { answered, pathOf } from './answers.ts'

/** The field by which documents are read, as indices have it. */
export interface TimeField {
  readonly name: string
  /** How numbers of it are scaled to milliseconds; null of dates, of which the server takes and gives milliseconds. */
  readonly scale: number | null
  /** Some indices have milliseconds, others nanoseconds. */
  readonly isMixed: boolean
}

interface Capabilities {
  readonly indices?: readonly string[]
  readonly fields?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const NUMBERS = ['long', 'integer', 'unsigned_long', 'double', 'float', 'scaled_float']

/**
 * Asks what type the field has.
 * @param scale of numbers: 1 of milliseconds, 1000 of seconds; null when times are no numbers
 * @returns null as long as no index has it
 * @throws ToolError SERVER when there is no such index; INPUT when it is no time. Unavailable
 */
export async function findTimeField(
  connection: ElasticConnection,
  index: string,
  name: string,
  scale: number | null
): Promise<TimeField | null> {
  const path = `/${pathOf(index)}/_field_caps?fields=${encodeURIComponent(name)}`
  const body = answered(connection.name, index, await connection.request('GET', path))
  const types = Object.keys((JSON.parse(body) as Capabilities).fields?.[name] ?? {}).filter(
    type => type !== 'unmapped'
  )
  if (types.length === 0) return null
  if (types.every(type => type === 'date' || type === 'date_nanos')) {
    return { name, scale: null, isMixed: types.length > 1 }
  }
  if (scale !== null && types.every(type => NUMBERS.includes(type))) {
    return { name, scale, isMixed: false }
  }
  throw new ToolError('INPUT', `'${name}' of ${index} is ${types.join(' and ')}, and no date`, {
    hint: 'documents are read in the order of a date, or of numbers with timestamp_type unix or unix_ms: --time-field names it'
  })
}
