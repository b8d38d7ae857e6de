import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import { dataLines, events, killRunningTails, logEnd, marks, tail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

describe('transactions with tagged GTIDs (9.x)', { skip: unavailable('mysql') }, () => {
  let server: RunningServer
  let connection: Connection
  let url: string
  let uuid: string
  const directory = mkdtempSync(join(tmpdir(), 'millrace-tagged-'))

  before(async () => {
    server = await startServer('mysql')
    url = cdcUrl(server, 'test')
    connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
    await connection.query('CREATE TABLE t (id INT PRIMARY KEY)')
    const [[row]] = (await connection.query('SELECT @@server_uuid AS uuid')) as unknown as [
      [{ uuid: string }]
    ]
    uuid = row.uuid
  })

  after(async () => {
    killRunningTails()
    await connection?.end()
    await server?.kill()
    await server?.stop()
    rmSync(directory, { recursive: true })
  })

  const insert = async (next: string, id: number): Promise<void> => {
    await connection.query(`SET gtid_next = '${next}'; INSERT INTO t VALUES (${id})`)
    await connection.query("SET gtid_next = 'AUTOMATIC'")
  }
  const gtids = (ndjson: string): string[] =>
    dataLines(ndjson).map(line => (JSON.parse(line) as { source: { gtid: string } }).source.gtid)

  test('are read in order, each with its GTID', async () => {
    const start = await logEnd(connection)
    const [[{ set }]] = (await connection.query('SELECT @@gtid_executed AS `set`')) as unknown as [
      [{ set: string }]
    ]
    const next = Number(/(\d+)$/.exec(set)?.[1]) + 1
    await insert('AUTOMATIC:orders', 1)
    await insert('AUTOMATIC', 2)
    await insert('AUTOMATIC:a', 3)
    await insert(`${uuid}:a_tag_of_32_characters_is_longst:4294967299`, 4)
    const before = Date.now()
    await insert('AUTOMATIC:orders', 5)
    const result = await tail(url, '--start', start, '--stop-at', 'now')
    assert.equal(result.status, 0, result.stderr)
    assert.deepEqual(gtids(result.stdout), [
      `${uuid}:orders:1`,
      `${uuid}:${next}`,
      `${uuid}:a:1`,
      `${uuid}:a_tag_of_32_characters_is_longst:4294967299`,
      `${uuid}:orders:2`
    ])
    const last = JSON.parse(dataLines(result.stdout).at(-1) as string) as { source: { ts_ms: number } }
    assert.ok(Math.abs(last.source.ts_ms - before) < 10_000)
  })

  test('are told to the server by a run that resumes, so that none comes again and none is missed', async () => {
    const args = [
      ...[url, '--snapshot', 'never', '--stop-at', 'now'],
      ...['--state', directory, '--out', join(directory, 'out.ndjson')]
    ]
    const first = await tail(...args)
    assert.equal(first.status, 0, first.stderr)
    await insert('AUTOMATIC:orders', 10)
    await insert('AUTOMATIC', 11)
    const second = await tail(...args)
    assert.equal(second.status, 0, second.stderr)
    await insert('AUTOMATIC:other', 12)
    const set = `${marks((await tail(url, '--snapshot', 'never', '--stop-at', 'now')).stdout).at(-1)?.at.gtid}`
    assert.match(set, /:orders:1-3/)
    await insert('AUTOMATIC:orders', 13)
    const rest = await tail(url, '--start', set, '--stop-at', 'now')
    assert.equal(rest.status, 0, rest.stderr)
    assert.deepEqual(
      events(rest.stdout).map(event => event.after?.id),
      [13]
    )
    const third = await tail(...args)
    assert.equal(third.status, 0, third.stderr)
    assert.deepEqual(
      events(readFileSync(join(directory, 'out.ndjson'), 'utf8')).map(event => event.after?.id),
      [10, 11, 12, 13]
    )
  })
})
