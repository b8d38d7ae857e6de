import { usageError } from '../cli/index.ts'
import type { ByteWriter } from '../stream/index.ts'

/**
 * Tables into which a service writes its messages together with the changes that they tell of (the transactional
 * outbox). A row is the message: it is written as it stands, its JSON columns as JSON; that the service updates or
 * deletes it later says nothing.
 *
 * Source: https://debezium.io/documentation/reference/stable/transformations/outbox-event-router.html
 */
export class OutboxTables {
  readonly #names: ReadonlySet<string>

  /** @param names one without a database is in the URL's. @throws ToolError USAGE */
  constructor(names: readonly string[], database: string) {
    const bare = names.find(name => !name.includes('.'))
    if (bare !== undefined && database === '') {
      throw usageError(`--outbox ${bare}: in which database?`, `write database.${bare}`)
    }
    this.#names = new Set(names.map(name => (name.includes('.') ? name : `${database}.${name}`)))
  }

  has(database: string, table: string): boolean {
    return this.#names.size > 0 && this.#names.has(`${database}.${table}`)
  }

  /** @throws ToolError USAGE for one that is not read */
  check(tables: readonly { readonly database: string; readonly name: string }[]): void {
    for (const outbox of this.#names) {
      if (tables.some(({ database, name }) => `${database}.${name}` === outbox)) continue
      throw usageError(`--outbox: ${outbox} is not among the tables that are read`)
    }
  }
}

const NEWLINE = Buffer.from('\n')

/** Writes the rows of an outbox: nothing but the row. */
export class OutboxRows {
  begin(): void {}

  onlyAfter(_w: ByteWriter): void {}

  before(_w: ByteWriter): void {}

  after(_w: ByteWriter): void {}

  end(w: ByteWriter): void {
    w.append(NEWLINE)
  }

  endUpdate(_w: ByteWriter): void {}

  truncated(_w: ByteWriter): void {}
}
