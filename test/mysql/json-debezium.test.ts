import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { debeziumJson } from '../../src/lib/mysql/json-debezium.ts'

function double(value: number): string {
  const bytes = Buffer.alloc(9)
  bytes[0] = 11
  bytes.writeDoubleLE(value, 1)
  return debeziumJson(bytes, 0, 9)
}

test('doubles are written out in full where Java would use an exponent', () => {
  assert.equal(double(0.0001), '0.000100000000000000004792173602385929598312941379845142364501953125')
  assert.equal(double(0.001), '0.001')
  assert.equal(double(1e20), '100000000000000000000')
  assert.equal(double(12345678.25), '12345678.25')
  assert.equal(double(1.5e7), '15000000')
  assert.equal(double(-0), '-0.0')
  assert.equal(double(100), '100.0')
})

test('whatever its size, a double reads back as the same', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
      const text = double(value)
      assert.match(text, /^-?\d+(\.\d+)?$/)
      assert.ok(Object.is(Number(text), value), text)
    })
  )
})
