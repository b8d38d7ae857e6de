import type { Life } from '../state/spilled-map.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import type { Row } from './operator.ts'
import { isSameRow, type KeptRow, keptRow, RowBag } from './row-bag.ts'

const NONE: readonly KeptRow[] = []

const packing = {
  pack: (found: KeptRow | RowBag): unknown => (found instanceof RowBag ? found.rows : found),
  unpack: (plain: unknown): KeptRow | RowBag =>
    Array.isArray(plain) ? new RowBag(plain as KeptRow[]) : (plain as KeptRow)
}

/**
 * The rows of one side of a join by key. Under most keys there is one row, which then stands there without a bag. Where
 * they have a time to live, a row is there until it was not written for so long.
 */
export class KeptRows {
  private readonly byKey: StateMap<KeptRow | RowBag>
  private readonly life: Life | undefined
  private readonly isCounted: boolean
  private readonly single: KeptRow[] = []

  /** @param isCounted whether `matches` of the rows that `under` gives is changed */
  constructor(memory: StateMemory, isCounted: boolean, life?: Life) {
    this.byKey = new StateMap(memory, { packing, life })
    this.life = life
    this.isCounted = isCounted
  }

  /** The rows under a key, until the next call. */
  under(key: unknown): readonly KeptRow[] {
    const found = this.isCounted ? this.byKey.get(key) : this.byKey.peek(key)
    if (found === undefined) return NONE
    if (found instanceof RowBag) return this.life === undefined ? found.rows : found.since(this.deadline)
    this.single[0] = found
    return this.single
  }

  /** @returns the row as it is kept */
  add(key: unknown, row: Row, matches: number): KeptRow {
    const kept = keptRow(row, matches, this.life?.clock.now)
    const found = this.foundIn(key)
    if (found instanceof RowBag) {
      found.push(kept)
      this.byKey.touch(key)
    } else this.byKey.set(key, found === undefined ? kept : new RowBag([found, kept]))
    return kept
  }

  /** The row under a key that is equal; undefined when there is none. */
  find(key: unknown, row: Row): KeptRow | undefined {
    const found = this.foundIn(key)
    if (found instanceof RowBag) return found.find(row)
    return found !== undefined && isSameRow(found.row, row) ? found : undefined
  }

  /** Forgets a row that `find` has just found. */
  remove(key: unknown, kept: KeptRow): void {
    const found = this.byKey.get(key)
    if (found instanceof RowBag && found.rows.length > 1) found.remove(kept)
    else this.byKey.delete(key)
  }

  /** A number of matches is written to a row that `under` has just given. */
  count(key: unknown, kept: KeptRow, step: -1 | 0 | 1): void {
    kept.matches += step
    if (this.life === undefined) return
    kept.time = this.life.clock.now
    this.byKey.touch(key)
  }

  /** All rows with their keys as they are now; they are not changed. */
  *all(): Generator<[key: unknown, rows: readonly KeptRow[]]> {
    for (const [key, found] of this.byKey.entries()) {
      if (!(found instanceof RowBag)) yield [key, [found]]
      else yield [key, this.life === undefined ? found.rows : found.since(this.deadline)]
    }
  }

  clear(): void {
    this.byKey.clear()
  }

  /** It is not used any more. */
  end(): void {
    this.byKey.end()
  }

  state(): MapState {
    return this.byKey.state()
  }

  restore(state: MapState): void {
    this.byKey.restore(state)
  }

  /** What is under a key, to be changed. */
  private foundIn(key: unknown): KeptRow | RowBag | undefined {
    const found = this.byKey.get(key)
    if (this.life !== undefined && found instanceof RowBag) found.forgetUntil(this.deadline)
    return found
  }

  /** What was written then or before is over. */
  private get deadline(): number {
    return this.life === undefined ? Number.NEGATIVE_INFINITY : this.life.clock.now - this.life.ttl
  }
}
