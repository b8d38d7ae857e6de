import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FieldFinder } from '../../src/lib/stream/fields.ts'
import { RowFinder } from '../../src/lib/stream/row-finder.ts'

const PATHS = ['id', 'name', 'deep', 'deep.x', 'none.y', 'größe']

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('"', '\\', '","id":7', '},{', ',"name":"x"}')
)
const value = fc.oneof(
  fc.nat(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
  text,
  fc.array(text, { maxLength: 2 }),
  fc.record({ x: text, id: fc.nat() }, { requiredKeys: [] })
)
/** Rows of few kinds, so that most are like an earlier one. */
const keys = fc.shuffledSubarray(['id', 'name', 'deep', 'other', 'größe', 'more'])
const rows = fc
  .tuple(
    fc.array(keys, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(), fc.array(value, { minLength: 6, maxLength: 6 })), { maxLength: 30 })
  )
  .map(([kinds, list]) =>
    list.map(([kind, values]) => {
      const names = kinds[kind % kinds.length] as string[]
      return JSON.stringify(Object.fromEntries(names.map((name, i) => [name, values[i]])))
    })
  )

test('what is found in rows of few kinds is what is found by walking through each', () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 0, max: 6 }), (lines, count) => {
      const paths = PATHS.slice(0, count)
      const quick = new RowFinder(paths)
      const slow = new FieldFinder(paths)
      for (const line of lines) {
        const buffer = Buffer.from(`}"\n${line}\n{"id":"other line"}`)
        const end = 3 + Buffer.byteLength(line)
        assert.equal(quick.find(buffer, 3, end), slow.find(buffer, 3, end), line)
        assert.deepEqual(quick.spans, slow.spans, line)
      }
    })
  )
})

test('lines that begin like earlier ones and are no rows are not found, nor read past their end', () => {
  const finder = new RowFinder(['id', 'name'])
  const find = (line: string, rest = ',"name":"next"}'): boolean => {
    const buffer = Buffer.from(`${line}${rest}`)
    return finder.find(buffer, 0, Buffer.byteLength(line))
  }
  assert.equal(find('{"id":1,"name":"ann"}'), true)
  for (const line of [
    '{"id":1',
    '{"id":1,',
    '{"id":,"name":"x"}',
    '{"id":1,"name":"ann',
    '{"id":1,"name":"ann" "x":2}',
    '{"id":1,"name":"ann\\"}',
    '[1]',
    '{'
  ]) {
    assert.equal(find(line), false, line)
  }
})

test('a key that comes twice counts by its last place, also when lines before had it once', () => {
  const finder = new RowFinder(['id', 'none'])
  for (const line of ['{"id":1}', '{"id":1,"id":2}']) {
    const buffer = Buffer.from(line)
    assert.equal(finder.find(buffer, 0, buffer.length), true)
  }
  assert.equal(finder.spans[0], 13)
})
