import { type Log, ToolError } from '../cli/index.ts'
import { OutputWriter } from '../stream/index.ts'
import { BinlogReader } from './binlog-reader.ts'
import type { Table } from './column.ts'
import { isLost } from './connection.ts'
import type { FileEpochs } from './file-epochs.ts'
import type { SchemaHistory } from './history/schema-history.ts'
import type { Preview } from './look-ahead.ts'
import { formatPosition, type LogPosition, parsePosition } from './position.ts'
import type { PreparedTransactions } from './prepared.ts'
import type { RowsWatch } from './row-event.ts'
import { describesItself, differenceFrom, readTableSchema, resolveTable } from './schema.ts'
import type { ServerLink } from './server-link.ts'
import type { Shape } from './shape.ts'
import type { GivenRows } from './snapshot/given-rows.ts'
import type { TableMap } from './table-map.ts'
import type { TableFilter } from './tables.ts'

export interface LogReaderOptions {
  readonly version: string
  readonly name: string
  readonly tables: TableFilter
  readonly shape: Shape
  readonly emitDdl: boolean
}

/** Makes readers of the log of a server, with all that a run knows of tables, files and unfinished transactions. */
export class LogReaders {
  history: SchemaHistory | undefined
  readonly #link: ServerLink
  readonly #options: LogReaderOptions
  readonly #log: Log
  readonly #epochs: FileEpochs
  readonly #prepared: PreparedTransactions

  constructor(
    link: ServerLink,
    options: LogReaderOptions,
    log: Log,
    { epochs, prepared }: { epochs: FileEpochs; prepared: PreparedTransactions }
  ) {
    this.#link = link
    this.#options = options
    this.#log = log
    this.#epochs = epochs
    this.#prepared = prepared
  }

  /** @param watch is shown the rows */
  open(from: LogPosition, writer: OutputWriter, watch?: RowsWatch): BinlogReader {
    const { version, name, tables, shape, emitDdl } = this.#options
    return new BinlogReader(from, writer, {
      ...(this.history === undefined ? {} : { history: this.history }),
      version,
      name,
      tables,
      shape,
      emitDdl,
      ...(watch === undefined ? {} : { watch }),
      prepared: this.#prepared,
      epochs: this.#epochs,
      checksum: this.#link.server.checksum,
      resolve: map => this.#resolve(map)
    })
  }

  /** Lets what has to be asked about rows be asked by the block of events. */
  preview(from: LogPosition, given: GivenRows): Preview {
    const nowhere = new OutputWriter({
      name: 'nowhere',
      takesMarks: false,
      write: () => Promise.resolve(),
      sync: () => Promise.resolve(null),
      close: () => Promise.resolve()
    })
    const { version, name, tables } = this.#options
    // A reader goes on changing the GTIDs that it begins with.
    const reader = new BinlogReader(parsePosition(formatPosition(from)), nowhere, {
      version,
      name,
      tables,
      checksum: this.#link.server.checksum,
      resolve: map => this.#resolveAhead(map),
      watch: given.ahead
    })
    let isUseful = true
    return {
      async see(buffer, start, end) {
        if (!isUseful) return
        try {
          await reader.take(buffer, start, end)
        } catch (error) {
          if (isLost(error)) throw error
          // The reader that writes comes upon it, too, and tells; or asks for itself.
          isUseful = false
        }
      },
      complete: () => given.learn()
    }
  }

  /** The columns of a map: as the log names them, as its statements have made them, or as they are now. */
  #resolve(map: TableMap): Table | Promise<Table> {
    const { charsetOf } = this.#link.server
    const { table, difference } = this.#tableOf(map)
    if (table !== null) return table
    const read = this.#link.ask(connection => readTableSchema(connection, map.database, map.table))
    return read.then(schema => {
      const table = resolveTable(map, schema, charsetOf)
      if (difference !== null)
        this.#log.warn(`${difference} by the statements since: takes its columns from the database`)
      return table
    })
  }

  /** Ahead of the history there may be statements that it has not followed yet. */
  #resolveAhead(map: TableMap): Table {
    const { table, difference } = this.#tableOf(map)
    if (table !== null) return table
    throw new ToolError('DATA', difference ?? `${map.database}.${map.table} is not known`)
  }

  /** @returns no table where neither the log nor the history tells its columns, and how the history's differ */
  #tableOf(map: TableMap): { table: Table | null; difference: string | null } {
    const { charsetOf } = this.#link.server
    if (describesItself(map)) return { table: resolveTable(map, null, charsetOf), difference: null }
    const known = this.history?.schemaOf(map.database, map.table) ?? null
    if (known === null) return { table: null, difference: null }
    const difference = differenceFrom(map, known)
    return { table: difference === null ? resolveTable(map, known, charsetOf) : null, difference }
  }
}
