import type { JoinType } from '../ast.ts'
import type { JoinSide } from '../plan.ts'
import type { GuardedJoin } from '../result-errors.ts'
import type { Life } from '../state/spilled-map.ts'
import type { MapState } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { KeptRows } from './kept-rows.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import type { KeptRow } from './row-bag.ts'
import { Watermarks } from './watermarks.ts'

/**
 * A join that keeps all rows of both sides: pairs come, change and go with the rows. A row of an outer side that is in no
 * pair is padded with NULLs. An update that keeps its key changes pairs; one that does not ends pairs and begins others.
 * Source: Flink's StreamingJoinOperator, with changes in one piece where that has a row taken back and another added.
 */
export class RegularJoin implements Stateful {
  readonly left: Operator = this.port('left')
  readonly right: Operator = this.port('right')
  private readonly functions: GuardedJoin
  private readonly outer: Record<JoinSide, boolean>
  private readonly rows: Record<JoinSide, KeptRows>
  private readonly watermarks: Watermarks
  private readonly isMortal: boolean
  private readonly out: Operator

  /** @param life of rows, which are forgotten without a word when it is over */
  constructor(
    type: JoinType,
    functions: GuardedJoin,
    memory: StateMemory,
    life: Life | undefined,
    out: Operator
  ) {
    this.functions = functions
    this.isMortal = life !== undefined
    this.outer = { left: type === 'left' || type === 'full', right: type === 'right' || type === 'full' }
    this.rows = {
      left: new KeptRows(memory, this.outer.left, life),
      right: new KeptRows(memory, this.outer.right, life)
    }
    this.out = out
    this.watermarks = new Watermarks(2, watermark => out.advance(watermark))
  }

  state(): unknown {
    const { left, right } = this.rows
    return { left: left.state(), right: right.state(), watermarks: this.watermarks.inputs }
  }

  restore(state: unknown): void {
    const { left, right, watermarks } = state as Record<JoinSide, MapState> & { watermarks: number[] }
    this.rows.left.restore(left)
    this.rows.right.restore(right)
    this.watermarks.restore(watermarks)
  }

  private port(side: JoinSide): Operator {
    return {
      change: (before, after) => this.change(side, before, after),
      advance: watermark => this.watermarks.advance(side === 'left' ? 0 : 1, watermark),
      clear: () => this.clear(side)
    }
  }

  private change(side: JoinSide, before: Row | null, after: Row | null): void {
    const oldKey = before === null ? null : this.key(side, before)
    const newKey = after === null ? null : this.key(side, after)
    if (before !== null && after !== null && oldKey === newKey) {
      if (oldKey === null) this.changeUnpaired(side, before, after)
      else this.changePairs(side, oldKey, before, after)
      return
    }
    if (before !== null) {
      if (oldKey === null) this.changeUnpaired(side, before, null)
      else this.changePairs(side, oldKey, before, null)
    }
    if (after !== null) {
      if (newKey === null) this.changeUnpaired(side, null, after)
      else this.changePairs(side, newKey, null, after)
    }
  }

  /** A row whose key is NULL is equal to none. */
  private changeUnpaired(side: JoinSide, before: Row | null, after: Row | null): void {
    if (!this.outer[side]) return
    this.out.change(before && this.pad(side, before), after && this.pad(side, after))
  }

  private changePairs(side: JoinSide, key: unknown, before: Row | null, after: Row | null): void {
    const other = side === 'left' ? 'right' : 'left'
    // What is taken back without having come changes nothing; whose time to live was over, it may well have come.
    const old = before !== null && (this.remove(side, key, before) || this.isMortal) ? before : null
    const partners = this.rows[other].under(key)
    const { matches, matched } = this.functions
    const oldMatches = this.countMatches(side, old, partners, matched)
    const newMatches = this.countMatches(side, after, partners, matches)
    const oldPadded = this.outer[side] && old !== null && oldMatches === 0 ? this.pad(side, old) : null
    const newPadded = this.outer[side] && after !== null && newMatches === 0 ? this.pad(side, after) : null
    const staysPadded = oldPadded !== null && newPadded !== null
    if (staysPadded) this.out.change(oldPadded, newPadded)
    else if (oldPadded !== null) this.out.change(oldPadded, null)
    for (const partner of partners) this.changePair(side, key, old, after, partner)
    if (newPadded !== null && !staysPadded) this.out.change(null, newPadded)
    if (after !== null) this.rows[side].add(key, after, newMatches)
  }

  private changePair(
    side: JoinSide,
    key: unknown,
    before: Row | null,
    after: Row | null,
    partner: KeptRow
  ): void {
    const { matches, matched } = this.functions
    let old = before === null ? null : this.pair(side, before, partner.row, matched)
    let now = after === null ? null : this.pair(side, after, partner.row, matches)
    if (old === null && now === null) return
    const other = side === 'left' ? 'right' : 'left'
    if (this.outer[other]) {
      const step = old === null ? 1 : now === null ? -1 : 0
      const matches = partner.matches + step
      this.rows[other].count(key, partner, step)
      if (step > 0 && matches === 1) old = this.pad(other, partner.row)
      else if (step < 0 && matches === 0) now = this.pad(other, partner.row)
    }
    this.out.change(old, now)
  }

  /** @returns whether the row was there */
  private remove(side: JoinSide, key: unknown, row: Row): boolean {
    const kept = this.rows[side].find(key, row)
    if (kept === undefined) return false
    this.rows[side].remove(key, kept)
    return true
  }

  private countMatches(
    side: JoinSide,
    row: Row | null,
    partners: readonly KeptRow[],
    isPair: GuardedJoin['matches']
  ): number {
    // How many is only asked of rows that are padded when they have none.
    if (row === null || !this.outer[side]) return 0
    let matches = 0
    for (const partner of partners) if (this.pair(side, row, partner.row, isPair) !== null) matches++
    return matches
  }

  private clear(side: JoinSide): void {
    for (const [key, rows] of this.rows[side].all())
      for (const { row } of [...rows]) this.changePairs(side, key, row, null)
  }

  private key(side: JoinSide, row: Row): unknown {
    return side === 'left' ? this.functions.leftKey(row) : this.functions.rightKey(row)
  }

  /** The joined row, null when the two are no pair. */
  private pair(side: JoinSide, row: Row, partner: Row, isPair: GuardedJoin['matches']): Row | null {
    const joined = side === 'left' ? this.functions.row(row, partner) : this.functions.row(partner, row)
    return isPair(joined) ? joined : null
  }

  private pad(side: JoinSide, row: Row): Row {
    return side === 'left' ? this.functions.row(row, null) : this.functions.row(null, row)
  }
}
