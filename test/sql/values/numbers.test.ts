import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatDecimal, parseDecimal, rescale } from '../../../src/lib/sql/values/decimal.ts'
import {
  add,
  divide,
  divideRounded,
  type Int,
  multiply,
  remainder,
  subtract,
  toInt,
  wrap
} from '../../../src/lib/sql/values/integer.ts'
import { loadBigint, loadDecimal } from '../../../src/lib/sql/values/load-number.ts'

const big = fc.oneof(
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }),
  fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  fc.bigInt({ min: -9n, max: 9n })
)

/** An Int is a number exactly when it is a safe integer, and never -0. */
function wellFormed(value: Int): void {
  if (typeof value === 'number')
    assert.ok(Number.isSafeInteger(value) && !Object.is(value, -0), String(value))
  else assert.ok(!Number.isSafeInteger(Number(value)) || BigInt(Number(value)) !== value, String(value))
}

test('arithmetic on Ints is that on bigints, whatever their form', () => {
  fc.assert(
    fc.property(big, big, (a, b) => {
      const pairs: [Int, bigint][] = [
        [add(toInt(a), toInt(b)), a + b],
        [subtract(toInt(a), toInt(b)), a - b],
        [multiply(toInt(a), toInt(b)), a * b]
      ]
      if (b !== 0n) pairs.push([divide(toInt(a), toInt(b)), a / b], [remainder(toInt(a), toInt(b)), a % b])
      for (const [value, expected] of pairs) {
        assert.equal(BigInt(value), expected)
        wellFormed(value)
      }
      for (const bits of [8, 16, 32, 64] as const)
        assert.equal(BigInt(wrap(toInt(a), bits)), BigInt.asIntN(bits, a))
    })
  )
})

test('a rounded quotient is off by at most half, halves away from zero', () => {
  fc.assert(
    fc.property(big, big, (a, b) => {
      fc.pre(b !== 0n)
      const quotient = BigInt(divideRounded(a, b))
      const magnitude = (x: bigint): bigint => (x < 0n ? -x : x)
      const error = magnitude(a - quotient * b) * 2n
      assert.ok(error <= magnitude(b))
      if (error === magnitude(b)) assert.ok(magnitude(quotient * b) > magnitude(a))
    })
  )
})

test('a decimal is what its text says, and is written back as it was', () => {
  fc.assert(
    fc.property(big, fc.nat(12), (unscaled, scale) => {
      const text = formatDecimal(toInt(unscaled), scale)
      const decimal = parseDecimal(text)
      assert.deepEqual([BigInt(decimal?.unscaled ?? 0), decimal?.scale], [unscaled, scale])
      assert.equal(
        formatDecimal(rescale(toInt(unscaled), scale, scale + 3), scale + 3),
        `${text}${scale === 0 ? '.' : ''}000`
      )
    })
  )
})

test('texts that are no numbers are none', () => {
  for (const text of ['', '.', '-', '1.2.3', '1e', 'abc', '0x10', '1,5', '--1'])
    assert.equal(parseDecimal(text), undefined, text)
  for (const [text, shown] of [
    ['.5', '0.5'],
    ['5.', '5'],
    ['1.5e3', '1500'],
    ['25e-4', '0.0025'],
    [' 7 ', '7'],
    ['+1', '1']
  ] as const) {
    assert.equal(String(parseDecimal(text)), shown)
  }
})

test('numbers are read from their place in the bytes exactly, as numbers or strings', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.boolean(), (value, quoted) => {
      const token = quoted ? `"${value}"` : String(value)
      const block = Buffer.from(`{"x":${token}}`)
      const text = block.toString('latin1')
      assert.equal(loadBigint(block, text, 5, 5 + token.length), toInt(value))
      assert.equal(loadDecimal(block, text, 5, 5 + token.length, 38, 2), toInt(value * 100n))
    })
  )
})
