import type { CallExpression, Expression } from './ast.ts'
import { parseExpression } from './parse-expression.ts'
import { parseTimeUnit } from './parse-interval.ts'
import { parseJsonArguments } from './parse-json-call.ts'
import { parseOver } from './parse-window.ts'
import type { TokenStream } from './token-stream.ts'

/** A function call, the special forms with words between their arguments included. */
export function parseCall(tokens: TokenStream): CallExpression {
  const name = tokens.expectName('a function')
  tokens.expectSymbol('(')
  const call: CallExpression = {
    kind: 'call',
    name,
    args: [],
    star: false,
    distinct: false,
    start: name.start,
    end: 0
  }
  const user = tokens.functions.get(name.name.toUpperCase())
  if (user !== undefined) call.user = user
  parseArguments(tokens, call)
  call.end = tokens.expectSymbol(')').end
  if (tokens.atWords('IGNORE', 'NULLS') || tokens.atWords('RESPECT', 'NULLS')) {
    const word = tokens.peek()
    if (call.name.name.toUpperCase() !== 'ARRAY_AGG')
      throw tokens.unsupported(`${word.upper} NULLS after ${call.name.name}`, word)
    parseNulls(tokens, call)
    call.end = tokens.lastEnd
  }
  if (tokens.atWords('FILTER') && tokens.atSymbol('(', 1)) {
    tokens.next()
    tokens.next()
    tokens.expectWords('WHERE')
    call.filter = parseExpression(tokens)
    call.end = tokens.expectSymbol(')').end
  }
  const over = parseOver(tokens)
  if (over !== undefined) {
    call.over = over
    call.end = over.end
  }
  if (tokens.atWords('WITHIN', 'GROUP')) throw tokens.unsupported('WITHIN GROUP', tokens.peek())
  return call
}

function parseArguments(tokens: TokenStream, call: CallExpression): void {
  const upper = call.name.name.toUpperCase()
  switch (upper) {
    case 'EXTRACT':
      call.unit = parseTimeUnit(tokens)
      tokens.expectWords('FROM')
      call.args.push(parseExpression(tokens))
      return
    case 'TIMESTAMPDIFF':
    case 'TIMESTAMPADD':
      call.unit = parseTimeUnit(tokens)
      tokens.expectSymbol(',')
      parseList(tokens, call.args)
      return
    case 'TRIM':
      parseTrim(tokens, call)
      return
    case 'POSITION':
      call.args.push(parseExpression(tokens, 6))
      tokens.expectWords('IN')
      call.args.push(parseExpression(tokens))
      return
    case 'OVERLAY':
      call.args.push(parseExpression(tokens))
      if (!tokens.takeWords('PLACING')) break
      call.args.push(parseExpression(tokens))
      tokens.expectWords('FROM')
      call.args.push(parseExpression(tokens))
      if (tokens.takeWords('FOR')) call.args.push(parseExpression(tokens))
      return
    case 'SUBSTRING':
      parseSubstring(tokens, call)
      return
  }
  if (upper === 'OVERLAY') {
    while (tokens.takeSymbol(',')) call.args.push(parseExpression(tokens))
    return
  }
  if (parseJsonArguments(tokens, call)) return
  if (tokens.atSymbol(')')) return
  if (tokens.takeSymbol('*')) {
    call.star = true
    return
  }
  if (tokens.takeWords('DISTINCT')) call.distinct = true
  else tokens.takeWords('ALL')
  parseList(tokens, call.args)
  if (upper === 'ARRAY_AGG') parseNulls(tokens, call)
  if ((upper === 'FLOOR' || upper === 'CEIL' || upper === 'CEILING') && tokens.takeWords('TO')) {
    call.unit = parseTimeUnit(tokens)
  }
}

/** IGNORE NULLS or RESPECT NULLS, if they stand there. */
function parseNulls(tokens: TokenStream, call: CallExpression): void {
  for (const word of ['IGNORE', 'RESPECT'] as const)
    if (tokens.takeWords(word, 'NULLS')) call.options = { nulls: word }
}

function parseList(tokens: TokenStream, list: Expression[]): void {
  do list.push(parseExpression(tokens))
  while (tokens.takeSymbol(','))
}

/** `TRIM(x)`, `TRIM(LEADING 'a' FROM x)`: becomes BTRIM, LTRIM or RTRIM with the characters as second argument. */
function parseTrim(tokens: TokenStream, call: CallExpression): void {
  const side = ['LEADING', 'TRAILING', 'BOTH'].find(word => tokens.takeWords(word))
  call.name.name = side === 'LEADING' ? 'LTRIM' : side === 'TRAILING' ? 'RTRIM' : 'BTRIM'
  const first = tokens.atWords('FROM') ? undefined : parseExpression(tokens)
  if (!tokens.takeWords('FROM')) {
    if (first === undefined || side !== undefined) throw tokens.unexpected('FROM')
    call.args.push(first)
    return
  }
  call.args.push(parseExpression(tokens))
  if (first !== undefined) call.args.push(first)
}

function parseSubstring(tokens: TokenStream, call: CallExpression): void {
  call.args.push(parseExpression(tokens))
  if (!tokens.takeWords('FROM')) {
    while (tokens.takeSymbol(',')) call.args.push(parseExpression(tokens))
    return
  }
  call.args.push(parseExpression(tokens))
  if (tokens.takeWords('FOR')) call.args.push(parseExpression(tokens))
}
