import { groupKey } from '../aggregates-runtime.ts'
import type { Membership } from '../plan.ts'
import type { GuardedJoin } from '../result-errors.ts'
import type { Life } from '../state/spilled-map.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { keep } from '../values/keep.ts'
import { KeptRows } from './kept-rows.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { Watermarks } from './watermarks.ts'

/** Different rows of the right side under one key, how often each is there, and when it was written (ms). */
type RightRows = Map<string, { row: Row; count: number; time: number }>

type State = { left: MapState; right: MapState; watermarks: number[] }

/** What is known of the right side as a whole. */
type Known = { isEmpty: boolean; hasNull: boolean }

/**
 * Rows of the left side, each once, by whether they have pairs on the right: IN, EXISTS and their contraries. They come and
 * go with the rows of both sides. `matches` of a row of the left side is the number of different rows that it pairs with.
 * Source: Flink's StreamingSemiAntiJoinOperator.
 */
export class SemiJoin implements Stateful {
  readonly left: Operator
  readonly right: Operator
  private readonly kept: Membership
  private readonly functions: GuardedJoin
  private readonly rows: KeptRows
  private readonly partners: StateMap<RightRows>
  /** Of the rows of the right side. */
  private readonly life: Life | undefined
  private readonly watermarks: Watermarks
  private readonly out: Operator

  /** @param life of rows, which are forgotten without a word when it is over; of NOT IN those of the left side */
  constructor(
    kept: Membership,
    functions: GuardedJoin,
    memory: StateMemory,
    life: Life | undefined,
    out: Operator
  ) {
    this.kept = kept
    this.functions = functions
    this.life = kept === 'not in' ? undefined : life
    this.rows = new KeptRows(memory, true, life)
    this.partners = new StateMap(memory, { life: this.life })
    this.out = out
    this.watermarks = new Watermarks(2, watermark => out.advance(watermark))
    this.left = {
      change: (before, after) => this.changeLeft(before, after),
      advance: watermark => this.watermarks.advance(0, watermark),
      clear: () => {
        this.rows.clear()
        out.clear()
      }
    }
    this.right = {
      change: (before, after) => this.changeRight(before, after),
      advance: watermark => this.watermarks.advance(1, watermark),
      clear: () => this.clearRight()
    }
  }

  state(): State {
    return { left: this.rows.state(), right: this.partners.state(), watermarks: this.watermarks.inputs }
  }

  restore(state: unknown): void {
    const { left, right, watermarks } = state as State
    this.rows.restore(left)
    this.partners.restore(right)
    this.watermarks.restore(watermarks)
  }

  private changeLeft(before: Row | null, after: Row | null): void {
    const old = before === null ? null : this.takeLeft(before)
    let now: Row | null = null
    if (after !== null) {
      const key = this.functions.leftKey(after)
      const { matches } = this.rows.add(key, after, this.countMatches(key, after))
      now = this.shown(key, after, matches, this.known)
    }
    if (old !== null || now !== null) this.out.change(old, now)
  }

  /** Takes a row away. @returns what was shown of it */
  private takeLeft(row: Row): Row | null {
    const key = this.functions.leftKey(row)
    const kept = this.rows.find(key, row)
    // What is taken back without having come changes nothing.
    if (kept === undefined) return null
    this.rows.remove(key, kept)
    return this.shown(key, kept.row, kept.matches, this.known)
  }

  /** The new row counts before the old one goes, so that what pairs with both is not taken back between. */
  private changeRight(before: Row | null, after: Row | null): void {
    if (after !== null) this.addRight(after)
    if (before !== null) this.takeRight(before)
  }

  private addRight(row: Row): void {
    const key = this.functions.rightKey(row)
    // A key that is NULL is equal to none; that it is there only NOT IN asks.
    if (key === null && this.kept !== 'not in') return
    const rows = this.partners.get(key) ?? new Map()
    const text = groupKey(...row)
    const known = rows.get(text)
    const time = this.life?.clock.now ?? 0
    if (known !== undefined && !this.isOver(known)) {
      known.count++
      known.time = time
      this.partners.touch(key)
      return
    }
    this.changeShown(key, row, 1, () => {
      rows.set(text, { row: row.map(keep), count: 1, time })
      this.partners.set(key, rows)
    })
  }

  private takeRight(row: Row): void {
    const key = this.functions.rightKey(row)
    const rows = this.partners.get(key)
    const text = groupKey(...row)
    const known = rows?.get(text)
    if (rows === undefined || known === undefined || this.isOver(known)) {
      // It may have come, and be forgotten: rows of the left side count it then.
      if (this.life !== undefined && key !== null) this.changeShown(key, row, -1, () => {})
      return
    }
    if (--known.count > 0) return
    this.changeShown(key, row, -1, () => {
      rows.delete(text)
      if (rows.size === 0) this.partners.delete(key)
    })
  }

  private clearRight(): void {
    for (const [, rows] of this.partners.entries()) {
      for (const { row, count } of [...rows.values()]) for (let i = 0; i < count; i++) this.takeRight(row)
    }
  }

  /** Makes a change of the right side, and tells of the rows that are shown by it, or not any more. */
  private changeShown(key: unknown, row: Row, step: 1 | -1, change: () => void): void {
    const { functions, rows, out } = this
    const old = this.known
    change()
    const now = this.known
    const matches = step > 0 ? functions.matches : functions.matched
    const isPair = (left: Row): boolean => key !== null && matches(functions.row(left, row))
    const tell = (at: unknown, left: Row, oldCount: number, count: number): void => {
      const before = this.shown(at, left, oldCount, old)
      const after = this.shown(at, left, count, now)
      if ((before === null) !== (after === null)) out.change(before, after)
    }
    // Of NOT IN the first row and the first NULL change what is known of all.
    const changesAll = this.kept === 'not in' && (old.isEmpty !== now.isEmpty || old.hasNull !== now.hasNull)
    for (const kept of key === null ? [] : rows.under(key)) {
      const count = kept.matches
      // What was not counted, because it came when the row had been forgotten, is not taken off.
      if (isPair(kept.row) && count + step >= 0) rows.count(key, kept, step)
      if (!changesAll) tell(key, kept.row, count, kept.matches)
    }
    if (!changesAll) return
    for (const [at, list] of rows.all()) {
      for (const { row: left, matches: count } of list)
        tell(at, left, at === key && isPair(left) ? count - step : count, count)
    }
  }

  private get known(): Known {
    if (this.kept !== 'not in') return { isEmpty: false, hasNull: false }
    return { isEmpty: this.partners.size === 0, hasNull: this.partners.peek(null) !== undefined }
  }

  /** The row that comes out for one of the left side, null when none does. */
  private shown(key: unknown, row: Row, matches: number, known: Known): Row | null {
    return this.isShown(key, matches, known) ? this.functions.row(row, null) : null
  }

  private isShown(key: unknown, matches: number, { isEmpty, hasNull }: Known): boolean {
    if (this.kept === 'paired') return matches > 0
    if (this.kept === 'unpaired') return matches === 0
    return isEmpty || (key !== null && !hasNull && matches === 0)
  }

  private countMatches(key: unknown, row: Row): number {
    if (key === null) return 0
    let matches = 0
    for (const partner of this.partners.peek(key)?.values() ?? []) {
      if (!this.isOver(partner) && this.functions.matches(this.functions.row(row, partner.row))) matches++
    }
    return matches
  }

  private isOver({ time }: { readonly time: number }): boolean {
    return this.life !== undefined && time + this.life.ttl <= this.life.clock.now
  }
}
