import type { MarkWriter, OutputWriter, StateDirectory } from '../stream/index.ts'
import type { HeartbeatOptions } from './heartbeat.ts'
import type { PositionOption } from './position.ts'
import type { Shape } from './shape.ts'
import type { SnapshotFigures } from './snapshot/figures.ts'
import type { TableFilter } from './tables.ts'
import type { MysqlTarget } from './url.ts'

export type SnapshotMode = 'initial' | 'when-needed' | 'schema-only' | 'never' | 'only'

export interface TailOptions {
  /** Of millrace, and the pipeline's name for the server: both stand in every event's `source`. */
  readonly version: string
  readonly name: string
  readonly tables: TableFilter
  readonly shape: Shape
  readonly snapshot: SnapshotMode
  readonly start: PositionOption | undefined
  readonly stopAt: PositionOption | undefined
  readonly serverId: number
  readonly retryFor: number | undefined
  /** How many tables the snapshot reads at a time. */
  readonly parallel: number
  /** `db.table` that signals are put into. */
  readonly signalTable: string | undefined
  readonly heartbeat: HeartbeatOptions | undefined
  /** Whether the statements that define tables are written, too. */
  readonly emitDdl: boolean
  /** Servers to go on with when the first is lost. */
  readonly failover: readonly MysqlTarget[]
}

/** What a run writes to, and what ends it. */
export interface TailRun {
  readonly writer: OutputWriter
  readonly marks: MarkWriter
  /** The source's own part of the state directory, if there is one. */
  readonly state: StateDirectory | null
  readonly stop: AbortSignal
}

/** Figures for the progress line and metrics. */
export interface TailProgress {
  readonly rows: () => number
  readonly transactions: () => number
  /** Milliseconds between the newest event's commit and now; 0 before there is one. */
  readonly lagMs: () => number
  readonly place: () => string
  /** How far the snapshot is; null while none is taken. */
  readonly snapshot: () => SnapshotFigures | null
}
