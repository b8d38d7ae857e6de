/**
 * Elasticsearch itself is the judge of filters: random documents under its own dynamic mapping, random queries, the same hits.
 * What is compared is what a mapping does not change: strings exactly on their
 * .keyword field, words on the text field.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFilter } from '../../src/lib/rules/dsl.ts'
import { eventOf } from '../../src/lib/rules/event.ts'
import { compilePredicate } from '../../src/lib/rules/predicate.ts'
import { random } from '../rules/random.ts'
import { ndjson } from '../rules/rules.ts'
import { borrowServer } from '../support/borrowed.ts'
import { unavailable } from '../support/servers.ts'

type Ask = (path: string, body?: string, method?: string) => Promise<Record<string, unknown>>

async function request(
  url: string,
  path: string,
  body?: string,
  method = 'POST'
): Promise<Record<string, unknown>> {
  const headers = { 'content-type': body?.includes('\n') ? 'application/x-ndjson' : 'application/json' }
  const response = await fetch(`${url}/${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body })
  })
  return (await response.json()) as Record<string, unknown>
}

const WORDS = ['card', 'Declined', 'BANK', 'timeout', 'by', 'the']
const STATUS = ['FAILED', 'OK', 'ok', 'PENDING']

function generator(seed: number) {
  const next = random(seed)
  const upTo = (n: number): number => Math.floor(next() * n)
  const pick = <T>(values: readonly T[]): T => values[upTo(values.length)]!
  const often = <T>(chance: number, make: () => T): T | undefined => (next() < chance ? make() : undefined)
  const text = (): string =>
    Array.from({ length: 1 + upTo(4) }, () => pick(WORDS)).join(pick([' ', ' ', ', ', '-']))
  const date = (): string =>
    new Date(Date.UTC(2026, 10, 1 + upTo(40), upTo(24), upTo(60), upTo(60))).toISOString()

  const document = (): Record<string, unknown> => ({
    status: often(0.9, () => pick(STATUS)),
    message: often(0.8, text),
    amount: often(0.9, () => pick([0.5, 10, 49, 49.5, 100, 250.25])),
    n: often(0.8, () => pick<unknown>([1, 2, 3, [1, 3], [], null])),
    tags: often(0.7, () => pick<unknown>([['a', 'b'], ['b'], 'a', ['A b', 'c']])),
    o: often(0.7, () => ({
      gateway: pick(['paytm', 'upi', 'PayPal']),
      deep: often(0.5, () => ({ x: upTo(3) }))
    })),
    list: often(0.5, () => [{ x: upTo(3) }, { x: upTo(3), y: 'z' }]),
    at: often(0.9, date),
    flag: often(0.7, () => next() < 0.5)
  })

  const number = (): number => pick([0, 1, 2, 3, 10, 49, 49.5, 100])
  const day = (): string =>
    pick([
      date(),
      date().slice(0, 10),
      date().slice(0, 7),
      `${date().slice(0, 10)}||/M`,
      `${date().slice(0, 10)}||+5d/w`
    ])
  const bounds = (value: () => unknown): Record<string, unknown> => {
    const lower = often(0.6, value)
    const upper = often(0.7, value)
    return {
      ...(lower === undefined ? {} : { [pick(['gt', 'gte'])]: lower }),
      ...(upper === undefined ? {} : { [pick(['lt', 'lte'])]: upper })
    }
  }
  const leaves: (() => Record<string, unknown>)[] = [
    () => ({ term: { 'status.keyword': pick(STATUS) } }),
    () => ({ term: { 'status.keyword': { value: pick(STATUS), case_insensitive: true } } }),
    () => ({ term: { 'o.gateway.keyword': pick(['paytm', 'upi', 'paypal']) } }),
    () => ({ term: { amount: pick([number(), String(number())]) } }),
    () => ({ term: { n: number() } }),
    () => ({ term: { flag: pick([true, false, 'true']) } }),
    () => ({ term: { 'list.x': upTo(3) } }),
    () => ({ terms: { 'tags.keyword': [pick(['a', 'b', 'c']), pick(['A b', 'x'])] } }),
    () => ({ range: { amount: bounds(number) } }),
    () => ({ range: { at: bounds(day) } }),
    () => ({
      range: { at: { ...bounds(() => date().slice(0, 10)), time_zone: pick(['+01:00', '-05:30']) } }
    }),
    () => ({
      exists: { field: pick(['status', 'n', 'o', 'o.deep', 'o.deep.x', 'list.y', 'tags', 'nothing']) }
    }),
    () => ({ prefix: { 'o.gateway.keyword': pick(['p', 'pay', 'Pay', '']) } }),
    () => ({
      wildcard: {
        'o.gateway.keyword': {
          value: pick(['p?y*', '*p*', 'PAY*', 'u*i', '*']),
          case_insensitive: next() < 0.5
        }
      }
    }),
    () => ({
      regexp: {
        'o.gateway.keyword': pick<unknown>([
          'p.*',
          'pay(tm|Pal)',
          '[a-z]+',
          '[^P]*',
          'u?p?i',
          '\\w{3}',
          '"paytm"',
          'p.y..?',
          '.',
          '^upi$',
          { value: 'PAY.*', case_insensitive: true }
        ])
      }
    }),
    () => ({ regexp: { 'message.keyword': pick(['[^ ]+', '.*(card|by)[ ,\\-].*', '.{4,9}', 'BANK.+']) } }),
    () => ({
      fuzzy: {
        'o.gateway.keyword': pick<unknown>([
          'paytn',
          'aptym',
          'ipu',
          'up',
          'PayPla',
          { value: 'pa', fuzziness: 2 },
          { value: 'paytm', fuzziness: 0 },
          { value: 'ayptm', fuzziness: 1 }
        ])
      }
    }),
    () => ({ ids: { values: [String(upTo(300)), String(upTo(300)), upTo(10)] } }),
    () => ({
      multi_match: {
        query: pick([...WORDS, ...STATUS, 'card by']),
        fields: pick([['message', 'status'], ['message^2', 'o.gateway'], ['tags']]),
        ...pick([
          {},
          { type: 'phrase' },
          { type: 'phrase', slop: 2 },
          { operator: 'and', type: 'most_fields' }
        ])
      }
    }),
    () => ({
      match_phrase: { message: { query: `${pick(WORDS)} ${pick(WORDS)} ${pick(WORDS)}`, slop: upTo(5) } }
    }),
    () => ({ match: { message: text() } }),
    () => ({ match: { message: { query: text(), operator: 'and' } } }),
    () => ({ match: { 'status.keyword': pick(STATUS) } }),
    () => ({ match: { status: pick(STATUS) } }),
    () => ({ match_phrase: { message: `${pick(WORDS)} ${pick(WORDS)}` } }),
    () => ({ query_string: { query: lucene(2) } }),
    () => ({
      query_string: {
        query: lucene(2),
        default_operator: pick(['AND', 'OR']),
        default_field: pick(['message', 'status'])
      }
    })
  ]
  const luceneLeaf = (): string =>
    pick<() => string>([
      () => `status:${pick([...STATUS, 'fail*', 'O?', '*', 'PEND*'])}`,
      () => `message:"${pick(WORDS)} ${pick(WORDS)}"`,
      () => `message:"${pick(WORDS)} ${pick(WORDS)} ${pick(['', pick(WORDS)])}"~${upTo(6)}`,
      () => `message:/${pick(['ca.d', 't(h|imeou)[et]', '[a-d].*', 'BANK', 'b\\w+', '.{2}', 'card by'])}/`,
      () => `o.gateway.keyword:/${pick(['[a-z]+', 'Pay.*', 'PAY.*'])}/`,
      () =>
        `message:${pick(['crad', 'Bnak', 'timeuot', 'delcined', 'bu', 'te', 'card'])}~${pick(['', '1', '2', '0'])}`,
      () => `status:${pick(['faild', 'OKK', 'PNEDING'])}~`,
      () => `o.gateway.keyword:${pick(['paypal', 'paytn', 'ipu'])}~${pick(['', '1', '2'])}`,
      () => `_id:${upTo(300)}`,
      () => `status\\.keyword:${pick(STATUS)}`,
      () => `message:${pick(['card\\-Declined', 'by\\ the', '\\(bank\\)', 'd?clin*'])}`,
      () => `message:(${pick(WORDS)} ${pick(['', 'AND ', 'OR ', '-', '+'])}${pick(WORDS)})`,
      () => `o.gateway:${pick(['paytm', 'PAYPAL', 'p*'])}`,
      () => `amount:${pick(['>', '>=', '<', '<='])}${number()}`,
      () => `amount:${pick(['[10 TO 100]', '{10 TO 100}', '[10 TO 100}', '[* TO 49]', '{49.5 TO *}'])}`,
      () => `at:[${date().slice(0, 10)} TO ${pick(['*', date().slice(0, 10)])}]`,
      () => `_exists_:${pick(['o.deep', 'n', 'message'])}`,
      () => pick(WORDS),
      () => `tags:${pick(['a', 'b', 'c'])}`
    ])()
  const lucene = (depth: number): string => {
    const clause = (): string => {
      const sign = pick(['', '', '', '', '+', '-', 'NOT ', '!'])
      return sign + (depth > 0 && next() < 0.3 ? `(${lucene(depth - 1)})` : luceneLeaf())
    }
    let query = clause()
    for (let i = upTo(3); i > 0; i--) query += `${pick([' ', ' AND ', ' OR ', ' && ', ' || '])}${clause()}`
    return query
  }
  const query = (depth: number): Record<string, unknown> => {
    if (depth === 0 || next() < 0.5) return pick(leaves)()
    const some = (): unknown => Array.from({ length: 1 + upTo(2) }, () => query(depth - 1))
    return {
      bool: {
        ...(next() < 0.4 ? { must: some() } : {}),
        ...(next() < 0.3 ? { filter: some() } : {}),
        ...(next() < 0.5 ? { should: some() } : {}),
        ...(next() < 0.3 ? { must_not: some() } : {}),
        ...(next() < 0.2 ? { minimum_should_match: pick([1, '50%']) } : {})
      }
    }
  }
  return { document, query }
}

test('Elasticsearch finds the same documents', { skip: unavailable('elasticsearch') }, async () => {
  await using elastic = await borrowServer('elasticsearch')
  const index = 'filters'
  const ask: Ask = (path, body, method) => request(elastic.url, path, body, method)
  const { document, query } = generator(7)
  // the first document decides that amounts are fractions
  const documents = [{ amount: 0.5 }, ...Array.from({ length: 299 }, document)]
  const bulk = documents.flatMap((d, i) => [{ index: { _id: String(i) } }, d])
  const stored = await ask(`${index}/_bulk?refresh=true`, ndjson(bulk))
  assert.equal(stored.errors, false)

  const events = documents.map((d, i) => eventOf(JSON.parse(JSON.stringify({ ...d, _id: String(i) })))!)
  const queries = Array.from({ length: 2000 }, () => query(2))
  let nonEmpty = 0
  for (let from = 0; from < queries.length; from += 100) {
    const batch = queries.slice(from, from + 100)
    const searches = batch.flatMap(q => [{}, { query: { bool: { filter: [q] } }, size: 300, _source: false }])
    const { responses } = (await ask(`${index}/_msearch`, ndjson(searches))) as {
      responses: { error?: unknown; hits?: { hits: { _id: string }[] } }[]
    }
    for (const [i, { error, hits }] of responses.entries()) {
      assert.equal(error, undefined, `${JSON.stringify(batch[i])}: ${JSON.stringify(error)}`)
      const theirs = hits!.hits.map(hit => Number(hit._id)).sort((a, b) => a - b)
      const passes = compilePredicate(readFilter([batch[i]], []), () => 0)
      const ours = events.flatMap((event, id) => (passes(event) ? [id] : []))
      const differing = [
        ...ours.filter(id => !theirs.includes(id)),
        ...theirs.filter(id => !ours.includes(id))
      ][0]
      assert.deepEqual(
        ours,
        theirs,
        `${JSON.stringify(batch[i])} on ${JSON.stringify(documents[differing ?? 0])}`
      )
      if (ours.length > 0 && ours.length < documents.length) nonEmpty++
    }
  }
  assert.ok(nonEmpty > 500, 'most queries find some documents and leave others')
})
