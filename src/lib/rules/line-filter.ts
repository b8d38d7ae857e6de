import { FilterIndex, type ShapePlan } from './filter-index.ts'
import { KeptLines } from './kept-lines.ts'
import { Line } from './line.ts'
import type { Rule } from './rule.ts'
import { eventTime } from './rule-state.ts'
import { Shapes } from './shapes.ts'
import type { Timing } from './timing.ts'

const filters = new WeakMap<readonly Rule[], { filter: LineFilter; arrival: Timing['arrival'] }>()

/** Finds the rules that a line passes without parsing it, where it is of a shape that is known. */
export class LineFilter {
  /** The line that was found last. */
  readonly line = new Line()
  readonly #index: FilterIndex
  readonly #shapes: Shapes<ShapePlan>
  readonly #kept = new KeptLines()
  #plan: ShapePlan | undefined

  private constructor(rules: readonly Rule[], timing: Timing) {
    this.#index = new FilterIndex(rules.map(rule => ({ filter: rule.filter, time: eventTime(rule, timing) })))
    this.#shapes = new Shapes(shape => this.#index.plan(shape))
  }

  /** The same for the same list of rules: what is learned of lines and values may be of use to all who evaluate them. */
  static of(rules: readonly Rule[], timing: Timing): LineFilter {
    const { arrival } = timing
    const known = filters.get(rules)
    if (known !== undefined && known.arrival === arrival) return known.filter
    const filter = new LineFilter(rules, timing)
    filters.set(rules, { filter, arrival })
    return filter
  }

  begin(block: Buffer): void {
    this.line.begin(block)
  }

  /**
   * Sets `line` to the line that begins at `start` in the block, if it is of a known shape; it is a JSON object then.
   * @returns where it ends, before its newline; -1 when it is not of a known shape
   */
  find(start: number): number {
    const { bytes, view } = this.line
    return this.#setTo(start, this.#shapes.find(bytes, view, start))
  }

  /** The same of a line whose shape is not known, which may be known from now on. */
  learn(start: number, end: number): number {
    return this.#setTo(start, this.#shapes.learn(this.line.bytes, start, end))
  }

  #setTo(start: number, plan: ShapePlan | undefined): number {
    const shapes = this.#shapes
    this.#plan = plan
    if (plan === undefined) return -1
    this.line.move(start, shapes.end, shapes.spans, shapes.base, plan.shape)
    return shapes.end
  }

  /** As `FilterIndex.passing`, of the line that was found. */
  passing(): Int32Array | null {
    return this.#index.passing(this.line, this.#plan as ShapePlan)
  }

  /** Whether another line may be kept. */
  get hasRoom(): boolean {
    return !this.#kept.isFull && !this.#shapes.isFull
  }

  /** Keeps the line that was found, to be looked at again in this block. @returns its number */
  keep(): number {
    const plan = this.#plan as ShapePlan
    this.#shapes.base += plan.shape.leaves * 2
    return this.#kept.add(this.line, plan)
  }

  /** Sets `line` to a line that was kept, as if it had been found now. */
  recall(n: number): void {
    this.#plan = this.#kept.recall(n, this.line)
  }

  /** The same when no line is kept any more, this one the last of them. */
  recallLast(n: number): void {
    this.recall(n)
    const { line } = this
    line.spans.copyWithin(0, line.base, line.base + line.shape.leaves * 2)
    line.base = 0
  }

  /** Keeps none of the lines any longer. */
  forget(): void {
    this.#kept.clear()
    this.#shapes.base = 0
  }

  /** Whether the line that was found passes a rule that it may pass. */
  passes(rule: number): boolean {
    return this.#index.passes(rule, this.#plan as ShapePlan, this.line.event)
  }
}
