import { pythonStr } from '../python-format.ts'
import type { Metric } from '../rule.ts'
import { MemberSets } from '../state/members.ts'
import { Records } from '../state/records.ts'
import { Terms } from '../state/terms.ts'
import type { Tally, TallyType } from './slots.ts'

/** How a metric is added up. */
export function tallyOf(metric: Metric): TallyType {
  const { type } = metric
  switch (type) {
    case 'cardinality':
      return { name: type, words: 1, open: (sums, _, word) => distinctValues(sums, word) }
    case 'percentiles':
      return { name: type, words: 1, open: (sums, _, word) => allNumbers(sums, word, metric.percentile) }
    case 'min':
    case 'max':
      return { name: type, words: 1, open: (sums, count, word) => extreme(sums, count, word, Math[type]) }
    default:
      return { name: type, words: 1, open: (sums, count, word) => sumAndCount(sums, count, word, type) }
  }
}

/** The numbers among values: texts count where they spell one, since DECIMAL columns are texts. */
function numbersOf(values: readonly unknown[]): readonly number[] {
  // what most events have
  if (values.length === 1 && typeof values[0] === 'number') return values as readonly number[]
  const numbers: number[] = []
  for (const value of values) {
    const n = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
    if (typeof value !== 'object' && !Number.isNaN(n)) numbers.push(n)
  }
  return numbers
}

/** A sum has the numbers' sum and how many they are; for value_count how many values. */
function sumAndCount(sums: Records, place: number, word: number, type: 'sum' | 'avg' | 'value_count'): Tally {
  let total = 0
  let count = 0
  return {
    add(at, values) {
      const numbers = numbersOf(values)
      let sum = 0
      for (let i = 0; i < numbers.length; i++) sum += numbers[i]!
      sums.setDouble(at, word, sums.double(at, word) + sum)
      const more = type === 'value_count' ? values.length : numbers.length
      sums.setInt(at, place, sums.int(at, place) + more)
    },
    begin() {
      total = count = 0
    },
    join(at) {
      total += sums.double(at, word)
      count += sums.int(at, place)
    },
    value() {
      if (type === 'sum') return total
      if (type === 'value_count') return count
      return count === 0 ? undefined : total / count
    }
  }
}

/** A sum has the least or greatest number, and how many there were. */
function extreme(
  sums: Records,
  place: number,
  word: number,
  choose: (a: number, b: number) => number
): Tally {
  let value: number | undefined
  return {
    add(at, values) {
      for (const n of numbersOf(values)) {
        const count = sums.int(at, place)
        sums.setDouble(at, word, count === 0 ? n : choose(sums.double(at, word), n))
        sums.setInt(at, place, count + 1)
      }
    },
    begin() {
      value = undefined
    },
    join(at) {
      if (sums.int(at, place) === 0) return
      const own = sums.double(at, word)
      value = value === undefined ? own : choose(value, own)
    },
    value: () => value
  }
}

const NUMBER = 0
const REST = 2

/** A sum has the first of its numbers, which have each the next one. */
function allNumbers(sums: Records, word: number, percent: number): Tally {
  const kept = new Records(2)
  let numbers: number[] = []
  return {
    add(at, values) {
      for (const n of numbersOf(values)) {
        const one = kept.take()
        kept.setDouble(one, NUMBER, n)
        kept.setInt(one, REST, sums.int(at, word * 2))
        sums.setInt(at, word * 2, one)
      }
    },
    begin() {
      numbers = []
    },
    join(at) {
      for (let one = sums.int(at, word * 2); one !== 0; one = kept.int(one, REST))
        numbers.push(kept.double(one, NUMBER))
    },
    value: () => percentile(numbers, percent),
    drop(at) {
      for (let one = sums.int(at, word * 2); one !== 0; ) {
        const rest = kept.int(one, REST)
        kept.drop(one)
        one = rest
      }
    },
    save: out => kept.save(out),
    restore: saved => kept.restore(saved)
  }
}

/** Percentile by linear interpolation between the two nearest ranks. */
function percentile(values: number[], p: number): number | undefined {
  if (values.length === 0) return undefined
  const sorted = Float64Array.from(values).sort()
  const at = (p / 100) * (sorted.length - 1)
  const low = sorted[Math.floor(at)]!
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at))
}

/** A sum has its distinct values, as ElastAlert writes them, in a set. */
function distinctValues(sums: Records, word: number): Tally {
  const terms = new Terms()
  const sets = new MemberSets(sums, word * 2, false)
  let count = 0
  return {
    add(at, values) {
      for (const value of values) {
        const term = terms.hold(pythonStr(value))
        if (!sets.set(at, term)) terms.release(term)
      }
    },
    begin() {
      count = 0
      terms.beginCount()
    },
    join(at) {
      sets.each(at, term => {
        if (terms.count(term)) count++
        return false
      })
    },
    value: () => count,
    drop(at) {
      sets.each(at, term => {
        terms.release(term)
        return true
      })
    },
    save(out) {
      terms.save(out)
      sets.save(out)
    },
    restore(saved) {
      terms.restore(saved)
      sets.restore(saved)
    }
  }
}
