import { usageError } from '../../cli/index.ts'
import { describe } from '../bound.ts'
import type { JoinFunctions } from '../generate-join.ts'
import type { Join, Scan } from '../plan.ts'
import { FileTable } from './file-table.ts'
import type { LookupOptions, ServerOptions } from './options.ts'
import { RowReader } from './row-reader.ts'
import type { ServerQuery, ServerRows } from './server.ts'
import { columnsRead, keysOf, keyTexts } from './server-key.ts'
import { ServerTable } from './server-table.ts'
import type { LookupTable } from './table.ts'

export type LookupContext = {
  /** What paths of files are relative to. */
  readonly folder?: string
  warn?(message: string): void
  /** The rows of a table on a server, which is not asked yet. */
  connect?(query: ServerQuery): ServerRows
}

/** The tables that are looked up: one for all queries that read the same of it, however often they are compiled. */
export class Lookups {
  private readonly context: LookupContext
  private readonly tables = new Map<string, LookupTable>()
  private readonly servers: ServerRows[] = []

  constructor(context: LookupContext = {}) {
    this.context = context
  }

  /** Reaches the servers, and looks at their tables. @throws ToolError SERVER, USAGE */
  async open(): Promise<void> {
    for (const server of this.servers) await server.open()
  }

  close(): void {
    for (const server of this.servers) server.close()
  }

  /** The table on the right of a join. */
  tableOf(join: Join, functions: JoinFunctions): LookupTable {
    const { right, left, keys } = join
    const { source, columns } = right.input as Scan
    const { lookup } = source as { lookup: LookupOptions }
    const id = JSON.stringify([
      lookup,
      columns,
      right.condition === undefined ? null : describe(right.condition),
      right.values.map(describe),
      keys.map(key => [key.right, left.values[key.left]?.type])
    ])
    const known = this.tables.get(id)
    if (known !== undefined) return known
    const table = lookup.kind === 'file' ? this.file(lookup, join, functions) : this.server(lookup, join)
    this.tables.set(id, table)
    return table
  }

  private file(
    options: LookupOptions & { kind: 'file' },
    { right }: Join,
    functions: JoinFunctions
  ): FileTable {
    const { folder = '.' } = this.context
    return new FileTable(options, right, functions.rightKey, folder, message => this.context.warn?.(message))
  }

  private server(options: ServerOptions, join: Join): ServerTable {
    const { url, user, password, table, cache } = options
    const { connect } = this.context
    if (connect === undefined) throw usageError(`table ${table}: no server can be asked here`)
    const keys = keysOf(join)
    const server = connect({
      url,
      user,
      password,
      table,
      columns: columnsRead(join),
      keys: keys.map(({ name, kind }) => ({ name, kind }))
    })
    this.servers.push(server)
    return new ServerTable(server, new RowReader(join.right), keyTexts(keys), cache)
  }
}
