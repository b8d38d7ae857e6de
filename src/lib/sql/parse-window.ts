import type { Expression, FrameBound, Select, SortItem, WindowFrame, WindowSpecification } from './ast.ts'
import { parseExpression } from './parse-expression.ts'
import type { TokenStream } from './token-stream.ts'

/** Above AND, which stands between the bounds of a frame. */
const boundPrecedence = 6

/** `OVER w` or `OVER ([w] [PARTITION BY …] [ORDER BY …] [ROWS … | RANGE …])`, if it stands here. */
export function parseOver(tokens: TokenStream): WindowSpecification | undefined {
  if (!tokens.atWords('OVER')) return undefined
  const next = tokens.peek(1)
  if (tokens.atSymbol('(', 1)) {
    tokens.next()
    return parseSpecification(tokens)
  }
  if (next.kind !== 'word' && next.kind !== 'name') return undefined
  tokens.next()
  const base = tokens.expectName('a window')
  return { base, partitionBy: [], orderBy: [], start: base.start, end: base.end }
}

/** `w AS (…), …` after WINDOW. */
export function parseWindows(tokens: TokenStream, windows: Select['windows']): void {
  do {
    const name = tokens.expectName('a name for the window')
    tokens.expectWords('AS')
    windows.push({ name, specification: parseSpecification(tokens) })
  } while (tokens.takeSymbol(','))
}

const clauses = ['PARTITION', 'ORDER', 'ROWS', 'RANGE']

function parseSpecification(tokens: TokenStream): WindowSpecification {
  const { start } = tokens.expectSymbol('(')
  const specification: WindowSpecification = { partitionBy: [], orderBy: [], start, end: start }
  const first = tokens.peek()
  if (first.kind === 'name' || (first.kind === 'word' && !clauses.includes(first.upper)))
    specification.base = tokens.expectName('a window')
  if (tokens.takeWords('PARTITION')) {
    tokens.expectWords('BY')
    do specification.partitionBy.push(parseExpression(tokens))
    while (tokens.takeSymbol(','))
  }
  if (tokens.takeWords('ORDER')) {
    tokens.expectWords('BY')
    specification.orderBy = parseSortItems(tokens)
  }
  if (tokens.atWords('ROWS') || tokens.atWords('RANGE')) specification.frame = parseFrame(tokens)
  specification.end = tokens.expectSymbol(')').end
  return specification
}

/** `x [ASC | DESC] [NULLS FIRST | NULLS LAST], …`: NULL is below everything else unless it is said otherwise. */
export function parseSortItems(tokens: TokenStream): SortItem[] {
  const items: SortItem[] = []
  do {
    const value: Expression = parseExpression(tokens)
    const descending = tokens.takeWords('DESC')
    if (!descending) tokens.takeWords('ASC')
    let nullsFirst = !descending
    if (tokens.takeWords('NULLS', 'FIRST')) nullsFirst = true
    else if (tokens.takeWords('NULLS', 'LAST')) nullsFirst = false
    items.push({ value, descending, nullsFirst, start: value.start, end: tokens.lastEnd })
  } while (tokens.takeSymbol(','))
  return items
}

function parseFrame(tokens: TokenStream): WindowFrame {
  const { start, upper } = tokens.next()
  const unit = upper as WindowFrame['unit']
  if (tokens.takeWords('BETWEEN')) {
    const from = parseBound(tokens)
    tokens.expectWords('AND')
    const to = parseBound(tokens)
    return { unit, from, to, start, end: to.end }
  }
  const from = parseBound(tokens)
  return { unit, from, to: { kind: 'current', start: from.end, end: from.end }, start, end: from.end }
}

function parseBound(tokens: TokenStream): FrameBound {
  const { start } = tokens.peek()
  if (tokens.takeWords('CURRENT', 'ROW')) return { kind: 'current', start, end: tokens.lastEnd }
  const offset = tokens.takeWords('UNBOUNDED') ? undefined : parseExpression(tokens, boundPrecedence)
  if (tokens.takeWords('PRECEDING')) return { kind: 'preceding', offset, start, end: tokens.lastEnd }
  if (tokens.takeWords('FOLLOWING')) return { kind: 'following', offset, start, end: tokens.lastEnd }
  throw tokens.unexpected('PRECEDING or FOLLOWING')
}
