import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventOf, type Timestamp, timeOf } from '../../src/lib/rules/event.ts'
import { compileField, eventJson, type Fields, lookup } from '../../src/lib/rules/fields.ts'
import { LineFilter } from '../../src/lib/rules/line-filter.ts'
import { compilePredicate } from '../../src/lib/rules/predicate.ts'
import type { Query } from '../../src/lib/rules/query.ts'
import type { Rule } from '../../src/lib/rules/rule.ts'
import { DEFAULT_TIMING } from '../../src/lib/rules/timing.ts'
import { document, query, respell, way } from './arbitrary.ts'

const timestamp: Timestamp = { field: '@timestamp', type: 'iso' }

function filterOf(...queries: Query[]): LineFilter {
  return LineFilter.of(
    queries.map(filter => ({ filter, timestamp }) as Rule),
    DEFAULT_TIMING
  )
}

/** Calls `visit` for each line that is found without being parsed, with what it is when parsed; gives how many there were. */
function found(filter: LineFilter, lines: string[], visit: (parsed: Fields, text: string) => void): number {
  const block = Buffer.from(lines.map(line => `${line}\n`).join(''))
  filter.begin(block)
  let start = 0
  let count = 0
  for (let end = block.indexOf(10); end >= 0; end = block.indexOf(10, start)) {
    if (filter.find(start) >= 0 || filter.learn(start, end) >= 0) {
      count++
      assert.equal(filter.line.end, block[end - 1] === 13 ? end - 1 : end)
      const text = block.toString('utf8', start, end)
      visit(eventOf(JSON.parse(text)) as Fields, text)
    }
    start = end + 1
  }
  return count
}

function passed(filter: LineFilter, queries: Query[]): boolean[] {
  const bits = filter.passing()
  return queries.map((_, n) => {
    const may = bits !== null && (((bits[n >> 5] ?? 0) >> (n & 31)) & 1) === 1
    return may && filter.passes(n)
  })
}

const envelope = fc
  .record({
    before: fc.option(document),
    after: fc.option(document),
    source: fc.record({ ts_ms: fc.constantFrom(5, 'x', null), a: fc.constantFrom('x', 1) }),
    op: fc.constantFrom('c', 'd', null, 5),
    ts_ms: fc.constantFrom(7, null, 'x')
  })
  .map(e => e as object)
const event = fc.oneof(document, envelope)
const lines = fc
  .array(fc.tuple(event, way), { minLength: 1, maxLength: 6 })
  .map(all => all.map(([value, spelling]) => respell(JSON.stringify(value), spelling)))

test('an event passes by its bytes the rules that it passes when parsed', () => {
  fc.assert(
    fc.property(fc.array(query, { minLength: 1, maxLength: 40 }), lines, (queries, texts) => {
      const filter = filterOf(...queries)
      const predicates = queries.map(q => compilePredicate(q, () => 0))
      found(filter, [...texts, ...texts], (parsed, text) => {
        const wanted = predicates.map(passes => passes(parsed))
        assert.deepEqual(passed(filter, queries), wanted, text)
      })
    }),
    { numRuns: 500 }
  )
})

test('a field has the value in the bytes that it has when parsed', () => {
  const names = [
    'a',
    'b',
    'é',
    'o',
    'o.a',
    'o.b',
    'a.keyword',
    'a[0]',
    'o.b.x',
    'op',
    'before.a',
    'source.a',
    'after',
    'ts_ms'
  ]
  fc.assert(
    fc.property(lines, texts => {
      const filter = filterOf({ is: 'all' })
      const { line } = filter
      found(filter, [...texts, ...texts], parsed => {
        for (const name of names) {
          assert.deepEqual(lookup(line.event, name), lookup(parsed, name), name)
          const values = (fields: Fields): unknown[] => {
            const all: unknown[] = []
            compileField(name)(fields, value => {
              all.push(value)
              return false
            })
            return all
          }
          assert.deepEqual(values(line.event), values(parsed), name)
        }
        assert.deepEqual(JSON.parse(JSON.stringify(line.event)), JSON.parse(JSON.stringify(parsed)))
      })
    }),
    { numRuns: 300 }
  )
})

test('lines of a shape are found without being parsed, however their values are spelled', () => {
  const texts = [
    '{"a":"x","n":1}',
    '{"a":"\\u0041\\n","n":-1.5e3}',
    '{"a":null,"n":true}',
    '{"a":"é","n":12345678901234567890}'
  ]
  const values: unknown[] = []
  const filter = filterOf({ is: 'all' })
  const count = found(filter, texts, () => values.push([filter.line.lookup('a'), filter.line.lookup('n')]))
  assert.equal(count, 4)
  assert.deepEqual(values, [
    ['x', 1],
    ['A\n', -1500],
    [null, true],
    ['é', 12345678901234567000]
  ])
})

test('no line is taken for JSON that is none', () => {
  const bytes = fc.constantFrom(...'{}[]",:\\ \t\r0-.eEtn\u0001é')
  fc.assert(
    fc.property(
      lines,
      fc.array(fc.tuple(fc.nat(), bytes, fc.boolean()), { minLength: 1, maxLength: 3 }),
      (texts, edits) => {
        const filter = filterOf({ is: 'all' })
        found(filter, texts, () => {})
        const broken = texts.map(text =>
          edits.reduce((t, [at, byte, replaces]) => {
            const place = at % (t.length + 1)
            return t.slice(0, place) + byte + t.slice(place + Number(replaces))
          }, text)
        )
        // JSON.parse throws where a line is none
        found(filter, broken, parsed => assert.ok(parsed))
      }
    ),
    { numRuns: 1000 }
  )
})

test('times are read from the bytes to the microsecond, in every form', () => {
  const digits = fc.integer({ min: 0, max: 70 }).map(n => String(n).padStart(2, '0'))
  const time = fc
    .tuple(
      fc.constantFrom('2026-11-24', '2026-02-31', '1969-12-31'),
      fc.constantFrom('T', ' ', 't'),
      digits,
      digits
    )
    .chain(([day, separator, minute, second]) =>
      fc.tuple(
        fc.constant(`${day}${separator}10:${minute}:${second}`),
        fc.constantFrom('', '.', '.1', '.123', '.123456', '.1234567', '.1234567891', '.12a'),
        fc.constantFrom('Z', '', '+01:00', 'z', ' Z')
      )
    )
    .map(parts => parts.join(''))
  fc.assert(
    fc.property(fc.array(time, { minLength: 1, maxLength: 8 }), times => {
      const filter = filterOf({ is: 'all' })
      const texts = times.map(t => JSON.stringify({ '@timestamp': t, n: 1 }))
      found(filter, texts, (parsed, text) => {
        assert.equal(filter.line.time(timestamp), timeOf(parsed, timestamp), text)
      })
    }),
    { numRuns: 300 }
  )
})

test('an event without its timestamp field has the time of its commit', () => {
  fc.assert(
    fc.property(lines, texts => {
      const filter = filterOf({ is: 'all' })
      found(filter, texts, parsed => {
        assert.equal(filter.line.time(timestamp), timeOf(parsed, timestamp))
      })
    })
  )
})

test('values that hardly come again are asked about all the same', () => {
  const bounds = { gte: 900 }
  const queries: Query[] = [
    { is: 'range', field: 'n', bounds, zoneMinutes: 0 },
    { is: 'term', field: 'a', value: 'x', ignoreCase: false }
  ]
  const filter = filterOf(...queries)
  const texts = Array.from({ length: 10_000 }, (_, n) => `{"a":"${n % 2 ? 'x' : 'y'}","n":${n * 1.5}}`)
  const count = found(filter, texts, ({ row }) => {
    assert.deepEqual(passed(filter, queries), [Number(row.n) >= 900, row.a === 'x'])
  })
  assert.equal(count, 10_000)
})

test('an event is the same by its bytes, and has none when its line has passed', () => {
  const filter = filterOf({ is: 'all' })
  const events: Fields[] = []
  const texts = [
    '{"a":"x","n":1}',
    '{"a":"y","n":2}',
    '{"before":null,"after":{"a":"z"},"source":{},"op":"c"}'
  ]
  found(filter, texts, parsed => {
    const { event } = filter.line
    const { bytes, start, end } = eventJson(event)
    assert.deepEqual(eventOf(JSON.parse(bytes.toString('utf8', start, end))), parsed)
    events.push(event)
  })
  for (const { quick } of events.slice(0, -1)) assert.equal(quick, undefined)
})

test('lines of more shapes than are remembered are found without being parsed, as long as some of those come between them', () => {
  const filter = filterOf({ is: 'all' })
  const shape = (n: number): string => `{"n":${n},"field ${n % 1500}":"x"}`
  const texts = Array.from({ length: 3000 }, (_, i) => [shape(0), shape(i)]).flat()
  let sum = 0
  const count = found(filter, texts, () => {
    sum += filter.line.lookup('n') as number
  })
  assert.equal(count, texts.length)
  assert.equal(sum, (2999 * 3000) / 2)
})
