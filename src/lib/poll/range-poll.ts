import type { Log } from '../cli/index.ts'
import { ByteWriter } from '../stream/index.ts'
import type { PollDatabase, PollTable, Term } from './database.ts'
import { floorAt, higher, lower, withHeight } from './heights.ts'
import type { PollLines, PollOp } from './lines.ts'
import { NOTHING, type Offset } from './offsets.ts'
import { fullName, type Order } from './order.ts'
import { rangeClauses } from './statement.ts'
import type { PollRun, TablePoll } from './table-poll.ts'
import { digestOf, Window } from './window.ts'

/** Rows of one SELECT: a mark can be written after it. */
const PAGE = 10_000
/** At the first poll, and after a pause, no more than this many of the newest ids are read again. */
const MOST_AFTER_PAUSE = 100_000

/** Columns may hold whole seconds only. */
const RESOLUTION_MS = 1000

/** Where the extra values of a row stand; the terms of the order come last. */
const RECENT = 0
const MILLISECONDS = 1
const UNTOUCHED = 2
const TERMS = 3

/**
 * Polls a table by the time of the last change, by a column that counts up, or by both. Each poll reads from the beginning
 * of the window to the clock's now (or the highest id), in pages, and tells what the poll before has not met there.
 */
export class RangePoll implements TablePoll {
  rows = 0
  newestMs = 0
  revision = 0
  readonly #db: PollDatabase
  readonly #lines: PollLines
  readonly #log: Log
  readonly #overlapMs: number
  /** A condition in SQL on the rows that are read at all. */
  readonly #condition: string | null
  readonly #window = new Window()
  readonly #image = new ByteWriter(4096)
  /** All of the offset but the fields below, which change with each row. */
  #offset: Offset = NOTHING
  #after: string[] | null = null
  #reached: string | null = null
  /** Ids that this poll has told to be new; null: it began in an earlier run, and that is not known. */
  #created: Set<string> | null = new Set()
  #isNullSought = false

  constructor(db: PollDatabase, lines: PollLines, log: Log, overlapMs: number, condition: string | null) {
    this.#db = db
    this.#lines = lines
    this.#log = log
    this.#overlapMs = overlapMs
    this.#condition = condition
  }

  get offset(): Offset {
    return { ...this.#offset, after: this.#after, reached: this.#reached }
  }

  save(): string[] {
    return this.#window.size === 0 ? [] : this.#window.save()
  }

  load(offset: Offset, [before = '', now = '']: readonly string[]): void {
    this.#offset = offset
    this.#after = offset.after === null ? null : [...offset.after]
    this.#reached = offset.reached
    this.#created = offset.to === null ? new Set() : null
    this.#window.load(before, now)
  }

  async poll(table: PollTable, order: Order, run: PollRun): Promise<boolean> {
    if (this.#offset.to === null) {
      const isEmpty = await (order.time === null
        ? this.#beginById(table, order)
        : this.#beginByTime(table, order))
      if (isEmpty) return true
    } else if (!order.isUnique) {
      this.#window.restart()
      this.revision++
    }
    for (;;) {
      const read = await this.#page(table, order, run)
      if (read === null) return false
      if (read < PAGE || !order.isUnique) break
      if (!(await run.between())) return false
    }
    this.#end()
    return true
  }

  #end(): void {
    const { next, heights, polledMs } = this.#offset
    if (this.#window.size > 0) this.revision++
    this.#window.turn()
    this.#offset = { ...NOTHING, from: next, highest: this.#reached, heights, polledMs, isBegun: true }
    this.#after = null
    this.#created = new Set()
  }

  async #beginByTime(table: PollTable, order: Order): Promise<boolean> {
    const time = order.time as Term
    const { polledMs } = this.#offset
    const { ms, now, earlier } = await this.#db.clock(table, time, this.#overlapMs + RESOLUTION_MS)
    if (polledMs !== null && ms < polledMs) {
      this.#log.warn(
        `${fullName(table)}: the clock of ${this.#db.display} went back by ${polledMs - ms} ms: rows of that time may come twice`
      )
    }
    if (!this.#isNullSought) await this.#seekNull(table, time)
    this.#offset = { ...this.#offset, to: now, next: earlier, polledMs: ms }
    return false
  }

  /** Rows without a time are never read. */
  async #seekNull(table: PollTable, time: Term): Promise<void> {
    this.#isNullSought = true
    if (!time.column.nullable) return
    const found = await this.#db.value(table, '1', `${this.#where(`${time.sql} IS NULL`)} LIMIT 1`)
    if (found === null) return
    this.#log.warn(
      `${fullName(table)}: rows whose ${time.sql} is NULL are not read; --poll-timestamp takes several columns, of which the first that is not NULL counts`
    )
  }

  async #beginById(table: PollTable, order: Order): Promise<boolean> {
    const id = order.id as Term
    const { from, heights, polledMs } = this.#offset
    const { ms } = await this.#db.clock(table, null, 0)
    const top = await this.#db.value(table, `MAX(${id.sql})`, this.#where())
    if (top === null) {
      this.#offset = { ...NOTHING, polledMs: ms, isBegun: true }
      return true
    }
    const last = heights.at(-1)?.[1]
    if (last !== undefined && BigInt(top) < BigInt(last)) {
      this.#log.warn(
        `${fullName(table)}: the highest ${id.column.name} went back from ${last} to ${top}: rows were deleted, and an id that is given again counts as a new row`
      )
    }
    const start = from === null ? null : lower(from, top)
    const known = withHeight(heights, ms, top, this.#overlapMs)
    let next = floorAt(known, ms, this.#overlapMs) ?? start
    if (polledMs === null || ms - polledMs > this.#overlapMs)
      next = higher(next, await this.#farthest(table, id))
    this.#offset = { ...this.#offset, from: start, to: top, next, heights: known, polledMs: ms }
    return false
  }

  /** The id behind which as many of the newest rows lie as are read again after a pause. */
  #farthest(table: PollTable, id: Term): Promise<string | null> {
    const newest = `ORDER BY ${id.sql} DESC LIMIT 1 OFFSET ${MOST_AFTER_PAUSE}`
    return this.#db.value(table, id.sql, `${this.#where()} ${newest}`)
  }

  #where(...more: string[]): string {
    const parts = this.#condition === null ? more : [`(${this.#condition})`, ...more]
    return parts.length === 0 ? '' : ` WHERE ${parts.join(' AND ')}`
  }

  /** @returns the number of rows read; null when the run is to end */
  async #page(table: PollTable, order: Order, run: PollRun): Promise<number | null> {
    const db = this.#db
    const { terms, time, untouched, isUnique } = order
    const { from, to, next, isBegun } = this.#offset
    const first = terms[0] as Term
    const isRecent = next === null ? '1 = 1' : `${first.sql} > ${db.bound(table, first, next)}`
    const extras = [
      `CASE WHEN ${isRecent} THEN 1 ELSE 0 END`,
      time === null ? 'NULL' : db.milliseconds(table, time),
      untouched === null ? 'NULL' : `CASE WHEN ${untouched} THEN 1 ELSE 0 END`,
      ...terms.map(term => db.text(term))
    ]
    const isSilent = !isBegun && !run.tellsFirst
    // Of what is not told, only the window need be known.
    const range = { from: isSilent ? next : from, to: to as string, after: isUnique ? this.#after : null }
    const clauses = rangeClauses(db, table, terms, range, this.#condition, isUnique ? PAGE : null)
    run.rowsOf(table)
    this.#lines.begin(table, !isBegun, Date.now())
    let read = 0
    const isWhole = await db.select(table, extras, clauses, {
      row: (values, image) => {
        read++
        this.#row(values, image, order, run, isSilent)
      },
      pause: () => run.pause()
    })
    return isWhole ? read : null
  }

  #row(
    values: readonly (string | null)[],
    image: (w: ByteWriter) => void,
    order: Order,
    run: PollRun,
    isSilent: boolean
  ): void {
    const terms = values.slice(TERMS) as string[]
    this.#image.clear()
    image(this.#image)
    const content = this.#image.written()
    const op = this.#op(values, terms, order)
    if (this.#isNew(values, terms, content, order) && !isSilent && run.ops.has(op)) {
      const ms =
        values[MILLISECONDS] == null
          ? (this.#offset.polledMs ?? 0)
          : Math.max(0, Number(values[MILLISECONDS]))
      this.#lines.write(run.bytes(), op, ms, null, content)
      this.rows++
      if (ms > this.newestMs) this.newestMs = ms
    }
    this.#after = terms
  }

  #isNew(values: readonly (string | null)[], terms: string[], content: Buffer, order: Order): boolean {
    const remember = values[RECENT] === '1' || !order.isUnique
    if (!remember && this.#window.isEmpty) return true
    // Without a time updates are not looked for: a row is its id.
    const digest = order.time === null ? digestOf(...terms) : digestOf(...terms, content)
    if (remember) this.revision++
    return this.#window.take(digest, remember)
  }

  /** `u` unless the row is known to be new. */
  #op(values: readonly (string | null)[], terms: readonly string[], order: Order): PollOp {
    const isFirst = !this.#offset.isBegun
    if (order.time === null) return isFirst ? 'r' : 'c'
    let isCreated = values[UNTOUCHED] === '1'
    if (order.id !== null) {
      const id = terms[1] as string
      const { highest } = this.#offset
      isCreated = this.#created?.has(id) === false && (highest === null || BigInt(id) > BigInt(highest))
      if (isCreated && !isFirst) this.#created?.add(id)
      this.#reached = higher(this.#reached, id)
    }
    if (isFirst) return 'r'
    return isCreated ? 'c' : 'u'
  }
}
