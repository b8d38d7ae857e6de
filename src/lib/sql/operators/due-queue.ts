import { type Timed, TimeQueue } from './time-queue.ts'

/** What waits; `n` is its place in the order of coming. */
export interface Due extends Timed {
  readonly n: number
}

/** What a snapshot holds beside what waits. */
export type DueState = { watermark: number; n: number }

/** What waits until the watermark has passed its time. */
export class DueQueue<T extends Due> {
  /** ms */
  watermark = Number.NEGATIVE_INFINITY
  private readonly queue = new TimeQueue<T>()
  private n = 0

  /** The place of the next one in the order of coming. */
  next(): number {
    return this.n++
  }

  push(item: T): void {
    this.queue.push(item)
  }

  /** Moves the watermark on. @returns what it has passed, by time, and at one time in the order of coming */
  pass(watermark: number): T[] {
    if (watermark <= this.watermark) return []
    this.watermark = watermark
    return this.queue.take(watermark).sort((a, b) => a.time - b.time || a.n - b.n)
  }

  /** All that wait, in no order. */
  items(): T[] {
    return this.queue.items()
  }

  state(): DueState {
    return { watermark: this.watermark, n: this.n }
  }

  restore({ watermark, n }: DueState, items: Iterable<T>): void {
    this.watermark = watermark
    this.n = n
    for (const item of items) this.queue.push(item)
  }
}
