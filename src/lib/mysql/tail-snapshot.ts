import type { MysqlConnection } from './connection.ts'
import { followLog, type MarkedAt } from './follow.ts'
import { beginHistory, restartHistory } from './history/open-history.ts'
import type { Preview } from './look-ahead.ts'
import { hasReached, type LogPosition } from './position.ts'
import { checkAvailable, LogPurgedError, positionOn } from './server.ts'
import { type Begun, BegunSnapshot } from './snapshot/begun.ts'
import type { SnapshotFigures } from './snapshot/figures.ts'
import type { GivenRows } from './snapshot/given-rows.ts'
import { SnapshotProgress } from './snapshot/progress.ts'
import { Snapshot } from './snapshot/snapshot.ts'
import type { SnapshotSource } from './snapshot/source.ts'
import type { TailContext } from './tail-context.ts'

/** The snapshot of a run: with it the history of the tables begins, and from its position on the log is followed. */
export class TailSnapshot {
  readonly #context: TailContext
  readonly #attempt: BegunSnapshot | null
  #snapshot: Snapshot | undefined
  #isTaken = false
  /** Rows written from the log before the snapshot was complete. */
  #rowsCaughtUp = 0

  constructor(context: TailContext) {
    const { state } = context.run
    this.#context = context
    this.#attempt = state === null ? null : new BegunSnapshot(state)
  }

  /** Rows written so far. */
  get rows(): number {
    return (this.#snapshot?.rows ?? 0) + this.#rowsCaughtUp
  }

  /** Null while none is taken. */
  get figures(): SnapshotFigures | null {
    return this.#isTaken ? (this.#snapshot?.figures ?? null) : null
  }

  /**
   * Takes a snapshot, or what is left of one.
   * @param begun where a mark has left it
   * @returns where the log is followed from then; null when it was stopped before the end
   */
  async take(
    begun: { position: LogPosition; progress: SnapshotProgress } | null
  ): Promise<LogPosition | null> {
    const { link, options, run, log, readers } = this.#context
    const { writer, marks, state } = run
    // A later run may go on after a snapshot that was taken alone.
    const follows = options.snapshot !== 'only' || (state !== null && link.server.logsChanges)
    const unacknowledged = begun === null ? await this.#unacknowledged() : null
    const from =
      unacknowledged === null
        ? begun
        : { position: unacknowledged.position, progress: new SnapshotProgress() }
    if (follows && begun !== null) readers.history = await this.#context.openHistory(begun.position, true)
    if (follows && unacknowledged !== null) {
      const { position, after } = unacknowledged
      readers.history = await link.ask(connection =>
        restartHistory(this.#context.historySetting(connection), position, after)
      )
    }
    const snapshot = new Snapshot(this.#source(follows), options, run, from)
    this.#snapshot = snapshot
    if (begun !== null) log.info('goes on with the snapshot')
    this.#isTaken = true
    const opened = async (first: LogPosition): Promise<void> => {
      await this.#attempt?.record({ position: first, after: marks.lastNumber })
    }
    const position = await snapshot.take(opened)
    this.#isTaken = false
    if (position === null) {
      await writer.drain()
      return null
    }
    log.info(`snapshot: ${snapshot.rows} rows, as of ${position.file}:${position.position}`)
    await this.#attempt?.complete()
    await marks.write(this.#context.at(position))
    await writer.drain()
    return position
  }

  /** @param follows whether the log is followed from the snapshot on, by this run or a later one */
  #source(follows: boolean): SnapshotSource {
    const context = this.#context
    const { link, log, epochs, readers } = context
    return {
      where: () => ({ target: link.target, server: link.server }),
      log,
      // The rows' places are in the file of the view.
      epochOf: async file => {
        await epochs.begin(file)
        return epochs.epoch
      },
      hasOthers: link.failover !== undefined,
      replace: (at, failingFor) => link.replace(at, failingFor),
      ask: question => link.ask(question, link.failover === undefined ? undefined : 0),
      at: position => context.at(position),
      follow: (from, to, watch, at) => this.#catchUp(from, to, watch, at),
      define: async (connection: MysqlConnection, first: LogPosition) => {
        if (follows) readers.history = await beginHistory(context.historySetting(connection), first)
      }
    }
  }

  /** Where a first attempt began of which no mark was acknowledged: nothing of it counts, but rows may have been seen. */
  async #unacknowledged(): Promise<Begun | null> {
    const { link, options } = this.#context
    const begun = (await this.#attempt?.read()) ?? null
    if (begun === null || options.snapshot === 'only') return null
    try {
      await link.ask(connection => checkAvailable(connection, link.server, begun.position))
      return begun
    } catch (error) {
      if (!(error instanceof LogPurgedError)) throw error
      // What cannot be read any more was an attempt of long ago.
      return null
    }
  }

  /** Reads the log for the rows that an unfinished snapshot has given. @returns false when it was stopped before `to` */
  async #catchUp(from: LogPosition, to: LogPosition, watch: GivenRows, at: MarkedAt): Promise<boolean> {
    const context = this.#context
    const { link, log, readers } = context
    const { writer, marks, stop } = context.run
    const { target, server } = link
    const start = await link.ask(connection => positionOn(connection, server, from))
    const reader = readers.open(start, writer, watch)
    context.reader = reader
    const preview = (position: LogPosition): Preview => readers.preview(position, watch)
    const options = { ...context.followOptions(), stopAt: to, at, preview }
    try {
      await followLog(target, server, reader, writer, marks, options, log, stop)
    } finally {
      context.reader = undefined
      this.#rowsCaughtUp += reader.rows
    }
    if (hasReached(reader.position, to)) return true
    if (reader.isBetweenTransactions) await marks.write(at(reader.position))
    return false
  }
}
