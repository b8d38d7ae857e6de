import type { Dialect } from './dialect.ts'

export interface Token {
  /** `bytes`: a hexadecimal or binary literal, its text in latin1. */
  readonly kind: 'word' | 'name' | 'string' | 'bytes' | 'number' | 'symbol'
  /** A word as it was written, a quoted name or string without quotes and escapes. */
  readonly text: string
  /** A word in capitals, to compare with keywords; '' for all others. */
  readonly word: string
}

/** A statement that cannot be understood; the message says what about it. */
export class DdlError extends Error {}

/** CREATE TABLE … SELECT as it was sent: the log has neither its columns nor its rows. */
export class QueryError extends DdlError {}

const WORD = /[0-9A-Za-z_$\u0080-\u{10ffff}]+/uy
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?(?![0-9A-Za-z_$\u0080-\uffff])/iy
const HEX = /0x[0-9a-f]+(?![0-9A-Za-z_$])/y
const BINARY = /0b[01]+(?![0-9A-Za-z_$])/y
const QUOTED_BYTES = /(?:[xX]'[0-9a-fA-F]*'|[bB]'[01]*')/y
/** The part of a comment that is a statement for some servers: `!` or `M!` and a version of five or six digits. */
const EXECUTABLE = /\/\*(M?)!(\d{5,6})?/y

const ESCAPES: Readonly<Record<string, string>> = { 0: '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' }

/**
 * The tokens of a statement; comments are left out, but for those that the server executes.
 * Source: the lexical structure chapters of the manuals of MySQL and MariaDB.
 * @throws DdlError for a string, name or comment without an end
 */
export function tokenize(sql: string, dialect: Dialect): Token[] {
  return new Lexer(sql, dialect).tokens()
}

class Lexer {
  readonly #sql: string
  readonly #dialect: Dialect
  readonly #tokens: Token[] = []
  #at = 0
  /** How many executed comments are open. */
  #open = 0

  constructor(sql: string, dialect: Dialect) {
    this.#sql = sql
    this.#dialect = dialect
  }

  tokens(): Token[] {
    while (this.#at < this.#sql.length) this.#next()
    return this.#tokens
  }

  #next(): void {
    const sql = this.#sql
    const at = this.#at
    const char = sql[at] as string
    if (/\s/.test(char)) this.#at++
    else if (char === '#' || (char === '-' && /^--(\s|$)/.test(sql.slice(at, at + 3)))) this.#skipLine()
    else if (char === '/' && sql[at + 1] === '*') this.#comment()
    else if (this.#open > 0 && char === '*' && sql[at + 1] === '/') {
      this.#open--
      this.#at += 2
    } else if (char === '`') this.#push('name', this.#quoted('`', false))
    else if (char === '"') {
      const isName = this.#dialect.ansiQuotes
      this.#push(isName ? 'name' : 'string', this.#quoted('"', !isName))
    } else if (char === "'") this.#push('string', this.#quoted("'", true))
    else this.#plain(char)
  }

  #plain(char: string): void {
    const last = this.#tokens.at(-1)
    // What a dot joins is a name, be it of digits.
    const joined =
      char === '.'
        ? last?.kind === 'word' || last?.kind === 'name'
        : last?.kind === 'symbol' && last.text === '.'
    if (!joined) {
      const bytes = this.#match(QUOTED_BYTES) ?? this.#match(HEX) ?? this.#match(BINARY)
      if (bytes !== undefined) {
        this.#push('bytes', bytesOf(bytes))
        return
      }
      const number = this.#match(NUMBER)
      if (number !== undefined) {
        this.#push('number', number)
        return
      }
    }
    const word = this.#match(WORD)
    if (word === undefined) {
      this.#at++
      this.#push('symbol', char)
    } else if (/^n$/i.test(word) && this.#sql[this.#at] === "'") {
      this.#push('string', this.#quoted("'", true))
    } else this.#push('word', word)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#sql)?.[0]
    if (text !== undefined) this.#at += text.length
    return text
  }

  #push(kind: Token['kind'], text: string): void {
    this.#tokens.push({ kind, text, word: kind === 'word' ? text.toUpperCase() : '' })
  }

  #skipLine(): void {
    const end = this.#sql.indexOf('\n', this.#at)
    this.#at = end < 0 ? this.#sql.length : end + 1
  }

  #comment(): void {
    EXECUTABLE.lastIndex = this.#at
    const executable = EXECUTABLE.exec(this.#sql)
    if (executable !== null && this.#executes(executable[1] === 'M', executable[2])) {
      this.#at += executable[0].length
      this.#open++
      return
    }
    const end = this.#sql.indexOf('*/', this.#at + 2)
    if (end < 0) throw new DdlError('a comment has no end')
    this.#at = end + 2
  }

  #executes(forMariadb: boolean, digits: string | undefined): boolean {
    const { isMariadb, version } = this.#dialect
    if (forMariadb && !isMariadb) return false
    if (digits === undefined) return true
    const wanted = Number(digits)
    // MariaDB leaves alone what is for the MySQLs that it has parted from.
    if (isMariadb && !forMariadb && wanted >= 50_700 && wanted <= 99_999) return false
    return version >= wanted
  }

  #quoted(quote: string, escapes: boolean): string {
    const sql = this.#sql
    const withEscapes = escapes && !this.#dialect.plainBackslashes
    let text = ''
    let at = this.#at + 1
    for (;;) {
      const char = sql[at]
      if (char === undefined) throw new DdlError(`a ${quote} has no end`)
      if (char === quote) {
        if (sql[at + 1] !== quote) break
        text += quote
        at += 2
      } else if (char === '\\' && withEscapes) {
        const next = sql[at + 1] ?? ''
        text += next === '%' || next === '_' ? `\\${next}` : (ESCAPES[next] ?? next)
        at += 2
      } else {
        text += char
        at++
      }
    }
    this.#at = at + 1
    return text
  }
}

/** `x'0a'`, `b'1'`, `0x0a`, `0b1` → the bytes as latin1. */
function bytesOf(literal: string): string {
  const digits = literal.replace(/^(?:0x|0b|[xXbB]')/, '').replace(/'$/, '')
  const isHex = /^(?:0x|[xX])/.test(literal)
  const perByte = isHex ? 2 : 8
  const padded = digits.padStart(Math.ceil(digits.length / perByte) * perByte, '0')
  let text = ''
  for (let at = 0; at < padded.length; at += perByte)
    text += String.fromCharCode(Number.parseInt(padded.slice(at, at + perByte), isHex ? 16 : 2))
  return text
}
