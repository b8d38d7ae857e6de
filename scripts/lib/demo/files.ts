import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { tables } from './evening.ts'
import type { Document, Documents, Store } from './store.ts'

/** What the demo reads of a change event. */
export interface ChangeEvent {
  readonly before: Document | null
  readonly after: Document | null
  readonly op: string
  readonly source: { readonly table: string; readonly ts_ms: number }
}

/** Whether a line is neither a mark or resume line nor empty. */
export function isEvent(line: string): boolean {
  return line !== '' && !line.startsWith('{"@mark"') && !line.startsWith('{"@resume"')
}

/** The rows of the evening's tables as change events leave them. */
export class TableFold {
  readonly #tables = new Map<string, Documents>(tables.map(table => [table, new Map()]))

  apply({ before, after, source }: ChangeEvent): void {
    const rows = this.rows(source.table)
    if (after !== null) rows.set(String(after.id), after)
    else if (before !== null) rows.delete(String(before.id))
  }

  rows(table: string): Documents {
    const rows = this.#tables.get(table)
    if (rows === undefined) throw new Error(`'${table}' is not a table of the evening`)
    return rows
  }
}

/** Files of lines in place of indices: the change events in rows.ndjson, and one file for each aggregate. */
export class FileStore implements Store {
  readonly description = 'files of NDJSON'
  readonly target: string
  readonly isFolder = true
  readonly #rows: LinesSoFar
  readonly #fold = new TableFold()

  /** @param folder an empty one */
  constructor(folder: string) {
    this.target = folder
    this.#rows = new LinesSoFar(join(folder, 'rows.ndjson'))
  }

  documents(name: string): Promise<Documents> {
    if ((tables as readonly string[]).includes(name)) {
      for (const line of this.#rows.next()) this.#fold.apply(JSON.parse(line) as ChangeEvent)
      return Promise.resolve(this.#fold.rows(name))
    }
    const lines = new LinesSoFar(join(this.target, `${name}.ndjson`)).next()
    return Promise.resolve(new Map(lines.map((line, i) => [String(i), JSON.parse(line) as Document])))
  }
}

/** Reads a file that grows; the last line may be in the making. */
export class LinesSoFar {
  readonly #path: string
  #offset = 0

  constructor(path: string) {
    this.#path = path
  }

  /** The events written since this was asked last. */
  next(): string[] {
    if (!existsSync(this.#path)) return []
    const file = openSync(this.#path, 'r')
    try {
      const bytes = Buffer.alloc(fstatSync(file).size - this.#offset)
      const read = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#offset))
      const whole = read.subarray(0, read.lastIndexOf(10) + 1)
      this.#offset += whole.length
      return whole.toString().split('\n').filter(isEvent)
    } finally {
      closeSync(file)
    }
  }
}
