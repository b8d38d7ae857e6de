import type { BinaryOperator, Expression } from './ast.ts'
import type { Token } from './lexer.ts'
import { parseCall } from './parse-call.ts'
import { parseInterval } from './parse-interval.ts'
import { parseQuery } from './parse-query.ts'
import { parseType } from './parse-type.ts'
import type { TokenStream } from './token-stream.ts'

/**
 * A Pratt parser: each operator has a binding power, an operand is extended while the next operator binds tighter
 * than the one that asked. Powers follow Flink's (Calcite's) order: OR, AND, NOT, IS, comparison with BETWEEN, IN and
 * LIKE, then + - ||, * / %, unary sign, field and element access.
 */
const power = { or: 1, and: 2, not: 3, is: 4, comparison: 5, sum: 7, product: 8, sign: 9, postfix: 10 }

const binaryPower: Record<string, number> = {
  OR: power.or,
  AND: power.and,
  '=': power.comparison,
  '<>': power.comparison,
  '!=': power.comparison,
  '<': power.comparison,
  '<=': power.comparison,
  '>': power.comparison,
  '>=': power.comparison,
  '+': power.sum,
  '-': power.sum,
  '||': power.sum,
  '*': power.product,
  '/': power.product,
  '%': power.product
}

/** Nesting beyond this is refused, so that hostile text cannot exhaust the stack. */
const maxDepth = 200
const depths = new WeakMap<TokenStream, number>()

/** Words that end an expression and so cannot be a column without backquotes. */
const clauseWords = new Set(
  'FROM WHERE GROUP HAVING ORDER LIMIT UNION INTERSECT EXCEPT WHEN THEN ELSE END AS AND OR ON USING JOIN INNER LEFT RIGHT FULL CROSS SELECT IN LIKE BETWEEN IS ESCAPE FETCH OFFSET WINDOW QUALIFY SIMILAR'.split(
    ' '
  )
)

/** Those of them that tables have as columns. */
const columnWords = new Set(['GROUP', 'ORDER', 'LIMIT', 'LEFT', 'RIGHT', 'FULL', 'END', 'OFFSET', 'WINDOW'])

export function parseExpression(tokens: TokenStream, minimum = 0): Expression {
  const depth = (depths.get(tokens) ?? 0) + 1
  if (depth > maxDepth) throw tokens.unsupported(`nesting deeper than ${maxDepth} levels`, tokens.peek())
  depths.set(tokens, depth)
  let left = parsePrefix(tokens)
  for (;;) {
    const extended = parseInfix(tokens, left, minimum)
    if (extended === undefined) break
    left = extended
  }
  depths.set(tokens, depth - 1)
  return left
}

/** The left operand with the next operator applied, when that binds at least as tightly as `minimum`. */
function parseInfix(tokens: TokenStream, left: Expression, minimum: number): Expression | undefined {
  const token = tokens.peek()
  if (token.kind !== 'symbol' && token.kind !== 'word') return undefined
  const start = left.start
  if (token.text === '.' && token.kind === 'symbol') {
    tokens.next()
    const name = tokens.expectName('a field name')
    return { kind: 'field', input: left, name, start, end: name.end }
  }
  if (token.text === '[') {
    tokens.next()
    const index = parseExpression(tokens)
    return { kind: 'index', input: left, index, start, end: tokens.expectSymbol(']').end }
  }
  const binding = Object.hasOwn(binaryPower, token.upper) ? binaryPower[token.upper] : undefined
  if (binding !== undefined) {
    if (binding < minimum) return undefined
    tokens.next()
    const operator = (token.upper === '!=' ? '<>' : token.upper) as BinaryOperator
    const right = parseExpression(tokens, binding + 1)
    return { kind: 'binary', operator, left, right, start, end: right.end }
  }
  if (token.upper === 'OVERLAPS' && token.kind === 'word') {
    if (power.comparison < minimum) return undefined
    tokens.next()
    const right = parseExpression(tokens, power.sum)
    const args = [left, right].flatMap(row =>
      row.kind === 'call' && row.name.name === 'ROW' ? row.args : [row]
    )
    return operation('OVERLAPS', args, start, right.end)
  }
  if (token.upper === 'IS') return power.is < minimum ? undefined : parseIs(tokens, left)
  const negated = token.upper === 'NOT'
  const word = negated ? tokens.peek(1).upper : token.upper
  if (!['BETWEEN', 'IN', 'LIKE', 'SIMILAR'].includes(word) || power.comparison < minimum) return undefined
  if (negated) tokens.next()
  tokens.next()
  if (word === 'SIMILAR') tokens.expectWords('TO')
  return parsePredicate(tokens, left, word, negated)
}

function parsePredicate(
  tokens: TokenStream,
  operand: Expression,
  word: string,
  negated: boolean
): Expression {
  const start = operand.start
  if (word === 'BETWEEN') {
    const symmetric = tokens.takeWords('SYMMETRIC')
    tokens.takeWords('ASYMMETRIC')
    const low = parseExpression(tokens, power.sum)
    tokens.expectWords('AND')
    const high = parseExpression(tokens, power.sum)
    return { kind: 'between', operand, low, high, symmetric, negated, start, end: high.end }
  }
  if (word === 'IN') {
    tokens.expectSymbol('(')
    if (tokens.atWords('SELECT') || tokens.atWords('WITH')) {
      const query = parseQuery(tokens)
      return { kind: 'inQuery', operand, query, negated, start, end: tokens.expectSymbol(')').end }
    }
    const list = [parseExpression(tokens)]
    while (tokens.takeSymbol(',')) list.push(parseExpression(tokens))
    return { kind: 'in', operand, list, negated, start, end: tokens.expectSymbol(')').end }
  }
  const pattern = parseExpression(tokens, power.sum)
  const similar = word === 'SIMILAR'
  if (!tokens.takeWords('ESCAPE'))
    return { kind: 'like', operand, pattern, similar, negated, start, end: pattern.end }
  const escapedBy = parseExpression(tokens, power.sum)
  return { kind: 'like', operand, pattern, similar, escape: escapedBy, negated, start, end: escapedBy.end }
}

function parseIs(tokens: TokenStream, operand: Expression): Expression {
  tokens.next()
  const negated = tokens.takeWords('NOT')
  const start = operand.start
  if (tokens.takeWords('DISTINCT', 'FROM')) {
    const right = parseExpression(tokens, power.sum)
    return { kind: 'distinctFrom', left: operand, right, negated, start, end: right.end }
  }
  for (const test of ['NULL', 'TRUE', 'FALSE', 'UNKNOWN'] as const) {
    if (tokens.takeWords(test)) return { kind: 'is', operand, test, negated, start, end: tokens.lastEnd }
  }
  if (tokens.takeWords('JSON')) {
    const kind = ['VALUE', 'OBJECT', 'ARRAY', 'SCALAR'].find(w => tokens.takeWords(w)) ?? 'VALUE'
    const test = operation(`IS JSON ${kind}`, [operand], start, tokens.lastEnd)
    return negated ? { kind: 'unary', operator: 'NOT', operand: test, start, end: tokens.lastEnd } : test
  }
  throw tokens.unexpected('NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM')
}

function parsePrefix(tokens: TokenStream): Expression {
  const token = tokens.peek()
  const { start, end } = token
  switch (token.kind) {
    case 'number':
      tokens.next()
      return { kind: 'number', text: token.text, start, end }
    case 'string':
      tokens.next()
      return { kind: 'string', text: token.text, start, end }
    case 'symbol':
      if (token.text === '-' || token.text === '+') {
        tokens.next()
        const operand = parseExpression(tokens, power.sign)
        return { kind: 'unary', operator: token.text, operand, start, end: operand.end }
      }
      if (token.text === '(') {
        tokens.next()
        if (tokens.atWords('SELECT') || tokens.atWords('WITH'))
          return { kind: 'scalarQuery', query: parseQuery(tokens), start, end: tokens.expectSymbol(')').end }
        const inner = parseExpression(tokens)
        if (!tokens.atSymbol(',')) return { ...inner, start, end: tokens.expectSymbol(')').end }
        const args = [inner]
        while (tokens.takeSymbol(',')) args.push(parseExpression(tokens))
        return operation('ROW', args, start, tokens.expectSymbol(')').end)
      }
      throw tokens.unexpected('an expression')
    case 'word':
      return parseWord(tokens)
    case 'name':
      return parseReference(tokens)
    default:
      throw tokens.unexpected('an expression')
  }
}

function parseWord(tokens: TokenStream): Expression {
  const token = tokens.peek()
  const { start, end } = token
  const after = tokens.peek(1)
  switch (token.upper) {
    case 'TRUE':
    case 'FALSE':
      tokens.next()
      return { kind: 'boolean', value: token.upper === 'TRUE', start, end }
    case 'NULL':
      tokens.next()
      return { kind: 'null', start, end }
    case 'NOT': {
      tokens.next()
      const operand = parseExpression(tokens, power.not)
      return { kind: 'unary', operator: 'NOT', operand, start, end: operand.end }
    }
    case 'CASE':
      return parseCase(tokens)
    case 'CAST':
    case 'TRY_CAST': {
      tokens.next()
      tokens.expectSymbol('(')
      const operand = parseExpression(tokens)
      tokens.expectWords('AS')
      const type = parseType(tokens)
      return {
        kind: 'cast',
        operand,
        type,
        safe: token.upper === 'TRY_CAST',
        start,
        end: tokens.expectSymbol(')').end
      }
    }
    case 'DATE':
    case 'TIME':
    case 'TIMESTAMP':
      if (after.kind !== 'string') break
      tokens.next()
      tokens.next()
      return { kind: 'temporal', type: token.upper, text: after.text, start, end: after.end }
    case 'INTERVAL':
      if (after.kind === 'string' || after.kind === 'number' || after.text === '-')
        return parseInterval(tokens)
      break
    case 'EXISTS':
      if (after.text !== '(') break
      tokens.next()
      tokens.next()
      return { kind: 'exists', query: parseQuery(tokens), start, end: tokens.expectSymbol(')').end }
    case 'ARRAY':
    case 'MAP':
      if (after.kind === 'symbol' && after.text === '[') return parseConstructor(tokens)
      break
    case 'X':
      if (after.kind !== 'string' || after.start !== end) break
      tokens.next()
      tokens.next()
      if (!/^(?:[0-9a-fA-F]{2})*$/.test(after.text))
        throw tokens.unexpected('pairs of hexadecimal digits', after)
      return { kind: 'bytes', hex: after.text, start, end: after.end }
    default:
      if (clauseWords.has(token.upper) && !isSideFunction(token, after)) {
        const name = columnWords.has(token.upper) ? ` (a column of that name is \`${token.text}\`)` : ''
        throw tokens.unexpected(`an expression${name}`)
      }
  }
  return after.kind === 'symbol' && after.text === '(' ? parseCall(tokens) : parseReference(tokens)
}

/** An expression with a form of its own that is bound as the call of a function. */
function operation(name: string, args: Expression[], start: number, end: number): Expression {
  return { kind: 'call', name: { name, start, end }, args, star: false, distinct: false, start, end }
}

/** `ARRAY[a, b]`, `MAP[key, value, …]`. */
function parseConstructor(tokens: TokenStream): Expression {
  const { start, upper } = tokens.next()
  tokens.expectSymbol('[')
  const args: Expression[] = []
  if (!tokens.atSymbol(']')) {
    do args.push(parseExpression(tokens))
    while (tokens.takeSymbol(','))
  }
  return operation(`${upper}[]`, args, start, tokens.expectSymbol(']').end)
}

/** LEFT(text, n) and RIGHT(text, n), which are words of joins too. */
const isSideFunction = (token: Token, after: Token): boolean =>
  (token.upper === 'LEFT' || token.upper === 'RIGHT') && after.kind === 'symbol' && after.text === '('

/** `a.b.c`, also with fields named like keywords. */
function parseReference(tokens: TokenStream): Expression {
  const parts = [tokens.expectName('a column')]
  while (tokens.atSymbol('.') && tokens.peek(1).text !== '*') {
    tokens.next()
    parts.push(tokens.expectName('a field name'))
  }
  return { kind: 'reference', parts, start: (parts[0] as { start: number }).start, end: tokens.lastEnd }
}

function parseCase(tokens: TokenStream): Expression {
  const { start } = tokens.next()
  const operand = tokens.atWords('WHEN') ? undefined : parseExpression(tokens)
  const whens: { when: Expression; result: Expression }[] = []
  do {
    tokens.expectWords('WHEN')
    const when = parseExpression(tokens)
    tokens.expectWords('THEN')
    whens.push({ when, result: parseExpression(tokens) })
  } while (tokens.atWords('WHEN'))
  const otherwise = tokens.takeWords('ELSE') ? parseExpression(tokens) : undefined
  const end = tokens.expectWords('END').end
  return {
    kind: 'case',
    whens,
    ...(operand === undefined ? {} : { operand }),
    ...(otherwise === undefined ? {} : { otherwise }),
    start,
    end
  }
}
