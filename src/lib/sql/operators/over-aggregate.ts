import type { Accumulator, InputRow } from '../generate-aggregate.ts'
import type { OverFunctions } from '../generate-over.ts'
import type { OverFrame } from '../plan.ts'
import type { RowErrors } from '../result-errors.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { keep } from '../values/keep.ts'
import { type Due, DueQueue, type DueState } from './due-queue.ts'
import type { Operator, Row, Stateful } from './operator.ts'

/** The rows of a key that came out; `rows` from `head` on are those that count for the next, where they have to be known. */
type Partition = {
  acc: Accumulator | null
  rows: { row: unknown[]; time: number }[]
  head: number
  /** A row that is not after this time is late. */
  last: number
  /** From when on all of its rows are too old to count. */
  expires: number
}

/** A row that waits for the watermark to pass its time, or without one what may be forgotten then; in order of `n`. */
type Timer = Due & { key: unknown; row: unknown[] | null }

type OverState = DueState & { partitions: MapState; timers: Timer[] }

/**
 * Aggregates over the rows of a partition up to each row, in the order of event time; of rows of one time in the order of
 * their coming. A row comes out with its results once the watermark has passed it.
 *
 * Late is, as in Flink, what is not after the watermark; where a frame has a beginning, what is not after the row of its
 * partition that came out last.
 * Source: Flink's RowTimeUnboundedPrecedingOverFunctionV2, RowTimeRowsBoundedPrecedingFunction and
 * RowTimeRangeBoundedPrecedingFunction, with their clean-up.
 */
export class OverAggregate implements Stateful, Operator {
  private readonly functions: OverFunctions
  private readonly frame: OverFrame
  private readonly isBounded: boolean
  private readonly errors: Record<'input' | 'result', RowErrors>
  private readonly onLate: () => void
  private readonly out: Operator
  private readonly input: InputRow
  private readonly partitions: StateMap<Partition>
  private readonly timers = new DueQueue<Timer>()

  /** @param errors what becomes of those in arguments of aggregates, and in their results */
  constructor(
    functions: OverFunctions,
    frame: OverFrame,
    errors: Record<'input' | 'result', RowErrors>,
    memory: StateMemory,
    onLate: () => void,
    out: Operator
  ) {
    this.functions = functions
    this.partitions = new StateMap(memory)
    this.frame = frame
    this.errors = errors
    this.isBounded = frame.preceding < Number.POSITIVE_INFINITY
    this.onLate = onLate
    this.out = out
    this.input = functions.newRow()
  }

  change(_: Row | null, after: Row | null): void {
    if (after === null) return
    const time = this.functions.time(after)
    try {
      this.functions.readValues(after, this.input)
    } catch (error) {
      this.errors.input.tell(error, after)
      return
    }
    const key = this.functions.key(this.input)
    const partition = this.partitions.peek(key)
    // Flink's last time of a partition is that of the epoch before there is one.
    if (time <= (this.isBounded ? (partition?.last ?? 0) : this.timers.watermark)) {
      this.onLate()
      return
    }
    const kept = keep(key)
    this.timers.push({ time, n: this.timers.next(), key: kept, row: after.map(keep) })
    if (this.isBounded && this.frame.unit === 'RANGE') this.expireLater(kept, time)
  }

  advance(watermark: number): void {
    this.release(this.timers.pass(watermark))
    this.out.advance(watermark)
  }

  clear(): void {}

  state(): OverState {
    return { ...this.timers.state(), partitions: this.partitions.state(), timers: this.timers.items() }
  }

  restore(state: unknown): void {
    const { partitions, timers, ...due } = state as OverState
    this.partitions.restore(partitions)
    this.timers.restore(due, timers)
  }

  /** Flink forgets a partition some time after all of its rows are too old, and with them what is late. */
  private expireLater(key: unknown, time: number): void {
    const { preceding } = this.frame
    const partition = this.partitionOf(key)
    if (partition.expires >= time + preceding + 1) return
    partition.expires = time + Math.trunc(preceding * 1.5) + 1
    this.timers.push({ time: partition.expires, n: this.timers.next(), key, row: null })
  }

  private release(due: readonly Timer[]): void {
    let at = 0
    while (at < due.length) {
      this.partitions.pause()
      const timer = due[at++] as Timer
      if (due[at]?.time !== timer.time) {
        this.fire(timer.key, timer.time, timer.row === null ? [] : [timer.row])
        continue
      }
      const timers = [timer]
      while (due[at]?.time === timer.time) timers.push(due[at++] as Timer)
      for (const [key, own] of Map.groupBy(timers, other => other.key))
        this.fire(
          key,
          timer.time,
          own.flatMap(({ row }) => (row === null ? [] : [row]))
        )
    }
  }

  /** Works on what a partition has at one time. */
  private fire(key: unknown, time: number, rows: unknown[][]): void {
    const partition = this.partitionOf(key)
    if (partition.expires <= time) {
      this.partitions.delete(key)
      return
    }
    partition.last = time
    const [first] = rows
    if (first === undefined) return
    this.functions.readValues(first, this.input)
    const acc = (partition.acc ??= this.functions.newAccumulator(this.input))
    if (this.frame.unit === 'RANGE') {
      if (this.isBounded) this.forgetBefore(partition, acc, time - this.frame.preceding)
      for (const row of rows) this.add(partition, acc, row, time)
      for (const row of rows) this.emit(acc, row)
      return
    }
    for (const row of rows) {
      if (partition.rows.length - partition.head > this.frame.preceding) this.forget(partition, acc)
      this.add(partition, acc, row, time)
      this.emit(acc, row)
    }
  }

  private add(partition: Partition, acc: Accumulator, row: unknown[], time: number): void {
    this.functions.readValues(row, this.input)
    this.functions.add(acc, this.input)
    if (this.isBounded) partition.rows.push({ row, time })
  }

  private emit(acc: Accumulator, row: unknown[]): void {
    try {
      this.functions.fill(acc, row)
    } catch (error) {
      this.errors.result.tell(error, row)
      return
    }
    this.out.change(null, row)
  }

  /** Takes back the rows that are older than `time`. */
  private forgetBefore(partition: Partition, acc: Accumulator, time: number): void {
    while (partition.rows.length > partition.head && (partition.rows[partition.head]?.time as number) < time)
      this.forget(partition, acc)
  }

  /** Takes back the oldest row. */
  private forget(partition: Partition, acc: Accumulator): void {
    const { rows } = partition
    this.functions.readValues((rows[partition.head] as Partition['rows'][number]).row, this.input)
    this.functions.retract(acc, this.input)
    partition.head++
    if (partition.head < 32 || partition.head * 2 < rows.length) return
    rows.splice(0, partition.head)
    partition.head = 0
  }

  private partitionOf(key: unknown): Partition {
    let partition = this.partitions.get(key)
    if (partition === undefined) {
      partition = { acc: null, rows: [], head: 0, last: 0, expires: Number.POSITIVE_INFINITY }
      if (this.isBounded && this.frame.unit === 'RANGE') partition.expires = 0
      this.partitions.set(key, partition)
    }
    return partition
  }
}
