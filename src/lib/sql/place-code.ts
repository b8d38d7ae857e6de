import type { Bound } from './bound.ts'
import { type ColumnCode, ExpressionCode, loadCode } from './codegen.ts'
import type { Scan } from './plan.ts'
import * as runtime from './runtime.ts'
import { DYNAMIC, isTimestamp, type SqlType } from './types.ts'

/**
 * Functions generated for one query. Rows of a scan are places in a block: `B` its bytes, `S` the same as a string of one
 * character a byte, `P` start and end of each column's value, beginning at index `O`; `RS`, `RE` are those of the row.
 */

/** What the text of a function body gives, which calls the runtime as `rt`. */
export function build<T>(source: string): T {
  return new Function('rt', `'use strict';\n${source}`)(runtime) as T
}

/** Makes a statement of code for expressions, with the reading of the columns they need before it. */
export type Statement = (make: (code: ExpressionCode) => string) => string

/** Code over a row of values, `R`. */
export function valuesCode(): ExpressionCode {
  return new ExpressionCode(((index: number, as?: SqlType) =>
    as === undefined ? `R[${index}]` : undefined) as ColumnCode)
}

/** Code over a row's places: each column is read once, before the first statement that needs it. */
export class PlaceCode {
  private readonly scan: Scan
  private readonly code: ExpressionCode
  private readonly loaded = new Set<string>()
  private pending: string[] = []

  constructor(scan: Scan) {
    this.scan = scan
    this.code = new ExpressionCode(((index: number, as?: SqlType) => this.column(index, as)) as ColumnCode)
  }

  /** `make`'s statement with the reading of the columns it needs before it. */
  statement(make: (code: ExpressionCode) => string): string {
    const made = make(this.code)
    const loads = this.pending
    this.pending = []
    return `${loads.join('')}${made}\n`
  }

  declarations(): string {
    return this.code.declarations()
  }

  /** JavaScript for a column's JSON text as it stands in the bytes, where that is its output form. */
  raw(value: Bound): string | undefined {
    const place = this.bytes(value)
    if (place === undefined) return undefined
    return value.type.kind === 'STRING' ? `rt.rawString(${place})` : `rt.loadRaw(${place})`
  }

  /** JavaScript for where that stands: `bytes, text, start, end`. */
  bytes(value: Bound): string | undefined {
    if (value.kind !== 'column' || this.scan.columns[value.index]?.path.length === 0) return undefined
    const { type } = value
    return type.kind === 'DYNAMIC' || type.kind === 'STRING' ? `B, S, ${this.place(value.index)}` : undefined
  }

  private column(index: number, as?: SqlType): string | undefined {
    // A time is read from the digits in place; the string that it stands in is never made.
    if (as !== undefined && !isTimestamp(as)) return undefined
    const name = as === undefined ? `c${index}` : `c${index}_${as.kind}_${as.precision}`
    if (!this.loaded.has(name)) {
      this.loaded.add(name)
      if (this.scan.columns[index]?.path.length === 0) {
        this.pending.push(`const ${name} = S.substring(RS, RE);\n`)
        return name
      }
      const type = as ?? this.scan.columns[index]?.type ?? DYNAMIC
      this.pending.push(`const ${name} = ${loadCode(type, this.at(index, 0), this.at(index, 1))};\n`)
    }
    return name
  }

  private place(index: number): string {
    return `${this.at(index, 0)}, ${this.at(index, 1)}`
  }

  private at(index: number, side: 0 | 1): string {
    return `P[O + ${index * 2 + side}]`
  }
}
