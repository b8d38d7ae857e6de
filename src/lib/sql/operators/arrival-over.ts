import type { Accumulator, InputRow } from '../generate-aggregate.ts'
import type { OverFunctions } from '../generate-over.ts'
import type { RowErrors } from '../result-errors.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'

/** Where the frame has a beginning: the rows in it, of which the one at `oldest` is the next to leave once all are there. */
type Partition = { acc: Accumulator; rows: unknown[][]; oldest: number }

/**
 * Aggregates over the rows of a partition up to each row, in the order in which they come; a row comes out at once.
 * Source: Flink's ProcTimeUnboundedPrecedingFunction and ProcTimeRowsBoundedPrecedingFunction.
 */
export class ArrivalOver implements Operator, Stateful {
  private readonly functions: OverFunctions
  private readonly preceding: number
  private readonly errors: Record<'input' | 'result', RowErrors>
  private readonly partitions: StateMap<Partition>
  private readonly out: Operator
  private readonly input: InputRow
  private readonly leaving: InputRow

  /** @param preceding how many rows before a row count, or Infinity */
  constructor(
    functions: OverFunctions,
    preceding: number,
    errors: Record<'input' | 'result', RowErrors>,
    memory: StateMemory,
    out: Operator
  ) {
    this.functions = functions
    this.preceding = preceding
    this.errors = errors
    this.partitions = new StateMap(memory)
    this.out = out
    this.input = functions.newRow()
    this.leaving = functions.newRow()
  }

  change(_: Row | null, after: Row | null): void {
    if (after === null) return
    const { functions, input } = this
    try {
      functions.readValues(after, input)
    } catch (error) {
      this.errors.input.tell(error, after)
      return
    }
    const key = functions.key(input)
    let partition = this.partitions.get(key)
    if (partition === undefined) {
      partition = { acc: functions.newAccumulator(input), rows: [], oldest: 0 }
      this.partitions.set(key, partition)
    }
    if (this.preceding < Number.POSITIVE_INFINITY) this.move(partition, after)
    functions.add(partition.acc, input)
    const row = [...after]
    try {
      functions.fill(partition.acc, row)
    } catch (error) {
      this.errors.result.tell(error, row)
      return
    }
    this.out.change(null, row)
  }

  advance(watermark: number): void {
    this.out.advance(watermark)
  }

  clear(): void {}

  state(): MapState {
    return this.partitions.state()
  }

  restore(state: unknown): void {
    this.partitions.restore(state as MapState)
  }

  /** Takes a row into the frame, and takes back the one that leaves it. */
  private move(partition: Partition, row: Row): void {
    const { rows, oldest, acc } = partition
    const kept = row.map(keep)
    if (rows.length <= this.preceding) {
      rows.push(kept)
      return
    }
    this.functions.readValues(rows[oldest] as Row, this.leaving)
    this.functions.retract(acc, this.leaving)
    rows[oldest] = kept
    partition.oldest = (oldest + 1) % rows.length
  }
}
