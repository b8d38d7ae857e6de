import type { BinlogEvent } from './events.ts'
import { readStatement } from './history/logged-statement.ts'
import { renamedTables } from './history/renamed-tables.ts'
import { formatSchemaChange } from './history/schema-change.ts'
import type { LogPosition } from './position.ts'
import type { ReaderOptions } from './reader-options.ts'
import type { RowsReader } from './rows-reader.ts'
import { statementFormat } from './statements.ts'

/** Takes statements that may define tables: the rows after them are read by what they define. */
export class DefinitionReader {
  readonly #options: ReaderOptions
  readonly #rows: RowsReader

  constructor(options: ReaderOptions, rows: RowsReader) {
    this.#options = options
    this.#rows = rows
  }

  /**
   * @param position where the statement's transaction begins
   * @throws ToolError DATA for a statement that puts rows into a table which the log does not show
   */
  take(event: BinlogEvent, sql: string, position: LogPosition): void {
    const { history, watch, emitDdl } = this.#options
    const change = history?.follow(readStatement(event), position)
    if (change === null) return
    this.#rows.tables.forgetSchemas()
    if (change?.hidesRows) throw statementFormat(sql)
    const renamed = renamedTables(change?.statement ?? null)
    if (renamed.length > 0) watch?.renamed?.(renamed)
    if (change === undefined || emitDdl !== true) return
    const source = this.#rows.source(event, '', '', false)
    const lines = { tables: this.#options.tables, debezium: this.#options.shape?.debezium === true }
    const at = event.nextPosition - event.size
    const line = formatSchemaChange(change, { ...source, position: at }, lines)
    if (line !== null) this.#rows.writer.statement(line, at)
  }
}
