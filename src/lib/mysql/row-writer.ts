import { ToolError } from '../cli/index.ts'
import { ByteWriter, type KeyedTable, type OutputWriter } from '../stream/index.ts'
import { ChosenRows } from './chosen-rows.ts'
import type { Table } from './column.ts'
import type { Op, Source } from './envelope.ts'
import { OutboxRows, type OutboxTables } from './outbox.ts'
import type { RowDecoder } from './row-decoder.ts'
import { type Rows, sameKey } from './row-event.ts'
import type { SchemaWriter } from './row-schema.ts'
import { type RowLines, type Shape, tableLines } from './shape.ts'
import { numberedLines, TransactionLines } from './transaction-lines.ts'

/** When the output block has this many bytes, it is sent before more is written: handing one over costs as much as writing 50 rows. */
const BLOCK = 1024 * 1024

/** Writes the rows of events as lines, numbered within their place in the log. */
export class RowWriter {
  /** Rows written. */
  count = 0
  /** Where the rows event (or compressed transaction) that is being read begins; -1 before there is one. */
  position = -1
  readonly #writer: OutputWriter
  readonly #tableLines: RowLines
  readonly #outboxLines = new OutboxRows()
  /** The image after an update that is split. */
  readonly #after = new ByteWriter(1024)
  readonly #outbox: OutboxTables | null
  readonly #schemas: SchemaWriter | undefined
  readonly #transactions: TransactionLines | null
  /** Those of the table whose rows come. */
  #envelopes: RowLines
  /** For rows that are written as read. */
  readonly #reads: RowLines
  readonly #chosen = new ChosenRows(op => this.#isWanted(op))
  /** Null: all. */
  readonly #ops: ReadonlySet<Op> | null
  #row = 0
  /** The transaction, '' where it has no GTID, and how many of its rows have been read. */
  #gtid = ''
  #ordinal = 0
  /** Rows of transactions that had been read when the connection was lost: they come again, with the same rows. */
  readonly #again = new Map<string, number>()
  /** Those of the transaction that is being read. */
  #skipped = 0

  constructor(writer: OutputWriter, shape?: Shape) {
    this.#writer = writer
    this.#transactions = shape?.transactions === true ? new TransactionLines() : null
    this.#tableLines =
      this.#transactions === null
        ? tableLines(shape)
        : numberedLines(this.#transactions, shape?.debezium === true)
    this.#envelopes = this.#tableLines
    this.#outbox = shape?.outbox ?? null
    this.#schemas = shape?.schemas
    this.#reads = tableLines(shape)
    this.#ops = shape?.ops ?? null
  }

  /** Goes to another place in the log: rows are numbered from 0 again. */
  startAt(position: number): void {
    this.position = position
    this.#row = 0
  }

  /** Tells what the next rows are, where that is new. */
  describe(table: Table): void {
    if (this.#schemas === undefined || this.#outbox?.has(table.database, table.name)) return
    this.#schemas.tell(this.#writer.bytes, table)
  }

  /** Sets what the next rows share. */
  begin(source: Source, table: KeyedTable): void {
    this.#writer.rowsOf(table)
    const isOutbox = this.#outbox?.has(source.database, source.table) ?? false
    this.#envelopes = isOutbox ? this.#outboxLines : this.#tableLines
    this.#transactions?.rowsOf(this.#writer.bytes, source)
    this.#envelopes.begin(source, Date.now())
  }

  /** @param gtid null where there is none: the transaction that comes again is the next one then */
  beginTransaction(gtid: string | null): void {
    this.#gtid = gtid ?? ''
    this.#ordinal = 0
    // Hardly ever; and text that was put together just now costs time to look for.
    this.#skipped = this.#again.size === 0 ? 0 : (this.#again.get(this.#gtid) ?? 0)
    this.startAt(-1)
  }

  /** What has been written of the transaction so far will come again, and is not to be written again. */
  expectAgain(): void {
    this.#transactions?.restart()
    // While rows of an earlier connection come again, those are the ones that go farther.
    const rows = Math.max(this.#ordinal, this.#skipped)
    if (rows > 0) this.#again.set(this.#gtid, rows)
  }

  /** The transaction of which rows have been written and which has to come again; null if there is none. */
  get begun(): string | null {
    return this.#again.size === 0 ? null : ([...this.#again.keys()][0] as string)
  }

  endTransaction(): void {
    this.#transactions?.end(this.#writer.bytes)
    if (this.#again.size > 0) this.#again.delete(this.#gtid)
    this.beginTransaction(null)
  }

  /** A line for a truncated table. */
  truncated(): void {
    if (!this.#isWanted('t')) return
    const w = this.#writer.bytes
    const lineStart = w.length
    this.#envelopes.truncated(w)
    if (w.length > lineStart) this.count++
  }

  /** A line about a statement in the log, in the place of a row. */
  statement(line: string, position: number): void {
    this.startAt(position)
    const { databaseName } = JSON.parse(line) as { databaseName: string }
    this.#writer.rowsOf({ database: databaseName, name: '', columns: [], key: [] })
    const w = this.#writer.bytes
    const lineStart = w.length
    w.text(line)
    this.#row++
    this.#ordinal++
    if (this.#ordinal <= this.#skipped) w.length = lineStart
  }

  #isWanted(op: Op): boolean {
    return this.#ops?.has(op) ?? true
  }

  /** An update may turn out to be a delete and a create; of an outbox only what is put in counts. */
  #mayBeWanted(op: Op): boolean {
    if (this.#envelopes === this.#outboxLines && op !== 'c') return false
    return this.#isWanted(op) || (op === 'u' && (this.#isWanted('c') || this.#isWanted('d')))
  }

  /** Writes rows; a promise comes back when the output block is full and has to be sent. */
  write(rows: Rows): Promise<void> | undefined {
    if (!this.#mayBeWanted(rows.op)) return undefined
    this.#writeRows(rows)
    return rows.at < rows.end || this.#writer.bytes.length >= BLOCK ? this.#sendAndGoOn(rows) : undefined
  }

  async #sendAndGoOn(rows: Rows): Promise<void> {
    await this.#writer.flush()
    while (rows.at < rows.end) {
      this.#writeRows(rows)
      await this.#writer.flush()
    }
  }

  /** Writes rows until the event or the block is full. */
  #writeRows(rows: Rows): void {
    const w = this.#writer.bytes
    const { buffer, op, first, second } = rows
    const envelopes = this.#envelopes
    const wantsUpdates = this.#isWanted('u')
    let { at } = rows
    let lineStart = w.length
    try {
      while (at < rows.end && w.length < BLOCK) {
        const from = at
        lineStart = w.length
        if (op === 'c') {
          envelopes.onlyAfter(w)
          at = first.decode(buffer, at, w)
          envelopes.end(w, 'c', this.#row)
        } else if (op === 'd') {
          envelopes.before(w)
          at = first.decode(buffer, at, w)
          envelopes.end(w, 'd', this.#row)
        } else {
          envelopes.before(w)
          const middle = first.decode(buffer, at, w)
          // Both images may be read by one decoder, which keeps the places of the last keys only.
          rows.beforeKeys.set(first.keySpans)
          const beforeEnd = w.length
          envelopes.after(w)
          const afterStart = w.length
          const next = (second as RowDecoder).decode(buffer, middle, w)
          const { keySpans, isPartial } = second as RowDecoder
          // An image that lacks columns is no new row.
          if (!isPartial && !sameKey(buffer, rows.beforeKeys, keySpans))
            this.#splitUpdate(lineStart, beforeEnd, afterStart)
          else if (wantsUpdates) envelopes.endUpdate(w, lineStart, afterStart, this.#row)
          else w.length = lineStart
          at = next
        }
        if (!(at <= rows.end))
          throw new ToolError('INPUT', 'a row is longer than its event: the log is damaged')
        if (at === from) throw new ToolError('INPUT', 'a row of no columns: the log is damaged')
        this.#row++
        this.#ordinal++
        if (w.length === lineStart) continue
        if (this.#ordinal > this.#skipped) this.count++
        else w.length = lineStart
      }
    } catch (error) {
      // What is written is whole lines, whatever the log is like.
      w.length = lineStart
      throw error
    }
    rows.at = at
  }

  /**
   * Writes of each row what was chosen.
   * @param choices one for each row, or the same for all
   * @param read the source of rows that are written as read: a place before that of the event, so that a sink which
   *   orders by places has the row before its change
   */
  async writeChosen(rows: Rows, choices: Uint8Array | number, read: Source): Promise<void> {
    if (this.#envelopes === this.#outboxLines && rows.op !== 'c') return
    this.#reads.begin(read, Date.now())
    for (let i = 0; rows.at < rows.end; i++) {
      const w = this.#writer.bytes
      const lineStart = w.length
      const choice = typeof choices === 'number' ? choices : (choices[i] as number)
      const next = this.#chosen.write(w, rows, choice, this.#envelopes, this.#reads, this.#row)
      if (!(next > rows.at && next <= rows.end))
        throw new ToolError('INPUT', 'a row is longer than its event: the log is damaged')
      rows.at = next
      this.#row++
      this.#ordinal++
      if (w.length > lineStart) {
        if (this.#ordinal > this.#skipped) this.count++
        else w.length = lineStart
      }
      if (w.length >= BLOCK) await this.#writer.flush()
    }
  }

  /** A changed primary key is a delete of the old row and a create of the new one, as with Debezium. */
  #splitUpdate(lineStart: number, beforeEnd: number, afterStart: number): void {
    const w = this.#writer.bytes
    const after = this.#after
    after.clear()
    after.append(w.buffer, afterStart, w.length)
    if (this.#isWanted('d')) {
      w.length = beforeEnd
      this.#envelopes.end(w, 'd', this.#row)
    } else w.length = lineStart
    if (!this.#isWanted('c')) return
    this.#envelopes.onlyAfter(w)
    w.append(after.buffer, 0, after.length)
    this.#envelopes.end(w, 'c', this.#row)
  }
}
