import { suggest, ToolError } from '../cli/index.ts'
import type { PollColumn, PollDatabase, PollTable, Term } from './database.ts'

export type PollMode = 'incrementing' | 'timestamp' | 'timestamp+incrementing' | 'bulk'

export interface OrderFlags {
  readonly mode: PollMode
  readonly incrementing: string | undefined
  /** The first that is not NULL counts. */
  readonly timestamps: readonly string[]
}

/** By what the rows of a table are told to be new, and in which order they are read. */
export interface Order {
  /** The time of the last change. */
  readonly time: Term | null
  /** The column that counts up. */
  readonly id: Term | null
  /** `time` or `id`, then what tells rows of one time apart. */
  readonly terms: readonly Term[]
  /** Whether no two rows have the same terms, so that a read can go on behind any row. */
  readonly isUnique: boolean
  /** An expression that is true for rows that have never been updated; null when nothing tells. */
  readonly untouched: string | null
}

/**
 * Chooses the columns: those of the flags, else those that can only be meant.
 * @throws ToolError USAGE for a table without such columns, with those that might do
 */
export function orderOf(db: PollDatabase, table: PollTable, flags: OrderFlags): Order {
  const term = (column: PollColumn): Term => ({
    sql: db.quote(column.name),
    column,
    isTime: false
  })
  if (flags.mode === 'bulk') {
    const key = table.key.map(i => term(table.columns[i] as PollColumn))
    return { time: null, id: null, terms: key, isUnique: key.length > 0, untouched: null }
  }
  const id = flags.mode === 'timestamp' ? null : term(incrementingColumn(table, flags))
  if (flags.mode === 'incrementing' && id !== null) {
    return { time: null, id, terms: [id], isUnique: true, untouched: null }
  }
  const times = timeColumns(table, flags)
  const names = times.map(({ name }) => db.quote(name))
  const first = times[0] as PollColumn
  const sql = times.length === 1 ? (names[0] as string) : `COALESCE(${names.join(', ')})`
  const time = { sql, column: first, isTime: true }
  const key = id === null ? keyTerms(table, term) : [id]
  return {
    time,
    id,
    terms: [time, ...key],
    isUnique: key.length > 0,
    untouched: times.length === 1 ? null : `${names[0]} IS NULL`
  }
}

/** The primary key, if pages can be cut by it. */
function keyTerms(table: PollTable, term: (column: PollColumn) => Term): Term[] {
  const key = table.key.map(i => table.columns[i] as PollColumn)
  return key.every(({ ordered }) => ordered) ? key.map(term) : []
}

function incrementingColumn(table: PollTable, flags: OrderFlags): PollColumn {
  const { columns, key } = table
  const candidates = columns.filter(({ integer, nullable }) => integer && !nullable)
  if (flags.incrementing !== undefined) {
    const column = named(table, flags.incrementing, '--poll-incrementing')
    if (!column.integer) {
      throw unsuitable(table, `${column.name} is ${column.type}, not a whole number`, candidates)
    }
    if (column.nullable) {
      throw unsuitable(table, `${column.name} may be NULL, and such rows would not be seen`, candidates)
    }
    return column
  }
  const numbered = candidates.filter(column => column.numbered)
  const only = key.length === 1 ? columns[key[0] as number] : undefined
  const chosen = numbered.length === 1 ? numbered[0] : only
  if (chosen !== undefined && candidates.includes(chosen)) return chosen
  throw unsuitable(table, 'which column counts up with each new row?', candidates)

  function unsuitable(of: PollTable, what: string, might: readonly PollColumn[]): ToolError {
    return unfit(
      of,
      what,
      might.map(({ name }) => `--poll-incrementing ${name}`)
    )
  }
}

function timeColumns(table: PollTable, flags: OrderFlags): PollColumn[] {
  const candidates = table.columns.filter(({ time }) => time !== null)
  const might = candidates.map(({ name }) => `--poll-timestamp ${name}`)
  if (flags.timestamps.length > 0) {
    const chosen = flags.timestamps.map(name => named(table, name, '--poll-timestamp'))
    for (const column of chosen) {
      if (!candidates.includes(column)) {
        throw unfit(table, `${column.name} is ${column.type}, not a date and time`, might)
      }
      if (column.time !== chosen[0]?.time) {
        throw unfit(
          table,
          `${chosen[0]?.name} and ${column.name} cannot be compared: only one has a zone`,
          might
        )
      }
    }
    return chosen
  }
  const touched = candidates.filter(column => column.touched)
  if (touched.length === 1) return touched
  throw unfit(table, 'which column holds the time of the last change?', might)
}

function named(table: PollTable, name: string, flag: string): PollColumn {
  const column = table.columns.find(each => each.name === name)
  if (column !== undefined) return column
  const names = table.columns.map(each => each.name)
  const near = suggest(name, names)
  throw new ToolError('USAGE', `${flag} ${name}: ${fullName(table)} has no such column`, {
    hint: near === undefined ? `its columns are ${names.join(', ')}` : `did you mean ${near}?`
  })
}

function unfit(table: PollTable, what: string, might: readonly string[]): ToolError {
  const hint =
    might.length === 0
      ? 'it has none that might do; --poll bulk needs none'
      : `might do: ${might.join(' or ')}`
  return new ToolError('USAGE', `${fullName(table)}: ${what}`, { hint })
}

export function fullName({ database, name }: { database: string; name: string }): string {
  return `${database}.${name}`
}
