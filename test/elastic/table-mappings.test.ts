import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Backoff, type Log, ToolError } from '../../src/lib/cli/index.ts'
import {
  DerivedTemplates,
  ElasticConnection,
  TableMappings,
  TemplateMaker
} from '../../src/lib/elastic/index.ts'
import { parseTemplate, type RowSchema } from '../../src/lib/stream/index.ts'

const SCHEMA: RowSchema = {
  db: 'd',
  table: 't',
  key: ['id'],
  columns: [
    { name: 'id', type: 'int' },
    { name: 'amount', type: 'decimal(9,2)' }
  ]
}
const ADDED: RowSchema = { ...SCHEMA, columns: [...SCHEMA.columns, { name: 'a.b', type: 'year' }] }

type Answer = readonly [status: number, body: unknown]
const OK: Answer = [200, {}]
const unavailable: Answer = [503, { error: { type: 'unavailable_shards_exception', reason: 'none' } }]

/** A server that gives prepared answers in their order, then is content with everything. */
async function open(t: TestContext, answers: Answer[]) {
  const requests: string[] = []
  const warnings: string[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    requests.push(`${request.method} ${request.url} ${body}`)
    const [status, answer] = answers.shift() ?? OK
    response.writeHead(status).end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connection = new ElasticConnection([`http://127.0.0.1:${(server.address() as AddressInfo).port}`], 2)
  t.after(async () => {
    await connection.close()
    server.close()
  })
  const maker = new TemplateMaker(
    { mappings: undefined, policy: undefined, dataStream: false },
    'elasticsearch'
  )
  const warn = (message: string): void => void warnings.push(message)
  const templates = new DerivedTemplates(
    { index: parseTemplate('t-{id}', '--index'), rules: [] },
    maker,
    warn
  )
  const backoff = (): Backoff => {
    const each = new Backoff(10_000, new AbortController().signal, 1)
    each.succeeded()
    return each
  }
  const log = { warn, info: warn } as unknown as Log
  return {
    mappings: new TableMappings(connection, templates, 'elasticsearch', backoff, log),
    requests,
    warnings
  }
}

test('a server that cannot answer now is asked again, for the template and for the mappings', async t => {
  const { mappings, requests, warnings } = await open(t, [unavailable, unavailable, OK, unavailable, OK])
  await mappings.apply(SCHEMA)
  assert.deepEqual(
    requests.map(request => request.split(' ', 2).join(' ')),
    [
      ...Array(3).fill('PUT /_index_template/millrace-t-_'),
      ...Array(2).fill('GET /t-*/_mapping?ignore_unavailable=true&allow_no_indices=true')
    ]
  )
  assert.deepEqual(warnings, [])
  await mappings.apply({ ...SCHEMA, key: [] })
  assert.equal(requests.length, 5, 'what is as it was is not put again')
})

test('types that the server does not have are exchanged, one after another', async t => {
  const lacks = (type: string): Answer => [
    400,
    { error: { type: 'x', reason: `The mapper type [${type}] declared on field [amount] does not exist` } }
  ]
  const { mappings, requests } = await open(t, [lacks('scaled_float')])
  await mappings.apply(SCHEMA)
  const types = requests.slice(0, 2).map(request => /"amount":(\{.*?\})/.exec(request)?.[1])
  assert.deepEqual(types, ['{"type":"scaled_float","scaling_factor":100}', '{"type":"double"}'])

  const other = await open(t, [lacks('integer'), lacks('integer')])
  await assert.rejects(
    other.mappings.apply(SCHEMA),
    /refused the index template millrace-t-_: x: The mapper type/
  )
})

test('a user who may not put templates is told what to do', async t => {
  const { mappings } = await open(t, [
    [403, { error: { type: 'security_exception', reason: 'unauthorized' } }]
  ])
  await assert.rejects(mappings.apply(SCHEMA), error => {
    assert.ok(error instanceof ToolError && error.code === 'SERVER')
    assert.match(error.hint ?? '', /manage_index_templates; --dynamic-mappings/)
    return true
  })
})

test('indices get the fields that they lack, many of them in several requests; strict ones stay as they are', async t => {
  const properties = {
    id: { type: 'integer' },
    amount: { type: 'text' },
    a: { properties: { b: { type: 'short' } } }
  }
  const indices = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [
      `t-${String(i).padStart(40, '0')}`,
      { mappings: { properties: { id: { type: 'integer' } } } }
    ])
  )
  const others = {
    't-whole': { mappings: { properties } },
    't-strict': { mappings: { dynamic: 'strict', properties: {} } },
    't-off': { mappings: { dynamic: 'false' } }
  }
  const refusal: Answer = [
    400,
    { error: { type: 'illegal_argument_exception', reason: 'Limit of total fields' } }
  ]
  const { mappings, requests, warnings } = await open(t, [OK, [200, { ...indices, ...others }], refusal])
  await mappings.apply(ADDED)
  const puts = requests.filter(request => request.includes('/_mapping {'))
  assert.equal(puts.length, 5)
  const named = puts.flatMap(request => (/^PUT \/(\S+)\/_mapping/.exec(request)?.[1] ?? '').split(','))
  assert.deepEqual(named, Object.keys(indices))
  for (const put of puts) {
    assert.ok((put.split(' ')[1]?.length ?? 0) < 3000)
    assert.match(
      put,
      /\{"properties":\{"amount":\{"type":"scaled_float","scaling_factor":100\},"a\.b":\{"type":"short"\}\}\}$/
    )
  }
  assert.match(
    warnings[0] ?? '',
    /^fields of \d+ indices of t-\* cannot be mapped, es-sink goes on without: illegal_argument_exception: Limit/
  )
  assert.match(warnings[1] ?? '', /^t-\*: new indices have 'amount' scaled_float \(t-whole has text\); /)
  assert.equal(warnings.length, 2)
})
