import type { LookupTable } from './lookup/table.ts'
import type { LookupJoin } from './operators/lookup-join.ts'
import type { Line, Pipeline } from './pipeline.ts'
import type { Pieces } from './values/block-text.ts'

/** What the queries of a text look up, and the waiting for what is on servers. */
export class Fetching {
  private readonly pipelines: readonly Pipeline[]
  private readonly joins: readonly LookupJoin[]
  private readonly tables: ReadonlySet<LookupTable>

  constructor(pipelines: readonly Pipeline[]) {
    this.pipelines = pipelines
    this.joins = pipelines.flatMap(({ lookups }) => lookups)
    this.tables = new Set(this.joins.map(({ table }) => table))
  }

  /** Whether rows are looked up on servers. */
  get isNeeded(): boolean {
    return [...this.tables].some(table => table.fetch !== undefined)
  }

  /** Before a block, or what time does between blocks. */
  begin(): void {
    for (const table of this.tables) table.begin()
  }

  /** Whether a join needs rows before it goes on. */
  get waits(): boolean {
    for (const join of this.joins) if (join.waits) return true
    return false
  }

  /** Fetches what the lines from a place on need, until nothing is missing that can be known. */
  async prefetch(block: Buffer, text: Pieces, places: readonly number[], from: number): Promise<void> {
    const line: Line = { bytes: block, text, start: 0, end: 0 }
    const all = this.pipelines.flatMap(({ prefetch }) => prefetch ?? [])
    for (;;) {
      for (const prefetch of all) prefetch.begin(block)
      for (let at = from; at < places.length; at += 3) {
        line.start = places[at] as number
        line.end = places[at + 1] as number
        for (const prefetch of all) prefetch.line(line)
      }
      if (![...this.tables].some(table => table.wants)) return
      await this.fetch()
    }
  }

  private async fetch(): Promise<void> {
    for (const table of this.tables) if (table.wants) await table.fetch?.()
  }

  /** Goes on where joins wait, until none does. @param take works on what may reject the line */
  async settle(take: (work: () => boolean) => void): Promise<void> {
    while (this.waits) {
      await this.fetch()
      for (const pipeline of this.pipelines) take(() => pipeline.resume())
    }
  }
}
