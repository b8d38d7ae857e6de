import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments } from '../support/elastic.ts'
import { CREATE_ORDERS, insertOrders, ordersAsDocuments } from '../support/orders-table.ts'
import { runPipeline, type StageCommand } from '../support/pipeline.ts'
import { orderLines } from '../support/retail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

describe('orders in MySQL, documents in Elasticsearch', {
  skip: unavailable('mysql80', 'elasticsearch')
}, () => {
  let mysql: RunningServer
  let elastic: BorrowedServer
  let connection: Connection
  const state = mkdtempSync(join(tmpdir(), 'millrace-orders-'))
  const { lines, origin } = orderLines()

  before(async () => {
    ;[mysql, elastic] = await Promise.all([startServer('mysql80'), borrowServer('elasticsearch')])
    connection = await createConnection({ uri: `${mysql.url}/test`, timezone: 'Z' })
    await connection.query(CREATE_ORDERS)
    await insertOrders(connection, lines)
  })

  after(async () => {
    await connection?.end()
    await Promise.all([mysql?.stop(), elastic?.stop()])
    rmSync(state, { recursive: true })
  })

  const stages = (): StageCommand[] => [
    ['cdc-tail', cdcUrl(mysql, 'test'), '--tables', 'orders', '--state', state, '--stop-at', 'now'],
    [
      'enrich',
      '-e',
      'SELECT id, invoice, stock, description, quantity, ordered_at, price, customer, country FROM orders',
      '--state',
      state
    ],
    ['es-sink', elastic.url, '--index', 'orders', '--id', '{id}', '--state', state]
  ]

  async function assertEqual(): Promise<void> {
    const { statuses, stderr } = await runPipeline(...stages())
    assert.deepEqual(statuses, [0, 0, 0], stderr)
    const expected = await ordersAsDocuments(connection)
    const found = await allDocuments(elastic.url, 'orders')
    assert.equal(found.size, expected.size)
    for (const [id, document] of expected) assert.deepEqual(found.get(id), document, `document ${id}`)
  }

  test(`a snapshot of ${lines.length} lines (${origin}) is equal, document by document`, async () => {
    await assertEqual()
  })

  test('updates, deletes, changed keys and inserts since then are followed, and it is equal again', async () => {
    await connection.query("UPDATE orders SET price = price * 2, country = 'Ireland' WHERE country = 'EIRE'")
    await connection.query("DELETE FROM orders WHERE invoice LIKE 'C%'")
    await connection.query('UPDATE orders SET id = id + 10000000 WHERE id % 1000 = 7')
    await connection.query('UPDATE orders SET customer = NULL WHERE id % 100 = 3')
    await insertOrders(connection, lines.slice(0, 2500))
    await connection.query('DELETE FROM orders WHERE id % 50 = 1')
    await assertEqual()
  })

  test('a run with nothing new changes nothing', async () => {
    await assertEqual()
  })
})
