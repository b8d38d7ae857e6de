import { type DateBound, parseDateBound } from './date-math.ts'
import { editsOf, type Fuzziness, isWithinEdits } from './edit-distance.ts'
import { anyValue, compileField, type Fields, nestedOf, type SomeValue } from './fields.ts'
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
  // four digits are a year where the value is a time
  const year =
    typeof bound === 'string' && /^\d{4}$/.test(bound) ? parseDateBound(bound, up, zoneMinutes) : undefined
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
      if (year !== undefined && typeof value === 'string') {
        const micros = parseIso(value)
        if (micros !== undefined) return holds(micros - year(0))
      }
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

type TextQuery = Extract<Query, { is: 'text' }>

/** Whether a time is at a date, or in the day, hour or minute that it names; undefined for a text that is no date. */
function dateTest(text: string): ((value: string) => boolean | undefined) | undefined {
  if (!/^\d{4}-\d\d/.test(text)) return undefined
  const [from, to] = [parseDateBound(text, false, 0), parseDateBound(text, true, 0)]
  if (from === undefined || to === undefined) return undefined
  const [first, last] = [from(0), to(0)]
  return value => {
    const micros = parseIso(value)
    return micros === undefined ? undefined : micros >= first && micros <= last
  }
}

function textTest({ text, words, slop = 0, least, isPrefix = false }: TextQuery): ValueTest {
  const wanted = wordsOf(text)
  // nothing was asked for
  if (text === '') return () => false
  const same = equals(isDecimal(text) ? Number(text) : text, false)
  const at = dateTest(text)
  const last = wanted.at(-1) ?? ''
  return value => {
    if (value === text || same(value)) return true
    if (typeof value !== 'string' || wanted.length === 0) return false
    const isThen = at?.(value)
    if (isThen !== undefined) return isThen
    const found = wordsOf(value)
    if (isPrefix && words === 'phrase') return hasBegunPhrase(found, wanted, slop)
    if (words === 'phrase') return slop > 0 ? hasSloppyPhrase(found, wanted, slop) : hasPhrase(found, wanted)
    const has = (word: string, i: number): boolean =>
      isPrefix && i === wanted.length - 1 ? found.some(w => w.startsWith(last)) : found.includes(word)
    if (least !== undefined) return wanted.filter(has).length >= Math.max(1, least)
    return words === 'any' ? wanted.some(has) : wanted.every(has)
  }
}

/** The phrase with some word in the place of its last one that begins with it. */
function hasBegunPhrase(found: string[], wanted: string[], slop: number): boolean {
  const before = wanted.slice(0, -1)
  const last = wanted.at(-1) ?? ''
  return found.some(word => {
    if (!word.startsWith(last)) return false
    const phrase = [...before, word]
    return slop > 0 ? hasSloppyPhrase(found, phrase, slop) : hasPhrase(found, phrase)
  })
}

function wordPatternTest(pattern: string): ValueTest {
  const folded = pattern.toLowerCase()
  return value => {
    // numbers and booleans are no texts, and have no beginnings
    if (typeof value !== 'string') return false
    return wildcardMatch(pattern, value) || wordsOf(value).some(word => wildcardMatch(folded, word))
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
    case 'nested': {
      const part = compilePredicate(query.of, time)
      return fields => nestedOf(fields, query.path).some(part)
    }
    default: {
      const some = 'field' in query && query.field !== undefined ? compileField(query.field) : anyValue
      const test = valueTest(query)
      return fields => some(fields, test)
    }
  }
}

function valueTest(
  query: Exclude<Query, { is: 'all' | 'none' | 'and' | 'or' | 'not' | 'range' | 'nested' }>
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
      if (!isKeyword(query.field)) return textTest(query)
      return query.isPrefix
        ? wholeText(false, text => text.startsWith(query.text))
        : equals(query.text, false)
    case 'regexp':
      return wholeText(false, compileRegexp(query.pattern, query.ignoreCase, query.plain))
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
