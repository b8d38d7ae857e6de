import { EventWindows, WINDOW_WORDS } from '../event-windows.ts'
import type { Fields } from '../fields.ts'
import type { KindOf } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import { KEY_WORDS, KeyTable } from '../state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

/** The event that is the num_events-th of its key within the timeframe is a match, and the key begins anew. */
export class Frequency implements RuleType {
  readonly #keys = new KeyTable(WINDOW_WORDS)
  readonly #windows: EventWindows
  readonly #kind: KindOf<'frequency'>

  constructor(kind: KindOf<'frequency'>) {
    this.#kind = kind
    this.#windows = new EventWindows(this.#keys.records, KEY_WORDS, kind.attachRelated)
  }

  get size(): number {
    return this.#keys.size
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const { numEvents, timeframe, attachRelated } = this.#kind
    const windows = this.#windows
    const at = this.#keys.add(key)
    if (windows.newest(at) - micros >= timeframe) report.late()
    const own = windows.add(at, micros, timeframe, attachRelated ? report.document(event, micros) : undefined)
    const count = windows.size(at)
    if (count < numEvents) return
    const related = attachRelated
      ? { related_events: windows.since(at, Number.NEGATIVE_INFINITY, own) }
      : undefined
    this.#drop(at)
    eventMatch(key, micros, event, report, related, count)
  }

  #drop(at: number): void {
    this.#windows.clear(at)
    this.#keys.drop(at)
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    const { numEvents, timeframe } = this.#kind
    const frame = pythonTimedelta(timeframe)
    this.#keys.each(at =>
      tell(this.#keys.keyOf(at), `${this.#windows.size(at)} of ${numEvents} events within ${frame}`)
    )
  }

  forget(before: number): void {
    this.#keys.each(at => {
      if (this.#windows.newest(at) + this.#kind.timeframe < before) this.#drop(at)
    })
  }

  save(out: SnapshotWriter): void {
    out.json(this.#kind.attachRelated)
    this.#keys.save(out)
    this.#windows.save(out)
  }

  restore(saved: SnapshotReader): void {
    // a rule that attaches related events now, and has none of them, begins anew
    if (saved.json<boolean>() !== this.#kind.attachRelated) return
    this.#keys.restore(saved)
    this.#windows.restore(saved)
  }
}
