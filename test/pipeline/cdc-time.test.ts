import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { events, killRunningTails, tail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

for (const flavour of ['mysql', 'mysql57', 'mariadb'] as const) {
  describe(`--start time:… on ${flavour}`, { skip: unavailable(flavour) }, () => {
    let server: RunningServer
    let connection: Connection
    let url: string
    /** Between the transactions of rows 0 to 5, each in a file of its own but the last two. */
    const moments: number[] = []

    before(async () => {
      server = await startServer(flavour)
      url = cdcUrl(server, 'test')
      connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      await connection.query('CREATE TABLE t (id INT PRIMARY KEY)')
      for (let id = 0; id < 6; id++) {
        await sleep(flavour === 'mysql' ? 300 : 1200)
        moments.push(Date.now() - (flavour === 'mysql' ? 100 : 0))
        await connection.query('INSERT INTO t VALUES (?)', [id])
        if (id < 4) await connection.query('FLUSH BINARY LOGS')
      }
    })

    after(async () => {
      killRunningTails()
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    const from = async (ms: number): Promise<unknown[]> => {
      const start = `time:${new Date(ms).toISOString()}`
      const result = await tail(url, '--start', start, '--stop-at', 'now')
      assert.equal(result.status, 0, result.stderr)
      return events(result.stdout).map(event => event.after?.id)
    }

    test('begins with the first transaction committed since', async () => {
      for (const [id, ms] of moments.entries()) {
        assert.deepEqual(
          await from(ms),
          [0, 1, 2, 3, 4, 5].filter(other => other >= id)
        )
      }
    })

    test('begins at the end when there is none yet, and at the beginning of the first log', async () => {
      assert.deepEqual(await from(Date.now() + 3_600_000), [])
      assert.deepEqual(await from(0), [0, 1, 2, 3, 4, 5])
    })

    test('is refused when the log of that time is purged', async () => {
      const [logs] = (await connection.query('SHOW BINARY LOGS')) as unknown as [{ Log_name: string }[]]
      await connection.query(`PURGE BINARY LOGS TO '${logs[2]?.Log_name}'`)
      const result = await tail(url, '--start', `time:${new Date(moments[0] as number).toISOString()}`)
      assert.equal(result.status, 3)
      assert.match(result.stderr, /the log of \S+Z is purged, \S+\.000003 is the oldest/)
      assert.deepEqual(await from(moments[4] as number), [4, 5])
    })
  })
}

test('a time without a zone is refused', async () => {
  const result = await tail('mysql://cdc@127.0.0.1/test', '--start', 'time:2026-11-24T10:00:00')
  assert.equal(result.status, 2)
  assert.match(result.stderr, /not a time with its zone/)
})
