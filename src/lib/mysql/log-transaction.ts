import { type BinlogEvent, EVENT_HEADER, type GtidEvent } from './events.ts'
import { GtidSet } from './gtid-set.ts'
import { MariadbGtids } from './mariadb-gtids.ts'
import type { Gtids } from './position.ts'

/** The flags of a GTID of MariaDB: it stands alone, as DDL does (FL_STANDALONE), or begins an XA transaction (FL_PREPARED_XA). */
const MARIADB_STANDALONE = 1
const MARIADB_PREPARED_XA = 64

/** The transaction that is being read: its GTID, when it was committed, and by which connection. */
export class LogTransaction {
  /** Some of it has been read, but not its end. */
  isOpen = false
  /** It has come to its BEGIN: statements are parts of it, and no transactions of their own. */
  hasBegun = false
  /** As text; null where it has none. */
  gtid: string | null = null
  /** Milliseconds since the epoch, and the same in microseconds; 0 where the log tells it by its events' times only. */
  committedMs = 0
  committedUs = 0
  /** The id of the connection; null where it is not known. */
  thread: number | null = null
  /** `uuid` or `uuid:tag` of the GTID; null where it has none, or MariaDB's. */
  #source: string | null = null
  #number = 0
  #mariadbGtid: { domain: number; server: number; sequence: number } | null = null

  /** Begins with a GTID, or with what stands in its place. */
  begin({ source, number, committedMs, committedUs }: GtidEvent): void {
    this.#begin(source, number)
    this.gtid = source === null ? null : `${source}:${number}`
    this.committedMs = committedMs
    this.committedUs = committedUs
  }

  /**
   * MariaDB's: sequence 8, domain 4, flags 1. It stands in for BEGIN.
   * @returns whether it begins an XA transaction
   */
  beginMariadb({ buffer, start, serverId }: BinlogEvent): boolean {
    const body = start + EVENT_HEADER
    const sequence = buffer.readBigUInt64LE(body)
    const domain = buffer.readUInt32LE(body + 8)
    const flags = buffer[body + 12] as number
    this.#begin(null, 0)
    this.#mariadbGtid = { domain, server: serverId, sequence: Number(sequence) }
    this.hasBegun = (flags & MARIADB_STANDALONE) === 0
    this.gtid = `${domain}-${serverId}-${sequence}`
    return (flags & MARIADB_PREPARED_XA) !== 0
  }

  /** Comes to its BEGIN, with which it begins in a log without GTIDs. */
  open(): void {
    this.isOpen = true
    this.hasBegun = true
  }

  /** It is committed by this event, whose time counts where its beginning tells none. */
  committedBy({ timestamp }: BinlogEvent): void {
    this.committedMs ||= timestamp * 1000
    this.committedUs ||= timestamp * 1e6
  }

  /** It is over. @param executed is given its GTID */
  end(executed: Gtids | null): void {
    if (this.#source !== null && executed instanceof GtidSet) executed.add(this.#source, this.#number)
    if (this.#mariadbGtid !== null && executed instanceof MariadbGtids) {
      const { domain, server, sequence } = this.#mariadbGtid
      executed.add(domain, server, sequence)
    }
    this.#source = null
    this.#mariadbGtid = null
    this.gtid = null
    this.abandon()
  }

  /** The connection was lost: it comes again, from its beginning. */
  abandon(): void {
    this.isOpen = false
    this.hasBegun = false
  }

  #begin(source: string | null, number: number): void {
    this.isOpen = true
    this.hasBegun = false
    this.#source = source
    this.#number = number
    this.committedMs = 0
    this.committedUs = 0
    this.thread = null
  }
}
