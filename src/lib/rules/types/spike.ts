import { type Fields, lookup } from '../fields.ts'
import type { KindOf } from '../rule.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Key, Report, RuleType } from './rule-type.ts'
import { type Comparison, SpikeWindows } from './spike-windows.ts'

const COUNTS: Comparison = {
  figure: window => window.sum,
  matches: () => true,
  thresholds: true,
  counts: false,
  keepsEvents: true
}

const MEANS: Comparison = {
  figure: window => window.mean(),
  matches: () => true,
  thresholds: false,
  counts: true,
  keepsEvents: true
}

const WHOLE = /^\s*[+-]?\d+\s*$/

/** As Python's int: numbers lose their fraction, texts must be whole numbers. Undefined when there is none. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return WHOLE.test(value) ? Number(value) : undefined
  return typeof value === 'number' ? Math.trunc(value) : undefined
}

/** More or fewer events, or a higher or lower field_value, than in the timeframe before. */
export class SpikeRule implements RuleType {
  readonly #fieldValue: string | undefined
  readonly #windows: SpikeWindows
  /** The key of events without the query_key, by ElastAlert's name for them. */
  readonly #keyless: Key

  constructor(kind: KindOf<'spike'>, hasKeys: boolean) {
    this.#fieldValue = kind.fieldValue
    this.#keyless = hasKeys ? 'other' : null
    this.#windows = new SpikeWindows(kind, kind.fieldValue === undefined ? COUNTS : MEANS, hasKeys)
  }

  get size(): number {
    return this.#windows.size
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const count = this.#fieldValue === undefined ? 1 : wholeNumber(lookup(event, this.#fieldValue))
    if (count !== undefined) this.#windows.add(key ?? this.#keyless, micros, count, event, report)
  }

  evaluate(micros: number, report: Report): void {
    this.#windows.pass(micros, report)
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    this.#windows.explain(tell)
  }

  forget(before: number): void {
    this.#windows.forget(before)
  }

  save(out: SnapshotWriter): void {
    this.#windows.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#windows.restore(saved)
  }
}
