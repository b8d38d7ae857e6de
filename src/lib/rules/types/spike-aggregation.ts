import type { Fields } from '../fields.ts'
import type { KindOf, Metric, Rule } from '../rule.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Timing } from '../timing.ts'
import { Aggregation } from './aggregation.ts'
import { tallyOf } from './metric.ts'
import { valuesOf } from './metric-aggregation.ts'
import type { Key, Report, RuleType } from './rule-type.ts'
import { type Comparison, SpikeWindows } from './spike-windows.ts'

function comparison({ type }: Metric): Comparison {
  const over =
    (figure: (values: number[]) => number): Comparison['figure'] =>
    window => {
      const values = window.values()
      return values.length === 0 ? undefined : figure(values)
    }
  // added up anew each time: what has come and gone must leave no rest
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0)
  const figures: Partial<Record<Metric['type'], Comparison['figure']>> = {
    avg: over(values => sum(values) / values.length),
    min: over(values => values.reduce((a, b) => Math.min(a, b))),
    max: over(values => values.reduce((a, b) => Math.max(a, b)))
  }
  return {
    figure: figures[type] ?? (window => sum(window.values())),
    matches: value => value !== 0 && !Number.isNaN(value),
    thresholds: true,
    counts: true,
    keepsEvents: false
  }
}

/** A spike in the values that a metric has at each evaluation. */
export class SpikeAggregation implements RuleType {
  readonly #field: string
  readonly #aggregation: Aggregation
  readonly #windows: SpikeWindows

  constructor(rule: Rule, kind: KindOf<'spike_aggregation'>, timing: Timing) {
    this.#field = kind.metric.field
    this.#aggregation = new Aggregation(rule, kind.window, timing, tallyOf(kind.metric))
    this.#windows = new SpikeWindows(kind, comparison(kind.metric), rule.queryKey !== undefined)
  }

  get size(): number {
    return this.#windows.size + this.#aggregation.size
  }

  add(_: Key, micros: number, event: Fields, report: Report): void {
    if (!this.#aggregation.add(micros, event, valuesOf(event, this.#field))) report.late()
  }

  evaluate(now: number, report: Report): void {
    this.#aggregation.evaluate(now, ({ key, micros, value }) => {
      if (value !== undefined) this.#windows.add(key, micros, value, undefined, report)
    })
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    this.#windows.explain(tell)
  }

  forget(before: number): void {
    this.#windows.forget(before)
  }

  save(out: SnapshotWriter): void {
    // only together: windows without their sums would see a fall
    out.block(inner => this.#aggregation.save(inner))
    this.#windows.save(out)
  }

  restore(saved: SnapshotReader): void {
    if (this.#aggregation.restore(saved.block())) this.#windows.restore(saved)
  }
}
