import { Backoff, type Log, messageOf, ToolError } from '../cli/index.ts'
import type { MarkWriter, OutputWriter } from '../stream/index.ts'
import type { BinlogReader } from './binlog-reader.ts'
import { isLost, unreachable } from './connection.ts'
import { type Dump, dumpError, HEARTBEAT_SECONDS, openDump, takeEvent } from './dump.ts'
import type { Failover, Followed } from './failover.ts'
import { LookAhead, type Preview } from './look-ahead.ts'
import { formatPosition, hasReached, type LogPosition, type PositionOption } from './position.ts'
import type { ServerInfo } from './server.ts'
import type { MysqlTarget } from './url.ts'

/** What a mark says of a position. */
export type MarkedAt = (position: LogPosition) => Record<string, unknown>

export interface FollowOptions {
  readonly serverId: number
  /** Where to end; undefined: go on for ever. */
  readonly stopAt: PositionOption | LogPosition | undefined
  readonly retryFor: number | undefined
  /** The position alone, unless given. */
  readonly at?: MarkedAt
  readonly spoolDirectory?: string | undefined
  readonly between?: BetweenTransactions
  /** Where there are other servers to go on with: finds one, and is told of it when the log is to go on there. */
  readonly failover?: {
    readonly servers: Failover
    readonly moved: (to: Followed) => void
  }
  /** Sees events by the block before they are taken, from a position on. */
  readonly preview?: (from: LogPosition) => Preview
}

/** What is done between transactions, while the log stands still. */
export interface BetweenTransactions {
  /** Whether there is something to do. */
  readonly isWaiting: boolean
  /** Whether a run that ends at the log's end as it was has to go on for it. */
  readonly isUnfinished: boolean
  step(reader: BinlogReader, writer: OutputWriter): Promise<void>
  /** How to say that there is something to do, while the log has nothing new. */
  onWake(wake: () => void): void
}

/** How long something may wait to be done between transactions when nothing says that it is there. */
const LOOK_EVERY_MS = 500

/** Between two looks at the servers when one has to take over. */
const FAILOVER_DELAY_MS = 1000
/** A server that has not even sent a heartbeat for this long is gone. */
const SILENCE_MS = HEARTBEAT_SECONDS * 4 * 1000

/**
 * Follows the log from the reader's position on, through lost connections, until `stopAt` or `stop`; writes marks
 * between transactions when they are due.
 * @throws ToolError SERVER, INPUT, DATA
 */
export async function followLog(
  first: MysqlTarget,
  firstServer: ServerInfo,
  reader: BinlogReader,
  writer: OutputWriter,
  marks: MarkWriter,
  options: FollowOptions,
  log: Log,
  stop: AbortSignal
): Promise<void> {
  const { failover } = options
  let [target, server] = [first, firstServer]
  const backoff = new Backoff(options.retryFor, stop, failover === undefined ? undefined : FAILOVER_DELAY_MS)
  // The server was reached before: from now on it may be away for as long as --retry-for says.
  backoff.succeeded()
  for (;;) {
    if (isDone(reader, options, stop)) return
    let dump: Dump | undefined
    const interrupt = (): void => dump?.packets.interrupt()
    stop.addEventListener('abort', interrupt)
    try {
      dump = await openDump(
        target,
        server,
        reader.position,
        options,
        failover === undefined ? backoff : new Backoff(0, stop)
      )
      backoff.succeeded()
      failover?.servers.succeeded()
      if (options.preview !== undefined)
        dump = { ...dump, packets: new LookAhead(dump.packets, options.preview(reader.position)) }
      await followDump(dump, target, reader, writer, marks, options, stop)
      return
    } catch (error) {
      if (stop.aborted && isLost(error)) return
      if (!isLost(error)) throw error
      const failingFor = backoff.failingFor
      if (!(await backoff.wait())) throw error instanceof ToolError ? error : unreachable(target, error)
      // Attempts on a server that is away are not told one by one.
      if (dump !== undefined || failover === undefined)
        log.warn(`lost ${target.display}: ${messageOf(error)}; connects again`)
      reader.restart(server.checksum)
      const next = await failover?.servers.next(target, reader.position, reader.begun, failingFor)
      if (next != null) {
        log.warn(`${target.display} does not come back: goes on with ${next.target.display}`)
        target = next.target
        server = next.server
        reader.restart(server.checksum)
        reader.move()
        failover?.moved(next)
      }
    } finally {
      stop.removeEventListener('abort', interrupt)
      dump?.close()
    }
  }
}

function isDone(reader: BinlogReader, { stopAt, between }: FollowOptions, stop: AbortSignal): boolean {
  if (!reader.isBetweenTransactions) return false
  if (stop.aborted) return true
  if (stopAt === undefined || !hasReached(reader.position, stopAt)) return false
  return 'kind' in stopAt || between?.isUnfinished !== true
}

async function followDump(
  dump: Dump,
  target: MysqlTarget,
  reader: BinlogReader,
  writer: OutputWriter,
  marks: MarkWriter,
  options: FollowOptions,
  stop: AbortSignal
): Promise<void> {
  const { packets } = dump
  const { between } = options
  between?.onWake(() => packets.interrupt())
  const at = options.at ?? formatPosition
  let heardAt = Date.now()
  for (;;) {
    while (packets.next()) {
      if (packets.buffer[packets.start] !== 0) throw endOfDump(dump, target)
      const waiting = takeEvent(dump, reader)
      if (waiting !== undefined) await waiting
      if (!reader.isBetweenTransactions) continue
      if (between?.isWaiting === true) await between.step(reader, writer)
      if (isDone(reader, options, stop)) return
      if (marks.isDue) await marks.write(at(reader.position))
    }
    await writer.flush()
    if (reader.isBetweenTransactions) {
      if (stop.aborted) return
      if (between?.isWaiting === true) {
        await between.step(reader, writer)
        await writer.flush()
        if (isDone(reader, options, stop)) return
      }
      if (marks.isDue) await marks.write(at(reader.position))
    }
    const patience = between === undefined ? marks.untilDue : Math.min(marks.untilDue, LOOK_EVERY_MS)
    if (await packets.more(Math.max(1, patience))) heardAt = Date.now()
    else if (Date.now() - heardAt > SILENCE_MS) {
      throw Object.assign(new Error(`no heartbeat for ${SILENCE_MS / 1000} s`), { code: 'ETIMEDOUT' })
    }
  }
}

/** 0xff: an error; 0xfe: the server ends the dump, as it does when it is shut down. */
function endOfDump(dump: Dump, target: MysqlTarget): Error {
  const { packets } = dump
  if (packets.buffer[packets.start] === 0xff) return dumpError(packets, target)
  return Object.assign(new Error('the server ended the dump'), { code: 'PROTOCOL_CONNECTION_LOST' })
}
