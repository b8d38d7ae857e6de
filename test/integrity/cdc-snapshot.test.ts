import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { events, killRunningTails, RunningTail } from '../mysql/tail.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const FLAVOURS = ['mysql80', 'mariadb'] as const
const WRITERS = 3

/** Users by the lock that they may take for the moment in which the snapshot begins. */
const GRANTS = {
  'a global lock': 'SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT',
  'locks on the tables alone': 'SELECT, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT'
}

for (const flavour of FLAVOURS) {
  describe(`a snapshot of tables that change meanwhile (${flavour})`, { skip: unavailable(flavour) }, () => {
    let server: RunningServer

    before(async () => {
      server = await startServer(flavour)
    })

    after(async () => {
      killRunningTails()
      await server?.kill()
      await server?.stop()
    })

    const connect = (): Promise<Connection> =>
      createConnection({ uri: `${server.url}/test`, multipleStatements: true })

    for (const [lock, grants] of Object.entries(GRANTS)) {
      test(`and the changes after it fit together without a gap or an overlap, with ${lock}`, async () => {
        const connection = await connect()
        const more = flavour === 'mariadb' ? ', BINLOG MONITOR' : ''
        await connection.query(
          `DROP TABLE IF EXISTS a, b; CREATE TABLE a (id INT PRIMARY KEY, n INT NOT NULL, pad VARCHAR(200)); CREATE TABLE b LIKE a;
           DROP USER IF EXISTS cdc2@'%'; CREATE USER cdc2@'%' IDENTIFIED BY 'x'; GRANT ${grants}${more} ON *.* TO cdc2@'%'`
        )
        const rows = Array.from({ length: 20_000 }, (_, i) => [i, 0, 'x'.repeat(100)])
        for (const table of ['a', 'b']) await connection.query(`INSERT INTO ${table} VALUES ?`, [rows])

        let done = false
        const write = async (writer: number): Promise<number> => {
          const own = await connect()
          let id = 100_000 * (writer + 1)
          for (; !done; id++) {
            // Both tables change in one transaction: a view of one moment has both changes or neither.
            const other = (id * 7919) % 20_000
            await own.query(
              `BEGIN; INSERT INTO a VALUES (${id}, 1, NULL); INSERT INTO b VALUES (${id}, 1, NULL);
               UPDATE a SET n = n + 1 WHERE id = ${other}; UPDATE b SET n = n + 1 WHERE id = ${other};
               DELETE FROM a WHERE id = ${id - 5}; DELETE FROM b WHERE id = ${id - 5}; COMMIT`
            )
          }
          await own.end()
          return id
        }
        const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer))
        const running = new RunningTail([
          `mysql://cdc2:x@127.0.0.1:${server.port}/test`,
          '--mark-every',
          '100ms'
        ])
        try {
          await running.until('the snapshot', () => running.stdout.includes('{"@mark"'))
          await running.until(
            'changes',
            () => events(running.stdout).filter(({ op }) => op === 'c').length > 200
          )
        } finally {
          done = true
          await Promise.all(writers)
        }
        await connection.query('INSERT INTO a VALUES (-1, 0, NULL)')
        await running.until('the last row', () => running.stdout.includes('"after":{"id":-1,'))
        const { status, stdout, stderr } = await running.stop()
        assert.equal(status, 0, stderr)

        const tables: Record<string, Map<number, string>> = { a: new Map(), b: new Map() }
        let atSnapshot: string | undefined
        for (const { op, before, after, source } of events(stdout)) {
          const table = tables[source.table] as Map<number, string>
          if (op !== 'r')
            atSnapshot ??=
              JSON.stringify([...(tables.a ?? [])]) === JSON.stringify([...(tables.b ?? [])])
                ? 'same'
                : 'different'
          if (before !== null) {
            assert.equal(
              table.get(before.id as number),
              JSON.stringify(before),
              `${op} at ${source.file}:${source.pos}`
            )
            table.delete(before.id as number)
          }
          if (after !== null) {
            assert.ok(
              !table.has(after.id as number),
              `${op} of ${after.id} at ${source.file}:${source.pos} is there already`
            )
            table.set(after.id as number, JSON.stringify(after))
          }
        }
        assert.equal(atSnapshot, 'same')
        for (const [name, table] of Object.entries(tables)) {
          const [expected] = await connection.query<RowDataPacket[]>(
            `SELECT id, n, pad FROM ${name} ORDER BY id`
          )
          const found = [...table.entries()].sort(([a], [b]) => a - b).map(([, text]) => text)
          assert.deepEqual(
            found,
            expected.map(row => JSON.stringify(row))
          )
        }
        await connection.end()
      })
    }
  })
}
