import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PayloadFinder, withoutSchemas } from '../../src/lib/stream/schema-envelope.ts'

const unwrapped = (lines: readonly string[]): string[] =>
  withoutSchemas(Buffer.from(lines.map(line => `${line}\n`).join('')))
    .toString()
    .split('\n')
    .slice(0, -1)

const schema = (table: string): string =>
  `{"type":"struct","fields":[{"type":"int32","field":"payload"}],"name":"${table} \\"}{"}`

test('lines without a schema are the block itself, not a copy', () => {
  const block = Buffer.from('{"before":null}\n{"schemas":1}\n')
  assert.equal(withoutSchemas(block), block)
})

test('payloads stand in the place of their envelopes, whatever stands around them', () => {
  assert.deepEqual(
    unwrapped([
      `{"schema":${schema('a')},"payload":{"id":1}}`,
      '{"id":2}',
      `{"schema": ${schema('b')} , "payload" : [{"id":"}"}] }`,
      '',
      `{"schema":null,"payload":"x"}\r`,
      `{"schema":${schema('a')},"payload":{"id":3}}`
    ]),
    ['{"id":1}', '{"id":2}', '[{"id":"}"}]', '', '"x"', '{"id":3}']
  )
})

test('a payload that is null leaves an empty line, so that later lines keep their numbers', () => {
  assert.deepEqual(unwrapped(['{"schema":null,"payload":null}', '{"id":2}']), ['', '{"id":2}'])
})

test('rows that have other fields beside them, or a schema that is none, stay as they are', () => {
  const rows = [
    '{"schema":"public","payload":{"id":1}}',
    '{"schema":{},"payload":1,"more":2}',
    '{"schema":{},"pay load":1}',
    '{"schema":{},"more":2,"payload":1}',
    '{"payload":1,"schema":{}}',
    '{"schema":{}}',
    '{"schema":{"a":1},"payload":{"id":1}',
    '{"schema":{"a":1},"payload":{"id":1}} x'
  ]
  assert.deepEqual(unwrapped(rows), rows)
})

test('any mix of lines comes out as JSON says', () => {
  const json = fc.json({ maxDepth: 3 })
  const heads = fc.constantFrom('null', ...Array.from({ length: 30 }, (_, i) => schema(String(i))))
  const line = fc.oneof(
    json,
    fc.tuple(heads, json).map(([head, payload]) => `{"schema":${head},"payload":${payload}}`)
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 100 }), lines => {
      const expected = lines.map(text => {
        if (!text.startsWith('{"schema":')) return text
        const { payload } = JSON.parse(text) as { payload: unknown }
        return payload === null ? '' : JSON.stringify(payload)
      })
      const actual = unwrapped(lines).map((text, i) =>
        text === '' || text === lines[i] ? text : JSON.stringify(JSON.parse(text))
      )
      assert.deepEqual(actual, expected)
    })
  )
})

test('a payload that was null is told from one that begins so', () => {
  const finder = new PayloadFinder()
  for (const [payload, isNull] of [
    ['null', true],
    ['"null"', false],
    ['0', false]
  ] as const) {
    const value = Buffer.from(`{"schema":null,"payload":${payload}}`)
    assert.ok(finder.find(value, 0, value.length))
    assert.equal(finder.isNull(value), isNull)
  }
})
