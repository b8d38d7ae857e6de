import type { Expression, Identifier, Select, SelectItem, TableReference, WindowKind } from './ast.ts'
import { parseExpression } from './parse-expression.ts'
import type { TokenStream } from './token-stream.ts'

/** Words that follow a table or a SELECT item and so cannot be its alias without AS. */
const notAlias = new Set(
  'FROM WHERE GROUP HAVING ORDER LIMIT UNION INTERSECT EXCEPT MINUS ON USING JOIN INNER LEFT RIGHT FULL CROSS NATURAL FOR FETCH OFFSET WINDOW QUALIFY MATCH_RECOGNIZE TABLESAMPLE INTO SELECT AS END AND OR NOT IN IS LIKE BETWEEN ESCAPE'.split(
    ' '
  )
)

/** What may follow a SELECT in Flink and is outside of the subset. */
const unsupportedClauses: Record<string, string> = {
  UNION: 'UNION',
  INTERSECT: 'INTERSECT',
  EXCEPT: 'EXCEPT',
  ORDER: 'ORDER BY',
  LIMIT: 'LIMIT',
  FETCH: 'FETCH',
  OFFSET: 'OFFSET',
  WINDOW: 'WINDOW',
  QUALIFY: 'QUALIFY'
}

const unsupportedJoins = new Set(['JOIN', 'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'NATURAL'])

export function parseSelect(tokens: TokenStream): Select {
  const { start } = tokens.expectWords('SELECT')
  if (tokens.atWords('DISTINCT')) throw tokens.unsupported('SELECT DISTINCT', tokens.peek())
  tokens.takeWords('ALL')
  const items = [parseItem(tokens)]
  while (tokens.takeSymbol(',')) items.push(parseItem(tokens))
  const select: Select = { kind: 'select', items, groupBy: [], start, end: start }
  if (tokens.takeWords('FROM')) select.from = parseFrom(tokens)
  if (tokens.takeWords('WHERE')) select.where = parseExpression(tokens)
  if (tokens.takeWords('GROUP')) {
    tokens.expectWords('BY')
    parseGroupBy(tokens, select.groupBy)
  }
  if (tokens.takeWords('HAVING')) select.having = parseExpression(tokens)
  const after = tokens.peek()
  const clause = after.kind === 'word' ? unsupportedClauses[after.upper] : undefined
  if (clause !== undefined) throw tokens.unsupported(clause, after)
  select.end = tokens.lastEnd
  return select
}

function parseGroupBy(tokens: TokenStream, list: Expression[]): void {
  do {
    const token = tokens.peek()
    const grouping =
      tokens.atWords('GROUPING', 'SETS') || ['CUBE', 'ROLLUP'].some(word => tokens.atWords(word))
    if (grouping) throw tokens.unsupported('GROUPING SETS, CUBE and ROLLUP', token)
    list.push(parseExpression(tokens))
  } while (tokens.takeSymbol(','))
}

function parseItem(tokens: TokenStream): SelectItem {
  const { start } = tokens.peek()
  if (tokens.takeSymbol('*')) return { kind: 'star', start, end: tokens.lastEnd }
  if (tokens.atSymbol('.', 1) && tokens.atSymbol('*', 2)) {
    const table = tokens.expectName('a table')
    tokens.next()
    tokens.next()
    return { kind: 'star', table, start, end: tokens.lastEnd }
  }
  const value = parseExpression(tokens)
  const alias = parseAlias(tokens)
  return { kind: 'item', value, ...(alias === undefined ? {} : { alias }), start, end: tokens.lastEnd }
}

function parseAlias(tokens: TokenStream): Identifier | undefined {
  if (tokens.takeWords('AS')) return tokens.expectName('a name')
  const token = tokens.peek()
  if (token.kind === 'name' || (token.kind === 'word' && !notAlias.has(token.upper)))
    return tokens.expectName('a name')
  return undefined
}

function parseFrom(tokens: TokenStream): TableReference {
  const table = parseTable(tokens)
  const after = tokens.peek()
  if (tokens.atSymbol(',')) throw tokens.unsupported('a list of tables', after)
  if (after.kind === 'word' && unsupportedJoins.has(after.upper)) throw tokens.unsupported('JOIN', after)
  if (tokens.atWords('FOR', 'SYSTEM_TIME')) throw tokens.unsupported('FOR SYSTEM_TIME AS OF', after)
  if (tokens.atWords('MATCH_RECOGNIZE')) throw tokens.unsupported('MATCH_RECOGNIZE', after)
  return table
}

function parseTable(tokens: TokenStream): TableReference {
  const first = tokens.peek()
  const { start } = first
  let table: TableReference
  if (tokens.takeSymbol('(')) {
    if (!tokens.atWords('SELECT')) throw tokens.unexpected('SELECT')
    table = { kind: 'subquery', query: parseSelect(tokens), start, end: tokens.expectSymbol(')').end }
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
    table = parseTablePath(tokens)
  }
  const alias = parseAlias(tokens)
  if (alias !== undefined && tokens.atSymbol('('))
    throw tokens.unsupported('column aliases of a table', tokens.peek())
  return { ...table, ...(alias === undefined ? {} : { alias }), end: tokens.lastEnd }
}

function parseTablePath(tokens: TokenStream): TableReference {
  const path = [tokens.expectName('a table')]
  while (tokens.takeSymbol('.')) path.push(tokens.expectName('a table'))
  if (tokens.atSymbol('('))
    throw tokens.unexpected('a table; window functions stand in FROM TABLE(TUMBLE(…))')
  return { kind: 'table', path, start: (path[0] as Identifier).start, end: tokens.lastEnd }
}

/** `TUMBLE(TABLE t, DESCRIPTOR(c), INTERVAL '1' MINUTE [, offset])`, arguments by position or by name (`SIZE => …`). */
function parseWindow(tokens: TokenStream, start: number): TableReference {
  const name = tokens.peek()
  if (name.kind !== 'word' || !['TUMBLE', 'HOP', 'CUMULATE'].includes(name.upper)) {
    if (name.upper === 'SESSION') throw tokens.unsupported('SESSION windows', name)
    throw tokens.unexpected('a window function: TUMBLE, HOP or CUMULATE')
  }
  tokens.next()
  tokens.expectSymbol('(')
  takeLabel(tokens, 'DATA')
  const input = parseWindowInput(tokens)
  tokens.expectSymbol(',')
  takeLabel(tokens, 'TIMECOL')
  tokens.expectWords('DESCRIPTOR')
  tokens.expectSymbol('(')
  const time = tokens.expectName('the column of event time')
  tokens.expectSymbol(')')
  const window = name.upper as WindowKind
  const labels = window === 'TUMBLE' ? ['SIZE'] : window === 'HOP' ? ['SLIDE', 'SIZE'] : ['STEP', 'SIZE']
  const intervals: Expression[] = []
  for (const label of labels) {
    tokens.expectSymbol(',')
    takeLabel(tokens, label)
    intervals.push(parseExpression(tokens))
  }
  let offset: Expression | undefined
  if (tokens.takeSymbol(',')) {
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
    ...(offset === undefined ? {} : { offset }),
    start,
    end
  }
}

function parseWindowInput(tokens: TokenStream): TableReference {
  const { start } = tokens.peek()
  if (tokens.takeSymbol('(')) {
    const query = parseSelect(tokens)
    return { kind: 'subquery', query, start, end: tokens.expectSymbol(')').end }
  }
  tokens.expectWords('TABLE')
  if (!tokens.takeSymbol('(')) return parseTablePath(tokens)
  const query = parseSelect(tokens)
  return { kind: 'subquery', query, start, end: tokens.expectSymbol(')').end }
}

/** A named argument's label. Any order is Flink's; ours is the order of the positions, which a wrong label breaks. */
function takeLabel(tokens: TokenStream, label: string): void {
  if (!tokens.atSymbol('=>', 1)) return
  tokens.expectWords(label)
  tokens.next()
}
