import type { FieldTests } from './field-tests.ts'
import { SpanCache } from './span-cache.ts'

/** Values of a field that are known, at first and at most. */
const PLACES = 1024
const MOST_PLACES = 16_384
/** When so many values have not been known, it is looked at whether they are a part that more room would make smaller. */
const MANY_MISSES = 2048
const LARGE_PART = 1 / 16
/** Where they are so large a part, it is no use to know values. */
const TOO_LARGE_PART = 1 / 4
/** So many different answers are kept as the same objects; with more of them they are not what tells rules apart. */
const MOST_ANSWERS = 64

/** What a field's values are to the rules that ask for it: a bit for each rule, looked up by the value's bytes. */
export class KnownValues {
  readonly tests: FieldTests
  /** Most values are new ones: they are better asked about one by one. */
  areScattered = false
  /** There are many different answers. */
  areMany = false
  /** By their hash. */
  readonly #answers = new Map<number, Int32Array>()
  #known = new SpanCache<Int32Array>(PLACES)
  #places = PLACES
  #asked = 0
  #missed = 0

  constructor(tests: FieldTests) {
    this.tests = tests
  }

  /** The bits for the value that lies at `start..end`; undefined when it is not known. */
  known(view: DataView, start: number, end: number): Int32Array | undefined {
    this.#asked++
    return this.#known.get(view, start, end)
  }

  /** Makes the value known that was asked for last. */
  learn(view: DataView, value: unknown): Int32Array {
    const bits = this.#known.set(view, this.#same(this.tests.bits(value)))
    if (++this.#missed === MANY_MISSES) {
      const part = this.#missed / this.#asked
      if (part > LARGE_PART && this.#places < MOST_PLACES) {
        this.#places *= 4
        this.#known = new SpanCache(this.#places)
      } else if (part > TOO_LARGE_PART) this.areScattered = true
      this.#missed = this.#asked = 0
    }
    return bits
  }

  /** The bits for an event without the field. */
  ofNone(): Int32Array {
    return this.#same(this.tests.bits(undefined))
  }

  /** An answer is the same object each time it is given, as long as there are few. */
  #same(bits: Int32Array): Int32Array {
    let hash = 0
    for (let w = 0; w < bits.length; w++)
      hash = Math.imul(hash ^ (bits[w] as number), 0x01000193) ^ (hash >>> 15)
    const known = this.#answers.get(hash)
    if (known !== undefined && areEqual(known, bits)) return known
    if (known === undefined && this.#answers.size < MOST_ANSWERS) this.#answers.set(hash, bits)
    else this.areMany = true
    return bits
  }
}

function areEqual(bits: Int32Array, others: Int32Array): boolean {
  for (let w = 0; w < bits.length; w++) if (bits[w] !== others[w]) return false
  return true
}
