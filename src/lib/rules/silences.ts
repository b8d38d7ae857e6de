/**
 * Which keys have alerted and are silent for a while: ElastAlert's `realert` and `exponential_realert`, on the events' time.
 */

const SECOND = 1e6

interface Silence {
  until: number
  exponent: number
}

export type SilenceSnapshot = [key: string, until: number, exponent: number][]

export class Silences {
  readonly #byKey = new Map<string, Silence>()
  readonly #realert: number
  readonly #longest: number | undefined

  /** Microseconds. `longest`: the realert doubles up to it while alerts keep coming. */
  constructor(realert: number, longest: number | undefined) {
    this.#realert = realert
    this.#longest = longest
  }

  /** Time until which alerts of a key do not go out; undefined when none did. */
  until(key: string): number | undefined {
    return this.#byKey.get(key)?.until
  }

  /** True when an alert at this time does not go out. */
  isSilent(key: string, micros: number): boolean {
    const last = this.#byKey.get(key)
    return last !== undefined && micros < last.until
  }

  /** True when an alert at this time goes out; it then silences its key. */
  take(key: string, micros: number): boolean {
    if (this.#realert === 0) return true
    const last = this.#byKey.get(key)
    if (last !== undefined && micros < last.until) return false
    this.#byKey.set(key, this.#next(last, micros))
    return true
  }

  #next(last: Silence | undefined, micros: number): Silence {
    if (last === undefined || this.#longest === undefined)
      return { until: micros + this.#realert, exponent: 0 }
    // ElastAlert reckons here in whole seconds
    const realert = Math.floor(this.#realert / SECOND)
    let gap = Math.floor((micros - last.until) / SECOND)
    let { exponent } = last
    if (gap < realert * 2 ** exponent) exponent++
    else {
      while (exponent > 0 && gap > realert * 2 ** exponent) {
        gap -= realert * 2 ** exponent
        exponent--
      }
    }
    const wait = realert * 2 ** exponent * SECOND
    if (wait >= this.#longest) return { until: micros + this.#longest, exponent: exponent - 1 }
    return { until: micros + wait, exponent }
  }

  /** Forgets silences that ended before a time; an exponent is remembered as long as it can still count. */
  forget(before: number): void {
    for (const [key, { until, exponent }] of this.#byKey) {
      const memory = this.#longest === undefined ? 0 : this.#realert * 2 ** (exponent + 1)
      if (until + memory < before) this.#byKey.delete(key)
    }
  }

  snapshot(): SilenceSnapshot {
    return Array.from(this.#byKey, ([key, { until, exponent }]) => [key, until, exponent])
  }

  restore(snapshot: SilenceSnapshot): void {
    this.#byKey.clear()
    for (const [key, until, exponent] of snapshot) this.#byKey.set(key, { until, exponent })
  }
}
