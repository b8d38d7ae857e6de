import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as debezium from '../../src/lib/mysql/encode-debezium.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'

/** What a short writer writes; it must not touch what lies outside. */
function written(write: (out: Buffer, o: number) => number): unknown {
  const out = Buffer.alloc(100, 0x7e)
  const end = write(out, 8)
  assert.ok(out.subarray(0, 8).every(byte => byte === 0x7e))
  return JSON.parse(out.toString('utf8', 8, end))
}

/** Two's complement, as Java's BigInteger reads it. */
function unscaled(base64: unknown): bigint {
  const bytes = Buffer.from(base64 as string, 'base64')
  assert.equal(bytes.toString('base64'), base64)
  // The shortest: the first byte says more than the sign of the second.
  if (bytes.length > 1) {
    const sign = (bytes[1] as number) >> 7
    assert.notEqual(bytes[0], sign === 1 ? 0xff : 0)
  }
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
}

/** DECIMAL(precision, scale) as in the log: groups of nine digits in four bytes, shorter ones at both ends. */
function logDecimal(value: bigint, precision: number, scale: number): Buffer {
  const digits = (value < 0n ? -value : value).toString().padStart(precision, '0')
  const whole = precision - scale
  const groups = [
    digits.slice(0, whole % 9),
    ...(digits.slice(whole % 9, whole).match(/.{9}/g) ?? []),
    ...(digits.slice(whole).match(/.{1,9}/g) ?? [])
  ].filter(group => group !== '')
  const out = Buffer.concat(
    groups.map(group => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(Number(group))
      return bytes.subarray(4 - Math.ceil(Math.min(group.length, 8) / 2))
    })
  )
  out[0] = (out[0] as number) ^ 0x80
  return value < 0n ? Buffer.from(out.map(byte => byte ^ 0xff)) : out
}

describe('decimals', () => {
  const decimal = fc
    .oneof(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 65 }))
    .chain(precision =>
      fc.tuple(
        fc.constant(precision),
        fc.integer({ min: 0, max: Math.min(30, precision) }),
        fc.bigInt({ min: 1n - 10n ** BigInt(precision), max: 10n ** BigInt(precision) - 1n })
      )
    )

  test('of the log are the bytes of their unscaled value, and the fewest', () => {
    fc.assert(
      fc.property(decimal, ([precision, scale, value]) => {
        const bytes = logDecimal(value, precision, scale)
        assert.equal(
          unscaled(written((out, o) => debezium.writeDecimalBytes(out, o, bytes, 0, precision, scale))),
          value
        )
      })
    )
  })

  test('in text are the same', () => {
    fc.assert(
      fc.property(decimal, ([precision, scale, value]) => {
        const digits = (value < 0n ? -value : value).toString().padStart(precision, '0')
        const whole = digits.slice(0, precision - scale).replace(/^0+(?=.)/, '') || '0'
        const fraction = scale === 0 ? '' : `.${digits.slice(precision - scale)}`
        const text = Buffer.from(`${value < 0n ? '-' : ''}${whole}${fraction}`)
        assert.equal(
          unscaled(written((out, o) => debezium.writeDecimalText(out, o, text, 0, text.length))),
          value
        )
      })
    )
  })

  test('around the sign bit have no byte too many', () => {
    for (const value of [
      0n,
      127n,
      128n,
      255n,
      256n,
      -1n,
      -127n,
      -128n,
      -129n,
      -255n,
      -256n,
      -32768n,
      -32769n
    ]) {
      const text = Buffer.from(`${value}`)
      assert.equal(
        unscaled(written((out, o) => debezium.writeDecimalText(out, o, text, 0, text.length))),
        value
      )
      const bytes = logDecimal(value, 9, 2)
      assert.equal(unscaled(written((out, o) => debezium.writeDecimalBytes(out, o, bytes, 0, 9, 2))), value)
    }
  })
})

describe('dates', () => {
  const anyDay = fc.date({ min: new Date('0100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })

  test('are days since the epoch', () => {
    fc.assert(
      fc.property(anyDay, date => {
        const days = written((out, o) =>
          debezium.writeDays(out, o, date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), true)
        )
        assert.equal(days, Math.floor(date.getTime() / 86_400_000))
      })
    )
  })

  test('with a time are milliseconds up to three digits of a fraction, microseconds from four on', () => {
    fc.assert(
      fc.property(anyDay, fc.nat(999), fc.integer({ min: 0, max: 6 }), (date, more, digits) => {
        const ms = date.getTime()
        const inDay = ms - Math.floor(ms / 86_400_000) * 86_400_000
        const microseconds = (inDay % 1000) * 1000 + (digits > 3 ? more : 0)
        const out = Buffer.alloc(40)
        const end = debezium.writeEpochDatetime(
          out,
          0,
          date.getUTCFullYear(),
          date.getUTCMonth() + 1,
          date.getUTCDate(),
          Math.floor(inDay / 1000),
          microseconds,
          digits,
          true
        )
        assert.equal(
          out.toString('latin1', 0, end),
          digits > 3 ? `${BigInt(ms) * 1000n + BigInt(more)}` : `${ms}`
        )
      })
    )
  })

  test('that are none are null, or the epoch where null cannot be', () => {
    for (const [year, month, day] of [
      [0, 0, 0],
      [2026, 0, 1],
      [2026, 2, 0],
      [2026, 2, 29],
      [2100, 2, 29],
      [2026, 13, 1],
      [2026, 4, 31]
    ] as const) {
      assert.equal(
        written((out, o) => debezium.writeDays(out, o, year, month, day, true)),
        null
      )
      assert.equal(
        written((out, o) => debezium.writeDays(out, o, year, month, day, false)),
        0
      )
    }
    assert.equal(
      written((out, o) => debezium.writeDays(out, o, 2000, 2, 29, true)),
      11_016
    )
  })

  test('of years with two digits lie around 2000', () => {
    const days = (text: string): number => Date.parse(text) / 86_400_000
    assert.equal(
      written((out, o) => debezium.writeDays(out, o, 1, 1, 1, true)),
      days('2001-01-01')
    )
    assert.equal(
      written((out, o) => debezium.writeDays(out, o, 69, 12, 31, true)),
      days('2069-12-31')
    )
    assert.equal(
      written((out, o) => debezium.writeDays(out, o, 70, 1, 1, true)),
      days('1970-01-01')
    )
  })
})

test('bits are bytes from the lowest on', () => {
  const bytes = Buffer.from([1, 0x55])
  assert.equal(
    written((out, o) => debezium.writeBitBytes(out, o, bytes, 0, 2)),
    'VQE='
  )
})

test('64-bit integers are numbers, unsigned ones past 2^63 negative', () => {
  for (const n of [0n, -1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    const bytes = Buffer.alloc(8)
    bytes.writeBigInt64LE(n)
    const out = Buffer.alloc(24)
    assert.equal(out.toString('latin1', 0, debezium.writeLong(out, 0, bytes, 0)), `${n}`)
  }
})

test('a geometry too short for its SRID is null, and a cut point has no coordinates', () => {
  const text = (bytes: Buffer): string => {
    const w = new ByteWriter(16)
    debezium.writeGeometryBytes(w, bytes, 0, bytes.length, true)
    return w.written().toString()
  }
  assert.equal(text(Buffer.alloc(0)), 'null')
  assert.equal(text(Buffer.from([0xe6, 0x10, 0, 0, 1])), '{"wkb":"AQ==","srid":4326}')
})
