import { RowError } from '../errors.ts'
import type { Pieces } from './block-text.ts'
import { type Dynamic, show } from './dynamic.ts'
import { fromDouble, type Int, parseInteger } from './integer.ts'
import { smallInteger } from './load-number.ts'
import {
  allNumbers,
  decode,
  falseWord,
  isNull,
  isWord,
  loadQuoted,
  loadString,
  minusByte,
  nullWord,
  openBrace,
  openBracket,
  quoteByte,
  trueWord
} from './load-text.ts'
import { quote } from './text.ts'

const zeroByte = 48

/** What the JSON holds; whole numbers of any size exactly. */
export function loadDynamic(bytes: Buffer, text: Pieces, start: number, end: number): Dynamic {
  if (start < 0) return null
  const first = bytes[start] as number
  if (first === quoteByte) return loadQuoted(bytes, text, start, end)
  if (first === minusByte || (first >= 48 && first <= 57)) {
    return smallInteger(bytes, start, end) ?? loadNumber(text.substring(start, end))
  }
  return isNull(bytes, start, end) ? null : (decode(bytes, start, end) as Dynamic)
}

/** What the JSON holds, for a nested type: with all digits of what may be a DECIMAL. */
export function loadNested(bytes: Buffer, text: Pieces, start: number, end: number): Dynamic {
  if (start < 0 || isNull(bytes, start, end)) return null
  const first = bytes[start] as number
  return first === openBrace || first === openBracket
    ? (decode(bytes, start, end, allNumbers) as Dynamic)
    : loadDynamic(bytes, text, start, end)
}

function loadNumber(raw: string): Int {
  if (/^-?\d+$/.test(raw)) return parseInteger(raw)
  const value = Number(raw)
  if (Number.isNaN(value)) throw new RowError(`${show(raw)} is not JSON`)
  return Number.isInteger(value) ? fromDouble(value) : value
}
/** The JSON text of a value as it stands. */
export function loadRaw(bytes: Buffer, text: Pieces, start: number, end: number): string {
  if (start < 0) return 'null'
  checkRaw(bytes, text, start, end)
  return text.substring(start, end)
}

/** Throws RowError for a word or number that is none: it would make the output no JSON. */
export function checkRaw(bytes: Buffer, text: Pieces, start: number, end: number): void {
  const first = bytes[start] as number
  if (first === quoteByte || first === openBrace || first === openBracket) return
  // Digits are a number of JSON unless there are more after a leading zero.
  if (first > zeroByte && first <= 57 && smallInteger(bytes, start, end) !== undefined) return
  const word = first === 110 ? nullWord : first === 116 ? trueWord : falseWord
  if (isWord(bytes, start, end, word)) return
  const raw = text.substring(start, end)
  if (!jsonNumber.test(raw)) throw new RowError(`${show(raw)} is not JSON`)
}

const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** A STRING column's JSON text: as it stands when it is a string. */
export const rawString = (bytes: Buffer, text: Pieces, start: number, end: number): string =>
  bytes[start] === quoteByte
    ? text.substring(start, end)
    : start < 0 || isNull(bytes, start, end)
      ? 'null'
      : quote(loadString(bytes, text, start, end) ?? '')
