import type { Identifier, JoinType, TableReference } from './ast.ts'
import { notAlias, parseAlias } from './parse-alias.ts'
import { parseExpression } from './parse-expression.ts'
import { parseParenthesised } from './parse-query.ts'
import { parseTablePath, parseWindow } from './parse-window-function.ts'
import type { TokenStream } from './token-stream.ts'

/** Tables with the joins between them, which bind from the left. */
export function parseFrom(tokens: TokenStream): TableReference {
  let from = parseJoins(tokens)
  while (tokens.takeSymbol(',')) {
    const right = parseJoins(tokens)
    from = { kind: 'join', type: 'inner', left: from, right, start: from.start, end: right.end }
  }
  if (tokens.atWords('MATCH_RECOGNIZE')) throw tokens.unsupported('MATCH_RECOGNIZE', tokens.peek())
  return from
}

function parseJoins(tokens: TokenStream): TableReference {
  let left = parseTable(tokens)
  for (;;) {
    const type = takeJoin(tokens)
    if (type === undefined) return left
    const right = parseTable(tokens)
    const join: TableReference & { kind: 'join' } = {
      kind: 'join',
      type: type === 'cross' ? 'inner' : type,
      left,
      right,
      start: left.start,
      end: right.end
    }
    if (type !== 'cross') parseJoinCondition(tokens, join)
    join.end = tokens.lastEnd
    left = join
  }
}

function parseJoinCondition(tokens: TokenStream, join: TableReference & { kind: 'join' }): void {
  if (tokens.takeWords('ON')) {
    join.on = parseExpression(tokens)
    return
  }
  if (!tokens.takeWords('USING')) throw tokens.unexpected('ON')
  tokens.expectSymbol('(')
  join.using = []
  do join.using.push(tokens.expectName('a column of both tables'))
  while (tokens.takeSymbol(','))
  tokens.expectSymbol(')')
}

function takeJoin(tokens: TokenStream): JoinType | 'cross' | undefined {
  if (tokens.atWords('NATURAL')) throw tokens.unsupported('NATURAL JOIN', tokens.peek())
  if (tokens.takeWords('JOIN') || tokens.takeWords('INNER', 'JOIN')) return 'inner'
  if (tokens.takeWords('CROSS', 'JOIN')) return 'cross'
  for (const side of ['LEFT', 'RIGHT', 'FULL'] as const) {
    if (!tokens.takeWords(side)) continue
    tokens.takeWords('OUTER')
    tokens.expectWords('JOIN')
    return side.toLowerCase() as JoinType
  }
  return undefined
}

function parseTable(tokens: TokenStream): TableReference {
  const first = tokens.peek()
  const { start } = first
  let table: TableReference
  if (tokens.atSymbol('(')) {
    if (!atQuery(tokens, 1) && !tokens.atSymbol('(', 1)) throw tokens.unexpected('SELECT', tokens.peek(1))
    table = { kind: 'subquery', query: parseParenthesised(tokens), start, end: tokens.lastEnd }
  } else if (tokens.atWords('UNNEST') && tokens.atSymbol('(', 1)) {
    tokens.next()
    tokens.next()
    const value = parseExpression(tokens)
    tokens.expectSymbol(')')
    const ordinality = tokens.takeWords('WITH', 'ORDINALITY')
    table = { kind: 'unnest', value, ordinality, start, end: tokens.lastEnd }
  } else if (tokens.atWords('TABLE') && tokens.atSymbol('(', 1)) {
    tokens.next()
    tokens.next()
    table = parseWindow(tokens, start)
    tokens.expectSymbol(')')
  } else {
    if (first.kind === 'word' && (notAlias.has(first.upper) || first.upper === 'VALUES')) {
      if (first.upper === 'VALUES') throw tokens.unsupported('VALUES', first)
      throw tokens.unexpected('a table')
    }
    if (first.kind === 'word' && first.upper === 'LATERAL') throw tokens.unsupported('LATERAL', first)
    const path = parseTablePath(tokens)
    const asOf = tokens.takeWords('FOR', 'SYSTEM_TIME', 'AS', 'OF') ? parseExpression(tokens) : undefined
    table = asOf === undefined ? path : { ...path, asOf }
  }
  const alias = parseAlias(tokens)
  if (alias === undefined) return { ...table, end: tokens.lastEnd }
  if (!tokens.atSymbol('(')) return { ...table, alias, end: tokens.lastEnd } as TableReference
  if (table.kind !== 'subquery' && table.kind !== 'unnest' && table.kind !== 'table')
    throw tokens.unsupported('column aliases of a table', tokens.peek())
  const columns: Identifier[] = []
  tokens.expectSymbol('(')
  do columns.push(tokens.expectName('a column'))
  while (tokens.takeSymbol(','))
  tokens.expectSymbol(')')
  return { ...table, alias, columns, end: tokens.lastEnd }
}

/** Whether a query begins here. */
const atQuery = (tokens: TokenStream, ahead = 0): boolean => {
  const { kind, upper } = tokens.peek(ahead)
  return kind === 'word' && (upper === 'SELECT' || upper === 'WITH')
}
