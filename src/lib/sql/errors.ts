import { suggest } from '../cli/suggest.ts'

/** Where a piece of SQL text lies: offsets into the text, `end` exclusive. */
export type Span = { start: number; end: number }

/**
 * What kind of mistake an SqlError names: `syntax` (the text does not parse), `name` (an unknown table, column or
 * function), `type` (operands that do not go together), `unsupported` (Flink SQL outside of the subset).
 */
export type SqlErrorCode = 'syntax' | 'name' | 'type' | 'unsupported'

/** A mistake in the SQL text. The message begins with line and column (both from 1); `frame` shows the place. */
export class SqlError extends Error {
  readonly code: SqlErrorCode
  readonly line: number
  readonly column: number
  /** What is wrong, without the position. */
  readonly reason: string
  /** The line of SQL and, below it, a caret under the place. */
  readonly frame: string

  constructor(code: SqlErrorCode, reason: string, text: string, span: Span) {
    const start = Math.min(span.start, text.length)
    const lineStart = text.lastIndexOf('\n', start - 1) + 1
    const newline = text.indexOf('\n', start)
    const lineText = text.slice(lineStart, newline < 0 ? text.length : newline).replace(/\r$/, '')
    const line = text.slice(0, lineStart).split('\n').length
    const column = start - lineStart + 1
    super(`line ${line}, column ${column}: ${reason}`)
    this.name = 'SqlError'
    this.code = code
    this.line = line
    this.column = column
    this.reason = reason
    const width = Math.max(1, Math.min(span.end, lineStart + lineText.length) - start)
    const indent = lineText.slice(0, column - 1).replace(/[^\t]/g, ' ')
    this.frame = `${lineText}\n${indent}${'^'.repeat(width)}`
  }
}

/** A row that the query cannot compute (division by zero, a value that is not of its column's type, no event time). */
export class RowError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RowError'
  }
}

/**
 * Results that cannot be computed, because of rows that an operator keeps: they are left out, all else that the line, or
 * time, changes has taken effect.
 */
export class ResultError extends RowError {
  /** What is wrong with each of them. */
  readonly reasons: readonly string[]
  /** Whether a row of the line was late besides. */
  readonly isLate: boolean

  constructor(reasons: readonly string[], isLate: boolean) {
    super(reasons[0] as string)
    this.reasons = reasons
    this.isLate = isLate
  }
}

/** " (did you mean X?)" for the candidate nearest to a misspelt name, or "" when none is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const nearest = suggest(name, candidates)
  return nearest === undefined ? '' : ` (did you mean ${nearest}?)`
}
