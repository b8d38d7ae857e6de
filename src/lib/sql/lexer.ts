import { type Span, SqlError } from './errors.ts'

/**
 * - `word`: a keyword or plain identifier, `upper` for comparison with keywords;
 * - `name`: an identifier in backquotes, never a keyword;
 * - `string`: the characters between the quotes, doubled quotes resolved;
 * - `number`: the digits as written; `symbol`: an operator or punctuation; `end`: the end of the text.
 */
export type Token = Span & {
  kind: 'word' | 'name' | 'string' | 'number' | 'symbol' | 'end'
  text: string
  upper: string
}

const space = /(?:\s+|--[^\n]*|\/\*(?!\+)[\s\S]*?\*\/)+/y
const word = /[\p{L}_$][\p{L}\p{N}_$]*/uy
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y
const symbol = /<>|!=|<=|>=|\|\||=>|[-+*/%=<>(),.;[\]{}?:]/y

/** The tokens of Flink SQL text, each with its place; throws SqlError at a character that begins none. */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let position = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = position
    return pattern.exec(text)?.[0]
  }
  const push = (kind: Token['kind'], value: string, end: number): void => {
    tokens.push({
      kind,
      text: value,
      upper: kind === 'word' ? value.toUpperCase() : value,
      start: position,
      end
    })
    position = end
  }
  for (;;) {
    position += match(space)?.length ?? 0
    if (position >= text.length) break
    const first = text[position]
    if (first === "'" || first === '`') {
      const end = quotedEnd(text, position, first)
      const inner = text.slice(position + 1, end - 1).replaceAll(first + first, first)
      push(first === "'" ? 'string' : 'name', inner, end)
      continue
    }
    const found = match(word)
    if (found !== undefined) {
      push('word', found, position + found.length)
      continue
    }
    const digits = match(number)
    if (digits !== undefined) {
      push('number', digits, position + digits.length)
      continue
    }
    const operator = match(symbol)
    if (operator !== undefined && !text.startsWith('/*', position)) {
      push('symbol', operator, position + operator.length)
      continue
    }
    throw unexpectedCharacter(text, position)
  }
  push('end', '', position)
  return tokens
}

function quotedEnd(text: string, start: number, quote: string): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] !== quote) continue
    if (text[i + 1] !== quote) return i + 1
    i++
  }
  const what = quote === "'" ? 'string' : 'name'
  throw new SqlError('syntax', `this ${what} has no closing ${quote}`, text, { start, end: start + 1 })
}

function unexpectedCharacter(text: string, start: number): SqlError {
  if (text.startsWith('/*+', start)) {
    return new SqlError('unsupported', 'hints (/*+ … */) are not in the subset', text, {
      start,
      end: start + 3
    })
  }
  if (text.startsWith('/*', start)) {
    return new SqlError('syntax', 'this comment has no closing */', text, { start, end: start + 2 })
  }
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  const hint = character === '"' ? ': strings take single quotes, names take backquotes' : ''
  return new SqlError('syntax', `unexpected character ${character}${hint}`, text, { start, end: start + 1 })
}
