import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFilter } from '../../src/lib/rules/dsl.ts'
import { isWithinEdits } from '../../src/lib/rules/edit-distance.ts'
import { eventOf, timeOf } from '../../src/lib/rules/event.ts'
import { compileRegexp } from '../../src/lib/rules/lucene-regexp.ts'
import { compilePredicate } from '../../src/lib/rules/predicate.ts'
import { QueryError } from '../../src/lib/rules/query.ts'

function matches(filter: unknown, document: unknown): boolean {
  const event = eventOf(document)
  assert.ok(event)
  const time = (fields: typeof event) => timeOf(fields, { field: '@timestamp', type: 'iso' })
  return compilePredicate(readFilter(filter, ['filter']), time)(event)
}

function check(filter: unknown, cases: [document: unknown, expected: boolean][]): void {
  for (const [document, expected] of cases) {
    assert.equal(
      matches(filter, document),
      expected,
      `${JSON.stringify(filter)} on ${JSON.stringify(document)}`
    )
  }
}

const lucene = (query: string) => [{ query_string: { query } }]

test('an empty filter passes everything', () => {
  check([], [[{}, true]])
  check(undefined, [[{ a: 1 }, true]])
})

test('the queries of a filter must all match', () => {
  check(
    [{ term: { a: 1 } }, { term: { b: 2 } }],
    [
      [{ a: 1, b: 2 }, true],
      [{ a: 1, b: 3 }, false]
    ]
  )
})

test('term compares the whole value exactly', () => {
  check(
    [{ term: { status: 'FAILED' } }],
    [
      [{ status: 'FAILED' }, true],
      [{ status: 'failed' }, false],
      [{ status: 'FAILED again' }, false],
      [{ status: null }, false],
      [{}, false]
    ]
  )
  check([{ term: { status: { value: 'FAILED', case_insensitive: true } } }], [[{ status: 'failed' }, true]])
})

test('numbers equal the strings that spell them, since DECIMAL columns are strings', () => {
  check(
    [{ term: { amount: 49 } }],
    [
      [{ amount: 49 }, true],
      [{ amount: '49.00' }, true],
      [{ amount: '49.01' }, false],
      [{ amount: 'forty-nine' }, false]
    ]
  )
  check([{ term: { amount: '49.00' } }], [[{ amount: 49 }, true]])
  check([{ term: { code: '007' } }], [[{ code: '7' }, false]])
})

test('an array matches when one of its elements does, also inside objects', () => {
  check(
    [{ term: { 'items.sku': 'b' } }],
    [
      [{ items: [{ sku: 'a' }, { sku: ['b', 'c'] }] }, true],
      [{ items: [{ sku: 'a' }] }, false],
      [{ items: [] }, false]
    ]
  )
})

test('a dotted name is a path, or a key with dots in it', () => {
  check(
    [{ term: { 'a.b.c': 1 } }],
    [
      [{ a: { b: { c: 1 } } }, true],
      [{ 'a.b': { c: 1 } }, true],
      [{ a: { 'b.c': 1 } }, true],
      [{ 'a.b.c': 1 }, true]
    ]
  )
})

test('name.keyword is the field itself where there is no such subfield', () => {
  check(
    [{ term: { 'status.keyword': 'FAILED' } }],
    [
      [{ status: 'FAILED' }, true],
      [{ status: { keyword: 'FAILED' } }, true],
      [{ status: { keyword: 'OK' } }, false]
    ]
  )
})

test('a change event is seen as its row, with the envelope around it', () => {
  const event = {
    before: { status: 'NEW' },
    after: { status: 'FAILED', op: 'own column' },
    source: { table: 'payments', ts_ms: 1795514400123 },
    op: 'u'
  }
  check([{ term: { status: 'FAILED' } }, { term: { 'source.table': 'payments' } }], [[event, true]])
  check([{ term: { 'before.status': 'NEW' } }], [[event, true]])
  check([{ term: { op: 'u' } }], [[event, false]])
  check([{ term: { status: 'NEW' } }], [[{ ...event, after: null, op: 'd' }, true]])
})

test('exists wants a value that is not null', () => {
  check(
    [{ exists: { field: 'a' } }],
    [
      [{ a: 0 }, true],
      [{ a: false }, true],
      [{ a: '' }, true],
      [{ a: { b: 1 } }, true],
      [{ a: null }, false],
      [{ a: [] }, false],
      [{ a: [null] }, false],
      [{}, false]
    ]
  )
})

test('range compares numbers as numbers, times as times and texts as texts', () => {
  check(
    [{ range: { amount: { gt: 100, lte: 1000 } } }],
    [
      [{ amount: '99.50' }, false],
      [{ amount: 100 }, false],
      [{ amount: '100.01' }, true],
      [{ amount: '1000.00' }, true],
      [{ amount: 'much' }, false]
    ]
  )
  check(
    [{ range: { created_at: { gte: '2026-11-24', lt: '2026-11-25T12:00' } } }],
    [
      [{ created_at: '2026-11-24T00:00:00.000Z' }, true],
      [{ created_at: '2026-11-25 11:59:59' }, true],
      [{ created_at: '2026-11-25T12:00:00Z' }, false],
      [{ created_at: Date.UTC(2026, 10, 24) }, true]
    ]
  )
  check([{ range: { name: { gte: 'b' } } }], [[{ name: 'a' }, false]])
  check([{ range: { name: { gte: 'b' } } }], [[{ name: 'bc' }, true]])
})

test('now is the time of the event', () => {
  check(
    [{ range: { due: { lt: 'now-1h' } } }],
    [
      [{ '@timestamp': '2026-11-24T10:00:00Z', due: '2026-11-24T08:59:59Z' }, true],
      [{ '@timestamp': '2026-11-24T10:00:00Z', due: '2026-11-24T09:00:00Z' }, false],
      [{ due: '2000-01-01' }, false]
    ]
  )
})

test('prefix and wildcard look at the whole value', () => {
  check(
    [{ prefix: { gateway: 'pay' } }],
    [
      [{ gateway: 'paytm' }, true],
      [{ gateway: 'my pay' }, false]
    ]
  )
  check(
    [{ wildcard: { gateway: 'p?y*' } }],
    [
      [{ gateway: 'paytm' }, true],
      [{ gateway: 'py' }, false]
    ]
  )
  check(
    [{ wildcard: { gateway: { value: 'PAY*', case_insensitive: true } } }],
    [[{ gateway: 'paytm' }, true]]
  )
  check([{ wildcard: { path: 'a\\*b' } }], [[{ path: 'a*b' }, true]])
  check([{ wildcard: { path: 'a\\*b' } }], [[{ path: 'axb' }, false]])
})

test('match compares words without regard to case; on .keyword the whole value', () => {
  check(
    [{ match: { message: 'gateway TIMEOUT' } }],
    [
      [{ message: 'Timeout at the door' }, true],
      [{ message: 'all is well' }, false]
    ]
  )
  check(
    [{ match: { message: { query: 'gateway timeout', operator: 'and' } } }],
    [[{ message: 'timeout' }, false]]
  )
  check([{ match: { 'status.keyword': 'FAILED' } }], [[{ status: 'FAILED twice' }, false]])
  check(
    [{ match_phrase: { message: 'card declined' } }],
    [
      [{ message: 'Card declined by the bank' }, true],
      [{ message: 'declined card' }, false]
    ]
  )
})

test('bool joins must, filter, should and must_not as Elasticsearch does', () => {
  const should = [{ term: { b: 1 } }, { term: { c: 1 } }]
  check(
    [{ bool: { must: { term: { a: 1 } }, should } }],
    [
      [{ a: 1 }, true],
      [{ b: 1 }, false]
    ]
  )
  check(
    [{ bool: { should } }],
    [
      [{ a: 1 }, false],
      [{ c: 1 }, true]
    ]
  )
  check([{ bool: { should, minimum_should_match: 2 } }], [[{ c: 1 }, false]])
  check([{ bool: { should, minimum_should_match: '100%' } }], [[{ b: 1, c: 1 }, true]])
  check(
    [{ bool: { must_not: [{ term: { a: 1 } }] } }],
    [
      [{ a: 1 }, false],
      [{}, true]
    ]
  )
})

test('terms matches one of a list', () => {
  check([{ terms: { status: ['FAILED', 'TIMEOUT'] } }], [[{ status: 'TIMEOUT' }, true]])
  check([{ terms: { status: [] } }], [[{ status: 'TIMEOUT' }, false]])
})

test('the query wrapper of old rule files is seen through', () => {
  check([{ query: { query_string: { query: 'status:FAILED' } } }], [[{ status: 'FAILED' }, true]])
  check([{ constant_score: { filter: { term: { a: 1 } } } }], [[{ a: 1 }, true]])
})

test('a query string: fields, phrases, groups, wildcards, ranges, existence', () => {
  const payment = {
    status: 'FAILED',
    gateway: 'paytm',
    amount: '149.50',
    message: 'Card declined by the bank'
  }
  const cases: [string, boolean][] = [
    ['status:FAILED', true],
    ['status:failed', true],
    ['status:FAIL', false],
    ['status:FAIL*', true],
    ['status:(OK OR FAILED)', true],
    ['status:(OK FAILED)', true],
    ['message:"card declined"', true],
    ['message:"declined card"', false],
    ['gateway:p?ytm', true],
    ['amount:149.5', true],
    ['amount:>100', true],
    ['amount:>=149.5 AND amount:<150', true],
    ['amount:[100 TO 200]', true],
    ['amount:{149.50 TO 200}', false],
    ['amount:[* TO 100]', false],
    ['_exists_:gateway', true],
    ['_exists_:coupon', false],
    ['gateway:*', true],
    ['coupon:*', false],
    ['*', true],
    ['*:*', true],
    ['declined', true],
    ['nonsense', false],
    ['NOT status:OK', true],
    ['-status:FAILED', false],
    ['+status:FAILED -gateway:upi', true],
    ['status:FAILED AND NOT gateway:paytm', false],
    ['status:FAILED && (gateway:upi || gateway:paytm)', true],
    ['!(gateway:upi)', true],
    ['status:FAILED^2 AND gateway:paytm^0.5', true],
    ['', false]
  ]
  for (const [query, expected] of cases) assert.equal(matches(lucene(query), payment), expected, query)
})

test('AND makes both its sides required and optional clauses beside it do not count, as in Lucene', () => {
  check(lucene('a:1 OR b:1 AND c:1'), [
    [{ a: 1 }, false],
    [{ b: 1, c: 1 }, true]
  ])
})

test('default_operator AND and default_field are heeded', () => {
  const filter = [{ query_string: { query: 'card bank', default_field: 'message', default_operator: 'AND' } }]
  check(filter, [
    [{ message: 'the bank and the card' }, true],
    [{ message: 'the card' }, false],
    [{ other: 'card bank' }, false]
  ])
})

test('escapes take a character as it is', () => {
  check(lucene('path:\\/var\\/log'), [[{ path: '/var/log' }, true]])
  check(lucene('name.keyword:a\\ b'), [[{ name: 'a b' }, true]])
  check(lucene('label.keyword:x\\*'), [[{ label: 'xy' }, false]])
})

test('what is wrong with a filter is named at its place', () => {
  const cases: [filter: unknown, message: RegExp, path: (string | number)[]][] = [
    [[{ trem: { a: 1 } }], /unknown query trem: did you mean term\?/, ['filter', 0, 'trem']],
    [
      [{ term: { a: { valu: 1 } } }],
      /option valu is not known here: did you mean value\?/,
      ['filter', 0, 'term', 'a', 'valu']
    ],
    [[{ term: { a: 1, b: 2 } }], /one field, not a and b/, ['filter', 0, 'term', 'b']],
    [
      [{ bool: { must: [{ range: { a: { gtt: 1 } } }] } }],
      /option gtt/,
      ['filter', 0, 'bool', 'must', 0, 'range', 'a', 'gtt']
    ],
    [[{ terms_set: { a: {} } }], /terms_set is not supported yet/, ['filter', 0, 'terms_set']],
    [[{ nested: { query: { match_all: {} } } }], /nested needs a path/, ['filter', 0, 'nested']],
    [[{ regexp: { a: 'a(b' } }], /a\(b\/ is no regular expression/, ['filter', 0, 'regexp', 'a']],
    [
      [{ regexp: { a: { value: 'a<1-5000>' } } }],
      /a numeric interval is <1-5>, of at most 1000 numbers; as a character it is \\</,
      ['filter', 0, 'regexp', 'a', 'value']
    ],
    [
      [{ fuzzy: { a: { value: 'x', fuzziness: 3 } } }],
      /fuzziness is 0, 1, 2 or AUTO/,
      ['filter', 0, 'fuzzy', 'a', 'fuzziness']
    ],
    [[{ ids: {} }], /ids needs a list of values/, ['filter', 0, 'ids']],
    [lucene('a:-7'), /a value that begins with - is written \\-/, ['filter', 0, 'query_string', 'query']],
    [lucene('a:x/y'), /a closing slash is missing/, ['filter', 0, 'query_string', 'query']],
    [
      [{ range: { t: { gte: '24.11.2026', format: 'dd/MM/yyyy' } } }],
      /24.11.2026 is no date of format dd\/MM\/yyyy/,
      ['filter', 0, 'range', 't', 'gte']
    ],
    [
      [{ range: { t: { gte: '1', format: 'QQQ' } } }],
      /date format "QQQ" is not supported/,
      ['filter', 0, 'range', 't', 'format']
    ],
    [lucene('a:/x'), /a closing slash is missing/, ['filter', 0, 'query_string', 'query']],
    [lucene('a:/x~y/ b'), /complement \(~\) is not supported/, ['filter', 0, 'query_string', 'query']],
    [lucene('a:x~0.7'), /0, 1 or 2 edits, as in name~1/, ['filter', 0, 'query_string', 'query']],
    [lucene('a:"x y"~z'), /slop is a whole number/, ['filter', 0, 'query_string', 'query']],
    [['status:FAILED'], /a query is an object/, ['filter', 0]],
    [
      lucene('status:(OK'),
      /a closing parenthesis is missing at column 11/,
      ['filter', 0, 'query_string', 'query']
    ],
    [lucene('a:"x'), /a closing quote is missing/, ['filter', 0, 'query_string', 'query']],
    [lucene('a:b AND'), /a clause is missing/, ['filter', 0, 'query_string', 'query']],
    [lucene('a:[1 2]'), /TO is missing/, ['filter', 0, 'query_string', 'query']],
    [[{ range: { t: { gte: 'now-1x' } } }], /no date with date math/, ['filter', 0, 'range', 't', 'gte']]
  ]
  for (const [filter, message, path] of cases) {
    assert.throws(
      () => readFilter(filter, ['filter']),
      (error: unknown) => {
        assert.ok(error instanceof QueryError)
        assert.match(error.message, message)
        assert.deepEqual(error.path, path)
        return true
      }
    )
  }
})

test('a term is like another within so many edits, an exchange of neighbours being one', () => {
  for (const [a, b, edits] of [
    ['paytm', 'paytm', 0],
    ['paytm', 'patym', 1],
    ['paytm', 'pytm', 1],
    ['paytm', 'paytmm', 1],
    ['paytm', 'xaytn', 2],
    ['ab', 'ba', 1],
    ['größe', 'grosse', 3],
    ['ca', 'abc', 3]
  ] as const) {
    assert.equal(isWithinEdits(a, b, edits), true, `${a} ${b}`)
    assert.equal(isWithinEdits(b, a, edits), true, `${b} ${a}`)
    if (edits > 0) assert.equal(isWithinEdits(a, b, edits - 1), false, `${a} ${b}`)
  }
})

test('a regular expression takes time linear in the text', () => {
  const fits = compileRegexp('(a*)*b', false)
  assert.equal(fits('a'.repeat(5000)), false)
  assert.equal(fits(`${'a'.repeat(50)}b`), true)
})
