import type { Fields, JsonObject } from '../fields.ts'
import type { KindOf } from '../rule.ts'
import { pythonTimedelta } from '../rule-text.ts'
import type { Key, Report, RuleType } from './rule-type.ts'

interface Line {
  /** Times of the events less than a timeframe before the newest entry, in order. */
  times: number[]
  head: number
  /** Time of the newest event or evaluation. */
  newest: number
  /** A timeframe after this there can be too few; undefined once it has matched with forget_keys. */
  since: number | undefined
}

/** The event that came last since the evaluation before; it is looked at first, as in ElastAlert. */
interface Latest {
  key: Key
  micros: number
  event: Fields
}

/** Fewer events than threshold within the timeframe: a match at every evaluation until there are enough again. */
export class Flatline implements RuleType {
  #keys = new Map<Key, Line>()
  #latest: Latest | undefined
  readonly #kind: KindOf<'flatline'>
  readonly #hasKeys: boolean

  constructor(kind: KindOf<'flatline'>, hasKeys: boolean) {
    this.#kind = kind
    this.#hasKeys = hasKeys
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    let line = this.#keys.get(key)
    if (line === undefined) {
      line = { times: [], head: 0, newest: micros, since: undefined }
      this.#keys.set(key, line)
    }
    if (line.newest - micros >= this.#kind.timeframe) report.late()
    const { times } = line
    let at = times.length
    while (at > line.head && times[at - 1]! > micros) at--
    if (at === times.length) times.push(micros)
    else times.splice(at, 0, micros)
    this.#pass(line, micros)
    this.#latest = { key, micros, event }
  }

  evaluate(micros: number, report: Report): void {
    const latest = this.#latest
    this.#latest = undefined
    const last = latest && this.#keys.get(latest.key)
    if (latest !== undefined && last !== undefined) {
      last.since ??= last.newest
      const document = (): JsonObject => report.document(latest.event, latest.micros)
      this.#check(latest.key, last, document, report, latest.event.envelope)
    }
    // without a query_key it is the rule itself that is silent, even before its first event
    if (!this.#hasKeys && this.#keys.size === 0)
      this.#keys.set(null, { times: [], head: 0, newest: micros, since: undefined })
    for (const [key, line] of this.#keys) {
      this.#pass(line, micros)
      line.since ??= micros
      this.#check(key, line, () => report.evaluation(undefined, micros), report, undefined)
    }
  }

  #pass(line: Line, micros: number): void {
    if (micros > line.newest) line.newest = micros
    const { times } = line
    while (line.head < times.length && line.newest - times[line.head]! >= this.#kind.timeframe) line.head++
    if (line.head > 32 && line.head * 2 > times.length) {
      line.times = times.slice(line.head)
      line.head = 0
    }
  }

  #check(
    key: Key,
    line: Line,
    document: () => JsonObject,
    report: Report,
    envelope: JsonObject | undefined
  ): void {
    const { timeframe, threshold, forgetKeys } = this.#kind
    const count = line.times.length - line.head
    if (line.newest - line.since! < timeframe || count >= threshold) return
    const row = document()
    Object.assign(row, { key: key ?? (this.#hasKeys ? null : 'all'), count, threshold })
    if (forgetKeys) this.#keys.delete(key)
    else line.since = line.newest - timeframe
    report.match({ key, micros: line.newest, numHits: count, row, envelope })
  }

  /** A key that was forgotten is silent until it is seen again. */
  holds(key: Key): boolean {
    const line = this.#keys.get(key)
    return line === undefined || line.times.length - line.head < this.#kind.threshold
  }

  explain(_: number, tell: (key: Key, text: string) => void): void {
    const { threshold, timeframe } = this.#kind
    for (const [key, { times, head }] of this.#keys)
      tell(key, `${times.length - head} events within ${pythonTimedelta(timeframe)} (threshold ${threshold})`)
  }

  /** A key that has gone silent is what the rule is about. */
  forget(): void {}

  snapshot(): unknown {
    const keys = Array.from(this.#keys, ([key, { times, head, newest, since }]) => [
      key,
      newest,
      since ?? null,
      times.slice(head)
    ])
    return { keys, latest: this.#latest ?? null }
  }

  restore(snapshot: unknown): void {
    const { keys, latest } = snapshot as {
      keys: [Key, number, number | null, number[]][]
      latest: Latest | null
    }
    this.#keys = new Map(
      keys.map(([key, newest, since, times]) => [key, { times, head: 0, newest, since: since ?? undefined }])
    )
    this.#latest = latest ?? undefined
  }
}
