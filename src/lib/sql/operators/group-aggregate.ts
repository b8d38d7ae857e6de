import type { Accumulator, GroupFunctions, InputRow } from '../generate-aggregate.ts'
import type { RowErrors } from '../result-errors.ts'
import type { MapState, StateMap } from '../state/state-map.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { isSameRow } from './row-bag.ts'

/**
 * Aggregation in groups that live as long as they have rows. Each change of a row changes its group's result; a group
 * whose rows were all taken back is gone. As in Flink, a row that is taken back though its group was never seen changes
 * nothing. Where groups have a time to live, one that has not changed for so long is forgotten.
 */
export class GroupAggregate implements Stateful {
  private readonly functions: GroupFunctions
  private readonly errors: RowErrors
  private readonly out: Operator
  private readonly groups: StateMap<Accumulator>

  constructor(functions: GroupFunctions, groups: StateMap<Accumulator>, errors: RowErrors, out: Operator) {
    this.functions = functions
    this.groups = groups
    this.errors = errors
    this.out = out
  }

  /** Takes back one row and adds another; either may be absent, or not pass. */
  change(old: InputRow | null, now: InputRow | null): void {
    const before = old?.passes === true ? old : null
    const after = now?.passes === true ? now : null
    if (before === null) {
      if (after !== null) this.add(after)
      return
    }
    const key = this.functions.key(before)
    const group = this.groups.get(key)
    if (after === null || this.functions.key(after) !== key) {
      if (group !== undefined) this.retract(key, group, before)
      if (after !== null) this.add(after)
    } else if (group === undefined) this.add(after)
    else {
      const result = this.oldResult(group, key)
      this.functions.retract(group, before)
      this.functions.add(group, after)
      this.groups.touch(key)
      this.emit(result, this.result(group, key))
    }
  }

  /** Takes all rows back: the table was truncated. */
  clear(): void {
    for (const [key, group] of this.groups.take()) this.emit(this.oldResult(group, key), null)
  }

  state(): MapState {
    return this.groups.state()
  }

  restore(state: unknown): void {
    this.groups.restore(state as MapState)
  }

  private add(row: InputRow): void {
    const { functions, groups } = this
    const key = functions.key(row)
    const group = groups.get(key)
    if (group === undefined) {
      const made = functions.newAccumulator(row)
      groups.set(key, made)
      functions.add(made, row)
      this.emit(null, this.result(made, key))
      return
    }
    const result = this.oldResult(group, key)
    functions.add(group, row)
    this.groups.touch(key)
    this.emit(result, this.result(group, key))
  }

  private retract(key: unknown, group: Accumulator, row: InputRow): void {
    const result = this.oldResult(group, key)
    this.functions.retract(group, row)
    if (group.n > 0) {
      this.groups.touch(key)
      this.emit(result, this.result(group, key))
      return
    }
    this.groups.delete(key)
    this.emit(result, null)
  }

  /** A group's result; null when it cannot be computed, which is told. */
  private result(group: Accumulator, key: unknown): Row | null {
    try {
      return this.functions.result(group, key)
    } catch (error) {
      this.errors.tell(error, [key])
      return null
    }
  }

  /** What came out of the group last. */
  private oldResult(group: Accumulator, key: unknown): Row | null {
    try {
      return this.functions.result(group, key)
    } catch (error) {
      this.errors.ignore(error)
      return null
    }
  }

  private emit(before: Row | null, after: Row | null): void {
    if (before === null && after === null) return
    if (before === null || after === null || !isSameRow(before, after)) this.out.change(before, after)
  }
}
