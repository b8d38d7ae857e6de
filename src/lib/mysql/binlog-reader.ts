import { ToolError } from '../cli/index.ts'
import type { KeyedTable, OutputWriter } from '../stream/index.ts'
import type { Op, Source } from './envelope.ts'
import {
  type BinlogEvent,
  CHECKSUM_SIZE,
  EVENT_HEADER,
  EventType,
  type GtidEvent,
  GtidReader,
  isBegin,
  isPassedOver,
  readEvent,
  readFormatDescription,
  readQuery,
  readRotate,
  readThread
} from './events.ts'
import type { FileEpochs } from './file-epochs.ts'
import { GtidSet } from './gtid-set.ts'
import { readTaggedGtid } from './gtid-tagged.ts'
import { readStatement } from './history/logged-statement.ts'
import { renamedTables } from './history/renamed-tables.ts'
import { formatSchemaChange } from './history/schema-change.ts'
import type { SchemaHistory } from './history/schema-history.ts'
import { chunksOf, type LargeEvent, readLargeEvent } from './large-event.ts'
import { unpackMariadbEvent } from './mariadb-compressed.ts'
import { MariadbGtids } from './mariadb-gtids.ts'
import { readPayload, unpackEvents, unpackPayload } from './payload.ts'
import type { Gtids, LogPosition } from './position.ts'
import { type HeldEvents, PreparedTransactions, readXaPrepare, readXid } from './prepared.ts'
import { Choice, openRows, type Rows, type RowsWatch } from './row-event.ts'
import { RowWriter } from './row-writer.ts'
import type { Shape } from './shape.ts'
import { classifyStatement } from './statements.ts'
import { type MappedTable, type ResolveTable, TableCache } from './table-cache.ts'
import { readTableId } from './table-map.ts'
import type { TableFilter } from './tables.ts'

export interface ReaderOptions {
  /** Version and name in the envelopes' `source`. */
  readonly version: string
  readonly name: string
  readonly tables: TableFilter
  readonly resolve: ResolveTable
  /** Follows the tables by the statements that define them, for `resolve`. */
  readonly history?: SchemaHistory
  /** Writes the statements that define tables, too. */
  readonly emitDdl?: boolean
  /** Rows of XA transactions that are held back; in memory and temporary files, unless given. */
  readonly prepared?: PreparedTransactions
  /** Numbers the files over all servers; without, one server is read. */
  readonly epochs?: FileEpochs
  /** All as it is, unless given. */
  readonly shape?: Shape
  /** Sees rows before they are written. */
  readonly watch?: RowsWatch
  /** Whether events end with a checksum until a FORMAT_DESCRIPTION says so. */
  readonly checksum: boolean
}

/** Events whose end position is not one after them in the file that is read. */
const WITHOUT_PLACE = new Set<number>([EventType.HEARTBEAT, EventType.HEARTBEAT_V2, EventType.ROTATE])

/** The flag of a GTID of MariaDB that begins an XA transaction (FL_PREPARED_XA). */
const MARIADB_PREPARED_XA = 64
/** Bytes of a transaction that is unpacked in one piece. */
const AT_ONCE = 4 * 1024 * 1024

/**
 * Follows a log event by event: writes an envelope for each row of a wanted table, and knows the position after the
 * last whole transaction.
 */
export class BinlogReader {
  transactions = 0
  /** When the newest event was written on the server, milliseconds since the epoch. */
  eventMs = 0
  readonly #options: ReaderOptions
  readonly #tables: TableCache
  #byMariadb = false
  readonly #rows: RowWriter
  readonly #prepared: PreparedTransactions
  readonly #gtidReader = new GtidReader()
  #checksum: boolean
  #file: string
  #position: number
  readonly #gtids: Gtids | null
  /** The position after the last whole transaction. */
  #boundary: { file: string; position: number }
  /** No file of the server that is read now has been named yet. */
  #moved = false
  #inTransaction = false
  /** A transaction has been read since the dump began. */
  #committed = false
  #hasBegun = false
  #gtid: { source: string; number: number } | null = null
  /** Domain and sequence number, where MariaDB's GTID is the transaction's. */
  #mariadbGtid: { domain: number; server: number; sequence: number } | null = null
  #gtidText: string | null = null
  #committedMs = 0
  #committedUs = 0
  #thread: number | null = null

  constructor(from: LogPosition, writer: OutputWriter, options: ReaderOptions) {
    this.#options = options
    this.#rows = new RowWriter(writer, options.shape)
    this.#tables = new TableCache(
      (database, table) => options.tables.reads(database, table),
      options.shape?.columns.resolving(options.resolve) ?? options.resolve
    )
    this.#checksum = options.checksum
    this.#file = from.file
    this.#position = from.position
    this.#boundary = { file: from.file, position: from.position }
    this.#gtids = from.gtids
    this.#prepared = options.prepared ?? new PreparedTransactions(null, null, () => 0)
  }

  /** Rows written. */
  get rows(): number {
    return this.#rows.count
  }

  /** Where the next transaction begins; the GTID set is the reader's own and goes on changing. */
  get position(): LogPosition {
    const { files } = this.#prepared
    return files === undefined
      ? { ...this.#boundary, gtids: this.#gtids }
      : { ...this.#boundary, gtids: this.#gtids, prepared: files }
  }

  /** The tables that are wanted are others now. */
  forgetTables(): void {
    this.#tables.forgetUnwanted()
  }

  /** Nothing of an unfinished transaction has been written. */
  get isBetweenTransactions(): boolean {
    return !this.#inTransaction
  }

  /**
   * Makes ready for the log to come again from `position` on, after a lost connection: what has been written of an
   * unfinished transaction is not written again.
   */
  restart(checksum: boolean): void {
    if (this.#inTransaction) this.#rows.expectAgain()
    this.#prepared.abandon()
    this.#checksum = checksum
    this.#inTransaction = false
    this.#committed = false
    this.#hasBegun = false
    this.#rows.beginTransaction(null)
    this.#file = this.#boundary.file
    this.#position = this.#boundary.position
  }

  /** The log goes on on another server, by GTIDs: places in the files of the one before mean nothing there. */
  move(): void {
    this.#moved = true
    this.#tables.forgetSchemas()
  }

  /** The transaction of which rows have been written before the connection was lost; null if there is none. */
  get begun(): string | null {
    return this.#rows.begun
  }

  /**
   * Takes the next event, `buffer[start..end)`. A promise comes back only when the output has to be sent or the
   * database asked first.
   * @throws ToolError INPUT for a damaged log, DATA for rows that cannot be decoded, with file and offset
   */
  take(buffer: Buffer, start: number, end: number): Promise<void> | undefined {
    const where = (): string => `${this.#file}:${this.#position}`
    try {
      const event = readEvent(buffer, start, end, this.#checksum, where)
      const waiting = this.#handle(event)
      if (waiting === undefined) return this.#after(event)
      return waiting.then(
        () => this.#after(event),
        error => {
          throw this.#locate(error)
        }
      )
    } catch (error) {
      throw this.#locate(error)
    }
  }

  #after(event: BinlogEvent): undefined {
    if (event.nextPosition > 0 && !WITHOUT_PLACE.has(event.type)) {
      this.#position = event.nextPosition
    }
    // A dump by GTIDs begins at the start of a file, before what has been read already: there only commits count.
    if (!this.#inTransaction && (this.#gtids === null || this.#committed)) {
      this.#boundary = { file: this.#file, position: this.#position }
    }
    return undefined
  }

  #handle(event: BinlogEvent): Promise<void> | undefined {
    switch (event.type) {
      case EventType.WRITE_ROWS:
      case EventType.WRITE_ROWS_V1:
        return this.#takeRows(event, 'c')
      case EventType.UPDATE_ROWS:
      case EventType.UPDATE_ROWS_V1:
      case EventType.PARTIAL_UPDATE_ROWS:
        return this.#takeRows(event, 'u')
      case EventType.DELETE_ROWS:
      case EventType.DELETE_ROWS_V1:
        return this.#takeRows(event, 'd')
      case EventType.TABLE_MAP:
        return this.#tableMap(event)
      case EventType.GTID:
      case EventType.ANONYMOUS_GTID: {
        this.#beginGtid(this.#gtidReader.read(event))
        return undefined
      }
      case EventType.GTID_TAGGED:
        this.#beginGtid(readTaggedGtid(event))
        return undefined
      case EventType.XID:
        this.#commit(event)
        return undefined
      case EventType.QUERY:
      case EventType.EXECUTE_LOAD_QUERY:
        return this.#query(event)
      case EventType.TRANSACTION_PAYLOAD:
        return this.#payload(event)
      case EventType.XA_PREPARE:
        return this.#xaPrepare(event)
      case EventType.ROTATE: {
        const { file, position } = readRotate(event)
        this.#file = file
        this.#position = position
        if (this.#moved) this.#boundary = { file, position }
        this.#moved = false
        return this.#options.epochs?.enter(file)
      }
      case EventType.FORMAT_DESCRIPTION: {
        const { checksum, serverVersion } = readFormatDescription(event)
        this.#checksum = checksum
        this.#byMariadb = /mariadb/i.test(serverVersion)
        return undefined
      }
      case EventType.MARIADB_GTID:
        this.#beginMariadb(event)
        return undefined
      default: {
        const unpacked = unpackMariadbEvent(event)
        if (unpacked !== null) return this.#handle(unpacked)
        this.#other(event)
        return undefined
      }
    }
  }

  #begin(gtid: { source: string; number: number } | null): void {
    this.#inTransaction = true
    this.#hasBegun = false
    this.#gtid = gtid
    this.#committedMs = 0
    this.#committedUs = 0
    this.#thread = null
  }

  #beginGtid({ source, number, committedMs, committedUs }: GtidEvent): void {
    this.#begin(source === null ? null : { source, number })
    this.#gtidText = source === null ? null : `${source}:${number}`
    this.#rows.beginTransaction(this.#gtidText)
    this.#committedMs = committedMs
    this.#committedUs = committedUs
  }

  #commit(event: BinlogEvent): void {
    if (this.#gtid !== null && this.#gtids instanceof GtidSet)
      this.#gtids.add(this.#gtid.source, this.#gtid.number)
    if (this.#mariadbGtid !== null && this.#gtids instanceof MariadbGtids) {
      const { domain, server, sequence } = this.#mariadbGtid
      this.#gtids.add(domain, server, sequence)
    }
    this.#gtid = null
    this.#mariadbGtid = null
    this.#gtidText = null
    this.#inTransaction = false
    this.#committed = true
    this.#hasBegun = false
    this.#rows.endTransaction()
    this.transactions++
    this.eventMs = this.#committedMs || event.timestamp * 1000
  }

  /** MariaDB's: sequence 8, domain 4, flags 1 (1: stands alone, as DDL does). It stands in for BEGIN. */
  #beginMariadb(event: BinlogEvent): void {
    const body = event.start + EVENT_HEADER
    const sequence = event.buffer.readBigUInt64LE(body)
    const domain = event.buffer.readUInt32LE(body + 8)
    this.#begin(null)
    this.#mariadbGtid = { domain, server: event.serverId, sequence: Number(sequence) }
    const flags = event.buffer[body + 12] as number
    this.#hasBegun = (flags & 1) === 0
    if ((flags & MARIADB_PREPARED_XA) !== 0) this.#prepared.begin()
    this.#gtidText = `${domain}-${event.serverId}-${sequence}`
    this.#rows.beginTransaction(this.#gtidText)
  }

  #query(event: BinlogEvent): Promise<void> | undefined {
    if (isBegin(event)) {
      this.#thread = readThread(event)
      this.#inTransaction = true
      this.#hasBegun = true
      return undefined
    }
    const { database, sql } = readQuery(event)
    const statement = classifyStatement(sql, database)
    switch (statement.kind) {
      case 'xa-begin':
        this.#prepared.begin()
        this.#inTransaction = true
        this.#hasBegun = true
        return undefined
      case 'xa':
        return this.#endXa(event, readXid(statement.xid), statement.isCommit)
      case 'begin':
        this.#inTransaction = true
        this.#hasBegun = true
        return undefined
      case 'commit':
        this.#commit(event)
        return undefined
      case 'rows':
        if (this.#options.tables.mayBeChangedBy(sql, database)) throw statementFormat(sql)
        break
      case 'truncate':
        if (this.#options.tables.includes(statement.database, statement.table)) {
          this.#beginRows(event, {
            database: statement.database,
            name: statement.table,
            columns: [],
            key: []
          })
          this.#options.watch?.truncated(statement.database, statement.table)
          this.#rows.truncated()
        }
        break
      case 'ddl':
        this.#define(event, sql)
        break
      case 'other':
        break
    }
    // Outside BEGIN … COMMIT a statement is a transaction of its own.
    if (!this.#hasBegun) this.#commit(event)
    return this.#options.history?.settle()
  }

  /** A statement that may define tables. */
  #define(event: BinlogEvent, sql: string): void {
    const { history } = this.#options
    const change = history?.follow(readStatement(event), this.position)
    if (change === null) return
    this.#tables.forgetSchemas()
    if (change?.hidesRows) throw statementFormat(sql)
    const renamed = renamedTables(change?.statement ?? null)
    if (renamed.length > 0) this.#options.watch?.renamed?.(renamed)
    if (change === undefined || this.#options.emitDdl !== true) return
    const source = this.#source(event, '', '', false)
    const lines = { tables: this.#options.tables, debezium: this.#options.shape?.debezium === true }
    const position = event.nextPosition - event.size
    const line = formatSchemaChange(change, { ...source, position }, lines)
    if (line !== null) this.#rows.statement(line, position)
  }

  #other(event: BinlogEvent): void {
    if (event.type === EventType.INCIDENT) {
      throw new ToolError('INPUT', 'the server reports an incident: changes may be missing from its log', {
        hint: 'start again from a snapshot, with a new --state directory'
      })
    }
    if (isPassedOver(event)) return
    throw new ToolError('INPUT', `events of type ${event.type} are not known, and may hold changes`, {
      hint: 'the log is damaged, or its server newer than this millrace can read'
    })
  }

  /** A compressed transaction of ordinary size is unpacked at once, which is faster. */
  async #payload(event: BinlogEvent): Promise<void> {
    const payload = readPayload(event)
    const bytes = event.buffer.subarray(event.start + payload.offset, event.end)
    this.#rows.startAt(event.nextPosition - event.size)
    if (payload.size <= AT_ONCE) await this.#innerEvents(unpackPayload(payload, bytes))
    else for await (const events of unpackEvents(payload, [bytes])) await this.#innerEvents(events)
  }

  /** All inner events share the payload's place in the log; their rows are numbered through. */
  async #innerEvents(events: Buffer): Promise<void> {
    const where = (): string => `${this.#file}:${this.#position}`
    for (let at = 0; at < events.length; ) {
      const end = at + events.readUInt32LE(at + 9)
      const event = readEvent(events, at, Math.min(end, events.length), false, where)
      const waiting = this.#handle({ ...event, nextPosition: 0 })
      if (waiting !== undefined) await waiting
      at = end
    }
  }

  /**
   * Takes a compressed transaction that is not held in memory.
   * @throws as `take`
   */
  async takeLarge(large: LargeEvent): Promise<void> {
    try {
      const event = readLargeEvent(large, this.#checksum, () => `${this.#file}:${this.#position}`)
      const payload = readPayload(event)
      const end = large.size - (this.#checksum ? CHECKSUM_SIZE : 0)
      this.#rows.startAt(event.nextPosition - event.size)
      for await (const events of unpackEvents(payload, chunksOf(large, payload.offset, end))) {
        await this.#innerEvents(events)
      }
      this.#after(event)
    } catch (error) {
      throw this.#locate(error)
    } finally {
      large.close()
    }
  }

  #tableMap(event: BinlogEvent): Promise<void> | undefined {
    const id = readTableId(event)
    if (!this.#prepared.isOpen) return this.#tables.map(event, id, this.#byMariadb)
    const waiting = this.#tables.map(event, id, this.#byMariadb)
    const hold = (): void => {
      if (this.#tables.get(id) !== null) this.#prepared.hold(event)
    }
    if (waiting !== undefined) return waiting.then(hold)
    hold()
    return undefined
  }

  /** The rows of an XA transaction are held back until it is known whether it is committed. */
  #xaPrepare(event: BinlogEvent): Promise<void> | undefined {
    const { xid, isOnePhase } = readXaPrepare(event)
    if (isOnePhase) {
      const held = this.#prepared.takeOpen()
      if (held !== null) return this.#replay(event, held).then(() => held.close())
    } else this.#prepared.prepare(xid)
    this.#commit(event)
    return undefined
  }

  async #endXa(event: BinlogEvent, xid: string, isCommit: boolean): Promise<void> {
    const held = isCommit ? this.#prepared.of(xid) : null
    if (held === null) this.#commit(event)
    else await this.#replay(event, held)
    this.#prepared.end(xid)
    await this.#prepared.clean()
  }

  /** Writes the rows of a prepared transaction as those of the event that commits it: there they became visible. */
  async #replay(event: BinlogEvent, held: HeldEvents): Promise<void> {
    this.#committedMs ||= event.timestamp * 1000
    this.#committedUs ||= event.timestamp * 1e6
    this.#rows.startAt(event.nextPosition - event.size)
    const plain = { isPacked: false, size: held.size, offset: 0 }
    for await (const events of unpackEvents(plain, held.chunks())) await this.#innerEvents(events)
    this.#commit(event)
  }

  #takeRows(event: BinlogEvent, op: Op): Promise<void> | undefined {
    const mapped = this.#tables.get(readTableId(event))
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
      if (this.#options.tables.includes(database, name)) this.#rows.describe(mapped.table)
    }
    this.#beginRows(event, mapped.table, rows.isPartial)
    const { watch } = this.#options
    return watch?.isActive === true ? this.#writeChosen(event, rows, mapped, watch) : this.#rows.write(rows)
  }

  #writeChosen(
    event: BinlogEvent,
    rows: Rows,
    mapped: MappedTable,
    watch: RowsWatch
  ): Promise<void> | undefined {
    const write = (choices: Uint8Array | number): Promise<void> | undefined => {
      if (choices === Choice.GIVEN) return this.#rows.write(rows)
      const { database, name } = mapped.table
      // Before the event, in its own file.
      const place = {
        file: this.#file,
        position: this.#boundary.file === this.#file ? this.#boundary.position : 4
      }
      const read = {
        ...this.#source(event, database, name, rows.isPartial),
        ...place,
        gtid: null,
        snapshot: true
      }
      return this.#rows.writeChosen(rows, choices, read)
    }
    const choices = watch.choose(rows, mapped)
    return choices instanceof Promise ? choices.then(write) : write(choices)
  }

  #beginRows(event: BinlogEvent, table: KeyedTable, partial = false): void {
    if (event.nextPosition > 0) this.#rows.startAt(event.nextPosition - event.size)
    this.#rows.begin(this.#source(event, table.database, table.name, partial), table)
  }

  #source(event: BinlogEvent, database: string, table: string, partial: boolean): Source {
    return {
      version: this.#options.version,
      name: this.#options.name,
      committedMs: this.#committedMs || event.timestamp * 1000,
      committedUs: this.#committedUs || event.timestamp * 1e6,
      thread: this.#thread,
      snapshot: false,
      database,
      table,
      serverId: event.serverId,
      gtid: this.#gtidText,
      file: this.#file,
      position: this.#rows.position,
      epoch: this.#options.epochs?.epoch ?? 0,
      partial
    }
  }

  #locate(error: unknown): unknown {
    const place = `${this.#file}:${this.#position}`
    if (error instanceof ToolError) {
      if (error.message.startsWith(place) || (error.code !== 'INPUT' && error.code !== 'DATA')) return error
      const { hint } = error
      return new ToolError(error.code, `${place}: ${error.message}`, {
        cause: error,
        ...(hint === undefined ? {} : { hint })
      })
    }
    if (error instanceof RangeError || error instanceof TypeError) {
      return new ToolError('INPUT', `${place}: the event cannot be read: ${error.message}`, { cause: error })
    }
    return error
  }
}

function statementFormat(sql: string): ToolError {
  const text = sql.length > 100 ? `${sql.slice(0, 97)}…` : sql
  return new ToolError('DATA', `a change was logged as a statement, its rows are not in the log: ${text}`, {
    hint: 'a session used binlog_format=STATEMENT or MIXED; its changes can only be had by a new snapshot'
  })
}
