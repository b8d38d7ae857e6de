import type { JoinType } from '../ast.ts'
import type { JoinFunctions } from '../generate.ts'
import type { JoinSide } from '../plan.ts'
import { detach } from '../values/text.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { type KeptRow, RowBag } from './row-bag.ts'
import { Watermarks } from './watermarks.ts'

type Rows = Map<unknown, RowBag>
/** What a snapshot holds of one side. */
type SideState = [key: unknown, rows: KeptRow[]][]

/**
 * A join that keeps all rows of both sides: pairs come, change and go with the rows. A row of an outer side that is in no
 * pair is padded with NULLs. An update that keeps its key changes pairs; one that does not ends pairs and begins others.
 * Source: Flink's StreamingJoinOperator, with changes in one piece where that has a row taken back and another added.
 */
export class RegularJoin implements Stateful {
  readonly left: Operator = this.port('left')
  readonly right: Operator = this.port('right')
  private readonly functions: JoinFunctions
  private readonly outer: Record<JoinSide, boolean>
  private readonly rows: Record<JoinSide, Rows> = { left: new Map(), right: new Map() }
  private readonly watermarks: Watermarks
  private readonly out: Operator

  constructor(type: JoinType, functions: JoinFunctions, out: Operator) {
    this.functions = functions
    this.outer = { left: type === 'left' || type === 'full', right: type === 'right' || type === 'full' }
    this.out = out
    this.watermarks = new Watermarks(2, watermark => out.advance(watermark))
  }

  state(): unknown {
    const save = (rows: Rows): SideState => [...rows].map(([key, bag]) => [key, bag.rows])
    return { left: save(this.rows.left), right: save(this.rows.right), watermarks: this.watermarks.inputs }
  }

  restore(state: unknown): void {
    const { left, right, watermarks } = state as { left: SideState; right: SideState; watermarks: number[] }
    const load = (side: SideState): Rows => new Map(side.map(([key, rows]) => [key, new RowBag(rows)]))
    this.rows.left = load(left)
    this.rows.right = load(right)
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
    const own = this.rows[side].get(key)
    // What is taken back without having come (its time to live was over) changes nothing.
    const old = before !== null && own?.remove(before) === true ? before : null
    const partners = this.rows[other].get(key)?.rows ?? []
    const [oldMatches, newMatches] = [
      this.countMatches(side, old, partners),
      this.countMatches(side, after, partners)
    ]
    const oldPadded = this.outer[side] && old !== null && oldMatches === 0 ? this.pad(side, old) : null
    const newPadded = this.outer[side] && after !== null && newMatches === 0 ? this.pad(side, after) : null
    const staysPadded = oldPadded !== null && newPadded !== null
    if (staysPadded) this.out.change(oldPadded, newPadded)
    else if (oldPadded !== null) this.out.change(oldPadded, null)
    for (const partner of partners) this.changePair(side, old, after, partner)
    if (newPadded !== null && !staysPadded) this.out.change(null, newPadded)
    if (after !== null) this.bagOf(side, key).add(after, newMatches)
    else if (own !== undefined && own.rows.length === 0) this.rows[side].delete(key)
  }

  private changePair(side: JoinSide, before: Row | null, after: Row | null, partner: KeptRow): void {
    let old = before === null ? null : this.pair(side, before, partner.row)
    let now = after === null ? null : this.pair(side, after, partner.row)
    if (old === null && now === null) return
    const other = side === 'left' ? 'right' : 'left'
    if (old === null) {
      if (partner.matches++ === 0 && this.outer[other]) old = this.pad(other, partner.row)
    } else if (now === null) {
      if (--partner.matches === 0 && this.outer[other]) now = this.pad(other, partner.row)
    }
    for (let i = 0; i < partner.count; i++) this.out.change(old, now)
  }

  private countMatches(side: JoinSide, row: Row | null, partners: readonly KeptRow[]): number {
    if (row === null) return 0
    let matches = 0
    for (const partner of partners) if (this.pair(side, row, partner.row) !== null) matches += partner.count
    return matches
  }

  private clear(side: JoinSide): void {
    const rows = [...this.rows[side]].flatMap(([key, bag]) => bag.rows.map(kept => ({ key, ...kept })))
    for (const { key, row, count } of rows) {
      for (let i = 0; i < count; i++) this.changePairs(side, key, row, null)
    }
  }

  private key(side: JoinSide, row: Row): unknown {
    return side === 'left' ? this.functions.leftKey(row) : this.functions.rightKey(row)
  }

  /** The joined row, null when the two are no pair. */
  private pair(side: JoinSide, row: Row, partner: Row): Row | null {
    const joined = side === 'left' ? this.functions.row(row, partner) : this.functions.row(partner, row)
    return this.functions.matches(joined) ? joined : null
  }

  private pad(side: JoinSide, row: Row): Row {
    return side === 'left' ? this.functions.row(row, null) : this.functions.row(null, row)
  }

  private bagOf(side: JoinSide, key: unknown): RowBag {
    let bag = this.rows[side].get(key)
    if (bag === undefined) {
      bag = new RowBag()
      this.rows[side].set(typeof key === 'string' ? detach(key) : key, bag)
    }
    return bag
  }
}
