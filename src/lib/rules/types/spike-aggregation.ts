import { FieldFinder } from '../field-finder.ts'
import type { Fields } from '../fields.ts'
import { valuesOf } from '../fields.ts'
import type { KindOf, Metric, Rule } from '../rule.ts'
import { KEY_WORDS, KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Timing } from '../timing.ts'
import { Aggregation } from './aggregation.ts'
import { tallyOf } from './metric.ts'
import type { Key, Report, RuleType } from './rule-type.ts'
import { SLOTS_WORDS } from './slots.ts'
import { type Comparison, SpikeWindows, spikeWords } from './spike-windows.ts'
import { RUNS_WORDS, ValueRuns } from './value-runs.ts'
import type { Window } from './window.ts'

function comparison({ type }: Metric): Comparison {
  const over =
    (figure: (window: Window) => number): Comparison['figure'] =>
    window =>
      window.size === 0 ? undefined : figure(window)
  const figures: Partial<Record<Metric['type'], Comparison['figure']>> = {
    avg: window => window.mean(),
    min: over(window => window.fold(Number.POSITIVE_INFINITY, Math.min)),
    max: over(window => window.fold(Number.NEGATIVE_INFINITY, Math.max))
  }
  return {
    figure: figures[type] ?? (window => window.sum),
    matches: value => value !== 0 && !Number.isNaN(value),
    thresholds: true,
    byEvents: false
  }
}

/** A spike in the values that a metric has at each evaluation. */
export class SpikeAggregation implements RuleType {
  readonly #field: FieldFinder
  /** What both know of a key lies in one record. */
  readonly #keys: KeyTable
  readonly #aggregation: Aggregation
  readonly #windows: SpikeWindows
  /** What a snapshot has to agree in to be taken up. */
  readonly #layout: string

  constructor(rule: Rule, kind: KindOf<'spike_aggregation'>, timing: Timing) {
    this.#field = new FieldFinder(kind.metric.field)
    const word = KEY_WORDS + SLOTS_WORDS + RUNS_WORDS
    const keys = new KeyTable(SLOTS_WORDS + RUNS_WORDS + spikeWords(kind))
    const pairs = new ValueRuns(keys.records, KEY_WORDS + SLOTS_WORDS, kind.timeframe, timing.runEvery)
    const aggregation = new Aggregation(rule, kind.window, timing, tallyOf(kind.metric), {
      groups: keys,
      isUsed: at => pairs.isAlive(at)
    })
    this.#keys = keys
    this.#aggregation = aggregation
    this.#windows = new SpikeWindows(kind, comparison(kind.metric), rule.queryKey !== undefined, {
      keys,
      word,
      pairs,
      isUsed: at => !aggregation.isEmpty(at)
    })
    this.#layout = `${aggregation.layout}, every ${timing.runEvery} µs, ${spikeWords(kind)} times`
  }

  get size(): number {
    return this.#keys.size
  }

  add(_: Key, micros: number, event: Fields, report: Report): void {
    if (!this.#aggregation.add(micros, event, valuesOf(event, this.#field.name, this.#field.of(event))))
      report.late()
  }

  evaluate(now: number, report: Report): void {
    this.#aggregation.evaluate(now, ({ at, micros, value }) => {
      if (value !== undefined) this.#windows.add(at, micros, value, undefined, report)
    })
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    this.#windows.explain(tell)
  }

  forget(before: number): void {
    this.#windows.forget(before)
  }

  save(out: SnapshotWriter): void {
    out.json(this.#layout)
    this.#keys.save(out)
    this.#aggregation.saveSlots(out)
    this.#windows.save(out)
  }

  restore(saved: SnapshotReader): void {
    if (saved.json<string>() !== this.#layout) return
    this.#keys.restore(saved)
    this.#aggregation.restoreSlots(saved)
    this.#windows.restore(saved)
  }
}
