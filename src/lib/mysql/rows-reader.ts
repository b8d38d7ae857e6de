import { ToolError } from '../cli/index.ts'
import type { KeyedTable, OutputWriter } from '../stream/index.ts'
import type { Op, Source } from './envelope.ts'
import type { BinlogEvent } from './events.ts'
import type { LogCursor } from './log-cursor.ts'
import type { LogTransaction } from './log-transaction.ts'
import type { PreparedTransactions } from './prepared.ts'
import type { ReaderOptions } from './reader-options.ts'
import { Choice, openRows, type Rows, type RowsWatch } from './row-event.ts'
import { RowWriter } from './row-writer.ts'
import { type MappedTable, TableCache } from './table-cache.ts'
import { readTableId } from './table-map.ts'

/** Where reading is, which all who take events share. */
export interface Reading {
  readonly cursor: LogCursor
  readonly transaction: LogTransaction
  readonly prepared: PreparedTransactions
}

/**
 * Takes table maps, and the rows that follow them: those of wanted tables are written, in envelopes that say where they
 * come from, or held back while their transaction is one of XA.
 */
export class RowsReader {
  readonly writer: RowWriter
  readonly tables: TableCache
  /** The log is one of MariaDB. */
  byMariadb = false
  readonly #options: ReaderOptions
  readonly #cursor: LogCursor
  readonly #transaction: LogTransaction
  readonly #prepared: PreparedTransactions

  constructor(writer: OutputWriter, options: ReaderOptions, { cursor, transaction, prepared }: Reading) {
    this.writer = new RowWriter(writer, options.shape)
    this.tables = new TableCache(
      (database, table) => options.tables.reads(database, table),
      options.shape?.columns.resolving(options.resolve) ?? options.resolve
    )
    this.#options = options
    this.#cursor = cursor
    this.#transaction = transaction
    this.#prepared = prepared
  }

  takeMap(event: BinlogEvent): Promise<void> | undefined {
    const id = readTableId(event)
    if (!this.#prepared.isOpen) return this.tables.map(event, id, this.byMariadb)
    const waiting = this.tables.map(event, id, this.byMariadb)
    const hold = (): void => {
      if (this.tables.get(id) !== null) this.#prepared.hold(event)
    }
    if (waiting !== undefined) return waiting.then(hold)
    hold()
    return undefined
  }

  /** @throws ToolError INPUT, DATA */
  take(event: BinlogEvent, op: Op): Promise<void> | undefined {
    const mapped = this.tables.get(readTableId(event))
    if (mapped === null) return undefined
    if (mapped === undefined) throw new ToolError('INPUT', 'rows without a table map: the log is damaged')
    if (this.#prepared.isOpen) {
      this.#prepared.hold(event)
      return undefined
    }
    const rows = openRows(event, op, mapped)
    if (this.#options.shape?.schemas !== undefined) {
      const { database, name } = mapped.table
      // The signal table is read, too.
      if (this.#options.tables.includes(database, name)) this.writer.describe(mapped.table)
    }
    this.#begin(event, mapped.table, rows.isPartial)
    const { watch } = this.#options
    return watch?.isActive === true ? this.#writeChosen(event, rows, mapped, watch) : this.writer.write(rows)
  }

  /** A statement has emptied a table. */
  truncate(event: BinlogEvent, database: string, table: string): void {
    if (!this.#options.tables.includes(database, table)) return
    this.#begin(event, { database, name: table, columns: [], key: [] })
    this.#options.watch?.truncated(database, table)
    this.writer.truncated()
  }

  /** What envelopes say of where their rows come from. */
  source(event: BinlogEvent, database: string, table: string, partial: boolean): Source {
    const { committedMs, committedUs, thread, gtid } = this.#transaction
    return {
      version: this.#options.version,
      name: this.#options.name,
      committedMs: committedMs || event.timestamp * 1000,
      committedUs: committedUs || event.timestamp * 1e6,
      thread,
      snapshot: false,
      database,
      table,
      serverId: event.serverId,
      gtid,
      file: this.#cursor.file,
      position: this.writer.position,
      epoch: this.#options.epochs?.epoch ?? 0,
      partial
    }
  }

  #begin(event: BinlogEvent, table: KeyedTable, partial = false): void {
    if (event.nextPosition > 0) this.writer.startAt(event.nextPosition - event.size)
    this.writer.begin(this.source(event, table.database, table.name, partial), table)
  }

  #writeChosen(
    event: BinlogEvent,
    rows: Rows,
    mapped: MappedTable,
    watch: RowsWatch
  ): Promise<void> | undefined {
    const write = (choices: Uint8Array | number): Promise<void> | undefined => {
      if (choices === Choice.GIVEN) return this.writer.write(rows)
      const { database, name } = mapped.table
      const { file, boundary } = this.#cursor
      const read = {
        ...this.source(event, database, name, rows.isPartial),
        // Before the event, in its own file.
        file,
        position: boundary.file === file ? boundary.position : 4,
        gtid: null,
        snapshot: true
      }
      return this.writer.writeChosen(rows, choices, read)
    }
    const choices = watch.choose(rows, mapped)
    return choices instanceof Promise ? choices.then(write) : write(choices)
  }
}
