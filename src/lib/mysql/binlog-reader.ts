import { ToolError } from '../cli/index.ts'
import type { OutputWriter } from '../stream/index.ts'
import { DefinitionReader } from './definition-reader.ts'
import {
  type BinlogEvent,
  CHECKSUM_SIZE,
  EventType,
  type GtidEvent,
  GtidReader,
  isBegin,
  isPassedOver,
  readEvent,
  readFormatDescription,
  readQuery,
  readThread
} from './events.ts'
import { readTaggedGtid } from './gtid-tagged.ts'
import { type LargeEvent, readLargeEvent } from './large-event.ts'
import { LogCursor } from './log-cursor.ts'
import { LogTransaction } from './log-transaction.ts'
import { unpackMariadbEvent } from './mariadb-compressed.ts'
import { PackedEvents } from './packed-events.ts'
import type { LogPosition } from './position.ts'
import { type HeldEvents, PreparedTransactions, readXaPrepare, readXid } from './prepared.ts'
import type { ReaderOptions } from './reader-options.ts'
import type { RowWriter } from './row-writer.ts'
import { RowsReader } from './rows-reader.ts'
import { classifyStatement, statementFormat } from './statements.ts'

/**
 * Follows a log event by event: writes an envelope for each row of a wanted table, and knows the position after the
 * last whole transaction.
 */
export class BinlogReader {
  transactions = 0
  /** When the newest event was written on the server, milliseconds since the epoch. */
  eventMs = 0
  readonly #options: ReaderOptions
  readonly #cursor: LogCursor
  readonly #transaction = new LogTransaction()
  readonly #prepared: PreparedTransactions
  readonly #rows: RowsReader
  readonly #writer: RowWriter
  readonly #definitions: DefinitionReader
  readonly #packed: PackedEvents
  readonly #gtidReader = new GtidReader()
  #checksum: boolean

  constructor(from: LogPosition, writer: OutputWriter, options: ReaderOptions) {
    this.#options = options
    this.#cursor = new LogCursor(from)
    this.#prepared = options.prepared ?? new PreparedTransactions(null, null, () => 0)
    this.#rows = new RowsReader(writer, options, {
      cursor: this.#cursor,
      transaction: this.#transaction,
      prepared: this.#prepared
    })
    this.#writer = this.#rows.writer
    this.#definitions = new DefinitionReader(options, this.#rows)
    this.#packed = new PackedEvents(event => this.#handle(event), this.#cursor.where)
    this.#checksum = options.checksum
  }

  /** Rows written. */
  get rows(): number {
    return this.#writer.count
  }

  /** Where the next transaction begins; the GTID set is the reader's own and goes on changing. */
  get position(): LogPosition {
    const { boundary, gtids } = this.#cursor
    const { files } = this.#prepared
    return files === undefined ? { ...boundary, gtids } : { ...boundary, gtids, prepared: files }
  }

  /** The tables that are wanted are others now. */
  forgetTables(): void {
    this.#rows.tables.forgetUnwanted()
  }

  /** Nothing of an unfinished transaction has been written. */
  get isBetweenTransactions(): boolean {
    return !this.#transaction.isOpen
  }

  /**
   * Makes ready for the log to come again from `position` on, after a lost connection: what has been written of an
   * unfinished transaction is not written again.
   */
  restart(checksum: boolean): void {
    if (this.#transaction.isOpen) this.#writer.expectAgain()
    this.#prepared.abandon()
    this.#checksum = checksum
    this.#transaction.abandon()
    this.#writer.beginTransaction(null)
    this.#cursor.restart()
  }

  /** The log goes on on another server, by GTIDs. */
  move(): void {
    this.#cursor.move()
    this.#rows.tables.forgetSchemas()
  }

  /** The transaction of which rows have been written before the connection was lost; null if there is none. */
  get begun(): string | null {
    return this.#writer.begun
  }

  /**
   * Takes the next event, `buffer[start..end)`. A promise comes back only when the output has to be sent or the
   * database asked first.
   * @throws ToolError INPUT for a damaged log, DATA for rows that cannot be decoded, with file and offset
   */
  take(buffer: Buffer, start: number, end: number): Promise<void> | undefined {
    try {
      const event = readEvent(buffer, start, end, this.#checksum, this.#cursor.where)
      const waiting = this.#handle(event)
      if (waiting === undefined) {
        this.#cursor.pass(event, !this.#transaction.isOpen)
        return undefined
      }
      return waiting.then(
        () => this.#cursor.pass(event, !this.#transaction.isOpen),
        error => {
          throw this.#cursor.locate(error)
        }
      )
    } catch (error) {
      throw this.#cursor.locate(error)
    }
  }

  /**
   * Takes a compressed transaction that is not held in memory.
   * @throws as `take`
   */
  async takeLarge(large: LargeEvent): Promise<void> {
    try {
      const event = readLargeEvent(large, this.#checksum, this.#cursor.where)
      this.#writer.startAt(event.nextPosition - event.size)
      await this.#packed.takeLarge(event, large, large.size - (this.#checksum ? CHECKSUM_SIZE : 0))
      this.#cursor.pass(event, !this.#transaction.isOpen)
    } catch (error) {
      throw this.#cursor.locate(error)
    } finally {
      large.close()
    }
  }

  #handle(event: BinlogEvent): Promise<void> | undefined {
    switch (event.type) {
      case EventType.WRITE_ROWS:
      case EventType.WRITE_ROWS_V1:
        return this.#rows.take(event, 'c')
      case EventType.UPDATE_ROWS:
      case EventType.UPDATE_ROWS_V1:
      case EventType.PARTIAL_UPDATE_ROWS:
        return this.#rows.take(event, 'u')
      case EventType.DELETE_ROWS:
      case EventType.DELETE_ROWS_V1:
        return this.#rows.take(event, 'd')
      case EventType.TABLE_MAP:
        return this.#rows.takeMap(event)
      case EventType.GTID:
      case EventType.ANONYMOUS_GTID:
        return this.#begin(this.#gtidReader.read(event))
      case EventType.GTID_TAGGED:
        return this.#begin(readTaggedGtid(event))
      case EventType.MARIADB_GTID:
        return this.#beginMariadb(event)
      case EventType.XID:
        return this.#commit(event)
      case EventType.QUERY:
      case EventType.EXECUTE_LOAD_QUERY:
        return this.#query(event)
      case EventType.TRANSACTION_PAYLOAD:
        this.#writer.startAt(event.nextPosition - event.size)
        return this.#packed.take(event)
      case EventType.XA_PREPARE:
        return this.#xaPrepare(event)
      case EventType.ROTATE:
        this.#cursor.rotate(event)
        return this.#options.epochs?.enter(this.#cursor.file)
      case EventType.FORMAT_DESCRIPTION: {
        const { checksum, serverVersion } = readFormatDescription(event)
        this.#checksum = checksum
        this.#rows.byMariadb = /mariadb/i.test(serverVersion)
        return undefined
      }
      default: {
        const unpacked = unpackMariadbEvent(event)
        return unpacked === null ? this.#passOver(event) : this.#handle(unpacked)
      }
    }
  }

  #begin(gtid: GtidEvent): undefined {
    this.#transaction.begin(gtid)
    this.#writer.beginTransaction(this.#transaction.gtid)
  }

  #beginMariadb(event: BinlogEvent): undefined {
    if (this.#transaction.beginMariadb(event)) this.#prepared.begin()
    this.#writer.beginTransaction(this.#transaction.gtid)
  }

  #commit(event: BinlogEvent): undefined {
    this.#transaction.end(this.#cursor.gtids)
    this.#cursor.hasCommitted = true
    this.#writer.endTransaction()
    this.transactions++
    this.eventMs = this.#transaction.committedMs || event.timestamp * 1000
  }

  #query(event: BinlogEvent): Promise<void> | undefined {
    if (isBegin(event)) {
      this.#transaction.thread = readThread(event)
      this.#transaction.open()
      return undefined
    }
    const { database, sql } = readQuery(event)
    const statement = classifyStatement(sql, database)
    switch (statement.kind) {
      case 'xa-begin':
        this.#prepared.begin()
        this.#transaction.open()
        return undefined
      case 'xa':
        return this.#endXa(event, readXid(statement.xid), statement.isCommit)
      case 'begin':
        this.#transaction.open()
        return undefined
      case 'commit':
        return this.#commit(event)
      case 'rows':
        if (this.#options.tables.mayBeChangedBy(sql, database)) throw statementFormat(sql)
        break
      case 'truncate':
        this.#rows.truncate(event, statement.database, statement.table)
        break
      case 'ddl':
        this.#definitions.take(event, sql, this.position)
        break
      case 'other':
        break
    }
    // Outside BEGIN … COMMIT a statement is a transaction of its own.
    if (!this.#transaction.hasBegun) this.#commit(event)
    return this.#options.history?.settle()
  }

  /** The rows of an XA transaction are held back until it is known whether it is committed. */
  #xaPrepare(event: BinlogEvent): Promise<void> | undefined {
    const { xid, isOnePhase } = readXaPrepare(event)
    if (isOnePhase) {
      const held = this.#prepared.takeOpen()
      if (held !== null) return this.#replay(event, held).then(() => held.close())
    } else this.#prepared.prepare(xid)
    return this.#commit(event)
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
    this.#transaction.committedBy(event)
    this.#writer.startAt(event.nextPosition - event.size)
    await this.#packed.takeHeld(held)
    this.#commit(event)
  }

  /** @throws ToolError INPUT for events that may hold changes */
  #passOver(event: BinlogEvent): undefined {
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
}
