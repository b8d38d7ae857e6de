/**
 * Lucene's query string as Elasticsearch's query_string reads it: `field:value`, `field:(a OR b)`, "phrases", `*` and `?`,
 * regular expressions between slashes, `term~1` and `"a phrase"~2`, ranges `[a TO b]` `{a TO b}` `>=1`, `_exists_:field`, AND OR NOT && || ! + -, escapes; boosts are read and have no effect.
 * AND and OR have no precedence in Lucene: AND makes the clauses on both of its sides required, and where one clause is
 * required the optional ones do not count.
 * Source: Elasticsearch, "Query string syntax"; Apache Lucene, classic query parser.
 */

import { messageOf } from '../cli/index.ts'
import type { Fuzziness } from './edit-distance.ts'
import { compileRegexp } from './lucene-regexp.ts'
import { minimumMatch } from './minimum-match.ts'
import { and, type Bounds, not, or, type Query, QueryError } from './query.ts'
import { wordsOf } from './words.ts'

export interface LuceneOptions {
  /** Fields for clauses that name none; empty: every field. */
  defaultFields: string[]
  defaultOperator: 'AND' | 'OR'
  zoneMinutes: number
  /** Words that stand together are a phrase, or that must all be in one field, or may be in any. */
  type?: 'best_fields' | 'phrase' | 'cross_fields'
  /** What phrases and terms with a bare ~ may differ by. */
  slop?: number
  fuzziness?: Fuzziness
  /** Phrases ask the field with this behind its name. */
  quoteSuffix?: string
  /** How many of the optional clauses have to match. */
  minimumMatch?: unknown
  /** Where the query stands in the rule file, for errors. */
  path: readonly (string | number)[]
}

type Mark = 'must' | 'must not' | 'should'

interface Clause {
  mark: Mark
  query: Query
}

/** Characters that end a bare word, unless escaped. */
const ENDS_WORD = /[\s()[\]{}"^~:!/]/
/** What a clause of words cannot go on with: it is then one word, and the next clause another. */
const PARTS_WORDS = /(?:AND|OR)(?=[\s()]|$)|&&|\|\||[:~^*]/y
const KEYWORDS = ['AND', 'OR', 'NOT']
const OPERATOR = /(?:AND|OR|NOT)(?=[\s()]|$)|&&|\|\||!/y

export function parseLucene(text: string, options: LuceneOptions): Query {
  return new Parser(text, options).parse()
}

class Parser {
  readonly #text: string
  readonly #options: LuceneOptions
  #at = 0

  constructor(text: string, options: LuceneOptions) {
    this.#text = text
    this.#options = options
  }

  parse(): Query {
    this.#space()
    if (this.#at === this.#text.length) return { is: 'none' }
    const query = this.#clauses(undefined, this.#options.minimumMatch)
    if (this.#at < this.#text.length) throw this.#error(`unexpected "${this.#text[this.#at]}"`)
    return query
  }

  #error(what: string): QueryError {
    return new QueryError(
      `${what} at column ${this.#at + 1} of the query string ${this.#text}`,
      this.#options.path
    )
  }

  #space(): void {
    while (this.#at < this.#text.length && /\s/.test(this.#text[this.#at]!)) this.#at++
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #operator(): string | undefined {
    this.#space()
    OPERATOR.lastIndex = this.#at
    const m = OPERATOR.exec(this.#text)
    if (m === null) return undefined
    this.#at += m[0].length
    return m[0]
  }

  /** Clauses up to the end or a closing parenthesis. */
  #clauses(field: string | undefined, minimum?: unknown): Query {
    const found: Clause[] = []
    const byDefault: Mark = this.#options.defaultOperator === 'AND' ? 'must' : 'should'
    for (;;) {
      this.#space()
      const words = this.#words(field)
      if (words !== undefined) {
        found.push(...this.#ofWords(field, words, minimum).map(query => ({ mark: byDefault, query })))
        this.#space()
        if (this.#at >= this.#text.length || this.#text[this.#at] === ')')
          return this.#combine(found, minimum)
      }
      let mark: Mark = byDefault
      let negated = false
      let expected = found.length === 0
      for (let operator = this.#operator(); operator !== undefined; operator = this.#operator()) {
        expected = true
        if (operator === 'NOT' || operator === '!') negated = true
        else if (found.length === 0) throw this.#error(`nothing before ${operator}`)
        else {
          const last = found.at(-1)!
          const joined: Mark = operator === 'AND' || operator === '&&' ? 'must' : 'should'
          if (last.mark !== 'must not' && (joined === 'must' || byDefault === 'must')) last.mark = joined
          mark = joined
        }
      }
      this.#space()
      const sign = this.#take('+') ? '+' : this.#take('-') ? '-' : ''
      // Lucene's parser does not look at + where AND is the default and OR stands before it
      if (sign === '+' && byDefault === 'should') mark = 'must'
      if (sign === '-') negated = true
      if (this.#at >= this.#text.length || this.#text[this.#at] === ')') {
        if (expected || sign !== '') throw this.#error('a clause is missing')
        return this.#combine(found, minimum)
      }
      found.push({ mark: negated ? 'must not' : mark, query: this.#clause(field) })
      this.#space()
      if (this.#at >= this.#text.length || this.#text[this.#at] === ')') return this.#combine(found, minimum)
    }
  }

  /**
   * Two or more bare words that follow each other without an operator: Elasticsearch has a field's analyzer look at them
   * together, so a keyword is compared with all of them as one text. Undefined, and nothing read, where there are none.
   */
  #words(field: string | undefined): string | undefined {
    const start = this.#at
    const words: string[] = []
    for (;;) {
      const at = this.#at
      this.#space()
      const first = this.#text[this.#at] ?? ''
      const word = first === '+' || first === '-' ? '' : this.#word()
      const isWord =
        word !== '' && !hasWildcard(word) && !KEYWORDS.includes(word) && word !== '&&' && word !== '||'
      this.#space()
      PARTS_WORDS.lastIndex = this.#at
      // the first one may be parted from what follows, which is then no word
      if (!isWord || (words.length > 0 && PARTS_WORDS.test(this.#text))) {
        this.#at = at
        break
      }
      words.push(word)
    }
    if (words.length > 1 && !(field === '_exists_')) return words.join(' ')
    this.#at = start
    return undefined
  }

  /** The clauses of words that stand together. */
  #ofWords(field: string | undefined, text: string, minimum: unknown): Query[] {
    const all = unescaped(text)
    if (this.#options.type === 'phrase') return [this.#cut(field, all)]
    const isOneField = field !== undefined || this.#options.defaultFields.length === 1
    const isApart = (minimum !== undefined && isOneField) || this.#options.type === 'cross_fields'
    return (isApart ? wordsOf(all) : [all]).map(part => this.#cut(field, part))
  }

  /** A text that an analyzer may cut into words. */
  #cut(field: string | undefined, text: string): Query {
    const { type, slop = 0, defaultOperator } = this.#options
    const words = type === 'phrase' ? 'phrase' : defaultOperator === 'AND' ? 'all' : 'any'
    return this.#fields(field, f => ({
      is: 'text',
      field: f,
      text,
      words,
      ...(words === 'phrase' ? { slop } : {})
    }))()
  }

  #combine(clauses: Clause[], minimum: unknown): Query {
    const of = (mark: Mark): Query[] => clauses.filter(c => c.mark === mark).map(c => c.query)
    const must = of('must')
    const should = of('should')
    const mustNot = of('must not').map(not)
    // a single clause has no others to count
    const least =
      minimum === undefined || clauses.length === 1 ? undefined : minimumMatch(minimum, should.length)
    // optional clauses only rank what the required ones find; a query of nothing but NOT is about all documents
    if (should.length > 0 && (must.length === 0 || least !== undefined))
      must.push(or(should, must.length === 0 ? Math.max(1, least ?? 1) : least))
    return and([...must, ...mustNot])
  }

  #clause(outer: string | undefined): Query {
    let field = outer
    const start = this.#at
    const word = this.#word()
    if (word !== '' && this.#take(':')) {
      this.#space()
      field = unescaped(word)
      if (/(?<!\\)[*?]/.test(word) && word !== '*')
        throw this.#error(`a wildcard in a field's name (${word}) is not supported yet:`)
      if (this.#take('(')) return this.#group(field)
      return this.#value(field)
    }
    this.#at = start
    return this.#take('(') ? this.#group(field) : this.#value(field)
  }

  #group(field: string | undefined): Query {
    const query = this.#clauses(field)
    if (!this.#take(')')) throw this.#error('a closing parenthesis is missing')
    this.#suffix()
    return query
  }

  /** A bare word with its escapes. */
  #word(): string {
    const start = this.#at
    while (this.#at < this.#text.length && !ENDS_WORD.test(this.#text[this.#at]!)) {
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1
    }
    if (this.#at > this.#text.length) throw this.#error('nothing after the last backslash')
    return this.#text.slice(start, this.#at)
  }

  /** `~`, `~2`: what a term or a phrase may differ by; undefined when it is not there. */
  #tilde(): string | undefined {
    if (!this.#take('~')) return undefined
    const m = /^(?:[\d.]+|AUTO(?![\w]))?/.exec(this.#text.slice(this.#at))
    this.#at += m?.[0].length ?? 0
    return m?.[0] ?? ''
  }

  #slop(): number {
    const text = this.#tilde()
    if (text === undefined) return this.#options.slop ?? 0
    if (!/^\d+$/.test(text)) throw this.#error('slop is a whole number, as in "a b"~2:')
    return Number(text)
  }

  #fuzziness(): Fuzziness | undefined {
    const text = this.#tilde()
    if (text === undefined) return undefined
    if (text === '') return this.#options.fuzziness ?? 'auto'
    if (text === 'AUTO') return 'auto'
    if (!/^[012]$/.test(text)) throw this.#error('a term may differ by 0, 1 or 2 edits, as in name~1:')
    return Number(text)
  }

  /** A boost has no effect here. */
  #suffix(): void {
    if (!this.#take('^')) return
    const m = /^\d+(?:\.\d+)?/.exec(this.#text.slice(this.#at))
    if (m === null) throw this.#error('a boost needs a number')
    this.#at += m[0].length
  }

  #value(field: string | undefined): Query {
    const c = this.#text[this.#at]
    if (c === '"') {
      const phrase = this.#quoted()
      const slop = this.#slop()
      this.#suffix()
      const { quoteSuffix = '' } = this.#options
      return this.#fields(field, f => ({
        is: 'text',
        field: f === undefined ? f : `${f}${quoteSuffix}`,
        text: phrase,
        words: 'phrase',
        slop
      }))()
    }
    if (c === '[' || c === '{') return this.#range(field)
    const compare = /^(>=|<=|>|<)\s*/.exec(this.#text.slice(this.#at))
    if (compare !== null) {
      this.#at += compare[0].length
      const name = ({ '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const)[compare[1] as '>']
      return this.#bounds(field, { [name]: this.#text[this.#at] === '"' ? this.#quoted() : this.#bound() })
    }
    if (c === '/') {
      const pattern = this.#regexp()
      this.#suffix()
      return this.#fields(field, f => ({ is: 'word regexp', field: f, pattern }))()
    }
    if (c === '-' || c === '+')
      throw this.#error(`a value that begins with ${c} is written \\${c} or in quotes:`)
    const word = this.#word()
    if (word === '') throw this.#error(c === undefined ? 'a value is missing' : `unexpected "${c}"`)
    const fuzziness = this.#fuzziness()
    this.#suffix()
    if (fuzziness === undefined) return this.#term(field, word)
    return this.#fields(field, f => ({ is: 'word fuzzy', field: f, text: unescaped(word), fuzziness }))()
  }

  /** What stands between slashes. */
  #regexp(): string {
    const start = ++this.#at
    while (this.#at < this.#text.length && this.#text[this.#at] !== '/')
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1
    if (this.#at >= this.#text.length) throw this.#error('a closing slash is missing')
    const pattern = this.#text.slice(start, this.#at++).replaceAll('\\/', '/')
    try {
      compileRegexp(pattern, false)
    } catch (error) {
      throw this.#error(`${messageOf(error)}:`)
    }
    return pattern
  }

  #term(field: string | undefined, word: string): Query {
    if (field === '_exists_') return { is: 'exists', field: unescaped(word) }
    if (word === '*') return field === undefined || field === '*' ? { is: 'all' } : { is: 'exists', field }
    if (hasWildcard(word)) {
      return this.#fields(field, f => ({ is: 'word pattern', field: f, pattern: word }))()
    }
    // of a word that the analyzer cuts, as card-declined, each part is a clause
    return this.#cut(field, unescaped(word))
  }

  /** One query per default field where none is named; made after the rest of the clause has been read. */
  #fields(field: string | undefined, make: (field: string | undefined) => Query): () => Query {
    const names = field !== undefined ? [field] : this.#options.defaultFields
    return () => (names.length === 0 ? make(undefined) : or(names.map(make)))
  }

  #quoted(): string {
    const start = ++this.#at
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"')
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1
    if (this.#at >= this.#text.length) throw this.#error('a closing quote is missing')
    return unescaped(this.#text.slice(start, this.#at++))
  }

  #bound(): string {
    const start = this.#at
    while (this.#at < this.#text.length && !/[\s)\]}]/.test(this.#text[this.#at]!)) {
      this.#at += this.#text[this.#at] === '\\' ? 2 : 1
    }
    if (this.#at === start) throw this.#error('a bound is missing')
    return unescaped(this.#text.slice(start, this.#at))
  }

  #range(field: string | undefined): Query {
    const lower = this.#text[this.#at++] === '[' ? 'gte' : 'gt'
    this.#space()
    const from = this.#text[this.#at] === '"' ? this.#quoted() : this.#bound()
    this.#space()
    if (!this.#take('TO')) throw this.#error('a range is [from TO to]; TO is missing')
    this.#space()
    const to = this.#text[this.#at] === '"' ? this.#quoted() : this.#bound()
    this.#space()
    const upper = this.#take(']') ? 'lte' : this.#take('}') ? 'lt' : undefined
    if (upper === undefined) throw this.#error('a range ends with ] or }')
    this.#suffix()
    const bounds: Bounds = {}
    if (from !== '*') bounds[lower] = from
    if (to !== '*') bounds[upper] = to
    return this.#bounds(field, bounds)
  }

  #bounds(field: string | undefined, bounds: Bounds): Query {
    if (field === undefined && this.#options.defaultFields.length === 0) {
      throw this.#error('a range needs a field:')
    }
    const { zoneMinutes } = this.#options
    return this.#fields(field, f =>
      Object.keys(bounds).length === 0
        ? { is: 'exists', field: f! }
        : { is: 'range', field: f!, bounds, zoneMinutes }
    )()
  }
}

/** `\\u0041` is a character by its code, a backslash takes any other one as it stands. */
function unescaped(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code?: string, character?: string) =>
    code === undefined ? (character ?? '') : String.fromCharCode(Number.parseInt(code, 16))
  )
}

function hasWildcard(word: string): boolean {
  return /(?<!\\)(?:\\\\)*[*?]/.test(word)
}
