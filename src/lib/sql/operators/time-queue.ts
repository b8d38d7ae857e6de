/** What waits in a queue until its time, ms. */
export interface Timed {
  readonly time: number
}

/**
 * A queue that gives the oldest first, and of equal ones that which came first as far as they came in order. What comes
 * in the order of its times, as most does, is only lined up; the rest is in a binary heap.
 */
export class TimeQueue<T extends Timed> {
  private line: T[] = []
  /** What of the line has left already. */
  private left = 0
  private readonly heap: T[] = []

  get size(): number {
    return this.line.length - this.left + this.heap.length
  }

  /** The oldest. */
  get first(): T | undefined {
    const [inLine, inHeap] = [this.line[this.left], this.heap[0]]
    if (inLine === undefined) return inHeap
    return inHeap !== undefined && inHeap.time < inLine.time ? inHeap : inLine
  }

  push(item: T): void {
    const last = this.line.at(-1)
    if (last === undefined || last.time <= item.time) this.line.push(item)
    else this.pushHeap(item)
  }

  /** Takes the oldest out. */
  pop(): T | undefined {
    const { first } = this
    if (first === undefined) return undefined
    if (first !== this.line[this.left]) return this.popHeap()
    this.leave(1)
    return first
  }

  /** Takes out all up to a time, ms, in any order; those that came in the order of their times are still in it. */
  take(until: number): T[] {
    const { line, left, heap } = this
    let end = left
    while (end < line.length && (line[end] as T).time <= until) end++
    const taken = line.slice(left, end)
    this.leave(end - left)
    for (let first = heap[0]; first !== undefined && first.time <= until; first = heap[0])
      taken.push(this.popHeap() as T)
    return taken
  }

  /** All that wait, in no order. */
  items(): T[] {
    return [...this.line.slice(this.left), ...this.heap]
  }

  /** The first of the line have left. */
  private leave(count: number): void {
    this.left += count
    if (this.left === this.line.length) {
      this.line = []
      this.left = 0
    } else if (this.left > 1024 && this.left * 2 > this.line.length) {
      this.line = this.line.slice(this.left)
      this.left = 0
    }
  }

  private pushHeap(item: T): void {
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

  private popHeap(): T | undefined {
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
