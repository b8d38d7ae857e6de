import { EnvelopeTail, isTail, Literal } from './envelope-tail.ts'
import { FieldFinder, findMembers, type PathNode, pathTree } from './fields.ts'
import { Layouts } from './layouts.ts'

/** Kinds of tail that are remembered: a kind for each table and operation. */
const KINDS = 16
/** After so many lines in a row that were like none of them, only one of as many is still learned from. */
const PATIENCE = 64

const HEAD_AFTER = new Literal('{"before":null,"after":')
const HEAD_BEFORE = new Literal('{"before":')
const BETWEEN = new Literal(',"after":')
const NULL = new Literal('null')
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
  /**
   * Whether the last line had the same tail as the one before it, and images with the same keys: the same of them and of
   * their members have values then, and what is constant in the tail has the same ones.
   */
  isRepeat = false
  /** Whether all images of the last line were in known layouts, and which of them were rows. */
  #areKnown = false
  #isBeforeRow = false
  #isAfterRow = false

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
    this.isRepeat = this.#areKnown && end - start > HEAD_AFTER.length && this.#findAgain(buffer, start, end)
    if (this.isRepeat) return true
    this.#areKnown = false
    const isEnvelope = end - start > HEAD_AFTER.length && HEAD_BEFORE.isAt(buffer, this.#view, start)
    if (isEnvelope && this.#findByTail(buffer, start, end)) return true
    this.#areKnown = false
    this.tail = null
    const found = this.#fields.find(buffer, start, end)
    if (isEnvelope && found) this.#learn(buffer, end)
    return found
  }

  /** Finds what the last line had, where this one has it too. What that had not is not looked for. */
  #findAgain(buffer: Buffer, start: number, end: number): boolean {
    const tail = this.tail as EnvelopeTail
    const { spans } = this
    const view = this.#view
    const tailStart = tail.match(buffer, view, start + HEAD_AFTER.length, end)
    if (tailStart < 0) return false
    let at = start + HEAD_BEFORE.length
    spans[2 * this.#before] = at
    if (this.#isBeforeRow) {
      if (!HEAD_BEFORE.isAt(buffer, view, start)) return false
      at = this.#beforeLayouts.findAgain(buffer, view, at, tailStart)
      if (at < 0 || at + BETWEEN.length > tailStart || !BETWEEN.isAt(buffer, view, at)) return false
      spans[2 * this.#before + 1] = at
      at += BETWEEN.length
    } else {
      if (!HEAD_AFTER.isAt(buffer, view, start)) return false
      spans[2 * this.#before + 1] = at + NULL.length
      at = start + HEAD_AFTER.length
    }
    spans[2 * this.#after] = at
    spans[2 * this.#after + 1] = tailStart
    if (this.#isAfterRow) {
      if (this.#afterLayouts.findAgain(buffer, view, at, tailStart) < 0) return false
    } else if (at + NULL.length !== tailStart || !NULL.isAt(buffer, view, at)) return false
    this.#strangers = 0
    return true
  }

  #findByTail(buffer: Buffer, start: number, end: number): boolean {
    const tails = this.#tails
    const { spans } = this
    for (let i = 0; i < spans.length; i++) spans[i] = -1
    for (let i = 0; i < tails.length; i++) {
      const tail = tails[i] as EnvelopeTail
      const tailStart = tail.match(buffer, this.#view, start + HEAD_AFTER.length, end)
      if (tailStart < 0) continue
      if (i > 0) {
        tails.splice(i, 1)
        tails.unshift(tail)
      }
      if (!this.#rows(buffer, start, tailStart)) return false
      this.tail = tail
      this.#strangers = 0
      return true
    }
    return false
  }

  /** The images before the tail, and the wanted fields in them. */
  #rows(buffer: Buffer, start: number, tailStart: number): boolean {
    const { spans } = this
    const view = this.#view
    let at = start + HEAD_BEFORE.length
    const before = at
    this.#areKnown = true
    this.#isBeforeRow = buffer[at] === OPEN_BRACE
    if (this.#isBeforeRow)
      at = this.#row(this.#beforeLayouts, this.#beforeFields, buffer, at, tailStart, false)
    else at = NULL.isAt(buffer, view, at) ? at + NULL.length : -1
    if (at < 0 || at + BETWEEN.length > tailStart || !BETWEEN.isAt(buffer, view, at)) return false
    spans[2 * this.#before] = before
    spans[2 * this.#before + 1] = at
    at += BETWEEN.length
    spans[2 * this.#after] = at
    spans[2 * this.#after + 1] = tailStart
    this.#isAfterRow = buffer[at] === OPEN_BRACE
    if (!this.#isAfterRow) return NULL.isAt(buffer, view, at) && at + NULL.length === tailStart
    return this.#row(this.#afterLayouts, this.#afterFields, buffer, at, tailStart, true) >= 0
  }

  /** @returns the offset behind the row, or with `enough` where all that is wanted of it was found; -1 where it is none */
  #row(layouts: Layouts, fields: PathNode, buffer: Buffer, at: number, end: number, enough: boolean): number {
    const known = layouts.find(buffer, at, end)
    if (known >= 0) return known
    this.#areKnown = false
    const behind = findMembers(fields, this.spans, buffer, at, end, enough)
    if (behind >= 0) layouts.learn(buffer, at, end)
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
