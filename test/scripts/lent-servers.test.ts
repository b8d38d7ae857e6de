import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LENDER, LentServers } from '../../scripts/lib/test/lent-servers.ts'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { request } from '../support/elastic.ts'
import { unavailable } from '../support/servers.ts'

describe('servers that test files borrow', { skip: unavailable('elasticsearch', 'opensearch') }, () => {
  let servers: LentServers

  before(async () => {
    servers = await LentServers.open()
    process.env[LENDER] = servers.url
  })
  after(() => servers[Symbol.asyncDispose]())

  async function giveBack(server: BorrowedServer): Promise<void> {
    const idle = servers.idle
    await server.stop()
    while (servers.idle === idle) await sleep(20)
  }

  for (const name of ['elasticsearch', 'opensearch'] as const) {
    test(`${name} is handed on without what the file before has left in it`, async () => {
      const first = await borrowServer(name)
      const streams = { index_patterns: ['stream-*'], data_stream: {} }
      await request(first.url, 'PUT', '/_index_template/streams', streams)
      if (name === 'opensearch')
        await request(first.url, 'POST', '/stream-a/_doc', { '@timestamp': '2026-11-24T10:00:00Z' })
      for (let i = 0; i < 12; i++) await request(first.url, 'PUT', `/index-${i}`)
      await giveBack(first)
      const second = await borrowServer(name)
      assert.equal(second.url, first.url)
      const left = (await request(second.url, 'GET', '/_resolve/index/*?expand_wildcards=all')) as object
      assert.deepEqual(Object.values(left).flat(), [])
      const templates = await request(second.url, 'GET', '/_index_template')
      assert.deepEqual(templates, { index_templates: [] })
      await giveBack(second)
    })
  }

  test('no two have one at a time, and none runs in the end', async () => {
    const [first, second] = await Promise.all([borrowServer('elasticsearch'), borrowServer('elasticsearch')])
    assert.notEqual(first.url, second.url)
    await giveBack(first)
    await servers[Symbol.asyncDispose]()
    for (const { url } of [first, second]) await assert.rejects(fetch(url), /fetch failed/)
  })
})
