import type { ByteWriter } from '../stream/index.ts'

/** A column as polling sees it. */
export interface PollColumn {
  readonly name: string
  /** The database's name of the type, for messages. */
  readonly type: string
  /** Whether it holds whole numbers. */
  readonly integer: boolean
  /** `instant` is a moment, `wall` a date and time without a zone; null for what is no time. */
  readonly time: 'instant' | 'wall' | null
  readonly nullable: boolean
  /** Whether the database numbers the rows by it (AUTO_INCREMENT, identity, a sequence). */
  readonly numbered: boolean
  /** Whether the database sets it at each update (ON UPDATE CURRENT_TIMESTAMP). */
  readonly touched: boolean
  /** Whether values can be compared with literals in the order in which they sort, so that pages can be cut by it. */
  readonly ordered: boolean
}

export interface TableName {
  /** The database (MySQL) or schema (PostgreSQL; SQLite's is main) that names of tables are looked up in. */
  readonly database: string
  readonly name: string
}

/** A table, or a query in its place. */
export interface PollTable extends TableName {
  /** What stands in the events: `source.db`, and `source.schema` where there is one. */
  readonly source: { readonly db: string; readonly schema: string | null }
  readonly columns: readonly PollColumn[]
  /** Indexes of the primary key's columns. */
  readonly key: readonly number[]
}

/** Something to order rows by: a column, or the first of several that is not NULL. */
export interface Term {
  readonly sql: string
  /** The column; of several the first. */
  readonly column: PollColumn
  /** Whether it is taken as a time. */
  readonly isTime: boolean
}

/** The database's clock. Texts are as `bound` takes them. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly ms: number
  /** Now, and as long before as was asked for, in the form of the column that was named. */
  readonly now: string
  readonly earlier: string
}

/** Takes the rows of a SELECT. */
export interface RowSink {
  /**
   * One row. Both arguments are valid until it returns.
   * @param extras the values of the expressions that were asked for
   * @param image writes the row as a JSON object
   */
  row(extras: readonly (string | null)[], image: (w: ByteWriter) => void): void
  /** Called between rows, now and then: what was written may be sent. @returns false when no more rows are wanted */
  pause(): Promise<boolean>
}

/** What polling needs of a database. Failed queries throw a ToolError SERVER with the driver's error as its cause. */
export interface PollDatabase {
  readonly connector: 'mysql' | 'postgresql' | 'sqlite'
  /** For messages: without the password. */
  readonly display: string
  /** One attempt. What a later attempt may mend is thrown as an error that `isLost`. */
  connect(): Promise<void>
  /** Whether a failure may be mended by connecting again. */
  isLost(error: unknown): boolean
  close(): void
  /** The run is to end: what is being waited for is given up, as a lost connection or with fewer rows. */
  interrupt(): void
  /** All tables that are the user's. */
  tables(): Promise<TableName[]>
  /** All columns of these. */
  columns(tables: readonly TableName[]): Promise<{ database: string; table: string; name: string }[]>
  /** The table as it is now; null when there is none. */
  describe(table: TableName): Promise<PollTable | null>
  /** A query as a table. @param as by which name flags know it */
  describeQuery(sql: string, as: TableName): Promise<PollTable>
  /** @param term in whose form the times are wanted; null: in any */
  clock(table: PollTable, term: Term | null, beforeMs: number): Promise<Clock>
  quote(name: string): string
  /** An expression for the text of a term, which `literal` reads. */
  text(term: Term): string
  /** @param text from a row */
  literal(term: Term, text: string): string
  /** @param text of a clock, or the digits of a number */
  bound(table: PollTable, term: Term, text: string): string
  /** An expression for the milliseconds since the epoch of a term that is a time. */
  milliseconds(table: PollTable, term: Term): string
  /** The first value of the first row; null when there is no row. @param rest what follows FROM table */
  value(table: PollTable, expression: string, rest: string): Promise<string | null>
  /** @returns false when the sink wanted no more */
  select(table: PollTable, extras: readonly string[], rest: string, sink: RowSink): Promise<boolean>
}
