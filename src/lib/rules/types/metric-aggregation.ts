import { FieldFinder } from '../field-finder.ts'
import { type Fields, valuesOf } from '../fields.ts'
import type { KindOf, Rule } from '../rule.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Timing } from '../timing.ts'
import { Aggregation } from './aggregation.ts'
import { addKey, boundsText, crosses, formatNumber, reportEvaluation } from './bounds.ts'
import { tallyOf } from './metric.ts'
import type { Key, Report, RuleType } from './rule-type.ts'

/** A metric of a field over buffer_time beyond one of its thresholds. */
export class MetricAggregation implements RuleType {
  readonly #rule: Rule
  readonly #kind: KindOf<'metric_aggregation'>
  readonly #field: FieldFinder
  readonly #aggregation: Aggregation

  constructor(rule: Rule, kind: KindOf<'metric_aggregation'>, timing: Timing) {
    this.#rule = rule
    this.#kind = kind
    this.#field = new FieldFinder(kind.metric.field)
    this.#aggregation = new Aggregation(rule, kind.window, timing, tallyOf(kind.metric))
  }

  get size(): number {
    return this.#aggregation.size
  }

  add(_: Key, micros: number, event: Fields, report: Report): void {
    if (!this.#aggregation.add(micros, event, valuesOf(event, this.#field.name, this.#field.of(event))))
      report.late()
  }

  evaluate(now: number, report: Report): void {
    const { metric, format } = this.#kind
    const name = `metric_${metric.field}_${metric.type}`
    this.#aggregation.evaluate(now, aggregate => {
      const { micros, count, value } = aggregate
      if (value === undefined || !crosses(value, this.#kind)) return
      const { values, key } = aggregate
      const row = report.evaluation(undefined, micros)
      row[name] = value
      // ElastAlert has it only here
      if (values.length < 2) row.metric_agg_value = value
      if (format !== undefined)
        row[`${name}_formatted`] = row.metric_agg_value_formatted = formatNumber(format, value)
      addKey(row, this.#rule, values, key)
      reportEvaluation(report, { key, micros, numHits: count, row })
    })
  }

  explain(micros: number, tell: (key: Key, text: string) => void): void {
    const { metric } = this.#kind
    this.#aggregation.evaluate(micros, ({ key, count, value }) => {
      tell(
        key,
        `${metric.type} of ${metric.field} is ${value ?? 'nothing'} over ${count} events (${boundsText(this.#kind)})`
      )
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
