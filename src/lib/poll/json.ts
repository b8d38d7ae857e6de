import type { ByteWriter } from '../stream/index.ts'
import type { ColumnTreatments, Treatment } from './rules.ts'

/** Writes a value of the driver as a JSON value. */
export type WriteValue<V> = (w: ByteWriter, value: V) => void

/** Writes rows of a result, `null` for NULL, as JSON objects. */
export class ImageWriter<V> {
  /** Names of the columns that are written, as they are selected. */
  readonly names: readonly string[]
  readonly #keys: Buffer[]
  readonly #writers: WriteValue<V>[]

  constructor(
    columns: readonly { readonly name: string; readonly write: WriteValue<V> }[],
    treatments: readonly Treatment<unknown>[],
    rules: ColumnTreatments
  ) {
    const kept = columns.flatMap(({ name, write }, i) => {
      const treatment = treatments[i]
      if (treatment === 'drop') return []
      return [{ name, write: treatment === undefined ? write : masked(write, treatment, rules) }]
    })
    this.names = kept.map(({ name }) => name)
    this.#keys = kept.map(({ name }, i) => Buffer.from(`${i === 0 ? '{' : ','}${JSON.stringify(name)}:`))
    this.#writers = kept.map(({ write }) => write)
  }

  /** @param values of the columns, from index `from` on */
  write(w: ByteWriter, values: readonly (V | null)[], from: number): void {
    const keys = this.#keys
    for (let i = 0; i < keys.length; i++) {
      w.append(keys[i] as Buffer)
      const value = values[from + i] as V | null
      if (value === null) w.text('null')
      else (this.#writers[i] as WriteValue<V>)(w, value)
    }
    w.text(keys.length === 0 ? '{}' : '}')
  }
}

function masked<V>(write: WriteValue<V>, mask: unknown, rules: ColumnTreatments): WriteValue<V> {
  return (w, value) => {
    const start = w.length
    write(w, value)
    rules.mask(w, start, mask)
  }
}

/** Text as a JSON string. */
export function writeString(w: ByteWriter, text: string): void {
  w.text(JSON.stringify(text))
}

/** The digits of a whole number: a JSON number if every reader gets it exactly, else a string. */
export function writeInteger(w: ByteWriter, digits: string): void {
  // Numbers past 2^53 may round to it, so that is told by its digits.
  const isExact =
    digits.length < 16 || Number.isSafeInteger(Number(digits)) || /^-?9007199254740992$/.test(digits)
  w.text(isExact ? digits : `"${digits}"`)
}

/**
 * The shortest text that reads back as the same number, with a fraction, so that who types a column by its first value does
 * not take it for an integer one. What JSON has no number for is a string, `NaN`.
 */
export function writeFloat(w: ByteWriter, value: number): void {
  if (!Number.isFinite(value)) w.text(`"${value}"`)
  else w.text((Object.is(value, -0) ? '-0' : String(value)).replace(/^(-?\d+)(?=e|$)/, '$1.0'))
}

export function writeBase64(w: ByteWriter, bytes: Uint8Array): void {
  w.text(`"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}"`)
}
