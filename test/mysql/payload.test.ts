import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { unpackEvents, unpackPayload } from '../../src/lib/mysql/payload.ts'
import { int, LogFile } from './binlog.ts'

function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  // As from a file: all pieces come in one buffer.
  const piece = Buffer.alloc(Math.max(...sizes))
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] as number
    const length = bytes.copy(piece, 0, at, at + size)
    yield piece.subarray(0, length)
    at += length
  }
}

async function unpack(
  packed: Buffer,
  isPacked: boolean,
  size: number,
  sizes: readonly number[]
): Promise<Buffer[]> {
  const events: Buffer[] = []
  for await (const bytes of unpackEvents({ isPacked, size, offset: 0 }, cut(packed, sizes))) {
    for (let at = 0; at < bytes.length; ) {
      const end = at + bytes.readUInt32LE(at + 9)
      assert.ok(end <= bytes.length, 'an event is whole')
      events.push(Buffer.from(bytes.subarray(at, end)))
      at = end
    }
  }
  return events
}

describe('the events of a compressed transaction', () => {
  const log = new LogFile(false)
  const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 4 })
  const bodies = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 30 })

  test('come one after the other as they come all at once, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(bodies, sizes, fc.boolean(), async (lengths, pieces, isPacked) => {
        const events = lengths.map(length => log.event(30, randomBytes(length)))
        const plain = Buffer.concat(events)
        const packed = isPacked ? zstdCompressSync(plain) : plain
        const whole = unpackPayload({ isPacked, size: plain.length, offset: 0 }, packed)
        assert.ok(whole.equals(plain))
        assert.deepEqual(await unpack(packed, isPacked, plain.length, pieces), events)
      }),
      { numRuns: 60 }
    )
  })

  test('are refused when something is missing, too much, or no event', async () => {
    const plain = Buffer.concat([1, 2, 3].map(n => log.event(30, randomBytes(n * 1000))))
    const packed = zstdCompressSync(plain)
    const damaged = { code: 'INPUT', message: /cannot be unpacked/ }
    const refuse = (bytes: Buffer, size: number): Promise<void> =>
      assert.rejects(unpack(bytes, true, size, [700]), damaged)
    await refuse(packed, plain.length + 1)
    await refuse(packed.subarray(0, packed.length - 100), plain.length)
    await refuse(zstdCompressSync(plain.subarray(0, 2500)), 2500)
    await refuse(zstdCompressSync(Buffer.concat([plain, int(0, 8), int(3, 8), int(0, 8)])), plain.length + 24)
    packed[packed.length >> 1] = (packed[packed.length >> 1] as number) ^ 0x55
    await assert.rejects(unpack(packed, true, plain.length + 1, [700]), damaged)
  })
})
