import type { Dialect } from './dialect.ts'
import { DdlError, type Token } from './lexer.ts'

const END: Token = { kind: 'symbol', text: '', word: '' }

/** Goes through tokens one by one. Keywords are given in capitals. */
export class TokenReader {
  readonly dialect: Dialect
  readonly #tokens: readonly Token[]
  #at: number

  constructor(tokens: readonly Token[], dialect: Dialect, at = 0) {
    this.#tokens = tokens
    this.dialect = dialect
    this.#at = at
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length
  }

  peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? END
  }

  take(): Token {
    const token = this.peek()
    this.#at++
    return token
  }

  /** Whether the next words are these. */
  sees(...words: string[]): boolean {
    return words.every((word, i) => this.peek(i).word === word)
  }

  /** Takes the next words if they are these. */
  takes(...words: string[]): boolean {
    if (!this.sees(...words)) return false
    this.#at += words.length
    return true
  }

  /** Takes the next word if it is one of these. */
  takesOne(...words: string[]): boolean {
    return words.some(word => this.takes(word))
  }

  seesSymbol(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === 'symbol' && token.text === symbol
  }

  takesSymbol(symbol: string): boolean {
    if (this.atEnd || !this.seesSymbol(symbol)) return false
    this.#at++
    return true
  }

  /** A name, quoted or not. @throws DdlError */
  name(): string {
    const token = this.take()
    if (token.kind === 'word' || token.kind === 'name') return token.text
    throw new DdlError(`a name is missing before '${token.text}'`)
  }

  /** What a name, a word or a string says: character sets may be written as any of them. */
  text(): string {
    const { kind, text } = this.take()
    if (kind === 'symbol') throw new DdlError(`a name is missing before '${text}'`)
    return text
  }

  /** `name` or `database.name`. */
  qualifiedName(database: string): [database: string, name: string] {
    // `.t` is an old form of `t`.
    if (this.takesSymbol('.')) return [database, this.tableName()]
    const first = this.tableName()
    return this.takesSymbol('.') ? [first, this.tableName()] : [database, first]
  }

  /** The name of a table or database, as it is kept. @throws DdlError */
  tableName(): string {
    const name = this.name()
    return this.dialect.lowerCaseNames ? name.toLowerCase() : name
  }

  /** The tokens within the parentheses that open here, which are passed. @throws DdlError when they do not close */
  inParentheses(): Token[] {
    const inner: Token[] = []
    let depth = 0
    while (!this.atEnd) {
      const token = this.take()
      if (token.kind === 'symbol' && token.text === '(') {
        if (depth++ === 0) continue
      } else if (token.kind === 'symbol' && token.text === ')' && --depth === 0) return inner
      inner.push(token)
    }
    throw new DdlError('a parenthesis is not closed')
  }

  skipParentheses(): void {
    if (this.seesSymbol('(')) this.inParentheses()
  }

  /** A reader of the tokens from here to the end. */
  rest(): Token[] {
    const rest = this.#tokens.slice(this.#at)
    this.#at = this.#tokens.length
    return rest
  }
}

/** The lists between commas that are not within parentheses; none for no tokens. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  if (tokens.length === 0) return []
  const parts: Token[][] = [[]]
  let depth = 0
  for (const token of tokens) {
    if (token.kind === 'symbol') {
      if (token.text === '(') depth++
      else if (token.text === ')') depth--
      else if (token.text === ',' && depth === 0) {
        parts.push([])
        continue
      }
    }
    parts.at(-1)?.push(token)
  }
  return parts
}
