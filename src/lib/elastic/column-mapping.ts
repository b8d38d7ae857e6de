import type { ServerInfo } from './connection.ts'

export type FieldMapping = Readonly<Record<string, unknown>>

/** What a server can map fields to. */
export interface ServerTypes {
  readonly distribution: ServerInfo['distribution']
  /** Whether it has a type that comes as a module or with a later version. */
  readonly has: (type: string) => boolean
}

const INTEGERS: Readonly<Record<string, readonly [signed: string, unsigned: string]>> = {
  tinyint: ['byte', 'short'],
  smallint: ['short', 'integer'],
  mediumint: ['integer', 'integer'],
  int: ['integer', 'long'],
  bigint: ['long', 'unsigned_long']
}
/** Digits that a double holds, so that a scaled one is what was written. */
const EXACT_DIGITS = 15
/** Digits of every number that a long holds. */
const LONG_DIGITS = 18
/** Text up to here is taken for names and codes, which are looked up as a whole. */
const LONGEST_NAME = 255
/** As the servers' own dynamic mapping does it. */
const TEXT = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } }
const KEPT = { type: 'object', enabled: false }
/** What a number is that the server has no exact type for: exact by its text. */
const DOUBLE = { type: 'double', fields: { keyword: { type: 'keyword' } } }
/** A term has at most 32,766 bytes. */
const LONGEST_TERM = 8191
const MOST_DIMENSIONS = 4096

/**
 * The mapping for the values of a column as cdc-tail writes them.
 * @param type of MySQL, as in a schema line
 * @returns null for a type that is not known, which is left to the server
 */
export function fieldMapping(type: string, server: ServerTypes): FieldMapping | null {
  const [, name = '', list = '', unsigned] = /^(\w+)(?:\((.*)\))?( unsigned)?$/s.exec(type) ?? []
  const [first = 0, second = 0] = list.split(',').map(Number)
  const integer = INTEGERS[name]
  if (integer !== undefined) return integerMapping(integer[unsigned === undefined ? 0 : 1], server)
  switch (name) {
    case 'year':
      return { type: 'short' }
    case 'bit':
      return integerMapping(bitType(first), server)
    case 'decimal':
      return decimalMapping(first, second, server)
    case 'float':
    case 'double':
      return { type: name }
    case 'date':
    case 'datetime':
      // Dates that no calendar has (2026-02-31, 2026-00-00) are MySQL's, not a reason to refuse the row.
      return { type: 'date', ignore_malformed: true }
    case 'timestamp':
      return { type: 'date' }
    case 'time':
    case 'enum':
    case 'set':
    case 'char':
    case 'binary':
      return { type: 'keyword' }
    case 'varchar':
      return first <= LONGEST_NAME ? { type: 'keyword' } : TEXT
    case 'varbinary':
      return first <= LONGEST_NAME ? { type: 'keyword' } : { type: 'binary' }
    case 'json':
      return jsonMapping(server)
    case 'point':
    case 'geometry':
      // Planes have places that the earth has not.
      return server.has('geo_shape') ? { type: 'geo_shape', ignore_malformed: true } : KEPT
    case 'vector':
      return vectorMapping(first, server)
    default:
      if (/^(?:tiny|medium|long)?text$/.test(name)) return TEXT
      return /^(?:tiny|medium|long)?blob$/.test(name) ? { type: 'binary' } : null
  }
}

function integerMapping(type: string, server: ServerTypes): FieldMapping {
  return type === 'unsigned_long' && !server.has(type) ? DOUBLE : { type }
}

function bitType(bits: number): string {
  if (bits < 8) return 'byte'
  if (bits < 16) return 'short'
  if (bits < 32) return 'integer'
  return bits < 64 ? 'long' : 'unsigned_long'
}

function decimalMapping(digits: number, scale: number, server: ServerTypes): FieldMapping {
  if (scale === 0 && digits <= LONG_DIGITS) return { type: 'long' }
  if (digits <= EXACT_DIGITS && server.has('scaled_float'))
    return { type: 'scaled_float', scaling_factor: 10 ** scale }
  return digits <= EXACT_DIGITS ? { type: 'double' } : DOUBLE
}

/** One field for whole documents: of whatever keys and types, they make no fields of the index and contradict none. */
function jsonMapping({ distribution, has }: ServerTypes): FieldMapping {
  const type = distribution === 'opensearch' ? 'flat_object' : 'flattened'
  if (!has(type)) return KEPT
  return type === 'flattened' ? { type, ignore_above: LONGEST_TERM, depth_limit: 100 } : { type }
}

function vectorMapping(dimensions: number, { distribution, has }: ServerTypes): FieldMapping {
  const isDense = distribution === 'elasticsearch' && dimensions > 0 && dimensions <= MOST_DIMENSIONS
  // A null vector has no angle to another, but a distance.
  if (isDense && has('dense_vector')) return { type: 'dense_vector', dims: dimensions, similarity: 'l2_norm' }
  return { type: 'float', index: false }
}
