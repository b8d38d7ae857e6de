import type { Identifier } from './ast.ts'
import { type Span, SqlError } from './errors.ts'
import { type Token, tokenize } from './lexer.ts'
import type { UserFunction } from './user-function.ts'

/** The tokens of one SQL text with a place to read at; every failure says what was found and what was expected. */
export class TokenStream {
  readonly text: string
  /** The functions that CREATE FUNCTION has made so far, by their names in capitals. */
  readonly functions = new Map<string, UserFunction>()
  /** Where paths in the text begin. */
  readonly folder: string
  private readonly tokens: Token[]
  private position = 0

  constructor(text: string, folder = '.') {
    this.text = text
    this.folder = folder
    this.tokens = tokenize(text)
  }

  /** The token `ahead` places on; the end token when there is none. */
  peek(ahead = 0): Token {
    return this.tokens[Math.min(this.position + ahead, this.tokens.length - 1)] as Token
  }

  next(): Token {
    const token = this.peek()
    if (this.position < this.tokens.length - 1) this.position++
    return token
  }

  /** Whether the next tokens are these keywords. */
  atWords(...words: string[]): boolean {
    return words.every((word, i) => this.peek(i).kind === 'word' && this.peek(i).upper === word)
  }

  /** Takes the keywords when they are next. */
  takeWords(...words: string[]): boolean {
    if (!this.atWords(...words)) return false
    this.position += words.length
    return true
  }

  atSymbol(symbol: string, ahead = 0): boolean {
    return this.peek(ahead).kind === 'symbol' && this.peek(ahead).text === symbol
  }

  takeSymbol(symbol: string): boolean {
    if (!this.atSymbol(symbol)) return false
    this.position++
    return true
  }

  expectWords(...words: string[]): Token {
    let last = this.peek()
    for (const word of words) {
      if (!this.atWords(word)) throw this.unexpected(words.join(' '))
      last = this.next()
    }
    return last
  }

  expectSymbol(symbol: string): Token {
    if (!this.atSymbol(symbol)) throw this.unexpected(symbol)
    return this.next()
  }

  /** Any word or backquoted name: after a dot and AS even a keyword is a name. */
  expectName(what: string): Identifier {
    const token = this.peek()
    if (token.kind !== 'word' && token.kind !== 'name') throw this.unexpected(what)
    this.next()
    return { name: token.text, start: token.start, end: token.end }
  }

  expectString(what: string): Token {
    if (this.peek().kind !== 'string') throw this.unexpected(what)
    return this.next()
  }

  expectInteger(what: string): number {
    const token = this.peek()
    if (token.kind !== 'number' || !/^\d+$/.test(token.text)) throw this.unexpected(what)
    this.next()
    return Number(token.text)
  }

  /** The end of the last token taken. */
  get lastEnd(): number {
    return this.position === 0 ? 0 : (this.tokens[this.position - 1] as Token).end
  }

  unexpected(expected: string, token: Token = this.peek()): SqlError {
    return new SqlError('syntax', `found ${describe(token)}, expected ${expected}`, this.text, token)
  }

  unsupported(what: string, span: Span): SqlError {
    return new SqlError(
      'unsupported',
      `${what}: not in the subset of Flink SQL that enrich runs`,
      this.text,
      span
    )
  }
}

function describe(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'the end of the text'
    case 'string':
      return `the string '${token.text}'`
    default:
      return `"${token.text}"`
  }
}
