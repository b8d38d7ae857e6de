import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as encode from '../../src/lib/mysql/encode.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'

type ShortWriter = (out: Buffer, o: number) => number

/** What a short writer writes; it must not touch what lies outside. */
function written(write: ShortWriter): string {
  const out = Buffer.alloc(400, 0x7e)
  const end = write(out, 8)
  assert.ok(out.subarray(0, 8).every(byte => byte === 0x7e))
  return out.toString('utf8', 8, end)
}

function writtenLong(write: (w: ByteWriter) => void): string {
  const w = new ByteWriter(16)
  w.text('head')
  write(w)
  assert.equal(w.written().toString('utf8', 0, 4), 'head')
  return w.written().toString('utf8', 4)
}

const pad = (value: number | bigint, digits: number): string => String(value).padStart(digits, '0')

describe('integers', () => {
  test('up to 2^53 are written as JavaScript writes them', () => {
    const whole = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -1000, max: 1000 }))
    fc.assert(
      fc.property(whole, n =>
        assert.equal(
          written((out, o) => encode.writeInt(out, o, n)),
          String(n)
        )
      )
    )
    for (let digits = 0; digits < 16; digits++) {
      for (const n of [10 ** digits - 1, 10 ** digits, 10 ** digits + 1])
        assert.equal(
          written((out, o) => encode.writeUint(out, o, n)),
          String(n)
        )
    }
    for (const n of [2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53])
      assert.equal(
        written((out, o) => encode.writeUint(out, o, n)),
        String(n)
      )
  })

  test('of 64 bits are numbers within ±2^53 and strings outside', () => {
    const check = (n: bigint, unsigned: boolean): void => {
      const bytes = Buffer.alloc(8)
      if (unsigned) bytes.writeBigUInt64LE(n)
      else bytes.writeBigInt64LE(n)
      const magnitude = n < 0n ? -n : n
      const text = written((out, o) => (unsigned ? encode.writeUint64 : encode.writeInt64)(out, o, bytes, 0))
      assert.equal(text, magnitude <= 2n ** 53n ? `${n}` : `"${n}"`)
    }
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), n => check(n, false)))
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), n => check(n, true)))
    for (const edge of [2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n]) {
      for (const n of [edge - 2n, edge - 1n, edge, edge + 1n]) {
        check(n, true)
        if (n < 2n ** 63n) check(n, false)
        if (n <= 2n ** 63n) check(-n, false)
      }
    }
    check(2n ** 64n - 1n, true)
  })

  test('BIT(n) is a number up to 53 bits, a string beyond', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 64 }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        (bits, random) => {
          const value = BigInt.asUintN(bits, random)
          const size = (bits + 7) >> 3
          const bytes = Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex')
          const text = written((out, o) => encode.writeBit(out, o, bytes, 0, size, bits))
          assert.equal(text, bits > 53 ? `"${value}"` : `${value}`)
        }
      )
    )
  })
})

/** decimal2bin by its description: groups of nine digits in four bytes, the odd ones in as few as hold them. */
function decimalBytes(digits: string, fraction: string, negative: boolean): Buffer {
  const groupBytes = (group: string): number[] => {
    const size = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4][group.length] as number
    const bytes: number[] = []
    for (let i = 0, rest = Number(group); i < size; i++, rest = Math.floor(rest / 256))
      bytes.unshift(rest % 256)
    return bytes
  }
  const bytes: number[] = []
  const odd = digits.length % 9
  if (odd > 0) bytes.push(...groupBytes(digits.slice(0, odd)))
  for (let at = odd; at < digits.length; at += 9) bytes.push(...groupBytes(digits.slice(at, at + 9)))
  for (let at = 0; at < fraction.length; at += 9) bytes.push(...groupBytes(fraction.slice(at, at + 9)))
  bytes[0] = (bytes[0] as number) ^ 0x80
  return Buffer.from(negative ? bytes.map(byte => byte ^ 0xff) : bytes)
}

test('a decimal has all its fraction digits and no zeros in front, in every precision and scale', () => {
  const digits = (length: number): fc.Arbitrary<string> =>
    fc
      .array(fc.oneof(fc.constant('0'), fc.integer({ min: 0, max: 9 }).map(String)), {
        minLength: length,
        maxLength: length
      })
      .map(list => list.join(''))
  const decimal = fc
    .oneof(fc.integer({ min: 1, max: 18 }), fc.integer({ min: 1, max: 65 }))
    .chain(precision =>
      fc.integer({ min: 0, max: Math.min(30, precision) }).map(scale => ({ precision, scale }))
    )
    .chain(({ precision, scale }) =>
      fc.record({ whole: digits(precision - scale), fraction: digits(scale), negative: fc.boolean() })
    )
  fc.assert(
    fc.property(decimal, ({ whole, fraction, negative }) => {
      const isZero = /^0*$/.test(whole + fraction)
      const bytes = decimalBytes(whole, fraction, negative && !isZero)
      const precision = whole.length + fraction.length
      assert.equal(encode.decimalSize(precision, fraction.length), bytes.length)
      const sign = negative && !isZero ? '-' : ''
      const expected = `"${sign}${whole.replace(/^0+/, '') || '0'}${fraction === '' ? '' : `.${fraction}`}"`
      const text = written((out, o) => encode.writeDecimal(out, o, bytes, 0, precision, fraction.length))
      assert.equal(text, expected)
      assert.ok(text.length <= 80, 'the bound that the row decoder counts with')
      if (!encode.isShortDecimal(precision, fraction.length)) return
      const wholeBytes = encode.decimalSize(whole.length, 0)
      const short = written((out, o) =>
        encode.writeShortDecimal(out, o, bytes, 0, wholeBytes, fraction.length)
      )
      assert.equal(short, expected)
    }),
    { numRuns: 2000 }
  )
})

describe('text', () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('"', '\\', '\0', '\n', '\u001f', '\u007f', 'é', '😀', 'a') })
  )

  test('in UTF-8 is written as JSON.stringify writes it, short and long', () => {
    fc.assert(
      fc.property(anyText, text => {
        const bytes = Buffer.from(`<${text}>`)
        const end = bytes.length - 1
        assert.equal(
          written((out, o) => encode.writeUtf8(out, o, bytes, 1, end)),
          JSON.stringify(text)
        )
        assert.equal(
          writtenLong(w => encode.writeLongUtf8(w, bytes, 1, end)),
          JSON.stringify(text)
        )
        assert.equal(
          writtenLong(w => encode.writeText(w, text)),
          JSON.stringify(text)
        )
      })
    )
    for (const text of ['"'.repeat(100_000), `${'x'.repeat(70_000)}\n${'😀'.repeat(9000)}`, '']) {
      const bytes = Buffer.from(text)
      assert.equal(
        writtenLong(w => encode.writeLongUtf8(w, bytes, 0, bytes.length)),
        JSON.stringify(text)
      )
    }
  })

  test('in other character sets becomes UTF-8', () => {
    const charset = (name: string, hex: string): string => {
      const bytes = Buffer.from(hex, 'hex')
      return writtenLong(w => encode.writeCharset(w, name, bytes, 0, bytes.length))
    }
    assert.equal(charset('latin1', '68e9ff80'), '"héÿ€"')
    assert.equal(charset('gbk', 'd6d0cec4'), '"中文"')
    assert.equal(charset('utf16', '00750031d83dde00'), '"u1😀"')
    assert.equal(charset('utf16', 'feff0041'), '"\ufeffA"')
    assert.equal(charset('utf32', '0001f60000000041'), '"😀A"')
    assert.equal(charset('swe7', '5b41'), '"ÄA"')
    assert.equal(charset('ascii', '4180'), '"A?"')
    assert.equal(charset('sjis', '5c1a7f'), '"\\\\\\u001a\x7f"')
    assert.throws(() => charset('filename', '41'), { code: 'DATA', message: /filename/ })
  })

  test('bytes are base64, those of BINARY(n) with their zeros', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.integer({ min: 0, max: 40 }), (random, zeros) => {
        const bytes = Buffer.from(random)
        assert.equal(
          writtenLong(w => encode.writeBase64(w, bytes, 0, bytes.length)),
          `"${bytes.toString('base64')}"`
        )
        const padded = Buffer.concat([bytes, Buffer.alloc(zeros)])
        assert.equal(
          writtenLong(w => encode.writeBinary(w, bytes, 0, bytes.length, padded.length)),
          `"${padded.toString('base64')}"`
        )
      })
    )
  })
})

describe('floating point numbers', () => {
  test('doubles read back as the same, whichever they are', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        const text = written((out, o) => encode.writeDouble(out, o, value))
        assert.ok(Object.is(Number(text), value), `${value}: ${text}`)
        assert.ok(Object.is(JSON.parse(text), value))
      })
    )
  })

  test('whole numbers keep a fraction, so that a column is not taken for an integer one', () => {
    const double = (value: number): string => written((out, o) => encode.writeDouble(out, o, value))
    assert.deepEqual([10, 0, -0, -7, 1e15, 1e21].map(double), [
      '10.0',
      '0.0',
      '-0.0',
      '-7.0',
      '1000000000000000.0',
      '1e+21'
    ])
    assert.equal(
      written((out, o) => encode.writeFloat(out, o, 16777216)),
      '16777216.0'
    )
  })

  test('single-precision numbers read back as the same, with as few digits as do', () => {
    const bits = fc.integer({ min: 0, max: 0xffffffff }).map(n => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(n)
      return bytes.readFloatLE(0)
    })
    const float = fc.oneof(bits.filter(Number.isFinite), fc.float({ noNaN: true, noDefaultInfinity: true }))
    fc.assert(
      fc.property(float, value => {
        const text = written((out, o) => encode.writeFloat(out, o, value))
        assert.ok(Object.is(Math.fround(JSON.parse(text) as number), value), `${value}: ${text}`)
        const digits = text
          .replace(/e.*/, '')
          .replace(/\D/g, '')
          .replace(/^0+|0+$/g, '').length
        if (digits > 6) assert.notEqual(Math.fround(Number(value.toPrecision(digits - 1))), value, text)
      }),
      { numRuns: 2000 }
    )
  })
})

/** Fraction bytes of a column with `digits` digits: units of 10^-2, 10^-4 or 10^-6. */
function fractionBytes(microseconds: number, digits: number): number[] {
  const size = (digits + 1) >> 1
  let units = Math.floor(microseconds / 10 ** (6 - 2 * size))
  const bytes: number[] = []
  for (let i = 0; i < size; i++, units = Math.floor(units / 256)) bytes.unshift(units % 256)
  return bytes
}

/** Microseconds that a column of `digits` digits can hold. */
const fraction = fc
  .integer({ min: 0, max: 6 })
  .chain(digits =>
    fc
      .integer({ min: 0, max: 10 ** digits - 1 })
      .map(units => ({ digits, microseconds: units * 10 ** (6 - digits) }))
  )

function fractionText({ digits, microseconds }: { digits: number; microseconds: number }): string {
  return digits === 0 ? '' : `.${pad(microseconds, 6).slice(0, digits)}`
}

describe('dates and times', () => {
  test('a DATE is year, month and day, zeros included', () => {
    fc.assert(
      fc.property(fc.nat(9999), fc.nat(12), fc.nat(31), (year, month, day) => {
        const bytes = Buffer.alloc(3)
        bytes.writeUIntLE(day | (month << 5) | (year << 9), 0, 3)
        assert.equal(
          written((out, o) => encode.writeDateValue(out, o, bytes, 0)),
          `"${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}"`
        )
      })
    )
  })

  test('a TIMESTAMP is what Date makes of its seconds, with the digits of the column', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 0xffffffff }), fraction, (seconds, part) => {
        const bytes = Buffer.from([
          ...[24, 16, 8, 0].map(shift => (seconds >>> shift) & 255),
          ...fractionBytes(part.microseconds, part.digits)
        ])
        const text = written((out, o) => encode.writeTimestamp2(out, o, bytes, 0, part.digits))
        assert.equal(text, `"${new Date(seconds * 1000).toISOString().slice(0, 19)}${fractionText(part)}Z"`)
      })
    )
  })

  test('a DATETIME has no zone', () => {
    const date = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true
    })
    fc.assert(
      fc.property(date, fraction, (when, part) => {
        const yearMonth = BigInt(when.getUTCFullYear() * 13 + when.getUTCMonth() + 1)
        const clock = BigInt((when.getUTCHours() << 12) | (when.getUTCMinutes() << 6) | when.getUTCSeconds())
        const packed = 0x8000000000n + (yearMonth << 22n) + (BigInt(when.getUTCDate()) << 17n) + clock
        const bytes = Buffer.from([
          ...Buffer.from(packed.toString(16), 'hex'),
          ...fractionBytes(part.microseconds, part.digits)
        ])
        const text = written((out, o) => encode.writeDatetime2(out, o, bytes, 0, part.digits))
        assert.equal(text, `"${when.toISOString().slice(0, 19)}${fractionText(part)}"`)
        const old = Buffer.alloc(8)
        old.writeBigUInt64LE(BigInt(when.toISOString().slice(0, 19).replace(/\D/g, '')))
        assert.equal(
          written((out, o) => encode.writeOldDatetime(out, o, old, 0)),
          `"${when.toISOString().slice(0, 19)}"`
        )
      })
    )
  })

  test('zero dates are zeros, without fraction and zone', () => {
    const zero = '"0000-00-00T00:00:00"'
    assert.equal(
      written((out, o) => encode.writeDatetime2(out, o, Buffer.from('800000000000', 'hex'), 0, 2)),
      zero
    )
    assert.equal(
      written((out, o) => encode.writeTimestamp2(out, o, Buffer.alloc(7), 0, 6)),
      zero
    )
    assert.equal(
      written((out, o) => encode.writeOldDatetime(out, o, Buffer.alloc(8), 0)),
      zero
    )
    assert.equal(
      written((out, o) => encode.writeDateValue(out, o, Buffer.alloc(3), 0)),
      '"0000-00-00"'
    )
  })

  test('a TIME is what MySQL prints, up to ±838:59:59', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 838 * 3600 + 3599 }),
        fraction,
        fc.boolean(),
        (seconds, part, negative) => {
          const [hour, minute, second] = [
            Math.floor(seconds / 3600),
            Math.floor(seconds / 60) % 60,
            seconds % 60
          ]
          const size = (part.digits + 1) >> 1
          const units = part.microseconds / 10 ** (6 - 2 * size)
          const magnitude = ((hour << 12) | (minute << 6) | second) * 256 ** size + Math.floor(units)
          const minus = negative && magnitude > 0
          const bytes = Buffer.alloc(3 + size)
          bytes.writeUIntBE(0x800000 * 256 ** size + (minus ? -magnitude : magnitude), 0, 3 + size)
          const expected = `"${minus ? '-' : ''}${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${fractionText(part)}"`
          assert.equal(
            written((out, o) => encode.writeTime2(out, o, bytes, 0, part.digits)),
            expected
          )
          const old = Buffer.alloc(3)
          old.writeIntLE((hour * 10_000 + minute * 100 + second) * (negative ? -1 : 1), 0, 3)
          assert.equal(
            written((out, o) => encode.writeOldTime(out, o, old, 0)),
            `"${negative && seconds > 0 ? '-' : ''}${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}"`
          )
        }
      )
    )
  })
})
