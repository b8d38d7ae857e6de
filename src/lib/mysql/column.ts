import type { Treatment } from './mask.ts'

/** Column types as the log and the protocol name them (mysql: include/field_types.h). */
export const ColumnType = {
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  VARCHAR: 15,
  BIT: 16,
  TIMESTAMP2: 17,
  DATETIME2: 18,
  TIME2: 19,
  VECTOR: 242,
  JSON: 245,
  NEWDECIMAL: 246,
  ENUM: 247,
  SET: 248,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
  GEOMETRY: 255
} as const

/** What is needed to read a column's values. */
export interface Column {
  readonly name: string
  /** A `ColumnType`. */
  readonly type: number
  /** Type-specific, as in the table map: bytes of length, fraction digits, precision << 8 | scale, … */
  readonly meta: number
  readonly unsigned: boolean
  /** MySQL's character set name, `binary` for bytes; null for types without one. */
  readonly charset: string | null
  /** Labels of ENUM and SET. */
  readonly labels: readonly string[] | null
  readonly treatment?: Treatment
  /** Whether it may be NULL; where that is not known, it may. */
  readonly nullable?: boolean
  /** A geometry column that holds points only. */
  readonly isPoint?: boolean
  /** Of a VECTOR, the most that it may have; where that is not known, none. */
  readonly dimensions?: number
}

export interface Table {
  readonly database: string
  readonly name: string
  readonly columns: readonly Column[]
  /** Indexes of the primary key's columns. */
  readonly key: readonly number[]
  /** Values are written with Debezium's encodings. */
  readonly debezium?: boolean
}
