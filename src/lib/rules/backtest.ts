import { eachLine, type Stage } from '../stream/index.ts'
import { type BacktestReport, reportOf } from './backtest-report.ts'
import { eventOf, timeOf } from './event.ts'
import type { Label, Raised } from './labels.ts'
import type { Match } from './match.ts'
import type { Rule } from './rule.ts'
import type { Notifier } from './stage.ts'

/** Takes down what a run over a capture raises, in the place of those who would be told. */
export class Backtest implements Notifier {
  readonly #rules: Rule[]
  readonly #labels: Label[] | null
  readonly #raised: Raised[] = []
  #first = Number.POSITIVE_INFINITY
  #last = Number.NEGATIVE_INFINITY

  /** `labels`: what should have been raised, where that is known. */
  constructor(rules: Rule[], labels: Label[] | null) {
    this.#rules = rules
    this.#labels = labels
  }

  tell({ rule, key, at, resolved }: Match): void {
    if (resolved === undefined) this.#raised.push({ rule: rule.name, key, at })
  }

  async room(): Promise<void> {}
  async kept(): Promise<void> {}
  async settled(): Promise<void> {}

  /** The stage, with the times of what it is given taken down. */
  watching(stage: Stage): Stage {
    return {
      begin: resume => stage.begin(resume),
      partitions: async change => stage.partitions?.(change),
      lines: part => {
        this.#see(part.bytes)
        return stage.lines(part)
      },
      mark: mark => stage.mark(mark),
      end: reason => stage.end(reason)
    }
  }

  /** The ends of a block tell its time well enough for a timeline; to parse every line would cost more than the rules. */
  #see(block: Buffer): void {
    let last = 0
    let end = 0
    eachLine(block, (from, to, index) => {
      if (index === 0) this.#note(block.toString('utf8', from, to))
      last = from
      end = to
    })
    this.#note(block.toString('utf8', last, end))
  }

  #note(line: string): void {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      // the evaluation names it
      return
    }
    const event = eventOf(value)
    if (event === undefined) return
    for (const { timestamp } of this.#rules) {
      const micros = timeOf(event, timestamp)
      if (micros === undefined) continue
      this.#first = Math.min(this.#first, micros)
      this.#last = Math.max(this.#last, micros)
      return
    }
  }

  report(): BacktestReport {
    const names = this.#rules.map(rule => rule.name)
    const span = this.#first > this.#last ? undefined : { first: this.#first, last: this.#last }
    return reportOf(names, this.#raised, this.#labels, span)
  }
}
