import { type ByteWriter, spanText } from '../stream/index.ts'
import type { Places, ValueWriter } from './json-template.ts'

const QUOTE = 34
const PERCENT = 37
const SLASH = 47
/** The n of null. */
const LETTER_N = 110

/**
 * Writes a row's key as the inside of a JSON string: the value of a key of one column as it is, those of more joined by
 * `/`, with `%2F` and `%25` for `/` and `%` in them, so that no two keys give the same id.
 */
export class KeyId implements ValueWriter {
  readonly fields: readonly string[]
  readonly constant = null

  /** @param fields the key's columns */
  constructor(fields: readonly string[]) {
    this.fields = fields
  }

  write(out: ByteWriter, block: Buffer, spans: Int32Array, places: Places): string | null {
    const { fields } = this
    for (let i = 0; i < fields.length; i++) {
      let path = 0
      for (const place of places) {
        path = place[i] as number
        if ((spans[path * 2] as number) >= 0) break
      }
      const from = spans[path * 2] as number
      const to = spans[path * 2 + 1] as number
      if (from < 0 || block[from] === LETTER_N) return fields[i] as string
      if (i > 0) {
        out.ensure(1)
        out.buffer[out.length++] = SLASH
      }
      if (block[from] !== QUOTE) out.append(block, from, to)
      else if (fields.length > 1 && hasSpecial(block, from, to)) out.text(escaped(block, from, to))
      else out.append(block, from + 1, to - 1)
    }
    return null
  }
}

function hasSpecial(block: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (block[i] === SLASH || block[i] === PERCENT) return true
  return false
}

function escaped(block: Buffer, from: number, to: number): string {
  const text = spanText(block, from, to) ?? ''
  return JSON.stringify(text.replaceAll('%', '%25').replaceAll('/', '%2F')).slice(1, -1)
}
