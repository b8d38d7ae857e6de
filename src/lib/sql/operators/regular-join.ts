import type { JoinType } from '../ast.ts'
import type { JoinSide } from '../plan.ts'
import type { GuardedJoin } from '../result-errors.ts'
import type { Expiry } from './expiry.ts'
import { KeptRows, type KeptRowsState } from './kept-rows.ts'
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
  private readonly rows: Record<JoinSide, KeptRows> = { left: new KeptRows(), right: new KeptRows() }
  private readonly watermarks: Watermarks
  private readonly out: Operator

  private readonly expiry: Record<JoinSide, Expiry<KeptRow>> | undefined

  /** @param makeExpiry makes that of the rows of a side, where they have a time to live: they are forgotten without a word */
  constructor(
    type: JoinType,
    functions: GuardedJoin,
    makeExpiry: (() => Expiry<KeptRow>) | undefined,
    out: Operator
  ) {
    this.functions = functions
    this.expiry = makeExpiry === undefined ? undefined : { left: makeExpiry(), right: makeExpiry() }
    this.outer = { left: type === 'left' || type === 'full', right: type === 'right' || type === 'full' }
    this.out = out
    this.watermarks = new Watermarks(2, watermark => out.advance(watermark))
  }

  state(): unknown {
    const { left, right } = this.rows
    const written = this.expiry && { left: this.expiry.left.entries(), right: this.expiry.right.entries() }
    return { left: left.entries(), right: right.entries(), watermarks: this.watermarks.inputs, written }
  }

  restore(state: unknown): void {
    const { left, right, watermarks, written } = state as {
      left: KeptRowsState
      right: KeptRowsState
      watermarks: number[]
      written: Record<JoinSide, [KeptRow, number][]> | undefined
    }
    this.rows.left = new KeptRows(left)
    this.rows.right = new KeptRows(right)
    this.watermarks.restore(watermarks)
    for (const side of ['left', 'right'] as const) {
      for (const [row, time] of written?.[side] ?? []) this.expiry?.[side].touch(row, time)
    }
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
    this.expire()
    // What is taken back without having come (its time to live was over) changes nothing.
    const old = before !== null && this.remove(side, key, before) ? before : null
    const partners = this.rows[other].under(key)
    const { matches, matched } = this.functions
    const oldMatches = this.countMatches(side, old, partners, matched)
    const newMatches = this.countMatches(side, after, partners, matches)
    const oldPadded = this.outer[side] && old !== null && oldMatches === 0 ? this.pad(side, old) : null
    const newPadded = this.outer[side] && after !== null && newMatches === 0 ? this.pad(side, after) : null
    const staysPadded = oldPadded !== null && newPadded !== null
    if (staysPadded) this.out.change(oldPadded, newPadded)
    else if (oldPadded !== null) this.out.change(oldPadded, null)
    for (const partner of partners) this.changePair(side, old, after, partner)
    if (newPadded !== null && !staysPadded) this.out.change(null, newPadded)
    if (after === null) return
    const kept = this.rows[side].add(key, after, newMatches)
    this.expiry?.[side].touch(kept)
  }

  private changePair(side: JoinSide, before: Row | null, after: Row | null, partner: KeptRow): void {
    const { matches, matched } = this.functions
    let old = before === null ? null : this.pair(side, before, partner.row, matched)
    let now = after === null ? null : this.pair(side, after, partner.row, matches)
    if (old === null && now === null) return
    const other = side === 'left' ? 'right' : 'left'
    if (old === null) {
      if (partner.matches++ === 0 && this.outer[other]) old = this.pad(other, partner.row)
    } else if (now === null) {
      if (--partner.matches === 0 && this.outer[other]) now = this.pad(other, partner.row)
    }
    this.out.change(old, now)
  }

  /** @returns whether the row was there */
  private remove(side: JoinSide, key: unknown, row: Row): boolean {
    const kept = this.rows[side].find(key, row)
    if (kept === undefined) return false
    this.rows[side].remove(key, kept)
    this.expiry?.[side].forget(kept)
    return true
  }

  /** Forgets the rows whose time to live is over. */
  private expire(): void {
    for (const side of this.expiry === undefined ? [] : (['left', 'right'] as const))
      this.expiry?.[side].expire(kept => this.rows[side].remove(this.key(side, kept.row), kept))
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
    for (const [key, rows] of this.rows[side].entries())
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
