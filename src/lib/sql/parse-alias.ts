import type { Identifier } from './ast.ts'
import type { TokenStream } from './token-stream.ts'

/** Words that follow a table or a SELECT item and so cannot be its alias without AS. */
export const notAlias = new Set(
  'FROM WHERE GROUP HAVING ORDER LIMIT UNION INTERSECT EXCEPT MINUS ON USING JOIN INNER LEFT RIGHT FULL CROSS NATURAL FOR FETCH OFFSET WINDOW QUALIFY MATCH_RECOGNIZE TABLESAMPLE INTO SELECT AS END AND OR NOT IN IS LIKE BETWEEN ESCAPE'.split(
    ' '
  )
)

/** `[AS] name` after a table or a SELECT item. */
export function parseAlias(tokens: TokenStream): Identifier | undefined {
  if (tokens.takeWords('AS')) return tokens.expectName('a name')
  const token = tokens.peek()
  if (token.kind === 'name' || (token.kind === 'word' && !notAlias.has(token.upper)))
    return tokens.expectName('a name')
  return undefined
}
