import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import { dataLines, events, killRunningTails, logEnd, tail } from '../mysql/tail.ts'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments } from '../support/elastic.ts'
import { samples } from '../support/rounds.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const bin = (tool: string): string => resolve(import.meta.dirname, `../../bin/${tool}.js`)

describe('an index kept from rows of which the log has only some columns', {
  skip: unavailable('elasticsearch')
}, () => {
  let elastic: BorrowedServer

  before(async () => {
    elastic = await borrowServer('elasticsearch')
  })
  after(async () => {
    killRunningTails()
    await elastic?.stop()
  })

  function sink(input: string, index: string) {
    return spawnSync(process.execPath, [bin('es-sink'), elastic.url, '--index', index, '--id', '{id}'], {
      input,
      encoding: 'utf8'
    })
  }

  for (const kind of samples(['mysql57', 'mysql80', 'mysql', 'mariadb'], ['mysql57', 'mysql', 'mariadb'])) {
    describe(kind, { skip: unavailable(kind) }, () => {
      let server: RunningServer
      let connection: Connection

      before(async () => {
        server = await startServer(kind)
        connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      })
      after(async () => {
        await connection?.end()
        await server?.kill()
        await server?.stop()
      })

      for (const image of ['MINIMAL', 'NOBLOB']) {
        test(`${image}: is the table, however the updates come`, async () => {
          const table = `t_${image.toLowerCase()}`
          const index = `${kind}-${table}`
          await connection.query(
            `CREATE TABLE ${table} (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 5, note TEXT, big DECIMAL(30,10), code VARCHAR(20))`
          )
          await connection.query(
            `INSERT INTO ${table} VALUES (1, 1, 'one', 12345678901234567890.5, 'a'), (2, 2, 'two', 2, 'b'), (3, 3, NULL, 3, 'c')`
          )
          const snapshot = await tail(cdcUrl(server, 'test'), '--tables', table, '--snapshot', 'only')
          assert.equal(sink(snapshot.stdout, index).status, 0)
          const start = await logEnd(connection)
          await connection.query(`SET binlog_row_image = '${image}'`)
          for (let i = 0; i < 50; i++) {
            await connection.query(`UPDATE ${table} SET n = n + 10 WHERE id < 3`)
            await connection.query(`UPDATE ${table} SET note = NULL, code = 'x${i}' WHERE id = 2`)
            await connection.query(`UPDATE ${table} SET note = 'n${i}' WHERE id = 3`)
          }
          await connection.query(
            `DELETE FROM ${table} WHERE id = 2; INSERT INTO ${table} VALUES (2, 7, 'anew', 7, 'y');
             UPDATE ${table} SET code = 'z' WHERE id = 2; DELETE FROM ${table} WHERE id = 3;
             SET binlog_row_image = 'FULL'`
          )
          const { stdout } = await tail(
            cdcUrl(server, 'test'),
            '--tables',
            table,
            '--start',
            start,
            '--stop-at',
            'now'
          )
          const lines = dataLines(stdout)
          const [rows] = (await connection.query(
            `SELECT *, CAST(big AS CHAR) AS big FROM ${table}`
          )) as unknown as [Record<string, unknown>[]]
          const expected = rows.map(row => [String(row.id), row])
          // All of it, a part of it again, and all of it once more.
          for (const part of [lines, lines.slice(20, 60), lines]) {
            const { status, stderr } = sink(part.map(line => `${line}\n`).join(''), index)
            assert.equal(status, 0, stderr)
            const documents = [...(await allDocuments(elastic.url, index))].sort(([a], [b]) =>
              a < b ? -1 : 1
            )
            assert.deepEqual(documents, expected)
          }
        })

        test(`${image}: an absent column is not null, and told to be absent`, async () => {
          const table = `absent_${image.toLowerCase()}`
          await connection.query(`CREATE TABLE ${table} (id INT PRIMARY KEY, n INT, note TEXT)`)
          await connection.query(`INSERT INTO ${table} VALUES (1, NULL, 'one')`)
          const start = await logEnd(connection)
          await connection.query(
            `SET binlog_row_image = '${image}'; UPDATE ${table} SET n = 2; UPDATE ${table} SET note = NULL;
             UPDATE ${table} SET id = 9; SET binlog_row_image = 'FULL'; UPDATE ${table} SET n = NULL`
          )
          const read = async (...more: string[]) => {
            const args = ['--tables', table, '--start', start, '--stop-at', 'now', ...more]
            return events((await tail(cdcUrl(server, 'test'), ...args)).stdout)
          }
          const isPartial = ({ source }: { source: object }): boolean => 'partial' in source
          const changes = await read()
          assert.deepEqual(
            changes.map(({ op, before, after }) => [op, before, after]),
            image === 'MINIMAL'
              ? [
                  ['u', { id: 1 }, { n: 2 }],
                  ['u', { id: 1 }, { note: null }],
                  ['u', { id: 1 }, { id: 9 }],
                  ['u', { id: 9, n: 2, note: null }, { id: 9, n: null, note: null }]
                ]
              : [
                  ['u', { id: 1, n: null }, { id: 1, n: 2 }],
                  ['u', { id: 1, n: 2 }, { id: 1, n: 2, note: null }],
                  ['u', { id: 1, n: 2 }, { id: 9, n: 2 }],
                  ['u', { id: 9, n: 2, note: null }, { id: 9, n: null, note: null }]
                ]
          )
          assert.deepEqual(changes.map(isPartial), [true, true, true, false])
          // Without the columns that are not in the log, what there is is whole, but for a key that is not there.
          const lean = await read('--exclude-columns', image === 'MINIMAL' ? 'n,note' : 'note')
          const update = image === 'MINIMAL' ? 'u true' : 'u false'
          assert.deepEqual(
            lean.map(event => `${event.op} ${isPartial(event)}`),
            [update, update, 'd false', 'c false', 'u false']
          )
        })
      }
    })
  }

  const line = (op: string, before: unknown, after: unknown, pos: number) =>
    `${JSON.stringify({ before, after, source: { file: 'binlog.000001', pos, row: 0, partial: true }, op })}\n`

  test('says when a document cannot be whole', async () => {
    const updated = sink(line('u', { id: 1 }, { n: 1 }, 10), 'absent')
    assert.equal(updated.status, 0)
    assert.match(updated.stderr, /not in the index.*lack the others/)
    const created = sink(line('c', null, { id: 2, n: 1 }, 20), 'absent')
    assert.match(created.stderr, /inserted of which the log has only some columns/)
    const moved = sink(line('u', { id: 2 }, { id: 3 }, 30), 'absent')
    assert.equal(moved.status, 1)
    assert.match(moved.stderr, /id or index changes/)
  })
})
