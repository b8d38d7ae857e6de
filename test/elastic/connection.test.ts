import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Backoff } from '../../src/lib/cli/index.ts'
import { ElasticConnection } from '../../src/lib/elastic/connection.ts'
import { parseAddresses } from '../../src/lib/elastic/nodes.ts'

/** Nodes that come and go, as a cluster of three that nobody can start here would; test/pipeline sniffs real ones. */
describe('the nodes of a cluster', () => {
  const running: Server[] = []
  let connection: ElasticConnection | undefined
  let asked: string[] = []
  let cluster: readonly string[] = []

  async function node(): Promise<string> {
    const server = createServer((request, response) => {
      const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
      if (request.url?.startsWith('/_nodes/http') === true) {
        const nodes = cluster.map((other, i) => [
          `n${i}`,
          { http: { publish_address: other }, roles: ['data'] }
        ])
        response.end(JSON.stringify({ nodes: Object.fromEntries(nodes) }))
      } else {
        if (request.url !== '/') asked.push(address)
        response.end('{"version":{"number":"9.5.3"}}')
      }
    })
    running.push(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  async function stop(address: string): Promise<void> {
    const server = running.find(server => address.endsWith(`:${(server.address() as AddressInfo)?.port}`))
    server?.close()
    server?.closeAllConnections()
    await sleep(5)
  }

  afterEach(async () => {
    await connection?.close()
    for (const server of running.splice(0)) {
      server.close()
      server.closeAllConnections()
    }
    asked = []
  })

  const open = async (urls: string[], sniff: boolean): Promise<ElasticConnection> => {
    connection = new ElasticConnection(urls, 2, { sniff })
    await connection.connect(new Backoff(1000, new AbortController().signal))
    return connection
  }

  test('are found by sniffing, and asked in turns; one that is gone is left out, one that comes is taken in', async () => {
    const [a, b, c] = [await node(), await node(), await node()]
    cluster = [a, b]
    const sniffing = await open([`http://${a}`], true)
    assert.deepEqual(sniffing.nodes, [`http://${a}`, `http://${b}`])
    for (let i = 0; i < 4; i++) await sniffing.request('GET', '/_bulk')
    assert.deepEqual(asked.sort(), [a, a, b, b].sort())
    await stop(a)
    cluster = [a, b, c]
    let failures = 0
    asked = []
    for (let i = 0; i < 12; i++) {
      await sniffing.request('GET', '/_bulk').catch(() => failures++)
      await sleep(10)
    }
    assert.equal(failures, 1, 'what has failed is not asked at once again')
    assert.deepEqual(sniffing.nodes, [`http://${b}`, `http://${c}`])
    assert.deepEqual(new Set(asked), new Set([b, c]))
  })

  test('without sniffing are those that were given, the next one only when one does not answer', async () => {
    const [a, b, c] = [await node(), await node(), await node()]
    cluster = [a, b, c]
    const given = await open([`http://${a}`, `http://${b}`], false)
    for (let i = 0; i < 3; i++) await given.request('GET', '/_bulk')
    assert.deepEqual(asked, [a, a, a])
    await stop(a)
    await assert.rejects(given.request('GET', '/_bulk'))
    await given.request('GET', '/_bulk')
    assert.deepEqual(asked, [a, a, a, b])
  })

  test('have the user, path and scheme of the URL, and the name that a certificate tells', () => {
    const body = (nodes: object[]): string => JSON.stringify({ nodes: Object.fromEntries(nodes.entries()) })
    assert.deepEqual(
      parseAddresses(
        body([
          { http: { publish_address: 'es-1.example/10.0.0.7:9201' }, roles: ['data', 'master'] },
          { http: { publish_address: '[::1]:9200' }, roles: [] },
          { http: { publish_address: 'm.example/10.0.0.8:9200' }, roles: ['master'] },
          { roles: ['data'] }
        ]),
        'x'
      ),
      ['es-1.example:9201', '[::1]:9200']
    )
    assert.throws(() => parseAddresses('{}', 'http://x'), /http:\/\/x does not tell the nodes/)
    assert.throws(() => parseAddresses('<html>', 'http://x'), /does not tell the nodes/)
  })
})
