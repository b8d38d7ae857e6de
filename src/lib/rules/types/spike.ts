import { FieldFinder } from '../field-finder.ts'
import type { Fields } from '../fields.ts'
import type { KindOf } from '../rule.ts'
import { KEY_WORDS, KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import type { Key, Report, RuleType } from './rule-type.ts'
import { type Comparison, SpikeWindows, spikeWords } from './spike-windows.ts'
import { pairWords, WindowPairs } from './window-pairs.ts'

const COUNTS: Comparison = {
  figure: window => window.sum,
  matches: () => true,
  thresholds: true,
  byEvents: true
}

const MEANS: Comparison = {
  figure: window => window.mean(),
  matches: () => true,
  thresholds: false,
  byEvents: true
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
  readonly #fieldValue: FieldFinder | undefined
  readonly #keys: KeyTable
  readonly #windows: SpikeWindows
  /** What a snapshot has to agree in to be taken up. */
  readonly #layout: string
  /** The key of events without the query_key, by ElastAlert's name for them. */
  readonly #keyless: Key

  constructor(kind: KindOf<'spike'>, hasKeys: boolean) {
    if (kind.fieldValue !== undefined) this.#fieldValue = new FieldFinder(kind.fieldValue)
    this.#keyless = hasKeys ? 'other' : null
    const hasField = kind.fieldValue !== undefined
    const options = { counts: hasField, keepsEvents: true }
    const word = KEY_WORDS + pairWords(options)
    const keys = new KeyTable(pairWords(options) + spikeWords(kind))
    const pairs = new WindowPairs(keys.records, KEY_WORDS, kind.timeframe, options)
    this.#keys = keys
    this.#windows = new SpikeWindows(kind, hasField ? MEANS : COUNTS, hasKeys, { keys, word, pairs })
    this.#layout = `counts ${hasField}, ${spikeWords(kind)} times`
  }

  get size(): number {
    return this.#keys.size
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const count = this.#fieldValue === undefined ? 1 : wholeNumber(this.#fieldValue.of(event))
    if (count === undefined) return
    this.#windows.add(this.#keys.add(key ?? this.#keyless), micros, count, event, report)
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
    out.json(this.#layout)
    this.#keys.save(out)
    this.#windows.save(out)
  }

  restore(saved: SnapshotReader): void {
    // a rule that keeps other things by now begins anew
    if (saved.json<string>() !== this.#layout) return
    this.#keys.restore(saved)
    this.#windows.restore(saved)
  }
}
