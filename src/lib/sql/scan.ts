import { EnvelopeFinder, type EnvelopeTail, isSchemaChange, RowFinder, spanText } from '../stream/index.ts'
import { didYouMean } from './errors.ts'
import type { Scan } from './plan.ts'

/** A line of the input that is not what it should be. `notJson` when it cannot be parsed at all. */
export class LineError extends Error {
  readonly notJson: boolean

  constructor(message: string, notJson = false) {
    super(message)
    this.name = 'LineError'
    this.notJson = notJson
  }
}

/** `c`, `u`, `d`, `r`, `t` as bytes. */
export const operations = { create: 99, update: 117, delete: 100, read: 114, truncate: 116 }

const openBrace = 123
const closeBrace = 125
const backslash = 92

/** Reads lines of which each is a row: finds the columns' places, and behind them those of `source` and `ts_ms`. */
export class JsonReader {
  readonly finder: RowFinder
  /** Index in the spans of `source` and of `ts_ms`; -1 when they are not looked for. */
  readonly source: number
  readonly time: number

  /** @param isCause whether the line is named as the cause of what changes with it */
  constructor(scan: Scan, isCause = false) {
    const paths = scan.columns.map(column => column.name)
    const place = (path: string): number => {
      const index = paths.indexOf(path)
      return 2 * (index < 0 ? paths.push(path) - 1 : index)
    }
    this.source = isCause ? place('source') : -1
    this.time = isCause ? place('ts_ms') : -1
    this.finder = new RowFinder(paths)
  }

  /** Throws LineError for a line that is no JSON object. */
  find(bytes: Buffer, start: number, end: number): void {
    if (!this.finder.find(bytes, start, end) || bytes[end - 1] !== closeBrace)
      throw badLine(bytes, start, end)
  }
}

/**
 * Of so many lines of a block each is looked at by itself, and of more while they are a small part of it; then the
 * table's name is looked for in all of it.
 */
const FEW = 8
const SMALL_PART = 1 / 4

const slots = ['source', 'source.table', 'source.db', 'op', 'ts_ms', 'before', 'after', 'source.partial']

/** Where in the spans a change event's parts begin. */
export const slot = { source: 0, table: 2, database: 4, op: 6, time: 8, before: 10, after: 12, partial: 14 }

/** Reads the change events of one table; other lines are told from them by their bytes, without being parsed. */
export class ChangeReader {
  readonly finder: EnvelopeFinder
  /** Index in the spans of the first column of `before`, of `after`. */
  readonly beforeColumns = slots.length * 2
  readonly afterColumns: number
  private readonly copies: { from: number; before: number; after: number }[]
  private readonly scan: Scan
  private readonly table: Buffer
  private readonly database: Buffer | undefined
  private block: Buffer | undefined
  /** The next place of the quoted table name in the block; not looked for yet when that is undefined. */
  private next: number | undefined
  /** Names may be written with escapes in this block, so that the quoted name proves nothing. */
  private escapes = false
  /** Lines of the block that were not known to be the table's, so far. */
  private asked = 0
  private askedBytes = 0
  private tableName: string
  /** Tables of events that were passed over, for a message when none is found. */
  private readonly others = new Set<string>()
  private sampled = 0
  /** Whether an event of the table has come. */
  private seen = false
  /** Whether the last line was one. */
  private wasOurs = false
  /** The last tail that makes a line an event of the table, and says what its operation is, by itself. */
  private knownTail: EnvelopeTail | null = null

  constructor(scan: Scan) {
    if (scan.source.kind !== 'changes') throw new Error(`${scan.name} is not a table of change events`)
    this.scan = scan
    this.tableName = scan.source.table
    this.table = Buffer.from(JSON.stringify(this.tableName))
    const { database } = scan.source
    this.database = database === undefined ? undefined : Buffer.from(JSON.stringify(database))
    const { columns } = scan
    this.afterColumns = this.beforeColumns + columns.length * 2
    // The places of parts of the envelope are copied to where those of a column of each image are.
    const inImage = (image: string): string[] =>
      columns.map(({ name, envelope }, i) => (envelope ? `${image}.\0${i}` : `${image}.${name}`))
    const paths = [...slots, ...inImage('before'), ...inImage('after')]
    this.copies = columns.flatMap(({ name, envelope }, i) => {
      if (envelope === undefined) return []
      const found = paths.indexOf(name)
      const from = 2 * (found < 0 ? paths.push(name) - 1 : found)
      return [{ from, before: this.beforeColumns + 2 * i, after: this.afterColumns + 2 * i }]
    })
    this.finder = new EnvelopeFinder(paths)
  }

  /** Must be called once for each block before its lines are found. */
  begin(block: Buffer): void {
    this.block = block
    this.next = undefined
    this.asked = 0
    this.askedBytes = 0
  }

  /** Whether the line is an event of the table, with the places of its parts then; throws LineError for a broken line. */
  find(bytes: Buffer, start: number, end: number): boolean {
    // Behind a line of the table there is likely to be another: the name is not looked for beforehand.
    const isFound = this.wasOurs && this.finder.find(bytes, start, end) && bytes[end - 1] === closeBrace
    this.wasOurs = isFound ? this.isOurs(bytes, start, end) : this.findByName(bytes, start, end)
    return this.wasOurs
  }

  private findByName(bytes: Buffer, start: number, end: number): boolean {
    this.asked++
    this.askedBytes += end - start
    if (this.asked > FEW && this.askedBytes > end * SMALL_PART) {
      if (!this.mayBeOurs(bytes, start, end)) {
        this.passOver(bytes, start, end)
        return false
      }
    } else {
      if (this.finder.find(bytes, start, end) && bytes[end - 1] === closeBrace) {
        const isOurs = this.isOfTable(bytes, start, end)
        if (!isOurs) this.passOver(bytes, start, end)
        return isOurs
      }
      const line = bytes.subarray(start, end)
      if (!line.includes(this.table) && !line.includes('\\u')) {
        this.passOver(bytes, start, end)
        return false
      }
    }
    if (!this.finder.find(bytes, start, end) || bytes[end - 1] !== closeBrace)
      throw badLine(bytes, start, end)
    return this.isOfTable(bytes, start, end)
  }

  /** Whether the line that was found is an event of the table. */
  private isOurs(bytes: Buffer, start: number, end: number): boolean {
    if (!this.isRepeat) return this.isOfTable(bytes, start, end)
    if (this.copies.length > 0) this.copy()
    return true
  }

  /** Whether the line has the table's name; it is looked for in the whole block at once. */
  private mayBeOurs(bytes: Buffer, start: number, end: number): boolean {
    const block = this.block ?? bytes
    if (this.next === undefined) {
      this.escapes = block.includes('\\u')
      this.next = block.indexOf(this.table, start)
    }
    if (this.escapes) return true
    if (this.next >= 0 && this.next < start) this.next = block.indexOf(this.table, start)
    return this.next >= 0 && this.next < end
  }

  /**
   * Whether the last line was an event of the table with the same operation as the one found before it, and the same
   * parts and columns in it.
   */
  get isRepeat(): boolean {
    return this.finder.isRepeat && this.finder.tail === this.knownTail
  }

  private isOfTable(bytes: Buffer, start: number, end: number): boolean {
    const { spans } = this.finder
    if (
      !isText(bytes, spans, slot.table, this.table) ||
      (this.database !== undefined && !isText(bytes, spans, slot.database, this.database))
    ) {
      return false
    }
    this.seen = true
    this.copy()
    const { tail } = this.finder
    const says = [slot.table, slot.database, slot.op].every(place => tail?.isConstant(place / 2) === true)
    this.knownTail = says && spans[slot.op] !== -1 ? tail : null
    return spans[slot.op] !== -1 || !isSchemaChange(bytes, start, end)
  }

  private copy(): void {
    const { spans } = this.finder
    for (const { from, before, after } of this.copies) {
      spans.copyWithin(before, from, from + 2)
      spans.copyWithin(after, from, from + 2)
    }
  }

  /** Whether the object at a slot is there; `null` counts as absent. */
  has(bytes: Buffer, place: number): boolean {
    const start = this.finder.spans[place] as number
    return start >= 0 && bytes[start] === openBrace
  }

  /** The operation's letter; throws LineError when it is none. */
  operation(bytes: Buffer): number {
    const { spans } = this.finder
    const start = spans[slot.op] as number
    if (start >= 0 && (spans[slot.op + 1] as number) - start === 3) return bytes[start + 1] as number
    throw new LineError(`a change event of ${this.scan.name} without op`)
  }

  /** The names of the columns in `after` or `before`, for messages. */
  columnNames(bytes: Buffer, place: number): string[] {
    const { spans } = this.finder
    return Object.keys(JSON.parse(bytes.toString('utf8', spans[place], spans[place + 1])) as object)
  }

  /** What to say when the input ended without an event of the table. */
  missing(): string | undefined {
    if (this.seen) return undefined
    const others = [...this.others]
    const near = didYouMean(this.tableName, others)
    const known = others.length === 0 ? '' : `; there were events of ${others.join(', ')}`
    return `no change events of table ${this.scan.name} were read${near === '' ? known : near}`
  }

  /** A line that is not the table's is only looked at from outside: it must look like an object. */
  private passOver(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] !== openBrace || bytes[end - 1] !== closeBrace) {
      if (bytes[start] !== 32 && bytes[start] !== 9) throw badLine(bytes, start, end)
      if (!this.finder.find(bytes, start, end)) throw badLine(bytes, start, end)
    }
    if (this.seen || this.sampled >= 1000 || this.others.size >= 50) return
    this.sampled++
    if (!this.finder.find(bytes, start, end)) throw badLine(bytes, start, end)
    const name = spanText(
      bytes,
      this.finder.spans[slot.table] as number,
      this.finder.spans[slot.table + 1] as number
    )
    if (name !== undefined) this.others.add(name)
  }
}

function isText(bytes: Buffer, spans: Int32Array, place: number, wanted: Buffer): boolean {
  const start = spans[place] as number
  const end = spans[place + 1] as number
  if (start < 0) return false
  let i = 0
  if (end - start === wanted.length) while (i < wanted.length && bytes[start + i] === wanted[i]) i++
  if (i === wanted.length) return true
  if (!bytes.subarray(start, end).includes(backslash)) return false
  return JSON.stringify(spanText(bytes, start, end)) === wanted.toString()
}

/** Why a line that could not be walked is bad. */
function badLine(bytes: Buffer, start: number, end: number): LineError {
  try {
    JSON.parse(bytes.toString('utf8', start, end))
  } catch {
    return new LineError('not JSON', true)
  }
  return new LineError('not a JSON object')
}
