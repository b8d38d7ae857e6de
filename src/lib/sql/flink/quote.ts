import type { Statement } from '../ast.ts'
import { type Token, tokenize } from '../lexer.ts'
import type { SqlType } from '../types.ts'

/** A replacement of a part of a text; an insertion where `start` is `end`. */
export type Edit = { readonly start: number; readonly end: number; readonly text: string }

export const quoteName = (name: string): string => `\`${name.replaceAll('`', '``')}\``
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** The part of a text from `start` to `end` with the edits that lie in it. */
export function edited(
  text: string,
  { start, end }: { start: number; end: number },
  edits: readonly Edit[]
): string {
  let result = ''
  let position = start
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    if (edit.start < position || edit.end > end) continue
    result += text.slice(position, edit.start) + edit.text
    position = edit.end
  }
  return result + text.slice(position, end)
}

/**
 * Backquotes for all names in the statements, so that none of them is a keyword to Flink, where `source.table`, `at` and
 * `timestamp` are; those of functions stay as they are.
 */
export function quoteNames(text: string, statements: readonly Statement[]): Edit[] {
  const tokens = tokenize(text)
  const starts = new Set<number>(fieldsOfRows(tokens))
  for (const statement of statements) collectNames(statement, starts)
  return tokens
    .filter(token => token.kind === 'word' && starts.has(token.start))
    .map(({ start, end, text: name }) => ({ start, end, text: quoteName(name) }))
}

/** The places of all identifiers in a part of the syntax tree: what has a name and a place, and no kind. */
function collectNames(part: unknown, starts: Set<number>): void {
  if (Array.isArray(part)) {
    for (const item of part) collectNames(item, starts)
    return
  }
  if (typeof part !== 'object' || part === null || part instanceof Map) return
  const { kind, name, start } = part as { kind?: unknown; name?: unknown; start?: unknown }
  if (kind === undefined && typeof name === 'string' && typeof start === 'number') starts.add(start)
  for (const [key, value] of Object.entries(part)) {
    if (kind !== 'call' || key !== 'name') collectNames(value, starts)
  }
}

/** The names of fields in types, `ROW<name STRING, …>`, which the syntax tree gives no places. */
function fieldsOfRows(tokens: readonly Token[]): number[] {
  const starts: number[] = []
  /** What each open < belongs to; parentheses within it are counted. */
  const open: { isRow: boolean; parentheses: number }[] = []
  for (const [i, token] of tokens.entries()) {
    const previous = tokens[i - 1]
    const innermost = open.at(-1)
    if (
      token.text === '<' &&
      previous !== undefined &&
      ['ROW', 'ARRAY', 'MAP', 'MULTISET'].includes(previous.upper)
    )
      open.push({ isRow: previous.upper === 'ROW', parentheses: 0 })
    else if (innermost === undefined) continue
    else if (token.text === '(') innermost.parentheses++
    else if (token.text === ')') innermost.parentheses--
    else if (token.text === '>') open.pop()
    else if (
      innermost.isRow &&
      innermost.parentheses === 0 &&
      (previous?.text === '<' || previous?.text === ',')
    )
      starts.push(token.start)
  }
  return starts
}

/** A type as Flink declares it; undefined for one that no table has. */
export function flinkType(type: SqlType): string | undefined {
  switch (type.kind) {
    case 'DYNAMIC':
    case 'NULL':
    case 'INTERVAL_DAY':
    case 'INTERVAL_MONTH':
      return undefined
    case 'DECIMAL':
      return `DECIMAL(${type.precision}, ${type.scale})`
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return `${type.kind}(${type.precision})`
    case 'STRING':
      return type.length === undefined ? 'STRING' : `VARCHAR(${type.length})`
    case 'ARRAY': {
      const element = flinkType(type.element)
      return element === undefined ? undefined : `ARRAY<${element}>`
    }
    case 'MAP': {
      const [key, value] = [flinkType(type.key), flinkType(type.value)]
      return key === undefined || value === undefined ? undefined : `MAP<${key}, ${value}>`
    }
    case 'ROW': {
      const fields = type.fields.map(field => [quoteName(field.name), flinkType(field.type)])
      return fields.some(([, inner]) => inner === undefined)
        ? undefined
        : `ROW<${fields.map(field => field.join(' ')).join(', ')}>`
    }
    default:
      return type.kind
  }
}
