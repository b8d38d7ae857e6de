import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'
import { RowError } from '../errors.ts'
import { show } from '../values/dynamic.ts'

/**
 * Regular expressions as Flink's functions use them, by RE2: matching takes time linear in the text, whatever the pattern.
 * What RE2 has not (lookaround, back references, possessive quantifiers) is refused.
 */

export type Regex = {
  /** Whether the pattern is found anywhere. */
  test(text: string): boolean
  /** How many groups the pattern has. */
  groups: number
  /** The text of a group of the first match; null when there is no match or no such group. */
  extract(text: string, group: number): string | null
  /** Start and text of each match, or of a group of it. */
  matches(text: string, group?: number): { start: number; text: string | null }[]
  replace(text: string, replacement: string): string
  /** As Java's String.split with a limit; without one, empty texts at the end are left out. */
  split(text: string, limit?: number): string[]
}

/** Loaded when a query has a regular expression. */
const re2 = (): typeof import('re2js') => createRequire(import.meta.url)('re2js')

/** Throws Error when the pattern is none, or one that RE2 does not have. */
export function compileRegex(pattern: string): Regex {
  if (combinesClasses(pattern))
    throw new Error(`${show(pattern)}: a class in a class ([a-z&&[^b]]) is not in the subset`)
  const { RE2JS, RE2JSSyntaxException } = re2()
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(pattern)
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    throw new Error(`${show(pattern)} is no regular expression of RE2: ${error.message}`)
  }
  return {
    groups: compiled.groupCount(),
    test: text => compiled.matcher(text).find(),
    extract(text, group) {
      const matcher = compiled.matcher(text)
      if (group < 0 || group > matcher.groupCount() || !matcher.find()) return null
      return matcher.group(group) ?? null
    },
    matches(text, group = 0) {
      const matcher = compiled.matcher(text)
      const found = []
      while (matcher.find()) found.push({ start: matcher.start(), text: matcher.group(group) ?? null })
      return found
    },
    replace: (text, replacement) => compiled.matcher(text).replaceAll(() => replacement),
    split: (text, limit) => compiled.split(text, limit)
  }
}

/** Java reads `[a[bc]]` and `[a&&b]` as unions and intersections of classes, RE2 as characters. */
function combinesClasses(pattern: string): boolean {
  let inClass = false
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]
    if (c === '\\') i++
    else if (!inClass) inClass = c === '['
    else if (c === '[' || (c === '&' && pattern[i + 1] === '&')) return true
    else if (c === ']') inClass = false
  }
  return false
}

const cache = new Map<string, Regex>()
const cacheSize = 256

/** The compiled pattern; a pattern that is none is an error of the row. */
export function regex(pattern: string): Regex {
  const known = cache.get(pattern)
  if (known !== undefined) return known
  let made: Regex
  try {
    made = compileRegex(pattern)
  } catch (error) {
    throw new RowError((error as Error).message)
  }
  if (cache.size >= cacheSize) cache.clear()
  cache.set(pattern, made)
  return made
}

export const regexpTest = (text: string, pattern: string): boolean =>
  pattern !== '' && regex(pattern).test(text)

export const regexpExtract = (text: string, pattern: string, group: number): string | null =>
  regex(pattern).extract(text, group)

export const regexpReplace = (text: string, pattern: string, replacement: string): string =>
  regex(pattern).replace(text, replacement)

export const regexpCount = (text: string, pattern: string): number => regex(pattern).matches(text).length

/** The first match's place from 1, 0 when there is none. */
export function regexpInstr(text: string, pattern: string): number {
  const first = regex(pattern).matches(text)[0]
  return first === undefined ? 0 : first.start + 1
}

export const regexpSubstr = (text: string, pattern: string): string | null => regex(pattern).extract(text, 0)

export function regexpExtractAll(text: string, pattern: string, group: number): (string | null)[] | null {
  const compiled = regex(pattern)
  if (group < 0 || group > compiled.groups) return null
  return compiled.matches(text, group).map(match => match.text)
}

const similarPatterns = new Map<string, Regex>()

function similarRegex(pattern: string, escapeCharacter: string | undefined): Regex {
  try {
    return compileRegex(similarToRegex(pattern, escapeCharacter))
  } catch {
    throw new RowError(`${show(pattern)} is no pattern of SIMILAR TO`)
  }
}

/** `text SIMILAR TO pattern`. */
export function similar(text: string, pattern: string, escapeCharacter?: string): boolean {
  const key = `${escapeCharacter ?? ''}\0${pattern}`
  let compiled = similarPatterns.get(key)
  if (compiled === undefined) {
    compiled = similarRegex(pattern, escapeCharacter)
    if (similarPatterns.size >= cacheSize) similarPatterns.clear()
    similarPatterns.set(key, compiled)
  }
  return compiled.test(text)
}

const similarSpecial = '[]()|^-+*_%?{}'
const regexSpecial = '[]()|^-+*?{}$\\.'

/**
 * SQL's SIMILAR TO pattern as a regular expression of the whole text. As in Flink, what is special in regular expressions
 * alone stays so: `.` is any character. Source: Calcite's Like.sqlToRegexSimilar. Throws Error at an escape of nothing.
 */
export function similarToRegex(pattern: string, escapeCharacter: string | undefined): string {
  let made = ''
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string
    if (c === escapeCharacter) {
      const next = pattern[++i] ?? ''
      if (next === '' || (!similarSpecial.includes(next) && next !== escapeCharacter))
        throw new Error('the escape character escapes nothing')
      made += regexSpecial.includes(next) ? `\\${next}` : next
    } else made += c === '_' ? '.' : c === '%' ? '(?s:.*)' : c
  }
  return `\\A(?:${made})\\z`
}
