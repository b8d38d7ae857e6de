import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments, request } from '../support/elastic.ts'
import { CREATE_ORDERS, insertOrders, ordersAsDocuments } from '../support/orders-table.ts'
import { Pipeline, type StageCommand } from '../support/pipeline.ts'
import { randomNumbers } from '../support/random.ts'
import { orderLines } from '../support/retail.ts'
import { rounds } from '../support/rounds.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const ROUNDS = rounds(10, 6)

describe('SIGKILL of any stage at any moment', { skip: unavailable('mysql80', 'elasticsearch') }, () => {
  let mysql: RunningServer
  let elastic: BorrowedServer
  let connection: Connection
  const state = mkdtempSync(join(tmpdir(), 'millrace-killed-'))
  const { lines } = orderLines()
  const random = randomNumbers(20261124)

  before(async () => {
    ;[mysql, elastic] = await Promise.all([startServer('mysql80'), borrowServer('elasticsearch')])
    connection = await createConnection({ uri: `${mysql.url}/test`, timezone: 'Z' })
    await connection.query(CREATE_ORDERS)
    await insertOrders(connection, lines.slice(0, 20_000))
  })

  after(async () => {
    await connection?.end()
    await Promise.all([mysql?.stop(), elastic?.stop()])
    rmSync(state, { recursive: true })
  })

  const stages = (...more: string[]): StageCommand[] => [
    [
      'cdc-tail',
      cdcUrl(mysql, 'test'),
      '--tables',
      'orders',
      '--state',
      state,
      '--mark-every',
      '100ms',
      ...more
    ],
    [
      'enrich',
      '-e',
      'SELECT id, invoice, stock, description, quantity, ordered_at, price, customer, country FROM orders',
      '--state',
      state
    ],
    ['es-sink', elastic.url, '--index', 'orders', '--id', '{id}', '--state', state]
  ]

  /** Changes rows for as long as a round lasts. */
  async function change(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      const at = Math.floor(random() * (lines.length - 500))
      await insertOrders(connection, lines.slice(at, at + 500))
      await connection.query('UPDATE orders SET quantity = quantity + 1 WHERE id % 37 = ?', [
        Math.floor(random() * 37)
      ])
      await connection.query('DELETE FROM orders WHERE id % 101 = ?', [Math.floor(random() * 101)])
    }
  }

  test(`${ROUNDS} kills in a row, each with a restart: the index equals the table, and no row is there twice`, async () => {
    const killed = [0, 0, 0]
    for (let round = 0; round < ROUNDS; round++) {
      const over = new AbortController()
      const changes = change(over.signal)
      const pipeline = new Pipeline(stages())
      const stage = Math.floor(random() * 3)
      await pipeline.pid(2)
      await sleep(50 + random() * 2500)
      if (await pipeline.kill(stage)) killed[stage] = (killed[stage] as number) + 1
      // The other stages notice at their next write or read; what they still do must not harm.
      const { statuses, stderr } = await pipeline.wait()
      over.abort()
      await changes
      assert.equal(statuses[stage], 137, `stage ${stage} was killed; ${statuses}\n${stderr}`)
      for (const [i, status] of statuses.entries()) {
        // A stage behind the killed one may find a line cut off: status 1, and it says so.
        if (i !== stage && status !== 0)
          assert.match(stderr, /input ended inside a line/, `${statuses}\n${stderr}`)
      }
    }
    assert.equal(
      killed.reduce((a, b) => a + b),
      ROUNDS
    )
    const { statuses, stderr } = await new Pipeline(stages('--stop-at', 'now')).wait()
    assert.deepEqual(statuses, [0, 0, 0], stderr)
    const expected = await ordersAsDocuments(connection)
    const found = await allDocuments(elastic.url, 'orders')
    const { count } = (await request(elastic.url, 'GET', '/orders/_count')) as { count: number }
    assert.equal(count, expected.size)
    for (const [id, document] of expected) assert.deepEqual(found.get(id), document, `document ${id}`)
  })
})
