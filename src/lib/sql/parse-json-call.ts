import type { CallExpression, CallOptions, JsonFallback } from './ast.ts'
import { parseExpression } from './parse-expression.ts'
import { parseType } from './parse-type.ts'
import type { TokenStream } from './token-stream.ts'

/** The arguments of a function of SQL/JSON, with the words between them; false when the call is of another function. */
export function parseJsonArguments(tokens: TokenStream, call: CallExpression): boolean {
  const options: CallOptions = {}
  call.options = options
  switch (call.name.name.toUpperCase()) {
    case 'JSON_VALUE':
    case 'JSON_QUERY':
    case 'JSON_EXISTS':
      call.args.push(parseExpression(tokens))
      tokens.expectSymbol(',')
      call.args.push(parseExpression(tokens))
      if (tokens.takeWords('RETURNING')) options.returning = parseType(tokens)
      parseWrapper(tokens, options)
      parseFallbacks(tokens, call, options)
      return true
    case 'JSON_OBJECT':
      if (!tokens.atSymbol(')') && !atNulls(tokens)) {
        do parseMember(tokens, call)
        while (tokens.takeSymbol(','))
      }
      parseOnNull(tokens, options)
      return true
    case 'JSON_OBJECTAGG':
      parseMember(tokens, call)
      parseOnNull(tokens, options)
      return true
    case 'JSON_ARRAY':
    case 'JSON_ARRAYAGG':
      if (!tokens.atSymbol(')') && !atNulls(tokens)) {
        if (tokens.takeWords('DISTINCT')) call.distinct = true
        do call.args.push(parseExpression(tokens))
        while (tokens.takeSymbol(','))
      }
      parseOnNull(tokens, options)
      return true
  }
  delete call.options
  return false
}

/** `KEY 'k' VALUE v`, `'k' VALUE v` or `'k' : v`. */
function parseMember(tokens: TokenStream, call: CallExpression): void {
  if (tokens.atWords('KEY') && tokens.peek(1).text !== ',' && tokens.peek(1).upper !== 'VALUE') tokens.next()
  call.args.push(parseExpression(tokens))
  if (!tokens.takeSymbol(':')) tokens.expectWords('VALUE')
  call.args.push(parseExpression(tokens))
}

const atNulls = (tokens: TokenStream): boolean =>
  tokens.atWords('NULL', 'ON', 'NULL') || tokens.atWords('ABSENT', 'ON', 'NULL')

function parseOnNull(tokens: TokenStream, options: CallOptions): void {
  for (const word of ['NULL', 'ABSENT'] as const)
    if (tokens.takeWords(word, 'ON', 'NULL')) options.nulls = word
}

/** `WITH [CONDITIONAL | UNCONDITIONAL] [ARRAY] WRAPPER`, `WITHOUT [ARRAY] WRAPPER`. */
function parseWrapper(tokens: TokenStream, options: CallOptions): void {
  if (tokens.takeWords('WITHOUT')) options.wrapper = 'WITHOUT'
  else if (tokens.takeWords('WITH')) {
    options.wrapper = tokens.takeWords('CONDITIONAL') ? 'CONDITIONAL' : 'UNCONDITIONAL'
    tokens.takeWords('UNCONDITIONAL')
  } else return
  tokens.takeWords('ARRAY')
  tokens.expectWords('WRAPPER')
}

const fallbackWords = ['NULL', 'ERROR', 'EMPTY ARRAY', 'EMPTY OBJECT', 'TRUE', 'FALSE', 'UNKNOWN'] as const

function parseFallbacks(tokens: TokenStream, call: CallExpression, options: CallOptions): void {
  while (!tokens.atSymbol(')')) {
    const fallback = parseFallback(tokens, call)
    tokens.expectWords('ON')
    if (tokens.takeWords('EMPTY')) options.onEmpty = fallback
    else {
      tokens.expectWords('ERROR')
      options.onError = fallback
    }
  }
}

function parseFallback(tokens: TokenStream, call: CallExpression): JsonFallback {
  for (const kind of fallbackWords) if (tokens.takeWords(...kind.split(' '))) return { kind }
  tokens.expectWords('DEFAULT')
  return { kind: 'DEFAULT', argument: call.args.push(parseExpression(tokens)) - 1 }
}
