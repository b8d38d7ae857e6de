import type { ShapePlan } from './filter-index.ts'
import type { Line } from './line.ts'
import type { TimeReader } from './time-reader.ts'

/** So many lines are kept at most: those of a block of 256 KiB, mostly. */
const MOST = 2048

/** Lines of a block, in known shapes, that are looked at again. Where their values are remains in the line's `spans`. */
export class KeptLines {
  #count = 0
  readonly #starts = new Int32Array(MOST)
  readonly #ends = new Int32Array(MOST)
  readonly #bases = new Int32Array(MOST)
  readonly #serials = new Float64Array(MOST)
  readonly #times = new Float64Array(MOST)
  readonly #readers: TimeReader[] = []
  readonly #plans: ShapePlan[] = []

  get isFull(): boolean {
    return this.#count === MOST
  }

  /** @returns its number */
  add(line: Line, plan: ShapePlan): number {
    const n = this.#count++
    this.#starts[n] = line.start
    this.#ends[n] = line.end
    this.#bases[n] = line.base
    this.#serials[n] = line.serial
    this.#plans[n] = plan
    const { times } = line
    this.#readers[n] = times
    this.#times[n] = times.known(line) ?? Number.NaN
    return n
  }

  /** Makes a line that was kept the one that is looked at. */
  recall(n: number, line: Line): ShapePlan {
    const plan = this.#plans[n] as ShapePlan
    const serial = this.#serials[n] as number
    line.move(
      this.#starts[n] as number,
      this.#ends[n] as number,
      line.spans,
      this.#bases[n] as number,
      plan.shape,
      serial
    )
    const micros = this.#times[n] as number
    if (!Number.isNaN(micros)) (this.#readers[n] as TimeReader).know(serial, micros)
    return plan
  }

  clear(): void {
    this.#count = 0
  }
}
