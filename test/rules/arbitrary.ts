import fc from 'fast-check'
import type { Query } from '../../src/lib/rules/query.ts'

const field = fc.constantFrom('a', 'b', 'o.a', 'o.b', 'a.keyword', 'é')
const word = fc.oneof(
  fc.constantFrom('x', 'FAILED', 'a/b', 'q"q', 'é', '12', '12.0', 'true', '', 'x y'),
  fc.string({ maxLength: 3 })
)
const scalar = fc.oneof(word, fc.constantFrom(12, 0.5, true))

export const { query } = fc.letrec<{ query: Query; leaf: Query }>(tie => ({
  leaf: fc.oneof(
    fc.record({ is: fc.constant('term' as const), field, value: scalar, ignoreCase: fc.boolean() }),
    fc.record({ is: fc.constant('exists' as const), field }),
    fc.record({ is: fc.constant('prefix' as const), field, value: word, ignoreCase: fc.boolean() }),
    fc.record({ is: fc.constant('wildcard' as const), field, pattern: word, ignoreCase: fc.boolean() }),
    fc.record({
      is: fc.constant('range' as const),
      field,
      bounds: fc.record({ gte: scalar.filter(s => typeof s !== 'boolean') }),
      zoneMinutes: fc.constant(0)
    }),
    fc.record({
      is: fc.constant('text' as const),
      field: fc.option(field, { nil: undefined }),
      text: word,
      words: fc.constantFrom('any' as const, 'all' as const, 'phrase' as const)
    })
  ),
  query: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.record({ is: fc.constant('and' as const), of: fc.array(tie('query'), { maxLength: 3 }) }),
    fc.record({
      is: fc.constant('or' as const),
      of: fc.array(tie('query'), { minLength: 1, maxLength: 3 }),
      least: fc.constant(1)
    }),
    fc.record({ is: fc.constant('not' as const), of: tie('query') })
  )
}))

const value = fc.oneof(scalar, fc.constant(null), fc.array(scalar, { maxLength: 2 }))
/** Documents with the fields that queries are about. */
export const document = fc.record(
  { a: value, b: value, é: value, o: fc.record({ a: value, b: value }, { requiredKeys: [] }), 'o.a': value },
  { requiredKeys: [] }
)

export const way = fc.constantFrom('plain' as const, 'codes' as const, 'slashes' as const, 'spaces' as const)

/** Another spelling of the same JSON: characters by code, slashes escaped, spaces as Python writes them. */
export function respell(json: string, way: 'plain' | 'codes' | 'slashes' | 'spaces'): string {
  if (way === 'slashes') return json.replaceAll('/', '\\/')
  if (way === 'plain') return json
  if (way === 'spaces') return JSON.stringify(JSON.parse(json), null, 1).replaceAll('\n', ' ')
  return json.replace(/[^\x20-\x7e]|[xF]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
