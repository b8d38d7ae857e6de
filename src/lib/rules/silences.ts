/**
 * Which keys have alerted and are silent for a while: ElastAlert's `realert` and `exponential_realert`, on the events' time.
 */

import { KEY_WORDS, KeyTable } from './state/keys.ts'
import type { SnapshotReader, SnapshotWriter } from './state/snapshot.ts'

const SECOND = 1e6

/** Of a key: until when it is silent, and how often that has doubled. */
const UNTIL = KEY_WORDS
const EXPONENT = KEY_WORDS + 1
const WORDS = 2

/** Silences that are looked up by the same realert_key, whichever rule they are of. */
export class SilenceTable {
  readonly keys = new KeyTable(WORDS)
  /** The longest realert, in microseconds, of the rules whose silences double. */
  doubled = 0
}

/** The silences of all rules. */
export class RealertKeys {
  #tables = new Map<string, SilenceTable>()

  of(realertKey: string): SilenceTable {
    const table = this.#tables.get(realertKey) ?? new SilenceTable()
    this.#tables.set(realertKey, table)
    return table
  }

  /** Drops what no rule asks for any more. */
  keep(realertKeys: readonly string[]): void {
    this.#tables = new Map(realertKeys.map(key => [key, this.of(key)]))
  }
}

/** A rule's way with its silences, which other rules may share. */
export class Silences {
  readonly #table: SilenceTable
  readonly #keys: KeyTable
  readonly #realert: number
  readonly #longest: number | undefined

  /** Microseconds. `longest`: the realert doubles up to it while alerts keep coming. */
  constructor(realert: number, longest: number | undefined, table = new SilenceTable()) {
    this.#table = table
    this.#keys = table.keys
    this.#realert = realert
    this.#longest = longest
    if (longest !== undefined) table.doubled = Math.max(table.doubled, realert)
  }

  get size(): number {
    return this.#keys.size
  }

  /** Time until which alerts of a key do not go out; undefined when none did. */
  until(key: string | null): number | undefined {
    const at = this.#keys.find(key)
    return at === 0 ? undefined : this.#keys.records.double(at, UNTIL)
  }

  /** True when an alert at this time does not go out. */
  isSilent(key: string | null, micros: number): boolean {
    const until = this.until(key)
    return until !== undefined && micros < until
  }

  /** True when an alert at this time goes out; it then silences its key. */
  take(key: string | null, micros: number): boolean {
    if (this.#realert === 0) return !this.isSilent(key, micros)
    const { records, size } = this.#keys
    const at = this.#keys.add(key)
    const isNew = this.#keys.size > size
    if (!isNew && micros < records.double(at, UNTIL)) return false
    const { until, exponent } =
      isNew || this.#longest === undefined
        ? { until: micros + this.#realert, exponent: 0 }
        : this.#next(records.double(at, UNTIL), records.double(at, EXPONENT), micros, this.#longest)
    records.setDouble(at, UNTIL, until)
    records.setDouble(at, EXPONENT, exponent)
    return true
  }

  #next(last: number, before: number, micros: number, longest: number): { until: number; exponent: number } {
    // ElastAlert reckons here in whole seconds
    const realert = Math.floor(this.#realert / SECOND)
    let gap = Math.floor((micros - last) / SECOND)
    let exponent = before
    if (gap < realert * 2 ** exponent) exponent++
    else {
      while (exponent > 0 && gap > realert * 2 ** exponent) {
        gap -= realert * 2 ** exponent
        exponent--
      }
    }
    const wait = realert * 2 ** exponent * SECOND
    if (wait >= longest) return { until: micros + longest, exponent: exponent - 1 }
    return { until: micros + wait, exponent }
  }

  /** Forgets silences that ended before a time; an exponent is remembered as long as it can still count. */
  forget(before: number): void {
    const { records } = this.#keys
    this.#keys.each(at => {
      const memory = this.#table.doubled * 2 ** (records.double(at, EXPONENT) + 1)
      if (records.double(at, UNTIL) + memory < before) this.#keys.drop(at)
    })
  }

  save(out: SnapshotWriter): void {
    this.#keys.save(out)
  }

  restore(saved: SnapshotReader): void {
    this.#keys.restore(saved)
  }
}
