import { timeOf } from '../event.ts'
import type { Fields } from '../fields.ts'
import { compilePredicate, type Predicate } from '../predicate.ts'
import type { KindOf, Rule } from '../rule.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Timing } from '../timing.ts'
import { Aggregation } from './aggregation.ts'
import { addKey, boundsText, crosses, formatNumber, reportEvaluation } from './bounds.ts'
import type { Key, Report, RuleType } from './rule-type.ts'
import type { TallyType } from './slots.ts'

/** A sum is the number of events that pass the filter. */
const COUNT: TallyType = {
  name: 'matches',
  ints: 1,
  open(sums, count) {
    let matches = 0
    return {
      add(at, [passes]) {
        if (passes === true) sums.setInt(at, count, sums.int(at, count) + 1)
      },
      begin() {
        matches = 0
      },
      join(at) {
        matches += sums.int(at, count)
      },
      value: () => matches
    }
  }
}

/** The share of events that pass match_bucket_filter beyond one of its bounds. */
export class PercentageMatch implements RuleType {
  readonly #rule: Rule
  readonly #kind: KindOf<'percentage_match'>
  readonly #inBucket: Predicate
  readonly #aggregation: Aggregation

  constructor(rule: Rule, kind: KindOf<'percentage_match'>, timing: Timing) {
    this.#rule = rule
    this.#kind = kind
    this.#inBucket = compilePredicate(kind.bucket, fields => timeOf(fields, rule.timestamp))
    this.#aggregation = new Aggregation(rule, kind.window, timing, COUNT)
  }

  get size(): number {
    return this.#aggregation.size
  }

  add(_: Key, micros: number, event: Fields, report: Report): void {
    if (!this.#aggregation.add(micros, event, [this.#inBucket(event)])) report.late()
  }

  evaluate(now: number, report: Report): void {
    const { minDenominator, format } = this.#kind
    this.#aggregation.evaluate(now, aggregate => {
      const { micros, count, value: matches = 0 } = aggregate
      if (count === 0 || count < minDenominator) return
      const percentage = (matches / count) * 100
      if (!crosses(percentage, this.#kind)) return
      const row = report.evaluation(undefined, micros)
      row.percentage = percentage
      row.denominator = count
      if (format !== undefined) row.percentage_formatted = formatNumber(format, percentage)
      const { values, key } = aggregate
      addKey(row, this.#rule, values, key)
      reportEvaluation(report, { key, micros, numHits: count, row })
    })
  }

  explain(micros: number, tell: (key: Key, text: string) => void): void {
    const { minDenominator } = this.#kind
    this.#aggregation.evaluate(micros, ({ key, count, value: matches = 0 }) => {
      const share = count === 0 ? 'nothing' : `${((matches / count) * 100).toFixed(2)} %`
      const least = minDenominator > 0 ? `, min_denominator ${minDenominator}` : ''
      tell(key, `${share} of ${count} events (${boundsText(this.#kind)}${least})`)
    })
  }

  /** Windows let go of what is too old at each evaluation. */
  forget(): void {}

  save(out: SnapshotWriter): void {
    this.#aggregation.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#aggregation.restore(saved)
  }
}
