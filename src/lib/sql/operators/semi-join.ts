import { groupKey } from '../aggregates-runtime.ts'
import type { Membership } from '../plan.ts'
import type { GuardedJoin } from '../result-errors.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { type KeptRow, keptRow, RowBag } from './row-bag.ts'
import { Watermarks } from './watermarks.ts'

/** Different rows of the right side under one key, and how often each is there. */
type RightRows = Map<string, { row: Row; count: number }>

type State = {
  left: [key: unknown, rows: KeptRow[]][]
  right: Map<unknown, RightRows>
  watermarks: number[]
}

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
  private readonly rows = new Map<unknown, RowBag>()
  private partners = new Map<unknown, RightRows>()
  private readonly watermarks: Watermarks
  private readonly out: Operator

  constructor(kept: Membership, functions: GuardedJoin, out: Operator) {
    this.kept = kept
    this.functions = functions
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
    const left = [...this.rows].map(([key, { rows }]): State['left'][number] => [key, rows])
    return { left, right: this.partners, watermarks: this.watermarks.inputs }
  }

  restore(state: unknown): void {
    const { left, right, watermarks } = state as State
    for (const [key, rows] of left) this.rows.set(key, new RowBag(rows))
    this.partners = right
    this.watermarks.restore(watermarks)
  }

  private changeLeft(before: Row | null, after: Row | null): void {
    const old = before === null ? null : this.takeLeft(before)
    let now: Row | null = null
    if (after !== null) {
      const key = this.functions.leftKey(after)
      const kept = keptRow(after, this.countMatches(key, after))
      this.bagOf(key).push(kept)
      now = this.shown(key, kept)
    }
    if (old !== null || now !== null) this.out.change(old, now)
  }

  /** Takes a row away. @returns what was shown of it */
  private takeLeft(row: Row): Row | null {
    const key = this.functions.leftKey(row)
    const bag = this.rows.get(key)
    const kept = bag?.find(row)
    // What is taken back without having come changes nothing.
    if (bag === undefined || kept === undefined) return null
    bag.remove(kept)
    if (bag.rows.length === 0) this.rows.delete(key)
    return this.shown(key, kept)
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
    if (known !== undefined) {
      known.count++
      return
    }
    this.changeShown(key, row, 1, () => {
      rows.set(text, { row: row.map(keep), count: 1 })
      this.partners.set(keep(key), rows)
    })
  }

  private takeRight(row: Row): void {
    const key = this.functions.rightKey(row)
    const rows = this.partners.get(key)
    const text = groupKey(...row)
    const known = rows?.get(text)
    if (rows === undefined || known === undefined || --known.count > 0) return
    this.changeShown(key, row, -1, () => {
      rows.delete(text)
      if (rows.size === 0) this.partners.delete(key)
    })
  }

  private clearRight(): void {
    for (const rows of [...this.partners.values()]) {
      for (const { row, count } of [...rows.values()]) for (let i = 0; i < count; i++) this.takeRight(row)
    }
  }

  /** Makes a change of the right side, and tells of the rows that are shown by it, or not any more. */
  private changeShown(key: unknown, row: Row, step: 1 | -1, change: () => void): void {
    const shown: [key: unknown, kept: KeptRow, before: Row | null][] = []
    const note = (at: unknown, bag: RowBag | undefined): void => {
      for (const kept of bag?.rows ?? []) shown.push([at, kept, this.shown(at, kept)])
    }
    // Of NOT IN the first row and the first NULL change what is known of all.
    const changesAll =
      this.kept === 'not in' && (this.isEmpty || key === null || (step < 0 && this.partners.size === 1))
    if (changesAll) for (const [at, bag] of this.rows) note(at, bag)
    else note(key, this.rows.get(key))
    change()
    if (key !== null) {
      const isPair = step > 0 ? this.functions.matches : this.functions.matched
      for (const kept of this.rows.get(key)?.rows ?? [])
        if (isPair(this.functions.row(kept.row, row))) kept.matches += step
    }
    for (const [at, kept, before] of shown) {
      const after = this.shown(at, kept)
      if ((before === null) !== (after === null)) this.out.change(before, after)
    }
  }

  private get isEmpty(): boolean {
    return this.partners.size === 0
  }

  private get hasNull(): boolean {
    return this.partners.has(null)
  }

  /** The row that comes out for one of the left side, null when none does. */
  private shown(key: unknown, { row, matches }: KeptRow): Row | null {
    return this.isShown(key, matches) ? this.functions.row(row, null) : null
  }

  private isShown(key: unknown, matches: number): boolean {
    if (this.kept === 'paired') return matches > 0
    if (this.kept === 'unpaired') return matches === 0
    return this.isEmpty || (key !== null && !this.hasNull && matches === 0)
  }

  private countMatches(key: unknown, row: Row): number {
    if (key === null) return 0
    let matches = 0
    for (const partner of this.partners.get(key)?.values() ?? []) {
      if (this.functions.matches(this.functions.row(row, partner.row))) matches++
    }
    return matches
  }

  private bagOf(key: unknown): RowBag {
    let bag = this.rows.get(key)
    if (bag === undefined) {
      bag = new RowBag()
      this.rows.set(keep(key), bag)
    }
    return bag
  }
}
