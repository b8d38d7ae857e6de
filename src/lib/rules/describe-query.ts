import type { BoundName, Query } from './query.ts'

const BOUNDS: Record<BoundName, string> = { gt: '>', gte: '>=', lt: '<', lte: '<=' }

/** A filter in words: `status is FAILED and amount > 100`. */
export function describeQuery(query: Query): string {
  switch (query.is) {
    case 'all':
      return 'any event'
    case 'none':
      return 'no event'
    case 'and':
      return query.of.map(inner).join(' and ')
    case 'or':
      return `${query.least > 1 ? `${query.least} of ` : ''}${query.of.map(inner).join(' or ')}`
    case 'not':
      return `not ${inner(query.of)}`
    case 'exists':
      return `${query.field} exists`
    case 'term':
      return `${query.field} is ${query.value}`
    case 'prefix':
      return `${query.field} begins with ${query.value}`
    case 'wildcard':
      return `${query.field} is like ${query.pattern}`
    case 'range':
      return Object.entries(query.bounds)
        .map(([name, bound]) => `${query.field} ${BOUNDS[name as BoundName]} ${bound}`)
        .join(' and ')
    case 'text':
      return `${query.field ?? 'some field'} has ${query.words === 'phrase' ? `"${query.text}"` : query.text}`
    case 'nested':
      return `an object of ${query.path} with ${inner(query.of)}`
    case 'word pattern':
      return `${query.field ?? 'some field'} has a word like ${query.pattern}`
    case 'regexp':
      return `${query.field} fits /${query.pattern}/`
    case 'fuzzy':
      return `${query.field} is about ${query.text}`
    case 'word regexp':
      return `${query.field ?? 'some field'} has a word that fits /${query.pattern}/`
    case 'word fuzzy':
      return `${query.field ?? 'some field'} has a word like ${query.text}`
  }
}

function inner(query: Query): string {
  const text = describeQuery(query)
  return (query.is === 'and' || query.is === 'or') && query.of.length > 1 ? `(${text})` : text
}
