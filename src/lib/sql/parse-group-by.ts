import type { Expression, Select } from './ast.ts'
import { parseExpression } from './parse-expression.ts'
import type { TokenStream } from './token-stream.ts'

type Sets = Expression[][]

/** Each set is a copy of each row and a group to keep: more of them are surely a mistake. */
const MOST_SETS = 4096

/**
 * What follows GROUP BY: expressions, and grouping sets, of which each stands for several lists of expressions. Elements
 * beside each other are combined, each set of one with each of the others.
 */
export function parseGroupBy(tokens: TokenStream): Pick<Select, 'groupBy' | 'groupingSets'> {
  let sets: Sets = [[]]
  let isPlain = true
  do {
    if (isGrouping(tokens)) isPlain = false
    sets = combined(tokens, sets, parseElement(tokens))
  } while (tokens.takeSymbol(','))
  const groupBy = [...new Set(sets.flat())]
  return isPlain ? { groupBy } : { groupBy, groupingSets: sets }
}

const isGrouping = (tokens: TokenStream): boolean =>
  tokens.atWords('GROUPING', 'SETS') || isList(tokens, 'CUBE') || isList(tokens, 'ROLLUP') || isNone(tokens)

const isList = (tokens: TokenStream, word: 'CUBE' | 'ROLLUP'): boolean =>
  tokens.atWords(word) && tokens.atSymbol('(', 1)

const isNone = (tokens: TokenStream): boolean => tokens.atSymbol('(') && tokens.atSymbol(')', 1)

function parseElement(tokens: TokenStream): Sets {
  const { start } = tokens.peek()
  if (tokens.takeWords('GROUPING', 'SETS')) {
    const sets = inParentheses(tokens, parseElement).flat()
    return checked(tokens, sets.length, start, () => sets)
  }
  for (const word of ['CUBE', 'ROLLUP'] as const) {
    if (!isList(tokens, word)) continue
    tokens.next()
    const lists = inParentheses(tokens, parseList)
    if (word === 'ROLLUP') return checked(tokens, lists.length + 1, start, () => beginningsOf(lists))
    return checked(tokens, 2 ** lists.length, start, () => subsetsOf(lists))
  }
  return [parseList(tokens)]
}

/** Of a ROLLUP: all lists, all but the last, and so on down to none. */
const beginningsOf = (lists: Sets): Sets =>
  Array.from({ length: lists.length + 1 }, (_, i) => lists.slice(0, lists.length - i).flat())

/** Of a CUBE: all lists, and whatever some of them make. */
function subsetsOf(lists: Sets): Sets {
  const [first, ...others] = lists
  if (first === undefined) return [[]]
  const sets = subsetsOf(others)
  return sets.map(set => [...first, ...set]).concat(sets)
}

/** An expression, or several in parentheses that are one. */
function parseList(tokens: TokenStream): Expression[] {
  if (isNone(tokens)) {
    tokens.next()
    tokens.next()
    return []
  }
  return isExpressionList(tokens) ? inParentheses(tokens, parseExpression) : [parseExpression(tokens)]
}

/** Whether a parenthesis begins here that has a comma of its own. */
function isExpressionList(tokens: TokenStream): boolean {
  if (!tokens.atSymbol('(')) return false
  let depth = 0
  for (let ahead = 0; tokens.peek(ahead).kind !== 'end'; ahead++) {
    if (tokens.atSymbol('(', ahead) || tokens.atSymbol('[', ahead)) depth++
    else if (tokens.atSymbol(')', ahead) || tokens.atSymbol(']', ahead)) {
      if (--depth === 0) return false
    } else if (depth === 1 && tokens.atSymbol(',', ahead)) return true
  }
  return false
}

function inParentheses<T>(tokens: TokenStream, parse: (tokens: TokenStream) => T): T[] {
  tokens.expectSymbol('(')
  const items: T[] = []
  do items.push(parse(tokens))
  while (tokens.takeSymbol(','))
  tokens.expectSymbol(')')
  return items
}

const combined = (tokens: TokenStream, sets: Sets, others: Sets): Sets =>
  checked(tokens, sets.length * others.length, tokens.lastEnd - 1, () =>
    sets.flatMap(set => others.map(other => [...set, ...other]))
  )

function checked(tokens: TokenStream, count: number, start: number, make: () => Sets): Sets {
  if (count <= MOST_SETS) return make()
  throw tokens.unsupported(`GROUP BY with more than ${MOST_SETS} grouping sets`, {
    start,
    end: tokens.lastEnd
  })
}
