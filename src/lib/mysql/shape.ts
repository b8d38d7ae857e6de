import { usageError } from '../cli/index.ts'
import type { ColumnRules } from './column-rules.ts'
import { Envelopes, type Op } from './envelope.ts'
import { DebeziumEnvelopes } from './envelope-debezium.ts'
import { FlatRows } from './flat.ts'
import { OutboxRows, type OutboxTables } from './outbox.ts'
import type { SchemaWriter } from './row-schema.ts'

export type RowLines = Envelopes | DebeziumEnvelopes | FlatRows | OutboxRows

/** What of the changes is written, and in which form. */
export interface Shape {
  readonly columns: ColumnRules
  readonly ops: ReadonlySet<Op>
  /** Plain rows instead of envelopes. */
  readonly flat: boolean
  /** Debezium's encodings of values, and all fields of its envelope. */
  readonly debezium: boolean
  readonly where: SnapshotConditions
  readonly outbox: OutboxTables
  /** Tell where transactions begin and end, and each row's place in its own. */
  readonly transactions: boolean
  /** Tells what the rows of each table are; undefined: nobody does. */
  readonly schemas?: SchemaWriter | undefined
}

const OPS: readonly Op[] = ['c', 'u', 'd', 'r', 't']

/** All operations when none is named. @throws ToolError USAGE */
export function parseOps(texts: readonly string[]): ReadonlySet<Op> {
  const unknown = texts.find(text => !OPS.includes(text as Op))
  if (unknown !== undefined) throw usageError(`--op: '${unknown}' is not one of ${OPS.join(', ')}`)
  return new Set(texts.length === 0 ? OPS : (texts as readonly Op[]))
}

/** The form of a table's lines. */
export function rowLines(shape: Shape, database: string, table: string): RowLines {
  return shape.outbox.has(database, table) ? new OutboxRows() : tableLines(shape)
}

/** The form of the lines of all tables but outboxes. */
export function tableLines(shape: Shape | undefined): Envelopes | DebeziumEnvelopes | FlatRows {
  if (shape?.flat === true) return new FlatRows()
  return shape?.debezium === true ? new DebeziumEnvelopes() : new Envelopes()
}

/** Conditions on the rows of a snapshot, by table. */
export class SnapshotConditions {
  readonly #byTable = new Map<string, string>()

  /**
   * @param texts `TABLE=SQL` each; several for a table have to hold together
   * @param database the URL's
   * @throws ToolError USAGE
   */
  constructor(texts: readonly string[], database: string) {
    for (const text of texts) {
      const [, given = '', sql = ''] = /^([^=\s]+)\s*=(.*)$/s.exec(text) ?? []
      if (given === '' || sql.trim() === '') {
        throw usageError(`--where ${text}: not TABLE=SQL`, "write --where 'payments=created_at >= 20260101'")
      }
      if (!given.includes('.') && database === '') {
        throw usageError(`--where ${given}: in which database?`, 'write database.table')
      }
      const table = given.includes('.') ? given : `${database}.${given}`
      const other = this.#byTable.get(table)
      this.#byTable.set(table, other === undefined ? `(${sql})` : `${other} AND (${sql})`)
    }
  }

  /** The condition on a table's rows, '' for all. */
  of(database: string, table: string): string {
    return this.#byTable.get(`${database}.${table}`) ?? ''
  }

  /** @throws ToolError USAGE for a condition on a table that is not read */
  check(tables: readonly { readonly database: string; readonly name: string }[]): void {
    for (const table of this.#byTable.keys()) {
      if (tables.some(({ database, name }) => `${database}.${name}` === table)) continue
      throw usageError(`--where: ${table} is not among the tables that are read`)
    }
  }
}
