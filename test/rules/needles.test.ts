import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Candidates } from '../../src/lib/rules/candidates.ts'
import { eventOf } from '../../src/lib/rules/event.ts'
import { needlesOf } from '../../src/lib/rules/needles.ts'
import { compilePredicate } from '../../src/lib/rules/predicate.ts'
import type { Query } from '../../src/lib/rules/query.ts'

const field = fc.constantFrom('a', 'b', 'o.a', 'o.b', 'a.keyword', 'é')
const word = fc.oneof(
  fc.constantFrom('x', 'FAILED', 'a/b', 'q"q', 'é', '12', '12.0', 'true', '', 'x y'),
  fc.string({ maxLength: 3 })
)
const scalar = fc.oneof(word, fc.constantFrom(12, 0.5, true))

const { query } = fc.letrec<{ query: Query; leaf: Query }>(tie => ({
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
const document = fc.record(
  { a: value, b: value, é: value, o: fc.record({ a: value, b: value }, { requiredKeys: [] }), 'o.a': value },
  { requiredKeys: [] }
)

/** Another spelling of the same JSON: characters by code, slashes escaped. */
function respell(json: string, way: 'plain' | 'codes' | 'slashes'): string {
  if (way === 'slashes') return json.replaceAll('/', '\\/')
  if (way === 'plain') return json
  return json.replace(/[^\x20-\x7e]|[xF]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

test('a line that passes a filter is never left out by its bytes, however it is spelled', () => {
  fc.assert(
    fc.property(
      query,
      fc.array(fc.tuple(document, fc.constantFrom('plain' as const, 'codes' as const, 'slashes' as const)), {
        minLength: 1,
        maxLength: 4
      }),
      (q, documents) => {
        const passes = compilePredicate(q, () => 0)
        const lines = documents.map(([d, way]) => Buffer.from(`${respell(JSON.stringify(d), way)}\n`))
        const candidates = new Candidates([needlesOf(q)])
        const any = candidates.begin(Buffer.concat(lines))
        let start = 0
        for (const [i, line] of lines.entries()) {
          const end = start + line.length - 1
          const may = candidates.mayPass(0, start, end)
          if (passes(eventOf(documents[i]![0])!)) assert.ok(any && may, line.toString())
          start = end + 1
        }
      }
    ),
    { numRuns: 3000 }
  )
})

test('a line without the value that a term wants is left out unparsed', () => {
  const candidates = new Candidates([
    needlesOf({ is: 'term', field: 'status', value: 'FAILED', ignoreCase: false })
  ])
  assert.equal(candidates.begin(Buffer.from('{"status":"OK"}\n{"status":"OK"}\n')), false)
  const block = Buffer.from('{"status":"OK"}\n{"status":"FAILED"}\n')
  assert.equal(candidates.begin(block), true)
  assert.equal(candidates.mayPass(0, 0, 15), false)
  assert.equal(candidates.mayPass(0, 16, block.length - 1), true)
})
