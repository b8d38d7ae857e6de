import type {
  Expression,
  Identifier,
  JoinType,
  Ordered,
  Query,
  Select,
  SelectItem,
  TableReference,
  WindowKind,
  With
} from './ast.ts'
import { parseExpression } from './parse-expression.ts'
import { parseSortItems, parseWindows } from './parse-window.ts'
import type { TokenStream } from './token-stream.ts'

/** Words that follow a table or a SELECT item and so cannot be its alias without AS. */
const notAlias = new Set(
  'FROM WHERE GROUP HAVING ORDER LIMIT UNION INTERSECT EXCEPT MINUS ON USING JOIN INNER LEFT RIGHT FULL CROSS NATURAL FOR FETCH OFFSET WINDOW QUALIFY MATCH_RECOGNIZE TABLESAMPLE INTO SELECT AS END AND OR NOT IN IS LIKE BETWEEN ESCAPE'.split(
    ' '
  )
)

/** What may follow a SELECT in Flink and is outside of the subset. */
const unsupportedClauses: Record<string, string> = {
  INTERSECT: 'INTERSECT',
  EXCEPT: 'EXCEPT'
}

/** `[WITH …] SELECT … [UNION [ALL] SELECT …]…`, of which each part may stand in parentheses. */
export function parseQuery(tokens: TokenStream): Query {
  const { start } = tokens.peek()
  if (tokens.takeWords('WITH')) {
    const views: With['views'] = []
    do {
      const name = tokens.expectName('a name for the query')
      tokens.expectWords('AS')
      views.push({ name, query: parseParenthesised(tokens) })
    } while (tokens.takeSymbol(','))
    const query = parseQuery(tokens)
    return { kind: 'with', views, query, start, end: query.end }
  }
  let query = parseOperand(tokens)
  while (tokens.takeWords('UNION')) {
    const distinct = !tokens.takeWords('ALL')
    if (distinct) tokens.takeWords('DISTINCT')
    const other = parseOperand(tokens)
    const inputs = query.kind === 'union' && query.distinct === distinct ? query.inputs : [query]
    query = { kind: 'union', inputs: [...inputs, other], distinct, start, end: other.end }
  }
  const after = tokens.peek()
  const clause = after.kind === 'word' ? unsupportedClauses[after.upper] : undefined
  if (clause !== undefined) throw tokens.unsupported(clause, after)
  return parseOrder(tokens, query)
}

/** `[ORDER BY …] [LIMIT n] [OFFSET n ROWS] [FETCH FIRST n ROWS ONLY]` after a query. */
function parseOrder(tokens: TokenStream, query: Query): Query {
  const { start, end } = query
  const ordered: Ordered = { kind: 'ordered', query, start, end, orderBy: [], offset: 0, limit: undefined }
  const { lastEnd } = tokens
  if (tokens.takeWords('ORDER')) {
    tokens.expectWords('BY')
    ordered.orderBy = parseSortItems(tokens)
  }
  if (tokens.takeWords('LIMIT') && !tokens.takeWords('ALL'))
    ordered.limit = tokens.expectInteger('a number of rows')
  if (tokens.takeWords('OFFSET')) {
    ordered.offset = tokens.expectInteger('a number of rows')
    if (!tokens.takeWords('ROWS')) tokens.takeWords('ROW')
  }
  if (tokens.takeWords('FETCH')) {
    if (!tokens.takeWords('FIRST') && !tokens.takeWords('NEXT')) throw tokens.unexpected('FIRST')
    ordered.limit = tokens.expectInteger('a number of rows')
    if (!tokens.takeWords('ROWS') && !tokens.takeWords('ROW')) throw tokens.unexpected('ROWS')
    tokens.expectWords('ONLY')
  }
  return tokens.lastEnd === lastEnd ? query : { ...ordered, end: tokens.lastEnd }
}

const parseOperand = (tokens: TokenStream): Query =>
  tokens.atSymbol('(') ? parseParenthesised(tokens) : parseSelect(tokens)

function parseParenthesised(tokens: TokenStream): Query {
  tokens.expectSymbol('(')
  const query = parseQuery(tokens)
  tokens.expectSymbol(')')
  return query
}

/** Whether a query begins here. */
const atQuery = (tokens: TokenStream, ahead = 0): boolean => {
  const { kind, upper } = tokens.peek(ahead)
  return kind === 'word' && (upper === 'SELECT' || upper === 'WITH')
}

function parseSelect(tokens: TokenStream): Select {
  const { start } = tokens.expectWords('SELECT')
  const distinct = tokens.takeWords('DISTINCT')
  if (!distinct) tokens.takeWords('ALL')
  const items = [parseItem(tokens)]
  while (tokens.takeSymbol(',')) items.push(parseItem(tokens))
  const select: Select = { kind: 'select', distinct, items, groupBy: [], windows: [], start, end: start }
  if (tokens.takeWords('FROM')) select.from = parseFrom(tokens)
  if (tokens.takeWords('WHERE')) select.where = parseExpression(tokens)
  if (tokens.takeWords('GROUP')) {
    tokens.expectWords('BY')
    parseGroupBy(tokens, select.groupBy)
  }
  if (tokens.takeWords('HAVING')) select.having = parseExpression(tokens)
  if (tokens.takeWords('WINDOW')) parseWindows(tokens, select.windows)
  if (tokens.takeWords('QUALIFY')) select.qualify = parseExpression(tokens)
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

/** Tables with the joins between them, which bind from the left. */
function parseFrom(tokens: TokenStream): TableReference {
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

function parseTablePath(tokens: TokenStream): TableReference & { kind: 'table' } {
  const path = [tokens.expectName('a table')]
  while (tokens.takeSymbol('.')) path.push(tokens.expectName('a table'))
  if (tokens.atSymbol('('))
    throw tokens.unexpected('a table; window functions stand in FROM TABLE(TUMBLE(…))')
  return { kind: 'table', path, start: (path[0] as Identifier).start, end: tokens.lastEnd }
}

/** `TUMBLE(TABLE t, DESCRIPTOR(c), INTERVAL '1' MINUTE [, offset])`, arguments by position or by name (`SIZE => …`). */
function parseWindow(tokens: TokenStream, start: number): TableReference {
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
