import type { Accumulator, AggregateFunctions, InputRow } from '../generate-aggregate.ts'
import type { GuardedResult } from '../result-errors.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Stateful } from './operator.ts'
import { Sessions, type SessionsState } from './sessions.ts'

/** A group's accumulator, and the rows that made it as long as it may have to be made anew. */
type Content = { accumulator: Accumulator | undefined; rows: Step[] | undefined }
type Step = { row: InputRow; retract: boolean }
type State = { watermark: number } & SessionsState<Content>

/**
 * Aggregation in sessions, one for each key. A session's result comes out once the watermark has reached its last
 * millisecond; a row that would be alone in a session that is over is late.
 *
 * Accumulators are not merged: where two sessions become one, the rows of one are added to the other. Of a key's open
 * sessions all but one have their rows for that. Most keys have one, which has none.
 */
export class SessionAggregate implements Stateful {
  private watermark = Number.NEGATIVE_INFINITY
  private readonly functions: GuardedResult<AggregateFunctions>
  private readonly sessions: Sessions<Content>
  private readonly out: Operator

  /** @param gap ms */
  constructor(gap: number, functions: GuardedResult<AggregateFunctions>, out: Operator) {
    this.functions = functions
    this.out = out
    this.sessions = new Sessions(
      gap,
      others => ({ accumulator: undefined, rows: others.length === 0 ? undefined : [] }),
      (into, from) => this.merge(into, from)
    )
  }

  /** Adds a row, or takes it back. @returns whether the row was late */
  accept(row: InputRow, retract: boolean): boolean {
    if (!row.passes) return false
    const session = this.sessions.at(this.functions.key(row), row.time, this.watermark)
    if (session === undefined) return true
    const { content } = session
    if (content.rows !== undefined) content.rows.push({ row: kept(row), retract })
    this.apply(content, { row, retract })
    return false
  }

  advance(watermark: number): void {
    if (watermark <= this.watermark) return
    this.watermark = watermark
    for (const { key, start, end, content } of this.sessions.over(watermark)) {
      const { accumulator } = content
      const isEmpty = accumulator === undefined || accumulator.n === 0
      const result = isEmpty ? null : this.functions.result(accumulator, key, start, end)
      if (result !== null) this.out.change(null, result)
      this.forgetRows(key)
    }
    this.out.advance(watermark)
  }

  /** Takes all rows back: the table was truncated. */
  clear(): void {
    this.sessions.clear()
  }

  state(): State {
    return { watermark: this.watermark, ...this.sessions.state() }
  }

  restore(state: unknown): void {
    const { watermark, ...sessions } = state as State
    this.watermark = watermark
    this.sessions.restore(sessions)
  }

  private apply(content: Content, { row, retract }: Step): void {
    content.accumulator ??= this.functions.newAccumulator(row)
    if (retract) this.functions.retract(content.accumulator, row)
    else this.functions.add(content.accumulator, row)
  }

  private merge(into: Content, from: Content): Content {
    const [base, other] = from.rows === undefined ? [from, into] : [into, from]
    for (const step of other.rows ?? []) {
      this.apply(base, step)
      base.rows?.push(step)
    }
    return base
  }

  /** A session that is alone is never added to another. */
  private forgetRows(key: unknown): void {
    const [alone, another] = this.sessions.of(key)
    if (alone !== undefined && another === undefined) alone.content.rows = undefined
  }
}

function kept(row: InputRow): InputRow {
  const copy = { ...row } as Record<string, unknown>
  for (const name of Object.keys(copy)) copy[name] = keep(copy[name])
  return copy as InputRow
}
