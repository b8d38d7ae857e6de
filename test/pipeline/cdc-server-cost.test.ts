import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { dataLines, killRunningTails, marks, RunningTail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

// One of the logs names its columns, the other does not.
for (const [name, metadata] of [
  ['mysql80', 'MINIMAL'],
  ['mysql', 'FULL']
] as const) {
  describe(`what cdc-tail costs ${name} while it streams (metadata ${metadata})`, {
    skip: unavailable(name)
  }, () => {
    let server: RunningServer
    let connection: Connection

    before(async () => {
      server = await startServer(name, {
        args: ['--log-output=TABLE', `--binlog-row-metadata=${metadata}`]
      })
      connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      await connection.query('CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))')
    })

    after(async () => {
      killRunningTails()
      await connection?.end()
      await server?.stop()
    })

    const value = async (sql: string): Promise<number> => {
      const [[row]] = (await connection.query(sql)) as unknown as [RowDataPacket[]]
      return Number(Object.values(row as object).at(-1))
    }
    const sent = (): Promise<number> =>
      value(
        `SELECT s.VARIABLE_VALUE FROM performance_schema.status_by_thread s JOIN performance_schema.threads USING (THREAD_ID)
         WHERE PROCESSLIST_COMMAND LIKE 'Binlog Dump%' AND s.VARIABLE_NAME = 'Bytes_sent'`
      )
    const logSize = async (): Promise<number> => {
      const [rows] = (await connection.query('SHOW BINARY LOGS')) as unknown as [{ File_size: number }[]]
      return rows.reduce((sum, row) => sum + Number(row.File_size), 0)
    }

    test('the bytes of the log once, and no query', async () => {
      const cdc = new RunningTail([cdcUrl(server, 'test'), '--mark-every', '100ms'])
      await cdc.until('the stream', ({ stdout }) => marks(stdout).length >= 3)
      await connection.query('SET GLOBAL general_log = ON')
      const [sentBefore, sizeBefore] = [await sent(), await logSize()]

      const values = Array.from({ length: 1000 }, (_, i) => [`row ${i} ${'x'.repeat(80)}`])
      for (let i = 0; i < 20; i++) await connection.query('INSERT INTO t (v) VALUES ?', [values])
      await connection.query(
        'ALTER TABLE t ADD w INT, RENAME COLUMN v TO u; UPDATE t SET w = id; CREATE TABLE t2 LIKE t; INSERT INTO t2 SELECT * FROM t LIMIT 10'
      )
      await cdc.until('all rows', ({ stdout }) => dataLines(stdout).length === 40_010)

      const logged = (await logSize()) - sizeBefore
      const transferred = (await sent()) - sentBefore
      assert.ok(logged > 4_000_000)
      assert.ok(
        transferred >= logged && transferred < logged * 1.02,
        `${transferred} bytes for ${logged} of log`
      )
      const [queries] = await connection.query(
        'SELECT command_type, CONVERT(argument USING utf8mb4) AS argument FROM mysql.general_log WHERE thread_id != CONNECTION_ID()'
      )
      assert.deepEqual(queries, [])
      const threads = await value("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = 'cdc'")
      assert.ok(threads <= 2, `${threads} connections`)
      assert.equal((await cdc.stop()).status, 0)
    })
  })
}
