import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf, ToolError, usageError } from '../../cli/index.ts'
import { readJsonIfExists, replaceFile } from '../../stream/index.ts'

/** What is asked of a run. */
export interface Request {
  readonly id: string
  readonly kind: 'execute' | 'stop'
  /** Of `stop`: none for all. */
  readonly tables: readonly RequestedTable[]
}

export interface RequestedTable {
  /** `db.table`, or `table` of the URL's database. */
  readonly name: string
  /** A condition on the rows, '' for all. */
  readonly where: string
}

const FOLDER = 'signals'

/** Requests as files in the source's part of a state directory, each there until a run has it in its marks. */
export class RequestFolder {
  readonly #path: string

  /** @param source the source's part of the state directory */
  constructor(source: string) {
    this.#path = join(source, FOLDER)
  }

  /** @throws ToolError STATE when no run was ever started with the directory */
  async put(request: Omit<Request, 'id'>): Promise<string> {
    if (!existsSync(join(this.#path, '..'))) {
      throw new ToolError(
        'STATE',
        `no cdc-tail has run with this state directory: ${join(this.#path, '..')} is missing`,
        {
          hint: 'name the --state (and --name) of the pipeline'
        }
      )
    }
    mkdirSync(this.#path, { recursive: true })
    const id = `${Date.now()}-${randomUUID()}`
    await replaceFile(join(this.#path, `${id}.json`), JSON.stringify({ ...request, id }))
    return id
  }

  ids(): string[] {
    try {
      return readdirSync(this.#path)
        .filter(name => name.endsWith('.json'))
        .map(name => name.slice(0, -'.json'.length))
        .sort()
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return []
      throw error
    }
  }

  async read(id: string): Promise<Request | null> {
    return (await readJsonIfExists(join(this.#path, `${id}.json`))) as Request | null
  }

  remove(id: string): void {
    rmSync(join(this.#path, `${id}.json`), { force: true })
  }
}

/**
 * Reads a row of a signal table as Debezium has it.
 *
 * Source: https://debezium.io/documentation/reference/stable/configuration/signalling.html
 * @returns null for signals that mean nothing here
 * @throws ToolError USAGE for one that cannot be read
 */
export function parseSignal(row: Readonly<Record<string, unknown>>): Request | null {
  const { id, type } = row
  if (type !== 'execute-snapshot' && type !== 'stop-snapshot') return null
  const data = typeof row.data === 'string' ? parseData(row.data) : row.data
  const {
    'data-collections': tables = [],
    type: kind = 'incremental',
    'additional-conditions': conditions = [],
    'additional-condition': condition
  } = (data ?? {}) as Record<string, unknown>
  if (!Array.isArray(tables) || !Array.isArray(conditions))
    throw usageError(`signal ${String(id)}: data-collections is no list of tables`)
  if (String(kind).toLowerCase() !== 'incremental')
    throw usageError(`signal ${String(id)}: type ${String(kind)} is not known, only incremental`)
  const filters = conditions as { 'data-collection'?: unknown; filter?: unknown }[]
  const whereOf = (name: string): string =>
    String(filters.find(each => each['data-collection'] === name)?.filter ?? condition ?? '')
  return {
    id: String(id),
    kind: type === 'stop-snapshot' ? 'stop' : 'execute',
    tables: tables.map(name => ({ name: String(name), where: whereOf(String(name)) }))
  }
}

function parseData(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw usageError(`a signal's data is no JSON: ${(error as Error).message}`)
  }
}
