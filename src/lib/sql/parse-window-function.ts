import type { Expression, Identifier, TableReference, WindowKind } from './ast.ts'
import { parseExpression } from './parse-expression.ts'
import { parseParenthesised } from './parse-query.ts'
import type { TokenStream } from './token-stream.ts'

/** `TUMBLE(TABLE t, DESCRIPTOR(c), INTERVAL '1' MINUTE [, offset])`, arguments by position or by name (`SIZE => …`). */
export function parseWindow(tokens: TokenStream, start: number): TableReference {
  const name = tokens.peek()
  if (name.kind !== 'word' || !(name.upper in intervalLabels))
    throw tokens.unexpected('a window function: TUMBLE, HOP, CUMULATE or SESSION')
  tokens.next()
  tokens.expectSymbol('(')
  takeLabel(tokens, 'DATA')
  const window = name.upper as WindowKind
  const input = parseWindowInput(tokens)
  const partition = window === 'SESSION' ? parsePartition(tokens) : []
  tokens.expectSymbol(',')
  takeLabel(tokens, 'TIMECOL')
  tokens.expectWords('DESCRIPTOR')
  tokens.expectSymbol('(')
  const time = tokens.expectName('the column of event time')
  tokens.expectSymbol(')')
  const intervals: Expression[] = []
  for (const label of intervalLabels[window]) {
    tokens.expectSymbol(',')
    takeLabel(tokens, label)
    intervals.push(parseExpression(tokens))
  }
  let offset: Expression | undefined
  if (window !== 'SESSION' && tokens.takeSymbol(',')) {
    takeLabel(tokens, 'OFFSET')
    offset = parseExpression(tokens)
  }
  const { end } = tokens.expectSymbol(')')
  return {
    kind: 'window',
    window,
    input,
    time,
    intervals,
    partition,
    ...(offset === undefined ? {} : { offset }),
    start,
    end
  }
}

/** The intervals that each window function takes, by their labels. */
const intervalLabels: Record<WindowKind, string[]> = {
  TUMBLE: ['SIZE'],
  HOP: ['SLIDE', 'SIZE'],
  CUMULATE: ['STEP', 'SIZE'],
  SESSION: ['GAP']
}

/** `PARTITION BY a, b` before the comma that ends the first argument. */
function parsePartition(tokens: TokenStream): Identifier[] {
  if (!tokens.takeWords('PARTITION')) return []
  tokens.expectWords('BY')
  const parenthesised = tokens.takeSymbol('(')
  const columns = [tokens.expectName('a column')]
  const atColumn = (): boolean =>
    tokens.atSymbol(',') && (parenthesised || !(tokens.atSymbol('(', 2) || tokens.atSymbol('=>', 2)))
  while (atColumn()) {
    tokens.next()
    columns.push(tokens.expectName('a column'))
  }
  if (parenthesised) tokens.expectSymbol(')')
  return columns
}

function parseWindowInput(tokens: TokenStream): TableReference {
  const { start } = tokens.peek()
  if (!tokens.atSymbol('(')) {
    tokens.expectWords('TABLE')
    if (!tokens.atSymbol('(')) return parseTablePath(tokens)
  }
  return { kind: 'subquery', query: parseParenthesised(tokens), start, end: tokens.lastEnd }
}

/** A named argument's label. Any order is Flink's; ours is the order of the positions, which a wrong label breaks. */
function takeLabel(tokens: TokenStream, label: string): void {
  if (!tokens.atSymbol('=>', 1)) return
  tokens.expectWords(label)
  tokens.next()
}

/** `a.b.c` as the name of a table. */
export function parseTablePath(tokens: TokenStream): TableReference & { kind: 'table' } {
  const path = [tokens.expectName('a table')]
  while (tokens.takeSymbol('.')) path.push(tokens.expectName('a table'))
  if (tokens.atSymbol('('))
    throw tokens.unexpected('a table; window functions stand in FROM TABLE(TUMBLE(…))')
  return { kind: 'table', path, start: (path[0] as Identifier).start, end: tokens.lastEnd }
}
