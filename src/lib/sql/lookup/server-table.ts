import type { Row } from '../operators/operator.ts'
import { keep } from '../values/keep.ts'
import type { CacheOptions } from './options.ts'
import type { RowReader } from './row-reader.ts'
import type { ServerRows } from './server.ts'
import type { LookupTable } from './table.ts'

/**
 * The rows of a key, or what is wrong with one of them; when they were read and last used (ms), in which block they were
 * read, and whether they were used since room was made last.
 */
type Entry = {
  rows: Row[]
  error: Error | undefined
  written: number
  used: number
  block: number
  isUsed: boolean
}

/**
 * A table on a server. What a block of lines needs is fetched for it, many keys at once, and holds for all of the block;
 * a cache keeps it for later ones.
 */
export class ServerTable implements LookupTable {
  private readonly server: ServerRows
  private readonly reader: RowReader
  private readonly texts: (left: Row) => readonly (string | null)[]
  private readonly cache: CacheOptions | undefined
  /** By key, the ones written first in front; the used ones among them go to the end when room is made. */
  private readonly entries = new Map<unknown, Entry>()
  private readonly wanted = new Map<unknown, readonly string[]>()
  private now = 0
  private block = 0

  /** @param texts the values of a row's key as the server takes them */
  constructor(
    server: ServerRows,
    reader: RowReader,
    texts: (left: Row) => readonly (string | null)[],
    cache: CacheOptions | undefined
  ) {
    this.server = server
    this.reader = reader
    this.texts = texts
    this.cache = cache
  }

  begin(): void {
    this.now = Date.now()
    if (this.cache === undefined) this.entries.clear()
    else if (this.entries.size > this.cache.maxRows) this.makeRoom(this.cache.maxRows)
    this.block++
  }

  rows(key: unknown, left: Row): readonly Row[] | undefined {
    const entry = this.entries.get(key)
    if (entry !== undefined && this.holds(entry)) {
      entry.used = this.now
      entry.isUsed = true
      if (entry.error !== undefined) throw entry.error
      return entry.rows
    }
    if (this.wanted.has(key)) return undefined
    const texts = this.texts(left)
    if (!texts.every(text => text !== null)) return []
    this.wanted.set(
      keep(key),
      texts.map(text => keep(text) as string)
    )
    return undefined
  }

  get wants(): boolean {
    return this.wanted.size > 0
  }

  async fetch(): Promise<void> {
    const keys = [...this.wanted.keys()]
    const { lines, owners } = await this.server.fetch([...this.wanted.values()])
    this.wanted.clear()
    const { now, block } = this
    const entries = keys.map(
      (): Entry => ({ rows: [], error: undefined, written: now, used: now, block, isUsed: false })
    )
    this.reader.read(lines, (row, index) => {
      for (const owner of owners[index] ?? []) {
        const entry = entries[owner] as Entry
        if (row instanceof Error) entry.error ??= row
        else if (row !== null) entry.rows.push(row)
      }
    })
    for (const [i, key] of keys.entries()) {
      // Written anew, it is among the last to go.
      this.entries.delete(key)
      this.entries.set(key, entries[i] as Entry)
    }
  }

  private holds({ rows, written, used, block }: Entry): boolean {
    if (block === this.block) return true
    const { cache, now } = this
    return (
      cache !== undefined &&
      now - written < cache.expireAfterWrite &&
      now - used < cache.expireAfterAccess &&
      (rows.length > 0 || cache.keepsMissing)
    )
  }

  /** Lets go of the keys in front until so many are left; those that were used go to the end, once. */
  private makeRoom(most: number): void {
    const { entries } = this
    let left = entries.size
    for (const [key, entry] of entries) {
      if (entries.size <= most || left-- === 0) break
      entries.delete(key)
      if (!entry.isUsed) continue
      entry.isUsed = false
      entries.set(key, entry)
    }
    for (const key of entries.keys()) {
      if (entries.size <= most) break
      entries.delete(key)
    }
  }
}
