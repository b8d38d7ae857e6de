import { EventWindows, WINDOW_WORDS } from './event-windows.ts'
import { type Fields, type JsonObject, lookup } from './fields.ts'
import type { TopCountOptions } from './rule.ts'
import { KEY_WORDS, KeyTable } from './state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from './state/snapshot.ts'
import type { Key } from './types/index.ts'

type Counts = Record<string, number>

/** The values of some fields in the events of a timeframe: ElastAlert's `top_count_keys`. */
export class TopCounts {
  readonly #options: TopCountOptions
  readonly #keys = new KeyTable(WINDOW_WORDS)
  readonly #windows = new EventWindows(this.#keys.records, KEY_WORDS, true)

  constructor(options: TopCountOptions) {
    this.#options = options
  }

  add(key: Key, micros: number, event: Fields): void {
    const values: JsonObject = {}
    for (const field of this.#options.fields) {
      const value = lookup(event, field)
      if (value !== undefined && value !== null) values[field] = value
    }
    this.#windows.add(this.#keys.add(key), micros, this.#options.window, values)
  }

  /** The most frequent values at a time, by `top_events_` and the field; those of all keys for none. */
  at(key: Key, micros: number): Record<string, Counts> {
    const { fields, number, window } = this.#options
    const events: JsonObject[] = []
    const count = (at: number): void => {
      for (const event of this.#windows.since(at, micros - window)) events.push(event)
    }
    const at = key === null ? 0 : this.#keys.find(key)
    if (key === null) this.#keys.each(count)
    else if (at !== 0) count(at)
    return Object.fromEntries(fields.map(field => [`top_events_${field}`, top(events, field, number)]))
  }

  forget(before: number): void {
    this.#keys.each(at => {
      if (this.#windows.newest(at) + this.#options.window >= before) return
      this.#windows.clear(at)
      this.#keys.drop(at)
    })
  }

  save(out: SnapshotWriter): void {
    this.#keys.save(out)
    this.#windows.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#keys.restore(saved)
    this.#windows.restore(saved)
  }
}

function top(events: JsonObject[], field: string, most: number): Counts {
  const counts = new Map<string, number>()
  for (const event of events) {
    const value = event[field]
    const terms = Array.isArray(value) ? new Set(value.map(termOf)) : [termOf(value)]
    for (const term of terms) if (term !== undefined) counts.set(term, (counts.get(term) ?? 0) + 1)
  }
  return Object.fromEntries(byCount([...counts]).slice(0, most))
}

/** A value as a term of an index; undefined for one that is none. */
function termOf(value: unknown): string | undefined {
  return value === undefined || value === null || typeof value === 'object' ? undefined : String(value)
}

/** Most frequent first; as many of each in the order of their terms, numbers as numbers. */
export function byCount(counts: [term: string, count: number][]): [string, number][] {
  return counts.sort(([a, n], [b, m]) => {
    if (n !== m) return m - n
    const difference = Number(a) - Number(b)
    return Number.isNaN(difference) || difference === 0 ? (a < b ? -1 : 1) : difference
  })
}
