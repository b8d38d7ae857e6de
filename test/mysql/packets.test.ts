import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import {
  commandPacket,
  PacketReader,
  readErrorPacket,
  readLengthEncoded
} from '../../src/lib/mysql/packets.ts'

const opened: Socket[] = []
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy()
})

/** Two ends of a connection, closed when the test is over. */
async function socketPair(): Promise<[ours: Socket, theirs: Socket]> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const ours = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [[theirs]] = (await Promise.all([once(server, 'connection'), once(ours, 'connect')])) as [
    [Socket],
    unknown
  ]
  server.close()
  ours.pause()
  theirs.setNoDelay(true)
  theirs.on('error', () => {})
  opened.push(ours, theirs)
  return [ours, theirs]
}

const LARGEST = 0xffffff

/** A payload as the protocol sends it: pieces of 16 MiB - 1, the last one shorter. */
function framed(payload: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0, sequence = 0; ; at += LARGEST, sequence++) {
    const piece = payload.subarray(at, at + LARGEST)
    const header = Buffer.alloc(4)
    header.writeUIntLE(piece.length, 0, 3)
    header[3] = sequence & 255
    parts.push(header, piece)
    if (piece.length < LARGEST) return Buffer.concat(parts)
  }
}

async function readAll(packets: PacketReader, count: number): Promise<Buffer[]> {
  const payloads: Buffer[] = []
  while (payloads.length < count) {
    if (packets.next()) payloads.push(Buffer.from(packets.buffer.subarray(packets.start, packets.end)))
    else assert.ok(await packets.more(10_000), `${payloads.length} of ${count} packets came`)
  }
  assert.equal(packets.next(), false)
  return payloads
}

/** Sends the bytes in pieces of these sizes, in turn, each a chunk of its own for the reader. */
async function sendInPieces(socket: Socket, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] as number
    await new Promise(resolve => socket.write(bytes.subarray(at, at + size), resolve))
    at += size
    await sleep(0)
  }
}

describe('a reader of packets', () => {
  test('gives the same packets however the bytes are cut', async () => {
    const payload = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))
    await fc.assert(
      fc.asyncProperty(
        fc.array(payload, { minLength: 1, maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 5 }),
        async (payloads, sizes) => {
          const [ours, theirs] = await socketPair()
          const packets = new PacketReader(ours)
          const [read] = await Promise.all([
            readAll(packets, payloads.length),
            sendInPieces(theirs, Buffer.concat(payloads.map(framed)), sizes)
          ])
          assert.deepEqual(read, payloads)
        }
      ),
      { numRuns: 40 }
    )
  })

  test('joins payloads of 16 MiB and more, and goes on behind them', async () => {
    const filled = (length: number): Buffer => {
      const bytes = Buffer.allocUnsafe(length)
      for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8)) & 255
      return bytes
    }
    const payloads = [
      Buffer.from('before'),
      filled(LARGEST - 1),
      filled(LARGEST),
      filled(LARGEST + 1),
      filled(2 * LARGEST),
      Buffer.from('behind')
    ]
    const [ours, theirs] = await socketPair()
    theirs.write(Buffer.concat(payloads.map(framed)))
    const read = await readAll(new PacketReader(ours), payloads.length)
    assert.deepEqual(
      read.map(({ length }) => length),
      payloads.map(({ length }) => length)
    )
    for (const [i, bytes] of read.entries()) assert.ok(bytes.equals(payloads[i] as Buffer), `payload ${i}`)
  })

  test('lets large packets in a row gather in one buffer, and gives the memory of used chunks back', async () => {
    const [ours, theirs] = await socketPair()
    const packets = new PacketReader(ours)
    const payloads = [700_000, 1_300_000, 20, 900_000, 1_000_000].map((length, i) =>
      Buffer.alloc(length, i + 1)
    )
    theirs.write(Buffer.concat(payloads.map(framed)))
    const memories: ArrayBufferLike[] = []
    for (const expected of payloads) {
      while (!packets.next()) assert.ok(await packets.more(10_000))
      assert.equal(packets.buffer.compare(expected, 0, expected.length, packets.start, packets.end), 0)
      memories.push(packets.buffer.buffer)
    }
    // From the second on they fit into the first that was large enough.
    const [first, second, , fourth, fifth] = memories
    assert.notEqual(first, second)
    assert.equal(second, fourth)
    assert.equal(second, fifth)

    const whole = framed(Buffer.alloc(5000, 7))
    const chunks: ArrayBufferLike[] = []
    for (let i = 0; i < 3; i++) {
      theirs.write(whole)
      while (!packets.next()) assert.ok(await packets.more(10_000))
      chunks.push(packets.buffer.buffer)
    }
    assert.deepEqual(
      chunks.map(({ byteLength }) => byteLength > 0),
      [false, false, true]
    )
  })

  test('hands a payload of 16 MiB and more to a sink, if one is wanted for it', async () => {
    const payloads = [1, 2, 3, 4].map(n => Buffer.alloc(n % 2 === 0 ? LARGEST + n : 10, n))
    const [ours, theirs] = await socketPair()
    theirs.write(Buffer.concat(payloads.map(framed)))
    const packets = new PacketReader<{ parts: Buffer[]; write(bytes: Buffer): void }>(ours, head => {
      const parts: Buffer[] = []
      return head[0] === 2 ? { parts, write: bytes => parts.push(Buffer.from(bytes)) } : null
    })
    const read: Buffer[] = []
    const sunk: boolean[] = []
    while (read.length < payloads.length) {
      if (packets.next()) {
        const { sink, buffer, start, end } = packets
        sunk.push(sink !== null)
        assert.equal(buffer[start], read.length + 1)
        read.push(sink === null ? Buffer.from(buffer.subarray(start, end)) : Buffer.concat(sink.parts))
      } else await packets.more(10_000)
    }
    assert.deepEqual(sunk, [false, true, false, false])
    for (const [i, bytes] of read.entries()) assert.ok(bytes.equals(payloads[i] as Buffer), `payload ${i}`)
  })

  test('gives up waiting when the time has passed', async () => {
    const [ours] = await socketPair()
    const started = Date.now()
    assert.equal(await new PacketReader(ours).more(60), false)
    assert.ok(Date.now() - started >= 55)
  })

  test('an interrupt ends the wait that is going on or the next one, and no other', async () => {
    const [ours, theirs] = await socketPair()
    const packets = new PacketReader(ours)
    const waiting = packets.more(10_000)
    packets.interrupt()
    assert.equal(await waiting, false)
    packets.interrupt()
    assert.equal(await packets.more(10_000), false)
    const more = packets.more(10_000)
    theirs.write(framed(Buffer.from('x')))
    assert.equal(await more, true)
  })

  test('a connection closed by the server is lost after what it has sent, one that breaks fails with its error', async () => {
    const [ours, theirs] = await socketPair()
    const packets = new PacketReader(ours)
    theirs.end(framed(Buffer.from('last')))
    assert.deepEqual(await readAll(packets, 1), [Buffer.from('last')])
    await assert.rejects(packets.more(10_000), { code: 'PROTOCOL_CONNECTION_LOST' })

    const [broken, other] = await socketPair()
    const reader = new PacketReader(broken)
    other.resetAndDestroy()
    await assert.rejects(reader.more(10_000), { code: 'ECONNRESET' })
  })
})

describe('pieces of the protocol', () => {
  test('a command packet has length, sequence 0, command and body', () => {
    assert.deepEqual([...commandPacket(0x12, Buffer.from('ab'))], [3, 0, 0, 0, 0x12, 97, 98])
  })

  test('an error packet is read with and without its state', () => {
    const packet = Buffer.from('\xff\x48\x04#42000no such', 'latin1')
    assert.deepEqual(readErrorPacket(packet, 0, packet.length), {
      code: 1096,
      state: '42000',
      message: 'no such'
    })
    const early = Buffer.from('\xff\x10\x04too many', 'latin1')
    assert.deepEqual(readErrorPacket(early, 0, early.length), { code: 1040, state: '', message: 'too many' })
  })

  test('length-encoded integers of every size are read, others refused', () => {
    const at = (...bytes: number[]): unknown => readLengthEncoded(Buffer.from([0, ...bytes]), 1)
    assert.deepEqual(at(250), [250, 2])
    assert.deepEqual(at(252, 0x34, 0x12), [0x1234, 4])
    assert.deepEqual(at(253, 0x56, 0x34, 0x12), [0x123456, 5])
    assert.deepEqual(at(254, 1, 0, 0, 0, 1, 0, 0, 0), [2 ** 32 + 1, 10])
    assert.throws(() => at(254, 0, 0, 0, 0, 0, 0, 0x20, 0), { code: 'INPUT' })
    assert.throws(() => at(251), { code: 'INPUT' })
    assert.throws(() => at(255), { code: 'INPUT' })
  })
})
