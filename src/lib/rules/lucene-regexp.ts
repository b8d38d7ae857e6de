import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

/** Characters that mean something in the syntax matched by, and nothing in Lucene's. */
const PLAIN_IN_LUCENE = '^$'
/** Operators of Lucene's alone, and what they do. */
const NOT_HERE: Readonly<Record<string, string>> = {
  '~': 'complement (~)',
  '&': 'intersection (&)'
}
/** Operators of Lucene's by the names of their flags. */
const FLAGS: Readonly<Record<string, string>> = {
  COMPLEMENT: '~',
  EMPTY: '#',
  INTERSECTION: '&',
  INTERVAL: '<',
  ANYSTRING: '@',
  ALL: '~#&<@',
  NONE: ''
}
/** `<1-5>`: numbers, with as many digits where both have the same, else with any zeros before them. */
const INTERVAL = /<(\d+)-(\d+)>/y
const MOST_NUMBERS = 1000
/** Any text, and none at all. */
const ANY = '.*'
const EMPTY = '[^\\x00-\\x{10FFFF}]'
const CLASSES = 'dDsSwW'

/** Loaded when a rule has a regular expression. */
const re2 = (): typeof import('re2js') => createRequire(import.meta.url)('re2js')

/**
 * A regular expression of Lucene's, which fits whole texts: matching takes time linear in the text, whatever the pattern.
 * Source: Elasticsearch, "Regular expression syntax"; Apache Lucene, `RegExp`.
 * @param plain operators that are characters here
 * @throws Error when the pattern is none, or has an operator that is not here
 */
export function compileRegexp(pattern: string, ignoreCase: boolean, plain = ''): (text: string) => boolean {
  const { RE2JS, RE2JSSyntaxException } = re2()
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(
      `(?:${translated(pattern, plain)})`,
      RE2JS.DOTALL | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
    )
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    throw new Error(`/${pattern}/ is no regular expression: ${error.message}`)
  }
  return text => compiled.matches(text)
}

/** The operators that are characters under `flags` such as `INTERVAL|ANYSTRING`. @throws Error */
export function plainOperators(flags: string): string {
  const on = flags.split('|').map(name => {
    const operators = FLAGS[name.trim().toUpperCase()]
    if (operators === undefined) throw new Error(`flags are ${Object.keys(FLAGS).join(', ')}, not ${name}`)
    return operators
  })
  return [...'~#&<@'].filter(operator => !on.join('').includes(operator)).join('')
}

/** The numbers of an interval. @throws Error when there are too many */
function interval(pattern: string, at: number): { text: string; end: number } {
  INTERVAL.lastIndex = at
  const [whole = '', one = '', other = ''] = INTERVAL.exec(pattern) ?? []
  const [least, most] = [Number(one), Number(other)].sort((a, b) => a - b) as [number, number]
  if (whole === '' || most - least >= MOST_NUMBERS)
    throw new Error(
      `/${pattern}/: a numeric interval is <1-5>, of at most ${MOST_NUMBERS} numbers; as a character it is \\<`
    )
  const width = one.length === other.length ? one.length : 0
  const numbers = Array.from({ length: most - least + 1 }, (_, i) => String(least + i).padStart(width, '0'))
  return { text: `${width === 0 ? '0*' : ''}(?:${numbers.join('|')})`, end: at + whole.length }
}

/** The same in RE2's syntax. */
function translated(pattern: string, plain: string): string {
  let text = ''
  let inClass = false
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] as string
    if (c === '\\') {
      const next = pattern[++i]
      if (next === undefined) throw new Error(`/${pattern}/ ends in a backslash`)
      text += CLASSES.includes(next) ? `\\${next}` : literal(next)
    } else if (inClass) {
      if (c === ']') inClass = false
      text += c === '[' ? '\\[' : c
    } else if (c === '[') {
      inClass = true
      text += c
      if (pattern[i + 1] === '^') text += pattern[++i]
    } else if (c === '"') {
      const end = pattern.indexOf('"', i + 1)
      if (end < 0) throw new Error(`/${pattern}/ has a quote that is not closed`)
      text += `(?:${[...pattern.slice(i + 1, end)].map(literal).join('')})`
      i = end
    } else if (plain.includes(c)) text += literal(c)
    else if (c === '@') text += ANY
    else if (c === '#') text += EMPTY
    else if (c === '<') {
      const numbers = interval(pattern, i)
      text += numbers.text
      i = numbers.end - 1
    } else if (Object.hasOwn(NOT_HERE, c)) {
      throw new Error(`/${pattern}/: ${NOT_HERE[c]} is not supported; as a character it is \\${c}`)
    } else text += PLAIN_IN_LUCENE.includes(c) ? `\\${c}` : c
  }
  return text
}

function literal(character: string): string {
  return /[\p{L}\p{N}_\s]/u.test(character) || character > '\u007f' ? character : `\\${character}`
}
