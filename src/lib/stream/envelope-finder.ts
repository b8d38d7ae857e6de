import { EnvelopeTail, isTail } from './envelope-tail.ts'
import { FieldFinder, findMembers, type PathNode, pathTree } from './fields.ts'
import { Layouts } from './layouts.ts'

/** Kinds of tail that are remembered: a kind for each table and operation. */
const KINDS = 16
/** After so many lines in a row that were like none of them, only one of as many is still learned from. */
const PATIENCE = 64

const HEAD_AFTER = Buffer.from('{"before":null,"after":')
const HEAD_BEFORE = Buffer.from('{"before":')
const BETWEEN = Buffer.from(',"after":')
const NULL = Buffer.from('null')
const OPEN_BRACE = 123

/**
 * Finds values in change events as `FieldFinder` does in any line, without walking through most of their bytes. What
 * follows the row (`source`, `op`, `ts_ms`) is the same text in line after line, but for some numbers: it is compared
 * with that of earlier lines, from the end on. Then the row's place is known, and only the wanted fields of it are
 * looked for. Lines that are in no known form are walked through, and learned from.
 */
export class EnvelopeFinder {
  /** As of `FieldFinder`. */
  readonly spans: Int32Array
  readonly #fields: FieldFinder
  readonly #before: number
  readonly #after: number
  readonly #beforeFields: PathNode
  readonly #afterFields: PathNode
  readonly #beforeLayouts: Layouts
  readonly #afterLayouts: Layouts
  /** The kinds of tail, that of the last line first. */
  readonly #tails: EnvelopeTail[] = []
  #strangers = 0
  #block: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))
  /** The tail of the last line; null when it was walked through. */
  tail: EnvelopeTail | null = null

  /** @param paths in dotted notation, `before` and `after` among them */
  constructor(paths: readonly string[]) {
    this.#fields = new FieldFinder(paths)
    this.spans = this.#fields.spans
    this.#before = paths.indexOf('before')
    this.#after = paths.indexOf('after')
    const { children } = pathTree(paths)
    this.#beforeFields = children.find(({ path }) => path === this.#before) as PathNode
    this.#afterFields = children.find(({ path }) => path === this.#after) as PathNode
    this.#beforeLayouts = new Layouts(this.#beforeFields, this.spans, true)
    this.#afterLayouts = new Layouts(this.#afterFields, this.spans, false)
  }

  /**
   * Fills `spans` for the line `buffer[start..end)`.
   * @returns false when the line is not an object, as far as it had to be read
   */
  find(buffer: Buffer, start: number, end: number): boolean {
    if (buffer !== this.#block) {
      this.#block = buffer
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    }
    const isEnvelope = end - start > HEAD_AFTER.length && startsWith(buffer, start, HEAD_BEFORE)
    if (isEnvelope && this.#findByTail(buffer, start, end)) return true
    this.tail = null
    const found = this.#fields.find(buffer, start, end)
    if (isEnvelope && found) this.#learn(buffer, end)
    return found
  }

  #findByTail(buffer: Buffer, start: number, end: number): boolean {
    const tails = this.#tails
    for (let i = 0; i < tails.length; i++) {
      const tail = tails[i] as EnvelopeTail
      const tailStart = tail.match(buffer, this.#view, start + HEAD_AFTER.length, end)
      if (tailStart < 0) continue
      if (i > 0) {
        tails.splice(i, 1)
        tails.unshift(tail)
      }
      if (!this.#rows(buffer, start, tailStart)) return false
      tail.fill(this.spans)
      this.tail = tail
      this.#strangers = 0
      return true
    }
    return false
  }

  /** The images before the tail, and the wanted fields in them. */
  #rows(buffer: Buffer, start: number, tailStart: number): boolean {
    const { spans } = this
    for (let i = 0; i < spans.length; i++) spans[i] = -1
    let at = start + HEAD_BEFORE.length
    const before = at
    if (buffer[at] === OPEN_BRACE) at = this.#beforeRow(buffer, at, tailStart)
    else at = startsWith(buffer, at, NULL) ? at + NULL.length : -1
    if (at < 0 || !startsWith(buffer, at, BETWEEN)) return false
    spans[2 * this.#before] = before
    spans[2 * this.#before + 1] = at
    at += BETWEEN.length
    spans[2 * this.#after] = at
    spans[2 * this.#after + 1] = tailStart
    if (buffer[at] !== OPEN_BRACE) return startsWith(buffer, at, NULL) && at + NULL.length === tailStart
    if (this.#afterLayouts.find(buffer, at, tailStart) >= 0) return true
    const found = findMembers(this.#afterFields, spans, buffer, at, tailStart, true) >= 0
    if (found) this.#afterLayouts.learn(buffer, at, tailStart)
    return found
  }

  /** @returns the offset behind the row */
  #beforeRow(buffer: Buffer, at: number, end: number): number {
    const known = this.#beforeLayouts.find(buffer, at, end)
    if (known >= 0) return known
    const behind = findMembers(this.#beforeFields, this.spans, buffer, at, end)
    if (behind >= 0) this.#beforeLayouts.learn(buffer, at, end)
    return behind
  }

  #learn(buffer: Buffer, end: number): void {
    if (++this.#strangers > PATIENCE && this.#strangers % PATIENCE !== 0) return
    const after = this.spans[2 * this.#after + 1] as number
    if (after < 0 || !isTail(buffer, after, end)) return
    this.#tails.unshift(new EnvelopeTail(buffer, after, end, this.spans))
    if (this.#tails.length > KINDS) this.#tails.pop()
  }
}

function startsWith(buffer: Buffer, at: number, text: Buffer): boolean {
  for (let i = 0; i < text.length; i++) if (buffer[at + i] !== text[i]) return false
  return true
}
