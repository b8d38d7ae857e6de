import { keep } from '../values/keep.ts'
import { TimeQueue } from './time-queue.ts'

/** A session: its rows are less than the gap apart, from the first one's time to the gap after the last one's (ms). */
export type Session<T> = {
  key: unknown
  start: number
  end: number
  content: T
  /** When to look whether it is over. */
  time: number
  /** In the order in which sessions began. */
  n: number
  /** It is part of another one. */
  merged: boolean
}

export type SessionsState<T> = { sessions: Session<T>[]; n: number }

/**
 * The open sessions of each key. A row opens a session, makes one longer, or joins two that it lies between.
 * Source: Flink's MergingWindowSet and SessionWindowAssigner; sessions that touch are one.
 */
export class Sessions<T> {
  private readonly gap: number
  private readonly make: (others: readonly Session<T>[]) => T
  private readonly merge: (into: T, from: T) => T
  private keys = new Map<unknown, Session<T>[]>()
  private queue = new TimeQueue<Session<T>>()
  private n = 0

  /**
   * @param gap ms
   * @param make the content of a new session beside the key's others
   * @param merge the content of two sessions, of which `into` began first
   */
  constructor(gap: number, make: (others: readonly Session<T>[]) => T, merge: (into: T, from: T) => T) {
    this.gap = gap
    this.make = make
    this.merge = merge
  }

  /** The session that a row of a key belongs to; undefined when the row is late: alone, its session would be over. */
  at(key: unknown, time: number, watermark: number): Session<T> | undefined {
    const end = time + this.gap
    const others = this.keys.get(key)
    const [first, second] = near(others, time, end)
    if (first === undefined) return end - 1 <= watermark ? undefined : this.open(key, time, end, others)
    first.start = Math.min(first.start, time)
    first.end = Math.max(first.end, end)
    if (second !== undefined && others !== undefined) {
      first.end = Math.max(first.end, second.end)
      first.content = this.merge(first.content, second.content)
      second.merged = true
      others.splice(others.indexOf(second), 1)
    }
    return first
  }

  /** The open sessions of a key. */
  of(key: unknown): readonly Session<T>[] {
    return this.keys.get(key) ?? []
  }

  /** Takes out the sessions that are over at a watermark, in the order of their ends. */
  over(watermark: number): Session<T>[] {
    const over: Session<T>[] = []
    const { queue } = this
    for (let first = queue.first; first !== undefined && first.time <= watermark; first = queue.first) {
      queue.pop()
      if (first.merged) continue
      first.time = first.end - 1
      if (first.time > watermark) queue.push(first)
      else {
        over.push(first)
        this.remove(first)
      }
    }
    return over.sort((a, b) => a.end - b.end || a.n - b.n)
  }

  clear(): void {
    this.keys.clear()
    this.queue = new TimeQueue()
  }

  state(): SessionsState<T> {
    return { sessions: [...this.keys.values()].flat(), n: this.n }
  }

  restore({ sessions, n }: SessionsState<T>): void {
    this.clear()
    this.n = n
    for (const session of sessions) {
      const others = this.keys.get(session.key)
      if (others === undefined) this.keys.set(session.key, [session])
      else others.push(session)
      this.queue.push(session)
    }
  }

  private remove(session: Session<T>): void {
    const others = this.keys.get(session.key) as Session<T>[]
    if (others.length === 1) this.keys.delete(session.key)
    else others.splice(others.indexOf(session), 1)
  }

  private open(key: unknown, start: number, end: number, others: Session<T>[] = []): Session<T> {
    const content = this.make(others)
    const kept = keep(key)
    const session = { key: kept, start, end, content, time: end - 1, n: this.n++, merged: false }
    if (others.length === 0) this.keys.set(kept, others)
    others.push(session)
    this.queue.push(session)
    return session
  }
}

/** Those among a key's sessions that are less than the gap away, of which there are two at most, the older one first. */
function near<T>(sessions: Session<T>[] | undefined, start: number, end: number): Session<T>[] {
  const found = sessions?.filter(session => session.start <= end && start <= session.end) ?? []
  return found.length > 1 ? found.sort((a, b) => a.start - b.start) : found
}
