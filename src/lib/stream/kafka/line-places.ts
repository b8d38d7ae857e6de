const MOST_RUNS = 10_000

/** Lines whose records follow each other in a partition. */
interface Run {
  readonly line: number
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** Which record each line of late was, for messages. */
export class LinePlaces {
  #runs: Run[] = []
  #next = -1

  add(line: number, topic: string, partition: number, offset: number): void {
    const last = this.#runs.at(-1)
    if (last?.topic === topic && last.partition === partition && this.#next === offset) {
      this.#next++
      return
    }
    this.#next = offset + 1
    if (this.#runs.length >= 2 * MOST_RUNS) this.#runs = this.#runs.slice(MOST_RUNS)
    this.#runs.push({ line, topic, partition, offset })
  }

  /** `joins partition 3 offset 1042`; undefined when that is not known any more. */
  of(line: number): string | undefined {
    const run = this.#runs.findLast(run => run.line <= line)
    return run === undefined
      ? undefined
      : `${run.topic} partition ${run.partition} offset ${run.offset + line - run.line}`
  }
}
