import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FieldFinder, skipValue, spanNumber, spanText } from '../../src/lib/stream/fields.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** What is found for each path in one line: the parsed value, or undefined. */
function find(line: string, paths: readonly string[]): { found: boolean; values: unknown[] } {
  // The line stands between others, so that reading past its end shows.
  const buffer = Buffer.from(`}"\n${line}\n{"a":"other line"}`)
  const finder = new FieldFinder(paths)
  const found = finder.find(buffer, 3, 3 + Buffer.byteLength(line))
  const values = paths.map((_, i) => {
    const [start, end] = [finder.spans[2 * i] as number, finder.spans[2 * i + 1] as number]
    return start < 0 ? undefined : JSON.parse(buffer.toString('utf8', start, end))
  })
  return { found, values }
}

function valueAt(value: Json, path: string): Json | undefined {
  let at: Json | undefined = value
  for (const key of path.split('.')) {
    if (at === null || typeof at !== 'object' || Array.isArray(at) || !Object.hasOwn(at, key))
      return undefined
    at = at[key]
  }
  return at
}

const keys = ['a', 'b', 'ab', 'source', 'größe', 'q"uote', 'back\\slash', '']
const key = fc.constantFrom(...keys)

/** JSON text of a value with odd spacing, and characters written as escapes at random. */
function write(value: Json, odd: () => number): string {
  const space = (): string => ['', '', '', ' ', '\t', '  \r'][odd() % 6] as string
  const character = (c: string): string =>
    /[a-zäöüß]/.test(c) && odd() % 5 === 0
      ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`
      : JSON.stringify(c).slice(1, -1)
  const string = (text: string): string => `"${[...text].map(character).join('')}"`
  if (typeof value === 'string') return string(value)
  if (Array.isArray(value))
    return `[${space()}${value.map(item => write(item, odd) + space()).join(`,${space()}`)}]`
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value).map(
      ([name, item]) => `${string(name)}${space()}:${space()}${write(item, odd)}${space()}`
    )
    return `{${space()}${members.join(`,${space()}`)}}`
  }
  return JSON.stringify(value)
}

const { object } = fc.letrec<{ json: Json; object: { [key: string]: Json } }>(tie => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json>(null, true, false, 0, -1.5e-7, 1e21, 2 ** 60),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('}', '{"a":1}', '",', '\\', '\\"', '\u2028', '🏏'),
    fc.array(tie('json'), { maxLength: 3 }),
    tie('object')
  ),
  object: fc.dictionary(key, tie('json'), { maxKeys: 5, noNullPrototype: true })
}))

const path = fc
  .array(fc.constantFrom(...keys.slice(0, 7)), { minLength: 1, maxLength: 3 })
  .map(parts => parts.join('.'))

test('what is found equals what JSON.parse finds, whatever the spacing, the escapes and the nesting', () => {
  const paths = fc.uniqueArray(path, { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(object, paths, fc.infiniteStream(fc.nat()), (value, wanted, odd) => {
      const line = write(value, () => odd.next().value as number)
      const parsed = JSON.parse(line) as Json
      assert.deepEqual(parsed, value)
      assert.deepEqual(find(line, wanted), { found: true, values: wanted.map(item => valueAt(parsed, item)) })
    }),
    { numRuns: 500 }
  )
})

test('an object and a field in it may both be wanted', () => {
  assert.deepEqual(find('{"a":{"b":1,"c":2}}', ['a', 'a.b']).values, [{ b: 1, c: 2 }, 1])
  assert.deepEqual(find('{"a":7}', ['a', 'a.b']).values, [7, undefined])
})

test('a line that is no object, or does not end, is told from one without the field', () => {
  for (const line of [
    '',
    '[]',
    '7',
    '"{}"',
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":{"b":1}',
    '{"a":"x',
    '{a:1}'
  ]) {
    assert.equal(find(line, ['z']).found, false, line)
  }
  for (const line of ['{}', ' {"a":1} ', '{"a":[{"z":1}]}']) {
    assert.deepEqual(find(line, ['z']), { found: true, values: [undefined] })
  }
})

test('no path is taken twice', () => {
  assert.throws(() => new FieldFinder(['a.b', 'a.b']), /a\.b is given twice/)
})

test('a value is stepped over as a whole', () => {
  const value = fc.letrec<{ json: Json }>(tie => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.jsonValue() as fc.Arbitrary<Json>,
      fc.array(tie('json'), { maxLength: 3 })
    )
  })).json
  fc.assert(
    fc.property(value, fc.constantFrom(',', '}', ']', ' ', '\n', ''), (item, after) => {
      const text = JSON.stringify(item)
      const buffer = Buffer.from(text + after)
      assert.equal(skipValue(buffer, 0, buffer.length), Buffer.byteLength(text))
    })
  )
})

/** The spans of a single value. */
function span<T>(text: string, read: (buffer: Buffer, start: number, end: number) => T): T {
  const buffer = Buffer.from(`{"a":${text}}`)
  return read(buffer, 5, buffer.length - 1)
}

test('the text of a value is the string it holds, or what stands there', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text =>
      assert.equal(span(JSON.stringify(text), spanText), text)
    )
  )
  assert.equal(span('"\\u00e9\\n\\"🏏"', spanText), 'é\n"🏏')
  assert.equal(span('1.50', spanText), '1.50')
  assert.equal(span('true', spanText), 'true')
  assert.equal(span('null', spanText), undefined)
  assert.equal(span('"null"', spanText), 'null')
  assert.equal(span('{"name":"Zoë"}', spanText), '{"name":"Zoë"}')
  assert.equal(spanText(Buffer.alloc(0), -1, -1), undefined)
})

test('a string with an escape that JSON does not know stands as it is', () => {
  assert.equal(span('"a\\qb"', spanText), 'a\\qb')
  assert.equal(span('"tab\t\\n"', spanText), 'tab\t\\n')
})

test('the number at a value, in digits or in a string, is the one JSON.parse gives', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true })),
      number => {
        const text = JSON.stringify(number)
        assert.equal(span(text, spanNumber), JSON.parse(text))
        assert.equal(span(`"${text}"`, spanNumber), JSON.parse(text))
      }
    )
  )
  for (const text of ['null', 'true', '""', '" "', '"abc"', '{}', '[5]', '"12a"']) {
    assert.ok(Number.isNaN(span(text, spanNumber)), text)
  }
  assert.ok(Number.isNaN(spanNumber(Buffer.alloc(0), -1, -1)))
})
