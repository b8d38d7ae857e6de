import { EventWindow, type WindowSnapshot } from './event-window.ts'
import { type Fields, type JsonObject, lookup } from './fields.ts'
import type { TopCountOptions } from './rule.ts'
import type { Key } from './types/index.ts'

type Counts = Record<string, number>

export type TopCountsSnapshot = [Key, WindowSnapshot][]

/** The values of some fields in the events of a timeframe: ElastAlert's `top_count_keys`. */
export class TopCounts {
  readonly #options: TopCountOptions
  #windows = new Map<Key, EventWindow>()

  constructor(options: TopCountOptions) {
    this.#options = options
  }

  add(key: Key, micros: number, event: Fields): void {
    const values: JsonObject = {}
    for (const field of this.#options.fields) {
      const value = lookup(event, field)
      if (value !== undefined && value !== null) values[field] = value
    }
    let window = this.#windows.get(key)
    if (window === undefined) {
      window = new EventWindow()
      this.#windows.set(key, window)
    }
    window.add(micros, this.#options.window, values)
  }

  /** The most frequent values at a time, by `top_events_` and the field; those of all keys for none. */
  at(key: Key, micros: number): Record<string, Counts> {
    const { fields, number, window } = this.#options
    const windows = key === null ? [...this.#windows.values()] : [this.#windows.get(key)]
    const events = windows.flatMap(w => w?.since(micros - window) ?? [])
    return Object.fromEntries(fields.map(field => [`top_events_${field}`, top(events, field, number)]))
  }

  forget(before: number): void {
    for (const [key, window] of this.#windows) {
      if (window.newest + this.#options.window < before) this.#windows.delete(key)
    }
  }

  snapshot(): TopCountsSnapshot {
    return Array.from(this.#windows, ([key, window]) => [key, window.snapshot()])
  }

  restore(snapshot: TopCountsSnapshot): void {
    this.#windows = new Map(snapshot.map(([key, window]) => [key, EventWindow.restore(window)]))
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
