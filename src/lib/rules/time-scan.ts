import type { Timestamp } from './event.ts'
import { strptime } from './strptime.ts'
import { MICROS_PER_MS, parseIso } from './time.ts'

const TAB = 9
const SPACE = 32
const QUOTE = 34
const Z = 90
/** Length of `"2026-11-24T10:00`, and place of the Z in `"2026-11-24T10:00:00.000Z"`. */
const MINUTE = 17
const UTC = 24
const COLON = 58
const COMMIT = Buffer.from('"ts_ms"')
/** No time that a rule takes is written longer. */
const LONGEST = 48

/**
 * Finds times in lines that are not parsed, so that rules that time decides see it pass in events that do not concern them. A
 * line found here may still have another time (the field stands elsewhere in it, too): it is then parsed to be sure.
 */
export class TimeScan {
  readonly #needles: { bytes: Buffer; type: Timestamp['type']; format?: string | undefined }[]
  #minute: Buffer = Buffer.alloc(0)
  #minuteEnd = Number.POSITIVE_INFINITY

  constructor({ field, type, format }: Timestamp) {
    const key = Buffer.from(JSON.stringify(field.slice(field.lastIndexOf('.') + 1)))
    this.#needles = [
      { bytes: key, type, format },
      { bytes: COMMIT, type: 'unix_ms' }
    ]
  }

  /** True when some time in these bytes may be later than `micros`. */
  mayPass(whole: Buffer, from: number, to: number, micros: number): boolean {
    // a search that finds nothing must not run to the end of the block for each of its lines
    const block = from === 0 && to === whole.length ? whole : whole.subarray(from, to)
    const [start, end] = [0, to - from]
    for (const { bytes, type, format } of this.#needles) {
      for (let at = block.indexOf(bytes, start); at >= 0 && at < end; at = block.indexOf(bytes, at)) {
        at = skipSpace(block, at + bytes.length)
        if (block[at] !== COLON) continue
        at = skipSpace(block, at + 1)
        if (type === 'iso' && this.#isWithinMinute(block, at, micros)) continue
        const time = timeAt(block, at, end, type, format)
        if (type === 'iso' && time !== undefined) this.#remember(block, at, time)
        if (time !== undefined && time > micros) return true
      }
    }
    return false
  }

  /** Most lines are of the minute of the line before, and to know that it is not late enough is to know the time. */
  #isWithinMinute(block: Buffer, at: number, micros: number): boolean {
    if (this.#minuteEnd > micros || block[at + UTC] !== Z) return false
    return block.compare(this.#minute, 0, this.#minute.length, at, at + this.#minute.length) === 0
  }

  #remember(block: Buffer, at: number, time: number): void {
    // only the form of toISOString, whose zone is known by its place
    if (block[at + UTC] !== Z || block[at + UTC + 1] !== QUOTE) return
    this.#minute = Buffer.from(block.subarray(at, at + MINUTE))
    this.#minuteEnd = (Math.floor(time / 60e6) + 1) * 60e6
  }
}

function skipSpace(block: Buffer, at: number): number {
  while (block[at] === SPACE || block[at] === TAB) at++
  return at
}

/** Microseconds of the value that begins at a place; undefined when it is no time. */
function timeAt(
  block: Buffer,
  at: number,
  end: number,
  type: Timestamp['type'],
  format = ''
): number | undefined {
  if (type === 'unix' || type === 'unix_ms') {
    const text = /^"?(-?[\d.]+(?:[eE][+-]?\d+)?)/.exec(
      block.toString('latin1', at, Math.min(end, at + LONGEST))
    )?.[1]
    return text === undefined ? undefined : Number(text) * (type === 'unix' ? 1e6 : MICROS_PER_MS)
  }
  if (block[at] !== QUOTE) return undefined
  const close = block.indexOf(QUOTE, at + 1)
  if (close < 0 || close > at + LONGEST) return undefined
  const text = block.toString('latin1', at + 1, close)
  return type === 'custom' ? strptime(format)(text)?.micros : parseIso(text)
}
