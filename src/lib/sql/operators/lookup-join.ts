import { groupKey } from '../aggregates-runtime.ts'
import type { JoinType } from '../ast.ts'
import type { JoinFunctions } from '../generate-join.ts'
import type { LookupTable } from '../lookup/table.ts'
import type { RowErrors } from '../result-errors.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import type { Operator, Row, Stateful } from './operator.ts'

/** What came while rows were being waited for. */
type Waiting =
  | { kind: 'change'; before: Row | null; after: Row | null }
  | { kind: 'advance'; watermark: number }
  | { kind: 'clear' }

/**
 * A join with the rows that a table holds when a row of the left side comes. What was joined is not changed when the
 * table is: where rows of the left side are taken back, it is kept what each was joined with, so that exactly that is
 * taken back.
 * Source: Flink's LookupJoinRunner, with what KeyedLookupJoinWrapper keeps.
 */
export class LookupJoin implements Operator, Stateful {
  readonly table: LookupTable
  private readonly functions: JoinFunctions
  private readonly isLeftJoin: boolean
  private readonly retracts: boolean
  private readonly errors: RowErrors
  private readonly out: Operator
  /** The rows of the table that each row of the left side was joined with, once for each time that it is there. */
  private readonly joined: StateMap<(readonly Row[])[]>
  private waiting: Waiting[] = []

  /** @param retracts whether rows of the left side may be taken back */
  constructor(
    type: JoinType,
    functions: JoinFunctions,
    table: LookupTable,
    retracts: boolean,
    errors: RowErrors,
    memory: StateMemory,
    out: Operator
  ) {
    this.isLeftJoin = type === 'left'
    this.functions = functions
    this.table = table
    this.retracts = retracts
    this.errors = errors
    this.joined = new StateMap(memory)
    this.out = out
  }

  /** Whether rows have to be fetched before it goes on. */
  get waits(): boolean {
    return this.waiting.length > 0
  }

  change(before: Row | null, after: Row | null): void {
    const rows = after === null ? [] : this.rowsFor(after)
    if (this.waits || rows === undefined) this.waiting.push({ kind: 'change', before, after })
    else this.join(before, rows === null ? null : after, rows ?? [])
  }

  advance(watermark: number): void {
    if (this.waits) this.waiting.push({ kind: 'advance', watermark })
    else this.out.advance(watermark)
  }

  clear(): void {
    if (this.waits) this.waiting.push({ kind: 'clear' })
    else {
      this.joined.clear()
      this.out.clear()
    }
  }

  /** Goes on after the rows were fetched. Throws RowError; what comes after is still waiting then. */
  resume(): void {
    const { waiting } = this
    let next = 0
    try {
      while (next < waiting.length) {
        const item = waiting[next] as Waiting
        next++
        const rows = item.kind === 'change' && item.after !== null ? this.rowsFor(item.after) : []
        if (rows === undefined) {
          next--
          break
        }
        if (item.kind === 'change') this.join(item.before, rows === null ? null : item.after, rows ?? [])
        else if (item.kind === 'advance') this.out.advance(item.watermark)
        else {
          this.joined.clear()
          this.out.clear()
        }
      }
    } finally {
      this.waiting = waiting.slice(next)
    }
  }

  state(): MapState {
    return this.joined.state()
  }

  restore(state: unknown): void {
    this.joined.restore(state as MapState)
  }

  /** The table's rows for a row of the left side; undefined when they have to be fetched, null when one is no row. */
  private rowsFor(left: Row): readonly Row[] | undefined | null {
    const key = this.functions.leftKey(left)
    if (key === null) return []
    try {
      return this.table.rows(key, left)
    } catch (error) {
      this.errors.tell(error, left)
      return null
    }
  }

  private join(before: Row | null, after: Row | null, rows: readonly Row[]): void {
    if (this.retracts) {
      const old = before === null ? [] : this.takeBack(before)
      const now = after === null ? [] : this.pairs(after, this.note(after, rows))
      for (let i = 0; i < old.length || i < now.length; i++) this.out.change(old[i] ?? null, now[i] ?? null)
    } else if (after !== null) this.add(after, rows)
  }

  private add(left: Row, rows: readonly Row[]): void {
    const { functions, out } = this
    let paired = false
    for (const row of rows) {
      const joined = functions.row(left, row)
      if (!functions.matches(joined)) continue
      paired = true
      out.change(null, joined)
    }
    if (!paired && this.isLeftJoin) out.change(null, functions.row(left, null))
  }

  /** Keeps what a row is joined with. @returns those rows */
  private note(left: Row, rows: readonly Row[]): readonly Row[] {
    const { functions, joined } = this
    const partners = rows.filter(row => functions.matches(functions.row(left, row)))
    const key = groupKey(...left)
    const same = joined.get(key)
    if (same === undefined) joined.set(key, [partners])
    else same.push(partners)
    return partners
  }

  /** The joined rows of one that is taken back; none if it never came. */
  private takeBack(left: Row): Row[] {
    const key = groupKey(...left)
    const same = this.joined.get(key)
    const partners = same?.shift()
    if (partners === undefined) return []
    if (same?.length === 0) this.joined.delete(key)
    return this.pairs(left, partners)
  }

  private pairs(left: Row, partners: readonly Row[]): Row[] {
    const { functions } = this
    if (partners.length === 0) return this.isLeftJoin ? [functions.row(left, null)] : []
    return partners.map(row => functions.row(left, row))
  }
}
