import { pythonStr } from '../python-format.ts'
import type { Metric } from '../rule.ts'
import { MemberSets, SET_INTS } from '../state/members.ts'
import { Records } from '../state/records.ts'
import { Terms } from '../state/terms.ts'
import { Numbers } from './numbers.ts'
import type { Tally, TallyType } from './slots.ts'

/** Of a sum that is a number: the number, a double, and how many have been added up. */
const COUNT = 2
const NUMBER_INTS = 3

/** How a metric is added up. */
export function tallyOf(metric: Metric): TallyType {
  const { type } = metric
  switch (type) {
    case 'cardinality':
      return { name: type, ints: SET_INTS, open: distinctValues }
    case 'percentiles':
      return { name: type, ints: 1, open: (sums, place) => allNumbers(sums, place, metric.percentile) }
    case 'min':
    case 'max':
      return { name: type, ints: NUMBER_INTS, open: (sums, place) => extreme(sums, place, Math[type]) }
    default:
      return { name: type, ints: NUMBER_INTS, open: (sums, place) => sumAndCount(sums, place, type) }
  }
}

/** NaN where a value is no number: texts count where they spell one, since DECIMAL columns are texts. */
function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'object' || (typeof value === 'string' && value.trim() === '')) return Number.NaN
  return Number(value)
}

/** A sum has the numbers' sum and how many they are; for value_count how many values. */
function sumAndCount(sums: Records, place: number, type: 'sum' | 'avg' | 'value_count'): Tally {
  const [word, counted] = [place / 2, place + COUNT]
  let total = 0
  let count = 0
  return {
    add(at, values) {
      let sum = 0
      let numbers = 0
      for (const value of values) {
        const n = numberOf(value)
        if (Number.isNaN(n)) continue
        sum += n
        numbers++
      }
      sums.setDouble(at, word, sums.double(at, word) + sum)
      const more = type === 'value_count' ? values.length : numbers
      sums.setInt(at, counted, sums.int(at, counted) + more)
    },
    begin() {
      total = count = 0
    },
    join(at) {
      total += sums.double(at, word)
      count += sums.int(at, counted)
    },
    value() {
      if (type === 'sum') return total
      if (type === 'value_count') return count
      return count === 0 ? undefined : total / count
    }
  }
}

/** A sum has the least or greatest number, and how many there were. */
function extreme(sums: Records, place: number, choose: (a: number, b: number) => number): Tally {
  const [word, counted] = [place / 2, place + COUNT]
  let value: number | undefined
  return {
    add(at, values) {
      for (const value of values) {
        const n = numberOf(value)
        if (Number.isNaN(n)) continue
        const count = sums.int(at, counted)
        sums.setDouble(at, word, count === 0 ? n : choose(sums.double(at, word), n))
        sums.setInt(at, counted, count + 1)
      }
    },
    begin() {
      value = undefined
    },
    join(at) {
      if (sums.int(at, counted) === 0) return
      const own = sums.double(at, word)
      value = value === undefined ? own : choose(value, own)
    },
    value: () => value
  }
}

const NUMBER = 0
const REST = 2

/** A sum has the first of its numbers, which have each the next one. */
function allNumbers(sums: Records, place: number, percent: number): Tally {
  const kept = new Records(2)
  const total = new Numbers()
  return {
    add(at, values) {
      for (const value of values) {
        const n = numberOf(value)
        if (Number.isNaN(n)) continue
        const one = kept.take()
        kept.setDouble(one, NUMBER, n)
        kept.setInt(one, REST, sums.int(at, place))
        sums.setInt(at, place, one)
      }
    },
    begin() {
      total.clear()
    },
    join(at) {
      for (let one = sums.int(at, place); one !== 0; one = kept.int(one, REST))
        total.add(kept.double(one, NUMBER))
    },
    value: () => total.percentile(percent),
    drop(at) {
      for (let one = sums.int(at, place); one !== 0; ) {
        const rest = kept.int(one, REST)
        kept.drop(one)
        one = rest
      }
    },
    save: out => kept.save(out),
    restore: saved => kept.restore(saved)
  }
}

/** A sum has its distinct values, as ElastAlert writes them, in a set. */
function distinctValues(sums: Records, place: number): Tally {
  const terms = new Terms()
  const sets = new MemberSets(sums, place, false)
  let count = 0
  // made once: all keys are looked at in an evaluation
  const countOne = (term: number): boolean => {
    if (terms.count(term)) count++
    return false
  }
  const release = (term: number): boolean => {
    terms.release(term)
    return true
  }
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
      sets.each(at, countOne)
    },
    value: () => count,
    drop(at) {
      sets.each(at, release)
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
