import type { Log } from '../../cli/index.ts'
import type { MysqlConnection } from '../connection.ts'
import type { LogPosition } from '../position.ts'
import type { ServerInfo } from '../server.ts'
import type { MysqlTarget } from '../url.ts'
import type { GivenRows } from './given-rows.ts'

/** What a snapshot needs of the source that takes it. */
export interface SnapshotSource {
  /** The server, which may be another one after a fail-over. */
  where(): { readonly target: MysqlTarget; readonly server: ServerInfo }
  readonly log: Log
  /** What the numbers of its log files are raised by. */
  epochOf(file: string): Promise<number>
  /** Asks the server, on a new connection where the last one was lost. */
  ask<T>(question: (connection: MysqlConnection) => Promise<T>): Promise<T>
  /** Whether another server may take the place of one that is lost. */
  readonly hasOthers: boolean
  /** Goes over to another server where the one that was lost does not come back. */
  replace(position: LogPosition, failingFor: number): Promise<void>
  /** What marks say of a position, without the snapshot. */
  at(position: LogPosition): Record<string, unknown>
  /**
   * Follows the log from one position to another, with marks that say what `at` gives.
   * @returns false when it was stopped before
   */
  follow(
    from: LogPosition,
    to: LogPosition,
    watch: GivenRows,
    at: (position: LogPosition) => Record<string, unknown>
  ): Promise<boolean>
  /** Reads how the tables are defined at the moment of the first view, while nothing can change. */
  define(connection: MysqlConnection, position: LogPosition): Promise<void>
}
