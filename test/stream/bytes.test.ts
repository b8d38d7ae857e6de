import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter, viewOf } from '../../src/lib/stream/bytes.ts'

test('what is written in any mixture of text and bytes is there, in order, however small it began', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 50 }),
    fc.uint8Array({ maxLength: 50 }),
    fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), fc.nat())
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), fc.array(piece), (capacity, pieces) => {
      const writer = new ByteWriter(capacity)
      const expected: Buffer[] = []
      for (const value of pieces) {
        if (typeof value === 'string') {
          writer.text(value)
          expected.push(Buffer.from(value))
        } else if (value instanceof Uint8Array) {
          writer.append(Buffer.from(value))
          expected.push(Buffer.from(value))
        } else {
          const [bytes, a, b] = value
          const [start, end] = [a % bytes.length, b % (bytes.length + 1)].sort((x, y) => x - y)
          writer.append(Buffer.from(bytes), start, end)
          expected.push(Buffer.from(bytes.subarray(start, end)))
        }
      }
      assert.deepEqual(writer.written(), Buffer.concat(expected))
      writer.clear()
      assert.equal(writer.written().length, 0)
    })
  )
})

test('text is appended whole wherever it begins and ends, short or long, and whatever stands behind it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 500 }).map(text => Buffer.from(text))
  fc.assert(
    fc.property(fc.array(text), fc.uint8Array({ maxLength: 20 }), fc.nat(8), (texts, behind, at) => {
      const source = Buffer.concat([Buffer.alloc(at, 'x'), ...texts, behind])
      const [writer, other] = [new ByteWriter(1), new ByteWriter(1)]
      let start = at
      for (const { length } of texts) {
        writer.appendText(source, viewOf(source), start, start + length)
        start += length
      }
      other.append(source, at, start)
      other.appendWritten(writer)
      const whole = Buffer.concat(texts)
      assert.deepEqual(writer.written(), whole)
      assert.deepEqual(other.written(), Buffer.concat([whole, whole]))
    })
  )
})

test('room that was made can be filled directly', () => {
  const writer = new ByteWriter(4)
  writer.text('ab')
  writer.ensure(1000)
  for (let i = 0; i < 1000; i++) writer.buffer[writer.length++] = 48 + (i % 10)
  assert.equal(writer.written().toString(), `ab${'0123456789'.repeat(100)}`)
})

test('growing copies each byte about once, not at each write', () => {
  const writer = new ByteWriter(16)
  const chunk = Buffer.alloc(1000, 'x')
  let buffers = 0
  let last: Buffer | undefined
  for (let i = 0; i < 20_000; i++) {
    writer.append(chunk)
    if (writer.buffer !== last) buffers++
    last = writer.buffer
  }
  assert.equal(writer.length, 20_000_000)
  assert.ok(buffers < 30, `${buffers} buffers`)
})
