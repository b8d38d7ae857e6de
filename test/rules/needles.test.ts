import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Candidates } from '../../src/lib/rules/candidates.ts'
import { eventOf } from '../../src/lib/rules/event.ts'
import { needlesOf } from '../../src/lib/rules/needles.ts'
import { compilePredicate } from '../../src/lib/rules/predicate.ts'
import { document, query, respell, way } from './arbitrary.ts'

test('a line that passes a filter is never left out by its bytes, however it is spelled', () => {
  fc.assert(
    fc.property(
      query,
      fc.array(fc.tuple(document, way), {
        minLength: 1,
        maxLength: 4
      }),
      (q, documents) => {
        const passes = compilePredicate(q, () => 0)
        const lines = documents.map(([d, way]) => Buffer.from(`${respell(JSON.stringify(d), way)}\n`))
        const candidates = new Candidates([needlesOf(q)])
        candidates.begin(Buffer.concat(lines))
        let start = 0
        for (const [i, line] of lines.entries()) {
          const end = start + line.length - 1
          const may = candidates.mayPass(0, start, end)
          if (passes(eventOf(documents[i]![0])!)) assert.ok(may, line.toString())
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
  const block = Buffer.from('{"status":"OK"}\n{"status":"FAILED"}\n')
  candidates.begin(block)
  assert.equal(candidates.mayPass(0, 0, 15), false)
  assert.equal(candidates.mayPass(0, 16, block.length - 1), true)
})
