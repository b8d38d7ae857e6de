import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, afterEach, before, describe, test } from 'node:test'
import { Backoff } from '../../src/lib/cli/index.ts'
import { Log } from '../../src/lib/cli/log.ts'
import { Documents, ElasticConnection, ElasticSink } from '../../src/lib/elastic/index.ts'
import { BadLines, DeadLetterFile, parseTemplate } from '../../src/lib/stream/index.ts'

/**
 * Failures that a healthy server does not produce on demand (429 for some items, a connection cut in mid-answer) are
 * given by this one, which speaks just enough of the bulk API; all else is tested on real servers in test/pipeline.
 */
type Answer = (ids: string[], request: number) => { status: number; body: unknown } | 'cut'

describe('bulk requests to a server in trouble', () => {
  let server: Server
  let answer: Answer
  let requests: string[][]

  before(async () => {
    server = createServer(async (request, response) => {
      const ids = (await bodyOf(request)).split('\n').flatMap(line => /"_id":"([^"]*)"/.exec(line)?.[1] ?? [])
      requests.push(ids)
      const result = answer(ids, requests.length)
      if (result === 'cut') request.socket.destroy()
      else response.writeHead(result.status).end(JSON.stringify(result.body))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  })
  after(() => server.close())
  let connection: ElasticConnection
  afterEach(() => connection.close())

  function open(options: { deadLetter?: string; lanes?: number } = {}): ElasticSink {
    requests = []
    connection = new ElasticConnection([`http://127.0.0.1:${(server.address() as AddressInfo).port}`], 4)
    const documents = new Documents({
      index: parseTemplate('i', ''),
      id: parseTemplate('{id}', ''),
      mode: 'upsert'
    })
    const stop = new AbortController().signal
    return new ElasticSink(
      connection,
      documents,
      new BadLines(
        'es-sink',
        'stdin',
        options.deadLetter === undefined ? null : new DeadLetterFile(options.deadLetter)
      ),
      () => new Backoff(undefined, stop),
      new Log({ tool: 'es-sink', json: false, quiet: true }),
      {
        lanes: options.lanes ?? 1,
        batchBytes: 1024 * 1024,
        batchDocuments: 1000,
        batchAgeMs: 10_000,
        refresh: undefined
      }
    )
  }

  const lines = (ids: number[]) => ({
    kind: 'lines' as const,
    bytes: Buffer.from(ids.map(id => `{"id":${id}}\n`).join('')),
    firstLine: 1
  })
  const ok = { status: 200, body: { errors: false } }
  const items = (ids: string[], statusOf: (id: string) => number) => ({
    status: 200,
    body: {
      errors: true,
      items: ids.map(id => {
        const status = statusOf(id)
        return {
          index: {
            _index: 'i',
            _id: id,
            status,
            ...(status >= 400 ? { error: { type: 't', reason: 'r' } } : {})
          }
        }
      })
    }
  })

  test('only the documents that were refused for now are sent again, in their order', async () => {
    const sink = open()
    answer = (ids, request) =>
      request < 3 ? items(ids, id => (Number(id) % (request + 1) === 0 ? 429 : 201)) : ok
    await sink.write(lines([1, 2, 3, 4, 5, 6]))
    await sink.flushed()
    assert.deepEqual(requests, [['1', '2', '3', '4', '5', '6'], ['2', '4', '6'], ['6']])
    assert.equal(sink.counts.written, 6)
  })

  test('of a document without versions, what came after a refused state is sent again after it', async () => {
    const sink = open()
    let item = 0
    answer = (ids, request) => (request === 1 ? items(ids, () => (item++ === 1 ? 429 : 201)) : ok)
    await sink.write(lines([1, 2, 3, 2, 1, 2]))
    await sink.flushed()
    assert.deepEqual(requests, [
      ['1', '2', '3', '2', '1', '2'],
      ['2', '2', '2']
    ])
    assert.equal(sink.counts.written, 6)
  })

  test('a request whose answer was lost is sent again', async () => {
    const sink = open()
    answer = (_, request) => (request === 1 ? 'cut' : request === 2 ? { status: 503, body: {} } : ok)
    await sink.write(lines([1, 2]))
    await sink.flushed()
    assert.deepEqual(requests, [
      ['1', '2'],
      ['1', '2'],
      ['1', '2']
    ])
    assert.equal(sink.counts.written, 2)
  })

  test('a request that is too large is halved until it fits', async () => {
    const sink = open()
    answer = ids => (ids.length > 2 ? { status: 413, body: {} } : ok)
    await sink.write(lines([1, 2, 3, 4, 5, 6, 7]))
    await sink.flushed()
    assert.deepEqual(requests.filter(ids => ids.length <= 2).flat(), ['1', '2', '3', '4', '5', '6', '7'])
    assert.equal(sink.counts.written, 7)
  })

  test('a version conflict counts as done, and a refused document without a dead-letter file ends the work', async () => {
    const sink = open()
    answer = ids => items(ids, id => (id === '1' ? 409 : 201))
    await sink.write(lines([1, 2]))
    await sink.flushed()
    assert.deepEqual([sink.counts.written, sink.counts.stale], [1, 1])
    answer = ids => items(ids, () => 400)
    await sink.write(lines([3]))
    await assert.rejects(sink.flushed(), /stdin:1: t: r/)
    await assert.rejects(sink.write(lines([4])), /stdin:1: t: r/)
  })

  test('versions of a document keep their order over several lanes', async () => {
    const sink = open({ lanes: 3 })
    const seen = new Map<string, number>()
    answer = ids => {
      for (const id of ids) seen.set(id, (seen.get(id) ?? 0) + 1)
      return ok
    }
    for (let round = 0; round < 50; round++) await sink.write(lines([1, 2, 3, 4, 5, 6, 7, 8]))
    await sink.flushed()
    assert.equal(sink.counts.written, 400)
    assert.deepEqual([...seen.values()], Array(8).fill(50))
    // A document is always in the same lane: its requests never overlap with another lane's that hold it.
    for (const ids of requests) assert.ok(new Set(ids).size < 8 || requests.length === 1)
  })

  test('401 and 403 end the work at once', async () => {
    const sink = open()
    answer = () => ({ status: 403, body: { error: { type: 'security_exception', reason: 'no' } } })
    await sink.write(lines([1]))
    await assert.rejects(sink.flushed(), /refused: 403 security_exception: no/)
    assert.equal(requests.length, 1)
  })
})

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
