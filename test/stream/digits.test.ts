import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { writeDigits, writeUint } from '../../src/lib/stream/digits.ts'

/** What a writer leaves behind an offset, up to the one it returns; the bytes around it must stay as they were. */
function written(write: (out: Buffer, o: number) => number): string {
  const out = Buffer.alloc(40, '#')
  const end = write(out, 3)
  assert.equal(out.toString('latin1', 0, 3), '###')
  assert.match(out.toString('latin1', end), /^#+$/)
  return out.toString('latin1', 3, end)
}

test('whole numbers up to 2^53 are written as String writes them', () => {
  const edges = [
    0,
    1,
    9,
    10,
    99,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    4_999_999_999,
    1e9,
    1e10,
    1e15,
    2 ** 53 - 1,
    2 ** 53
  ]
  for (const value of edges)
    assert.equal(
      written((out, o) => writeUint(out, o, value)),
      String(value)
    )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.maxSafeNat(),
        fc.nat(),
        fc.integer({ min: 0, max: 53 }).map(n => 2 ** n)
      ),
      value => {
        assert.equal(
          written((out, o) => writeUint(out, o, value)),
          String(value)
        )
      }
    )
  )
})

test('a number in a field of digits has zeros in front', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(), (digits, number) => {
      const value = number % 10 ** digits
      assert.equal(
        written((out, o) => writeDigits(out, o, value, digits)),
        String(value).padStart(digits, '0')
      )
    })
  )
})
