import type { Ordered, Query, Select, SelectItem, With } from './ast.ts'
import { parseAlias } from './parse-alias.ts'
import { parseExpression } from './parse-expression.ts'
import { parseFrom } from './parse-from.ts'
import { parseGroupBy } from './parse-group-by.ts'
import { parseSortItems, parseWindows } from './parse-window.ts'
import type { TokenStream } from './token-stream.ts'

/** `[WITH …] SELECT … [UNION | EXCEPT [ALL] SELECT …]…`, of which each part may stand in parentheses. */
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
  let query = parseIntersections(tokens)
  for (;;) {
    if (tokens.takeWords('UNION')) {
      const distinct = !takesAll(tokens)
      const other = parseIntersections(tokens)
      const inputs = query.kind === 'union' && query.distinct === distinct ? query.inputs : [query]
      query = { kind: 'union', inputs: [...inputs, other], distinct, start, end: other.end }
    } else if (tokens.takeWords('EXCEPT')) {
      const all = takesAll(tokens)
      const right = parseIntersections(tokens)
      query = { kind: 'except', left: query, right, all, start, end: right.end }
    } else break
  }
  if (tokens.atWords('MINUS')) throw tokens.unexpected('EXCEPT, as it is called in Flink')
  return parseOrder(tokens, query)
}

/** `SELECT … [INTERSECT [ALL] SELECT …]…`, which binds closer than UNION and EXCEPT. */
function parseIntersections(tokens: TokenStream): Query {
  const { start } = tokens.peek()
  let query = parseOperand(tokens)
  while (tokens.takeWords('INTERSECT')) {
    const all = takesAll(tokens)
    const right = parseOperand(tokens)
    query = { kind: 'intersect', left: query, right, all, start, end: right.end }
  }
  return query
}

/** Takes ALL or DISTINCT, which is meant without either. @returns whether it is ALL */
function takesAll(tokens: TokenStream): boolean {
  if (tokens.takeWords('ALL')) return true
  tokens.takeWords('DISTINCT')
  return false
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

export function parseParenthesised(tokens: TokenStream): Query {
  tokens.expectSymbol('(')
  const query = parseQuery(tokens)
  tokens.expectSymbol(')')
  return query
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
    Object.assign(select, parseGroupBy(tokens))
  }
  if (tokens.takeWords('HAVING')) select.having = parseExpression(tokens)
  if (tokens.takeWords('WINDOW')) parseWindows(tokens, select.windows)
  if (tokens.takeWords('QUALIFY')) select.qualify = parseExpression(tokens)
  select.end = tokens.lastEnd
  return select
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
