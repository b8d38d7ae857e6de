import { type DateBound, parseDateBound } from './date-math.ts'
import { editsOf, type Fuzziness, isWithinEdits } from './edit-distance.ts'
import { anyValue, compileField, type Fields, type SomeValue } from './fields.ts'
import { compileRegexp } from './lucene-regexp.ts'
import type { BoundName, Bounds, Query, Scalar } from './query.ts'
import { parseIso } from './time.ts'
import { hasPhrase, hasSloppyPhrase, wildcardMatch, wordsOf } from './words.ts'

export type Predicate = (fields: Fields) => boolean

/** Microseconds of the event's time, for `now` in a filter; undefined when it has none. */
export type EventTime = (fields: Fields) => number | undefined

type ValueTest = (value: unknown) => boolean

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

export function isDecimal(text: string): boolean {
  return DECIMAL.test(text)
}

/** The text that was read last as a number: many bounds are asked about the same value. */
const last: { text: string; number: number | undefined } = { text: '', number: undefined }

/** The number that a value is or spells. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return undefined
  if (value !== last.text) {
    last.text = value
    last.number = isDecimal(value) ? Number(value) : undefined
  }
  return last.number
}

function equals(want: Scalar, ignoreCase: boolean): ValueTest {
  const text = String(want)
  const folded = text.toLowerCase()
  const number = typeof want === 'boolean' ? undefined : numberOf(want)
  return value => {
    if (typeof value === 'string') {
      if (value === text || (ignoreCase && value.toLowerCase() === folded)) return true
      return typeof want === 'number' && numberOf(value) === number
    }
    return typeof value === 'number' ? value === number : String(value) === text
  }
}

function wholeText(ignoreCase: boolean, test: (text: string) => boolean): ValueTest {
  return value => typeof value !== 'object' && test(ignoreCase ? String(value).toLowerCase() : String(value))
}

const HOLDS: Record<BoundName, (order: number) => boolean> = {
  gt: order => order > 0,
  gte: order => order >= 0,
  lt: order => order < 0,
  lte: order => order <= 0
}

type Compare = (value: unknown, now: number | undefined) => boolean

/** How a value stands to a bound: as numbers where both are, as times where both are, else as texts. */
function compareBound(name: BoundName, bound: string | number, zoneMinutes: number): Compare {
  const number = numberOf(bound)
  const up = name === 'gt' || name === 'lte'
  const date: DateBound | undefined =
    typeof bound === 'string' && number === undefined ? parseDateBound(bound, up, zoneMinutes) : undefined
  const needsNow = typeof bound === 'string' && bound.startsWith('now')
  const holds = HOLDS[name]
  return (value, now) => {
    if (date !== undefined) {
      if (needsNow && now === undefined) return false
      const micros =
        typeof value === 'string' ? parseIso(value) : typeof value === 'number' ? value * 1000 : undefined
      return micros !== undefined && holds(micros - date(now ?? 0))
    }
    const n = numberOf(value)
    if (number !== undefined) {
      if (n !== undefined) return holds(n - number)
      // a number against a time is milliseconds, as in Elasticsearch's default date format
      const micros = typeof value === 'string' ? parseIso(value) : undefined
      return micros !== undefined && holds(micros - number * 1000)
    }
    if (typeof value !== 'string') return false
    return holds(value < (bound as string) ? -1 : value > (bound as string) ? 1 : 0)
  }
}

function range(some: SomeValue, bounds: Bounds, zoneMinutes: number, time: EventTime): Predicate {
  const tests = Object.entries(bounds).map(([name, bound]) =>
    compareBound(name as BoundName, bound, zoneMinutes)
  )
  const [only] = tests
  const usesNow = Object.values(bounds).some(b => typeof b === 'string' && b.startsWith('now'))
  if (!usesNow && tests.length === 1 && only !== undefined) {
    const test: ValueTest = value => only(value, undefined)
    return fields => some(fields, test)
  }
  return fields => {
    const now = usesNow ? time(fields) : undefined
    return some(fields, value => tests.every(test => test(value, now)))
  }
}

function textTest(text: string, words: 'any' | 'all' | 'phrase', slop: number): ValueTest {
  const wanted = wordsOf(text)
  const same = equals(isDecimal(text) ? Number(text) : text, false)
  return value => {
    if (value === text || same(value)) return true
    if (typeof value !== 'string' || wanted.length === 0) return false
    const found = wordsOf(value)
    if (words === 'phrase') return slop > 0 ? hasSloppyPhrase(found, wanted, slop) : hasPhrase(found, wanted)
    return words === 'any' ? wanted.some(w => found.includes(w)) : wanted.every(w => found.includes(w))
  }
}

function wordPatternTest(pattern: string): ValueTest {
  const folded = pattern.toLowerCase()
  return value => {
    if (typeof value === 'object') return false
    const text = String(value)
    return wildcardMatch(pattern, text) || wordsOf(text).some(word => wildcardMatch(folded, word))
  }
}

function isLike(text: string, fuzziness: Fuzziness): (other: string) => boolean {
  const edits = editsOf(fuzziness, text)
  return other => isWithinEdits(text, other, edits)
}

/** True when one of the words of a value passes. */
function wordTest(test: (word: string) => boolean): ValueTest {
  return value => typeof value !== 'object' && wordsOf(String(value)).some(test)
}

function isKeyword(field: string | undefined): field is string {
  return field?.endsWith('.keyword') ?? false
}

/** One function for a whole filter. See `query.ts` for how values are compared. */
export function compilePredicate(query: Query, time: EventTime): Predicate {
  switch (query.is) {
    case 'all':
      return () => true
    case 'none':
      return () => false
    case 'and': {
      const parts = query.of.map(q => compilePredicate(q, time))
      return fields => parts.every(p => p(fields))
    }
    case 'or': {
      const parts = query.of.map(q => compilePredicate(q, time))
      if (query.least === 1) return fields => parts.some(p => p(fields))
      return fields => parts.reduce((n, p) => n + (p(fields) ? 1 : 0), 0) >= query.least
    }
    case 'not': {
      const part = compilePredicate(query.of, time)
      return fields => !part(fields)
    }
    case 'range':
      return range(compileField(query.field), query.bounds, query.zoneMinutes, time)
    default: {
      const some = 'field' in query && query.field !== undefined ? compileField(query.field) : anyValue
      const test = valueTest(query)
      return fields => some(fields, test)
    }
  }
}

function valueTest(
  query: Exclude<Query, { is: 'all' | 'none' | 'and' | 'or' | 'not' | 'range' }>
): ValueTest {
  switch (query.is) {
    case 'exists':
      return value => typeof value !== 'object' || Object.keys(value as object).length > 0
    case 'term':
      return equals(query.value, query.ignoreCase)
    case 'prefix': {
      const start = query.ignoreCase ? query.value.toLowerCase() : query.value
      return wholeText(query.ignoreCase, text => text.startsWith(start))
    }
    case 'wildcard': {
      const pattern = query.ignoreCase ? query.pattern.toLowerCase() : query.pattern
      return wholeText(query.ignoreCase, text => wildcardMatch(pattern, text))
    }
    case 'text':
      return isKeyword(query.field)
        ? equals(query.text, false)
        : textTest(query.text, query.words, query.slop ?? 0)
    case 'regexp':
      return wholeText(false, compileRegexp(query.pattern, query.ignoreCase))
    case 'fuzzy':
      return wholeText(false, isLike(query.text, query.fuzziness))
    case 'word regexp': {
      if (isKeyword(query.field)) return wholeText(false, compileRegexp(query.pattern, false))
      return wordTest(compileRegexp(query.pattern.toLowerCase(), false))
    }
    case 'word fuzzy': {
      if (isKeyword(query.field)) return wholeText(false, isLike(query.text, query.fuzziness))
      return wordTest(isLike(query.text.toLowerCase(), query.fuzziness))
    }
    case 'word pattern':
      return isKeyword(query.field)
        ? wholeText(false, text => wildcardMatch(query.pattern, text))
        : wordPatternTest(query.pattern)
  }
}
