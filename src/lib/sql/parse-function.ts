import { aggregateNames, otherAggregates } from './aggregates.ts'
import { SqlError } from './errors.ts'
import { scalarFunctions } from './functions/index.ts'
import type { TokenStream } from './token-stream.ts'
import { loadUserFunction } from './user-function.ts'

/** `CREATE FUNCTION name AS 'file.js' [LANGUAGE JAVASCRIPT]`, behind FUNCTION: calls that are read later know it. */
export function parseCreateFunction(tokens: TokenStream): void {
  if (tokens.takeWords('IF')) tokens.expectWords('NOT', 'EXISTS')
  const name = tokens.expectName('a name for the function')
  const upper = name.name.toUpperCase()
  const isKnown = [scalarFunctions, aggregateNames, otherAggregates].some(names => names.has(upper))
  if (isKnown || tokens.functions.has(upper))
    throw new SqlError('name', `there is a function ${upper} already`, tokens.text, name)
  tokens.expectWords('AS')
  const file = tokens.expectString("the path of a JavaScript module, 'functions.js'")
  if (tokens.takeWords('LANGUAGE') && !tokens.takeWords('JAVASCRIPT'))
    throw tokens.unsupported('a function in another language than JAVASCRIPT', tokens.peek())
  try {
    tokens.functions.set(upper, loadUserFunction(name.name, file.text, tokens.folder))
  } catch (error) {
    throw new SqlError('name', (error as Error).message, tokens.text, file)
  }
}
