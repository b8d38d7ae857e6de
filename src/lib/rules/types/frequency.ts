import { EventWindow, type WindowSnapshot } from '../event-window.ts'
import type { Fields } from '../fields.ts'
import type { KindOf } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

/** The event that is the num_events-th of its key within the timeframe is a match, and the key begins anew. */
export class Frequency implements RuleType {
  #windows = new Map<Key, EventWindow>()
  readonly #kind: KindOf<'frequency'>

  constructor(kind: KindOf<'frequency'>) {
    this.#kind = kind
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const { numEvents, timeframe, attachRelated } = this.#kind
    let window = this.#windows.get(key)
    if (window === undefined) {
      window = new EventWindow()
      this.#windows.set(key, window)
    }
    if (window.newest - micros >= timeframe) report.late()
    const kept = attachRelated ? report.document(event, micros) : undefined
    window.add(micros, timeframe, kept)
    if (window.size < numEvents) return
    this.#windows.delete(key)
    const related = attachRelated ? { related_events: window.documents.filter(d => d !== kept) } : undefined
    eventMatch(key, micros, event, report, related, window.size)
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    const { numEvents, timeframe } = this.#kind
    for (const [key, window] of this.#windows)
      tell(key, `${window.size} of ${numEvents} events within ${pythonTimedelta(timeframe)}`)
  }

  forget(before: number): void {
    for (const [key, window] of this.#windows) {
      if (window.newest + this.#kind.timeframe < before) this.#windows.delete(key)
    }
  }

  snapshot(): unknown {
    return Array.from(this.#windows, ([key, window]) => [key, window.snapshot()])
  }

  restore(snapshot: unknown): void {
    const windows = snapshot as [Key, WindowSnapshot][]
    this.#windows = new Map(windows.map(([key, window]) => [key, EventWindow.restore(window)]))
  }
}
