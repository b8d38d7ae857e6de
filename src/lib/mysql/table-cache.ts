import type { Table } from './column.ts'
import { type BinlogEvent, EVENT_HEADER, hasBytes } from './events.ts'
import { compileRowDecoder, type RowDecoder } from './row-decoder.ts'
import { readTableMap, readTableName, type TableMap } from './table-map.ts'

/** A table as the last TABLE_MAP of its id described it, with the decoders made for it. */
export interface MappedTable {
  readonly table: Table
  /** Reads images with all columns. */
  readonly decoder: RowDecoder
  /** A decoder for images that lack columns. */
  partial(present: Buffer, start: number): RowDecoder
  /** The decoders for both images of updates of which JSON documents may be logged as diffs. */
  partialJson(present: Buffer, start: number): JsonUpdateDecoders
}

export interface JsonUpdateDecoders {
  readonly before: RowDecoder
  readonly after: RowDecoder
}

interface Entry {
  /** The event's body: a map with the same bytes means the same columns. */
  readonly body: Buffer
  /** Null for a table that is not wanted. */
  readonly mapped: MappedTable | null
  /** Whether the names came from the schema of today. */
  readonly bySchema: boolean
  /** The how manieth map was the last of this id. */
  lastMap: number
}

/** Maps between two looks for ids that are not in use any more, and how many tables may be kept without looking. */
const GENERATION = 4096
const FEW = 512

/** Gives the columns of a map. */
export type ResolveTable = (map: TableMap) => Table | Promise<Table>

/**
 * The tables by the ids that row events use. A transaction begins with the maps of its tables; nearly always they are
 * the same bytes as before, and cost one comparison. A server gives a table a new id whenever it opens it anew, so ids
 * that no longer come are dropped.
 */
export class TableCache {
  readonly #entries = new Map<number, Entry>()
  readonly #isWanted: (database: string, table: string) => boolean
  readonly #resolve: ResolveTable
  #maps = 0

  constructor(isWanted: (database: string, table: string) => boolean, resolve: ResolveTable) {
    this.#isWanted = isWanted
    this.#resolve = resolve
  }

  /** Ids that are known. */
  get size(): number {
    return this.#entries.size
  }

  get(tableId: number): MappedTable | null | undefined {
    return this.#entries.get(tableId)?.mapped
  }

  /** Takes a TABLE_MAP event; the promise is there only when the database had to be asked. */
  map(event: BinlogEvent, tableId: number, byMariadb: boolean): Promise<void> | undefined {
    const start = event.start + EVENT_HEADER
    const known = this.#entries.get(tableId)
    this.#maps++
    if (this.#maps % GENERATION === 0) this.#dropUnused()
    if (known?.body.length === event.end - start && hasBytes(event.buffer, start, known.body)) {
      known.lastMap = this.#maps
      return undefined
    }
    const body = event.buffer.subarray(start, event.end)
    const { database, table: name } = readTableName(event)
    if (!this.#isWanted(database, name)) {
      this.#entries.set(tableId, {
        body: Buffer.from(body),
        mapped: null,
        bySchema: false,
        lastMap: this.#maps
      })
      return undefined
    }
    const map = readTableMap(event, byMariadb)
    const table = this.#resolve(map)
    if (table instanceof Promise) return table.then(resolved => this.#put(tableId, body, map, resolved))
    this.#put(tableId, body, map, table)
    return undefined
  }

  /** After DDL: tables whose columns are those of today's schema are looked up again. */
  forgetSchemas(): void {
    for (const [id, entry] of this.#entries) if (entry.bySchema) this.#entries.delete(id)
  }

  /** Other tables are wanted now. */
  forgetUnwanted(): void {
    for (const [id, entry] of this.#entries) if (entry.mapped === null) this.#entries.delete(id)
  }

  #dropUnused(): void {
    if (this.#entries.size <= FEW) return
    const oldest = this.#maps - GENERATION
    for (const [id, { lastMap }] of this.#entries) if (lastMap <= oldest) this.#entries.delete(id)
  }

  #put(tableId: number, body: Buffer, map: TableMap, table: Table): void {
    const bySchema = map.optional.names === undefined
    const entry = { body: Buffer.from(body), mapped: mapTable(table), bySchema, lastMap: this.#maps }
    this.#entries.set(tableId, entry)
  }
}

function mapTable(table: Table): MappedTable {
  const size = (table.columns.length + 7) >> 3
  const partials = new Map<string, RowDecoder>()
  const jsonUpdates = new Map<string, JsonUpdateDecoders>()
  const presentAt = (bits: Buffer, start: number): boolean[] =>
    table.columns.map((_, i) => ((bits[start + (i >> 3)] as number) & (1 << (i & 7))) !== 0)
  return {
    table,
    decoder: compileRowDecoder(table),
    partial(bits, start) {
      const key = bits.toString('latin1', start, start + size)
      let decoder = partials.get(key)
      if (decoder === undefined) {
        decoder = compileRowDecoder(table, presentAt(bits, start))
        partials.set(key, decoder)
      }
      return decoder
    },
    partialJson(bits, start) {
      const key = bits.toString('latin1', start, start + 2 * size)
      let decoders = jsonUpdates.get(key)
      if (decoders === undefined) {
        const documents = new Int32Array(table.columns.length * 2).fill(-1)
        decoders = {
          before: compileRowDecoder(table, presentAt(bits, start), { image: 'before', documents }),
          after: compileRowDecoder(table, presentAt(bits, start + size), { image: 'after', documents })
        }
        jsonUpdates.set(key, decoders)
      }
      return decoders
    }
  }
}

/** Whether the first `count` bits at `start` are all set. */
export function allPresent(buffer: Buffer, start: number, count: number): boolean {
  const whole = count >> 3
  for (let i = 0; i < whole; i++) if (buffer[start + i] !== 0xff) return false
  const rest = (1 << (count & 7)) - 1
  return rest === 0 || ((buffer[start + whole] as number) & rest) === rest
}
