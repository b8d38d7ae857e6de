import { EventWindow, type WindowSnapshot } from './event-window.ts'
import type { JsonObject } from './fields.ts'
import type { Rule, RuleKind } from './rule.ts'

/** The value of a rule's query_key; null where the event or the rule has none. */
export type Key = string | number | boolean | null

/** What a rule's type makes of the event that completed a match. */
export interface Hit {
  /** How many events made the match. */
  numHits: number
  /** The earlier ones, with attach_related. */
  related: JsonObject[] | undefined
}

/** The memory of one rule: it is shown every event that passes the filter. */
export interface RuleType {
  /** `document` gives the event as it would be reported; it is only made where it is needed. */
  add(key: Key, micros: number, document: () => JsonObject): Hit | undefined
  /** Frees what can no longer take part in a match when all events are later than this. */
  forget(before: number): void
  snapshot(): unknown
  restore(snapshot: unknown): void
}

/** Every event is a match. */
class Any implements RuleType {
  add(): Hit {
    return { numHits: 1, related: undefined }
  }
  forget(): void {}
  snapshot(): unknown {
    return null
  }
  restore(): void {}
}

/** The event that is the num_events-th of its key within the timeframe is a match, and the key begins anew. */
class Frequency implements RuleType {
  #windows = new Map<Key, EventWindow>()
  readonly #kind: Extract<RuleKind, { type: 'frequency' }>

  constructor(kind: Extract<RuleKind, { type: 'frequency' }>) {
    this.#kind = kind
  }

  add(key: Key, micros: number, document: () => JsonObject): Hit | undefined {
    const { numEvents, timeframe, attachRelated } = this.#kind
    let window = this.#windows.get(key)
    if (window === undefined) {
      window = new EventWindow()
      this.#windows.set(key, window)
    }
    const kept = attachRelated ? document() : undefined
    window.add(micros, timeframe, kept)
    if (window.size < numEvents) return undefined
    this.#windows.delete(key)
    const related = attachRelated ? window.documents.filter(d => d !== kept) : undefined
    return { numHits: window.size, related }
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

export function createRuleType(rule: Rule): RuleType {
  return rule.kind.type === 'any' ? new Any() : new Frequency(rule.kind)
}
