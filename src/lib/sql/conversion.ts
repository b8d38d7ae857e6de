import type { SqlType } from './types.ts'

/** JavaScript of a value as one of another type; `value` is used once, and is not null. */
export type Conversion = { emit: (value: string) => string; mayBeNull?: boolean }

/** JavaScript of a function that converts members of nested values, NULL to NULL; undefined where there is no such cast. */
export type MemberFunction = (from: SqlType, to: SqlType) => string | undefined

export const integerBits: Record<string, 8 | 16 | 32 | 64> = { TINYINT: 8, SMALLINT: 16, INT: 32, BIGINT: 64 }

export const same: Conversion = { emit: value => value }
/** A call of the runtime. */
export const call =
  (name: string, ...rest: (number | string)[]): ((value: string) => string) =>
  value =>
    `rt.${name}(${[value, ...rest.map(argument => JSON.stringify(argument))].join(', ')})`
