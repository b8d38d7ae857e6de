import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { doubleText, jsonText } from '../../src/lib/mysql/json-binary.ts'
import { int } from './binlog.ts'

/** A value as MySQL stores it: type and bytes. Whole numbers are 64-bit, unless they are short enough to stand inline. */
function encode(value: unknown, large: boolean): [type: number, bytes: Buffer] {
  if (value === null || typeof value === 'boolean') return [4, int(value === null ? 0 : value ? 1 : 2, 1)]
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return [12, Buffer.concat([variableLength(bytes.length), bytes])]
  }
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(value)
      return [11, bytes]
    }
    if (value >= -32768 && value < 32768) return [5, int(value, 2)]
    return [9, int(value, 8)]
  }
  return container(value as object, large)
}

function variableLength(length: number): Buffer {
  const bytes: number[] = []
  for (; length > 127; length = Math.floor(length / 128)) bytes.push((length % 128) | 128)
  return Buffer.from([...bytes, length])
}

function container(value: object, large: boolean): [type: number, bytes: Buffer] {
  const wide = large ? 4 : 2
  const isArray = Array.isArray(value)
  const keys = isArray ? [] : Object.keys(value).map(key => Buffer.from(key))
  const values = Object.values(value)
  const entries: Buffer[] = []
  const tail: Buffer[] = []
  let at = 2 * wide + keys.length * (wide + 2) + values.length * (1 + wide)
  for (const key of keys) {
    entries.push(int(at, wide), int(key.length, 2))
    tail.push(key)
    at += key.length
  }
  for (const item of values) {
    const [type, bytes] = encode(item, large)
    if (type === 4 || type === 5)
      entries.push(int(type, 1), Buffer.concat([bytes, Buffer.alloc(wide)]).subarray(0, wide))
    else {
      entries.push(int(type, 1), int(at, wide))
      tail.push(bytes)
      at += bytes.length
    }
  }
  const bytes = Buffer.concat([int(values.length, wide), int(at, wide), ...entries, ...tail])
  return [(isArray ? 2 : 0) + (large ? 1 : 0), bytes]
}

function text(type: number, bytes: Buffer): string {
  const buffer = Buffer.concat([Buffer.from([0, 0, type]), bytes])
  return jsonText(buffer, 2, buffer.length)
}

describe('binary JSON', () => {
  test('of any value, in small and large containers, reads as the same value', () => {
    const { tree } = fc.letrec(tie => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, false),
        fc.maxSafeInteger(),
        fc.integer({ min: -40_000, max: 40_000 }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: 'grapheme' }),
        fc.array(tie('tree')),
        fc.dictionary(fc.string({ unit: 'grapheme' }), tie('tree'), { noNullPrototype: true })
      )
    }))
    fc.assert(
      fc.property(tree, fc.boolean(), (value, large) => {
        assert.deepEqual(JSON.parse(text(...encode(value, large))), value)
      })
    )
  })

  test('is spaced as SELECT prints it', () => {
    const value = { a: 1, b: [true, null, 'x"\u0001'], c: {}, d: [] }
    assert.equal(
      text(...encode(value, false)),
      '{"a": 1, "b": [true, null, "x\\"\\u0001"], "c": {}, "d": []}'
    )
  })

  test('keeps 64-bit integers and decimals exact', () => {
    assert.equal(text(10, Buffer.alloc(8, 0xff)), '18446744073709551615')
    assert.equal(text(9, Buffer.from('0000000000000080', 'hex')), '-9223372036854775808')
    // 12.340 as DECIMAL(5,3): precision, scale, 2 digits in a byte, 3 in two.
    assert.equal(
      text(15, Buffer.concat([Buffer.from([246, 5, 5, 3]), Buffer.from([0x8c, 0x01, 0x54])])),
      '12.340'
    )
  })

  test('shows dates, times and bytes as SELECT does', () => {
    const packed = (type: number, value: bigint): string =>
      text(15, Buffer.concat([Buffer.from([type, 8]), int(value, 8)]))
    const day = ((2026n * 13n + 11n) << 5n) | 24n
    const clock = (10n << 12n) | (30n << 6n) | 59n
    assert.equal(packed(10, day << 41n), '"2026-11-24"')
    assert.equal(packed(12, (((day << 17n) | clock) << 24n) | 500_000n), '"2026-11-24 10:30:59.500000"')
    assert.equal(packed(11, -((clock << 24n) | 1n)), '"-10:30:59.000001"')
    const bytes = Buffer.alloc(60, 0x78)
    const base64 = bytes.toString('base64')
    assert.equal(
      text(15, Buffer.concat([Buffer.from([252, 60]), bytes])),
      `"base64:type252:${base64.slice(0, 76)}\\n${base64.slice(76)}"`
    )
    assert.equal(
      text(15, Buffer.concat([Buffer.from([252, 57]), bytes.subarray(0, 57)])),
      `"base64:type252:${base64.slice(0, 76)}"`
    )
  })

  test('of no bytes is null, as of an INSERT IGNORE', () => {
    assert.equal(jsonText(Buffer.alloc(3), 1, 1), 'null')
  })

  test('that is damaged is refused, wherever it is cut', () => {
    const [type, bytes] = encode({ a: 'text', b: [1e300, 123456789012], c: { d: 'x'.repeat(200) } }, false)
    const whole = Buffer.concat([Buffer.from([type]), bytes])
    for (let end = 1; end < 40; end++) {
      assert.throws(() => jsonText(whole.subarray(0, end), 0, end), { code: 'INPUT' }, `cut at ${end}`)
    }
    assert.throws(() => text(13, Buffer.alloc(8)), { code: 'INPUT', message: /unknown type 13/ })
    assert.throws(() => text(4, Buffer.from([9])), { code: 'INPUT', message: /unknown code 9/ })
  })

  test('whose containers hold themselves ends in an error, not in a full stack', () => {
    // A small array of one element, which is the array itself.
    const loop = Buffer.from([2, 1, 0, 7, 0, 2, 0, 0])
    assert.throws(() => jsonText(loop, 0, loop.length), { code: 'INPUT' })
  })
})

describe('doubles in JSON', () => {
  test('read back as the same, and look like doubles', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        const text = doubleText(value)
        assert.ok(Object.is(JSON.parse(text), value), `${value}: ${text}`)
        assert.match(text, /[.e]/)
        assert.doesNotMatch(text, /e\+/)
      })
    )
  })

  test('have exponents from 1e15, unless they have a fraction, and below 1e-15, as MySQL prints them', () => {
    assert.deepEqual(
      [1, -0, 0, 0.1, 1e14, 123456789012345, 1e15, -1873373412157840.2, 1.5e-7, 1e-15, 1e-16, -2.5e300].map(
        doubleText
      ),
      [
        '1.0',
        '-0.0',
        '0.0',
        '0.1',
        '100000000000000.0',
        '123456789012345.0',
        '1e15',
        '-1873373412157840.2',
        '0.00000015',
        '0.000000000000001',
        '1e-16',
        '-2.5e300'
      ]
    )
  })
})
