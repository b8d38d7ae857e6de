import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { type Connection, Writer } from '@platformatic/kafka'
import { type Wire, wireOf } from '../../../src/lib/stream/kafka/wire.ts'
import type { Memory } from '../../../src/lib/stream/memory.ts'

interface Peer extends AsyncDisposable {
  readonly wire: Wire
  /** What came for the client, in whole. */
  readonly handedOn: Buffer[]
  /** The broker's end. */
  readonly broker: Socket
  readonly requests: Buffer[]
}

/** A connection as the client leaves it, to a socket that writes what the test wants. */
async function open(): Promise<Peer> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => {})
  const [broker] = await accepted
  broker.setNoDelay(true)
  const handedOn: Buffer[] = []
  socket.on('data', (chunk: Buffer) => handedOn.push(Buffer.from(chunk)))
  const requests: Buffer[] = []
  broker.on('data', (chunk: Buffer) => requests.push(chunk))
  return {
    wire: wireOf({ socket } as Connection, 'test'),
    handedOn,
    broker,
    requests,
    async [Symbol.asyncDispose]() {
      socket.destroy()
      broker.destroy()
      server.close()
      await once(server, 'close')
    }
  }
}

function frame(id: number, text: string): Buffer {
  const body = Buffer.from(text)
  const bytes = Buffer.alloc(9 + body.length) // length, id, no tags
  bytes.writeInt32BE(bytes.length - 4, 0)
  bytes.writeInt32BE(id, 4)
  body.copy(bytes, 9)
  return bytes
}

/** Asks for a text; `held` gets its memory, if that is to be held. */
function ask(
  { wire }: Peer,
  length: number,
  held?: (memory: Memory, bytes: Buffer) => void
): Promise<string> {
  const payload = Writer.create().appendInt32(length)
  return wire.request(1, 12, payload, (reader, memory) => {
    const bytes = reader.buffer.slice(reader.position, reader.position + length)
    if (held !== undefined) {
      memory.hold()
      held(memory, bytes)
    }
    return bytes.toString()
  })
}

test('a request has length, API, version, a negative correlation id and the name of the client in front', async () => {
  await using peer = await open()
  const answer = ask(peer, 2)
  while (Buffer.concat(peer.requests).length < 23) await once(peer.broker, 'data')
  const expected = '00000013 0001 000c ffffffff 0004 74657374 00 00000002'.replaceAll(' ', '')
  assert.equal(Buffer.concat(peer.requests).toString('hex'), expected)
  peer.broker.write(frame(-1, 'ok'))
  assert.equal(await answer, 'ok')
})

test('answers come in pieces of any size, and those to the client are handed on in whole', async () => {
  const all = Buffer.concat([frame(7, 'theirs'), frame(-1, 'first'), frame(8, 'again'), frame(-2, 'second')])
  for (const size of [1, 2, 5, 9, 16, all.length]) {
    await using peer = await open()
    const answers = [ask(peer, 5), ask(peer, 6)]
    for (let at = 0; at < all.length; at += size) {
      peer.broker.write(all.subarray(at, at + size))
      await new Promise(resolve => setImmediate(resolve))
    }
    assert.deepEqual(await Promise.all(answers), ['first', 'second'])
    assert.deepEqual(peer.handedOn, [frame(7, 'theirs'), frame(8, 'again')])
  }
})

test('memory is used again when it is released, and not before', async () => {
  await using peer = await open()
  const memories: [Memory, Buffer][] = []
  const hold = (memory: Memory, bytes: Buffer): unknown => memories.push([memory, bytes])
  for (const [id, text] of [
    [-1, 'one'],
    [-2, 'two']
  ] as const) {
    const answer = ask(peer, 3, hold)
    peer.broker.write(frame(id, text))
    assert.equal(await answer, text)
  }
  const [[first, one], [, two]] = memories as [[Memory, Buffer], [Memory, Buffer]]
  assert.deepEqual([one.toString(), two.toString()], ['one', 'two'])
  first.release()
  const answer = ask(peer, 3)
  peer.broker.write(frame(-3, 'six'))
  assert.equal(await answer, 'six')
  assert.deepEqual([one.toString(), two.toString()], ['six', 'two'])
})

test('when the connection is lost, what was asked for fails', async () => {
  await using peer = await open()
  const answers = [ask(peer, 1), ask(peer, 1)]
  peer.broker.write(frame(-1, 'a').subarray(0, 6))
  peer.broker.end()
  for (const answer of answers) await assert.rejects(answer, /Connection closed/)
  await assert.rejects(ask(peer, 1), /Connection closed/)
})

test('what is no answer of a broker, such as a record of TLS, is for the client to name', async () => {
  await using peer = await open()
  const alert = Buffer.from('15030300020250', 'hex')
  peer.broker.write(alert)
  while (peer.handedOn.length === 0) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(peer.handedOn, [alert])
})
