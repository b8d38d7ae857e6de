import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

/** Characters that mean something in the syntax matched by, and nothing in Lucene's. */
const PLAIN_IN_LUCENE = '^$'
/** Operators of Lucene's alone, and what they do. */
const NOT_HERE: Readonly<Record<string, string>> = {
  '~': 'complement (~)',
  '&': 'intersection (&)',
  '<': 'a numeric interval (<1-5>)',
  '@': 'any text (@)',
  '#': 'the empty language (#)'
}
const CLASSES = 'dDsSwW'

/** Loaded when a rule has a regular expression. */
const re2 = (): typeof import('re2js') => createRequire(import.meta.url)('re2js')

/**
 * A regular expression of Lucene's, which fits whole texts: matching takes time linear in the text, whatever the pattern.
 * Source: Elasticsearch, "Regular expression syntax"; Apache Lucene, `RegExp`.
 * @throws Error when the pattern is none, or has an operator that is not here
 */
export function compileRegexp(pattern: string, ignoreCase: boolean): (text: string) => boolean {
  const { RE2JS, RE2JSSyntaxException } = re2()
  let compiled: RE2JS
  try {
    compiled = RE2JS.compile(
      `(?:${translated(pattern)})`,
      RE2JS.DOTALL | (ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
    )
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error
    throw new Error(`/${pattern}/ is no regular expression: ${error.message}`)
  }
  return text => compiled.matches(text)
}

/** The same in RE2's syntax. */
function translated(pattern: string): string {
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
    } else if (Object.hasOwn(NOT_HERE, c)) {
      throw new Error(`/${pattern}/: ${NOT_HERE[c]} is not supported; as a character it is \\${c}`)
    } else text += PLAIN_IN_LUCENE.includes(c) ? `\\${c}` : c
  }
  return text
}

function literal(character: string): string {
  return /[\p{L}\p{N}_\s]/u.test(character) || character > '\u007f' ? character : `\\${character}`
}
