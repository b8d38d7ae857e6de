import type { TableName } from '../tables.ts'
import type { SnapshotFigures } from './figures.ts'
import type { KeyOrder } from './key-order.ts'
import type { SnapshotProgress } from './progress.ts'
import type { ViewReader } from './view-reader.ts'

/** A table of a snapshot. */
export interface SnapshotTable extends TableName {
  readonly id: string
  /** Null where it cannot be read in the order of a key. */
  readonly order: KeyOrder | null
}

interface Reading {
  readonly table: SnapshotTable
  readonly reader: ViewReader
  /** Rows that were given before the reader began. */
  readonly rowsBefore: number
}

/** The tables of a snapshot that are being read, and how many rows of them, and of those that are done, have been given. */
export class TablesRead {
  /** Rows of each table, about, by its id. */
  estimates: ReadonlyMap<string, number> = new Map()
  readonly #progress: SnapshotProgress
  /** By the table's id. */
  readonly #reading = new Map<string, Reading>()
  readonly #rowsOfDone = new Map<string, number>()
  /** Of readers that have ended. */
  #rowsEnded = 0
  #tables: readonly SnapshotTable[] = []
  #startedMs = Date.now()

  /** @param progress is told how far tables have been read */
  constructor(progress: SnapshotProgress) {
    this.#progress = progress
  }

  /** Reading starts, with all tables of the snapshot known. */
  start(tables: readonly SnapshotTable[]): void {
    this.#tables = tables
    this.#startedMs = Date.now()
  }

  /** Rows written by this run. */
  get rows(): number {
    let rows = this.#rowsEnded
    for (const { reader } of this.#reading.values()) rows += reader.rows
    return rows
  }

  get isReading(): boolean {
    return this.#reading.size > 0
  }

  get figures(): SnapshotFigures {
    const reading = [...this.#reading.values()].map(({ table, reader, rowsBefore }) => ({
      table: table.id,
      rows: rowsBefore + reader.rows,
      estimate: this.estimates.get(table.id) ?? 0
    }))
    let given = 0
    let estimate = 0
    for (const { id } of this.#tables) {
      const about = this.estimates.get(id) ?? 0
      const active = this.#reading.get(id)
      const known =
        active === undefined
          ? (this.#progress.at.get(id)?.rows ?? this.#rowsOfDone.get(id))
          : active.rowsBefore + active.reader.rows
      const isDone = this.#progress.done.has(id)
      const rows = known ?? (isDone ? about : 0)
      estimate += isDone ? rows : Math.max(about, rows)
      given += rows
    }
    return {
      tables: this.#tables.length,
      tablesDone: this.#tables.filter(({ id }) => this.#progress.done.has(id)).length,
      rows: this.rows,
      given,
      estimate,
      reading,
      elapsedMs: Date.now() - this.#startedMs
    }
  }

  /** A reader begins with a table, or with what is left of it. */
  begin(table: SnapshotTable, reader: ViewReader): void {
    this.#reading.set(table.id, { table, reader, rowsBefore: this.#progress.at.get(table.id)?.rows ?? 0 })
  }

  /** A table has been read to its end. */
  done(id: string): void {
    const active = this.#reading.get(id)
    if (active === undefined) return
    const { reader, rowsBefore } = active
    this.#progress.done.add(id)
    this.#progress.at.delete(id)
    this.#reading.delete(id)
    this.#rowsEnded += reader.rows
    this.#rowsOfDone.set(id, rowsBefore + reader.rows)
  }

  /** Writes down how far the tables have been read. */
  note(): void {
    for (const [id, { table, reader, rowsBefore }] of this.#reading) {
      const { last } = reader
      if (last === null || table.order === null) continue
      this.#progress.at.set(id, { key: table.order.signature, after: last, rows: rowsBefore + reader.rows })
    }
  }

  /** Whether it is known of all tables how far they have been read. */
  get keepsPlaces(): boolean {
    return [...this.#reading.values()].every(({ table, reader }) => table.order !== null || reader.rows === 0)
  }

  /** The view is gone: what has been read of it counts. */
  end(): void {
    this.note()
    for (const { reader } of this.#reading.values()) this.#rowsEnded += reader.rows
    this.#reading.clear()
  }
}
