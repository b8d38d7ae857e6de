import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, messageOf, ToolError } from '../../cli/index.ts'
import { replaceFile } from '../../stream/index.ts'
import { Catalog, type CatalogChanges } from '../ddl/catalog.ts'
import type { DatabaseModel, TableModel } from '../ddl/model.ts'

/** The whole catalog as of a moment after mark `after`; a history begins with one. */
interface Base {
  readonly after: number
  readonly databases: readonly DatabaseModel[]
  readonly tables: readonly TableModel[]
}

/** What a statement changed after mark `after`. */
interface Entry extends CatalogChanges {
  readonly after: number
  /** Where in the log, and what: for people. */
  readonly at: string
  readonly sql: string
}

/** Above this size a history is made shorter, if it has doubled since it was last tried. */
const LARGE = 4 * 1024 * 1024

/**
 * A catalog's history on disk: NDJSON, a base and then each change with the number of the last mark before it, so that
 * a run that resumes at a mark finds the tables as they were there. A change is durable before the mark that follows.
 */
export class HistoryFile {
  readonly #path: string
  #base: Base
  #entries: Entry[]
  #size = 0
  #limit = LARGE
  #fd: number | null = null

  private constructor(path: string, base: Base, entries: Entry[]) {
    this.#path = path
    this.#base = base
    this.#entries = entries
  }

  static path(directory: string): string {
    return join(directory, 'schema.ndjson')
  }

  /** Begins a history anew. */
  static async create(directory: string, after: number, catalog: Catalog): Promise<HistoryFile> {
    const base = { after, databases: catalog.databases, tables: catalog.tables }
    const file = new HistoryFile(HistoryFile.path(directory), base, [])
    await file.#rewrite()
    return file
  }

  /**
   * Opens a history to resume at a mark: what came after it is forgotten.
   * @returns null where there is none: no file, or an empty one
   * @throws ToolError STATE for one that is damaged, or does not reach back to the mark
   */
  static async resume(directory: string, mark: number): Promise<HistoryFile | null> {
    const path = HistoryFile.path(directory)
    const text = await readText(path)
    if (text === null || text === '') return null
    // A last line without its end was being written when the run was killed; no mark has followed it.
    const lines = text.split('\n').slice(0, -1)
    const [base, ...entries] = lines.map((line, i) => parseLine(path, i, line))
    if (base === undefined || !('base' in base)) throw damaged(path, 1, 'the base is missing')
    if (base.base.after >= mark) {
      throw new ToolError('STATE', `${path} begins after mark ${mark}, where the pipeline resumes`, {
        hint: HINT
      })
    }
    const kept = (entries as Entry[]).filter(entry => entry.after < mark)
    const file = new HistoryFile(path, base.base, kept)
    await file.#rewrite()
    return file
  }

  /**
   * Opens a history at its beginning: all statements come again.
   * @param after the mark after which it began
   * @returns null where there is none that begins there
   */
  static async restart(directory: string, after: number): Promise<HistoryFile | null> {
    const path = HistoryFile.path(directory)
    const [first = ''] = ((await readText(path)) ?? '').split('\n', 1)
    const base = first === '' ? null : parseLine(path, 0, first)
    if (base === null || !('base' in base) || base.base.after !== after) return null
    const file = new HistoryFile(path, base.base, [])
    await file.#rewrite()
    return file
  }

  /** The catalog after all changes. */
  catalog(): Catalog {
    return replay(this.#base, this.#entries)
  }

  /** Writes a change durably. */
  append(entry: Entry): void {
    const line = `${JSON.stringify(entry)}\n`
    try {
      this.#fd ??= openSync(this.#path, 'a')
      writeSync(this.#fd, line)
      fsyncSync(this.#fd)
    } catch (error) {
      throw new ToolError('OUTPUT', `cannot write ${this.#path}: ${messageOf(error)}`, { cause: error })
    }
    this.#entries.push(entry)
    this.#size += Buffer.byteLength(line)
  }

  /** Whether it is worth the while to forget what no run resumes at. */
  get isLarge(): boolean {
    return this.#size > this.#limit
  }

  /** Takes what lies before the oldest mark that is still needed into the base. @param oldest null: none is */
  async compact(oldest: number | null): Promise<void> {
    const past = this.#entries.filter(entry => oldest === null || entry.after < oldest)
    const { databases, tables } = replay(this.#base, past)
    this.#base = { after: past.at(-1)?.after ?? this.#base.after, databases, tables }
    this.#entries = this.#entries.slice(past.length)
    await this.#rewrite()
    this.#limit = Math.max(LARGE, this.#size * 2)
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd)
    this.#fd = null
  }

  async #rewrite(): Promise<void> {
    this.close()
    const text = [{ base: this.#base }, ...this.#entries].map(line => `${JSON.stringify(line)}\n`).join('')
    await replaceFile(this.#path, text)
    this.#size = (await stat(this.#path)).size
  }
}

function replay(base: Base, entries: readonly CatalogChanges[]): Catalog {
  const catalog = new Catalog()
  catalog.apply({
    databases: base.databases.map(database => [database.name, database]),
    tables: base.tables.map(table => [[table.database, table.name], table])
  })
  for (const entry of entries) catalog.apply(entry)
  return catalog
}

const HINT =
  'restore it from a backup of the state directory. If no table was altered since the last run, an empty file in its place makes this run take the tables as they are now; else start again with a new --state directory'

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw new ToolError('STATE', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

function parseLine(path: string, index: number, line: string): { base: Base } | Entry {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw damaged(path, index + 1, messageOf(error))
  }
  const { base, after, databases, tables } = (value ?? {}) as Record<string, unknown>
  const isBase = index === 0 && typeof base === 'object' && base !== null
  const isEntry = index > 0 && typeof after === 'number' && Array.isArray(databases) && Array.isArray(tables)
  if (!isBase && !isEntry) throw damaged(path, index + 1, 'not a line of a schema history')
  return value as { base: Base } | Entry
}

function damaged(path: string, line: number, message: string): ToolError {
  return new ToolError('STATE', `${path}:${line}: the schema history is damaged: ${message}`, { hint: HINT })
}

/** The state directory has no history, though it is resumed. */
export function historyMissing(directory: string): ToolError {
  return new ToolError(
    'STATE',
    `${HistoryFile.path(directory)} is missing: it says which columns the tables had at the mark to resume from`,
    { hint: HINT }
  )
}

/** Whether there is a file, be it an empty one. */
export async function hasHistory(directory: string): Promise<boolean> {
  return (await readText(HistoryFile.path(directory))) !== null
}
