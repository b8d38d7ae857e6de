/** What waits in a queue until its time, ms. */
export interface Timed {
  readonly time: number
}

/** A queue that gives the oldest first: a binary heap, in which rows in the order of their times stay where they are put. */
export class TimeQueue<T extends Timed> {
  private readonly heap: T[] = []

  get size(): number {
    return this.heap.length
  }

  /** The oldest. */
  get first(): T | undefined {
    return this.heap[0]
  }

  push(item: T): void {
    const { heap } = this
    let at = heap.push(item) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const other = heap[parent] as T
      if (other.time <= item.time) break
      heap[at] = other
      at = parent
    }
    heap[at] = item
  }

  /** Takes the oldest out. */
  pop(): T | undefined {
    const { heap } = this
    const first = heap[0]
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && (heap[child + 1] as T).time < (heap[child] as T).time) child++
      const other = heap[child] as T
      if (other.time >= last.time) break
      heap[at] = other
      at = child
    }
    heap[at] = last
    return first
  }
}
