import { ToolError } from '../cli/index.ts'
import { type BinlogEvent, EventType, readRotate } from './events.ts'
import type { Gtids, LogPosition } from './position.ts'

/** Events whose end position is not one after them in the file that is read. */
const WITHOUT_PLACE = new Set<number>([EventType.HEARTBEAT, EventType.HEARTBEAT_V2, EventType.ROTATE])

/** Where in a log reading is: at which event, and after which whole transactions. */
export class LogCursor {
  /** The file and the offset of the event that is being read. */
  file: string
  position: number
  /** Behind the last whole transaction. */
  boundary: { readonly file: string; readonly position: number }
  /** Everything that has been executed up to there; null where the server has no GTIDs. */
  readonly gtids: Gtids | null
  /** `FILE:POS` of the event that is being read. */
  readonly where = (): string => `${this.file}:${this.position}`
  /** A transaction has been read since the dump began. */
  hasCommitted = false
  /** No file of the server that is read now has been named yet. */
  #moved = false

  constructor({ file, position, gtids }: LogPosition) {
    this.file = file
    this.position = position
    this.boundary = { file, position }
    this.gtids = gtids
  }

  /** Goes behind an event. */
  pass(event: BinlogEvent, isBetweenTransactions: boolean): void {
    if (event.nextPosition > 0 && !WITHOUT_PLACE.has(event.type)) this.position = event.nextPosition
    // A dump by GTIDs begins at the start of a file, before what has been read already: there only commits count.
    if (isBetweenTransactions && (this.gtids === null || this.hasCommitted)) {
      this.boundary = { file: this.file, position: this.position }
    }
  }

  /** Goes to the file that a ROTATE names. */
  rotate(event: BinlogEvent): void {
    const { file, position } = readRotate(event)
    this.file = file
    this.position = position
    if (this.#moved) this.boundary = { file, position }
    this.#moved = false
  }

  /** The log comes again from the boundary on. */
  restart(): void {
    this.hasCommitted = false
    this.file = this.boundary.file
    this.position = this.boundary.position
  }

  /** The log goes on on another server: places in the files of the one before mean nothing there. */
  move(): void {
    this.#moved = true
  }

  /** An error in what is read, with its place. */
  locate(error: unknown): unknown {
    const place = this.where()
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
