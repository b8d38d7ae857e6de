import { describe } from '../bound.ts'
import type { JoinFunctions } from '../generate.ts'
import type { Join, Scan } from '../plan.ts'
import { FileTable } from './file-table.ts'
import type { LookupOptions } from './options.ts'
import type { LookupTable } from './table.ts'

export type LookupContext = {
  /** What paths of files are relative to. */
  readonly folder: string
  warn(message: string): void
}

/** The tables that are looked up: one for all queries that read the same of it, however often they are compiled. */
export class Lookups {
  private readonly context: LookupContext
  private readonly tables = new Map<string, LookupTable>()

  constructor(context: LookupContext) {
    this.context = context
  }

  /** The table on the right of a join. */
  tableOf(join: Join, functions: JoinFunctions): LookupTable {
    const { right, keys } = join
    const { lookup } = (right.input as Scan).source as { lookup: LookupOptions }
    const { columns } = right.input as Scan
    const id = JSON.stringify([
      lookup,
      columns,
      right.condition === undefined ? null : describe(right.condition),
      right.values.map(describe),
      keys
    ])
    const known = this.tables.get(id)
    if (known !== undefined) return known
    const table = this.open(lookup, join, functions)
    this.tables.set(id, table)
    return table
  }

  private open(lookup: LookupOptions, { right }: Join, functions: JoinFunctions): LookupTable {
    const { folder, warn } = this.context
    return new FileTable(lookup, right, functions.rightKey, folder, warn)
  }
}
