import type { Stateful } from './operator.ts'

/** What is thought of as now, ms, where rows have a time to live. */
export class Clock implements Stateful {
  now = 0

  state(): { now: number } {
    return { now: this.now }
  }

  restore(state: unknown): void {
    this.now = (state as { now: number }).now
  }
}

/**
 * When things were last written, the oldest first, so that those whose time to live is over are found without a search.
 * Source: Flink's StateTtlConfig, OnCreateAndWrite and NeverReturnExpired.
 */
export class Expiry<T> {
  private readonly written = new Map<T, number>()
  private readonly ttl: number
  private readonly clock: Clock

  /** @param ttl ms, more than 0 */
  constructor(ttl: number, clock: Clock) {
    this.ttl = ttl
    this.clock = clock
  }

  /** It is written now. */
  touch(item: T, time = this.clock.now): void {
    this.written.delete(item)
    this.written.set(item, time)
  }

  forget(item: T): void {
    this.written.delete(item)
  }

  /** Calls `drop` with all whose time is over, which are forgotten. */
  expire(drop: (item: T) => void): void {
    for (const [item, time] of this.written) {
      if (time + this.ttl > this.clock.now) return
      this.written.delete(item)
      drop(item)
    }
  }

  timeOf(item: T): number | undefined {
    return this.written.get(item)
  }

  /** What a snapshot holds. */
  entries(): [item: T, time: number][] {
    return [...this.written]
  }
}
