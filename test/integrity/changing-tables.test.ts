import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { type ChangeEvent, dataLines, killRunningTails, RunningTail } from '../mysql/tail.ts'
import { randomNumbers } from '../support/random.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

/** Logs that do not name their columns: the definitions of the time are known from the statements alone. */
const FLAVOURS = {
  mysql80: ['--binlog-row-metadata=MINIMAL'],
  mariadb: ['--binlog-row-metadata=NO_LOG']
} as const
type Flavour = keyof typeof FLAVOURS
const TABLES = ['t0', 't1', 't2']
const KILLS = 12
const CRASHED: ReadonlySet<number> = new Set([4, 9])
const ROWS = 300

type Row = Record<string, unknown>
type Line = ChangeEvent & { readonly ddl?: string }

/** The tables as the lines make them, statements included; rows keep the columns of their last event. */
class Tables {
  readonly #tables = new Map<string, Map<number, Row>>(TABLES.map(name => [name, new Map()]))

  take({ op, before: old, after: row, source, ddl }: Line): void {
    if (ddl !== undefined) {
      this.#define(ddl)
      return
    }
    const rows = this.of(source.table)
    const what = `${source.table}: ${op} of ${JSON.stringify(row ?? old)} at ${source.file}:${source.pos}`
    if (op === 't') rows.clear()
    const known = old === null ? undefined : rows.get(old.id as number)
    if (old !== null) {
      assert.notEqual(known, undefined, `${what}: is not there`)
      // No column gets the name of another: one that both have is the same.
      for (const [name, value] of Object.entries(old))
        if (known?.[name] !== undefined) assert.equal(value, known[name], `${what}: ${name}`)
      rows.delete(old.id as number)
    }
    if (row !== null) {
      assert.ok(!rows.has(row.id as number), `${what}: is there already`)
      rows.set(row.id as number, row)
    }
  }

  of(table: string): Map<number, Row> {
    const rows = this.#tables.get(table)
    assert.ok(rows !== undefined, `${table} is not there`)
    return rows
  }

  /** Of the statements those that give rows another table. */
  #define(ddl: string): void {
    for (const [, from = '', to = ''] of ddl.startsWith('RENAME') ? ddl.matchAll(/(\w+) TO (\w+)/g) : []) {
      this.#tables.set(to, this.of(from))
      this.#tables.delete(from)
    }
  }
}

for (const flavour of Object.keys(FLAVOURS) as Flavour[]) {
  describe(`${flavour}: tables change while the reader is killed`, { skip: unavailable(flavour) }, () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-changing-'))
    const random = randomNumbers(20261129)
    const upTo = (n: number): number => Math.floor(random() * n)
    let server: RunningServer

    before(async () => {
      server = await startServer(flavour, { args: FLAVOURS[flavour] })
    })

    after(async () => {
      killRunningTails()
      await server?.kill()
      await server?.stop()
      rmSync(directory, { recursive: true })
    })

    const connect = async (): Promise<Connection> => {
      const connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      connection.on('error', () => {})
      return connection
    }

    const columnsOf = async (connection: Connection, table: string): Promise<string[]> => {
      const [rows] = await connection.query<RowDataPacket[]>(`SHOW COLUMNS FROM ${table}`)
      return rows.map(({ Field }) => Field as string)
    }

    /** A change of some rows. */
    const changeRows = async (connection: Connection, table: string): Promise<void> => {
      const id = upTo(ROWS * 2)
      const others = (await columnsOf(connection, table)).filter(name => name.startsWith('n'))
      const set = others.map(name => `${name} = ${upTo(1000)}`).join(', ')
      await connection.query(
        [
          'BEGIN',
          `INSERT IGNORE INTO ${table} (id) VALUES (${id}), (${id + 1}), (${id + 7})`,
          ...(set === '' ? [] : [`UPDATE ${table} SET ${set} WHERE id BETWEEN ${id} AND ${id + 20}`]),
          `DELETE FROM ${table} WHERE id = ${upTo(ROWS * 2)}`,
          random() < 0.1 ? 'ROLLBACK' : 'COMMIT'
        ].join('; ')
      )
    }

    let named = 0
    /** A change of what the table is. */
    const changeTable = async (connection: Connection, table: string): Promise<void> => {
      const names = (await columnsOf(connection, table)).filter(name => name !== 'id')
      const one = names[upTo(names.length)]
      const fresh = `n${named++}`
      const type = ['INT', 'BIGINT', 'SMALLINT UNSIGNED'][upTo(3)]
      const place = ['', 'FIRST', 'AFTER id'][upTo(3)]
      const other = TABLES.filter(name => name !== table)[upTo(TABLES.length - 1)]
      const statements = [
        `ALTER TABLE ${table} ADD ${fresh} ${type} NOT NULL DEFAULT ${upTo(9)} ${place}`,
        `ALTER TABLE ${table} ADD s${named} VARCHAR(30) DEFAULT 'x' ${place}, ADD ${fresh} ${type} ${place}`,
        `RENAME TABLE ${table} TO moved, ${other} TO ${table}, moved TO ${other}`,
        `TRUNCATE TABLE ${table}`,
        ...(one === undefined
          ? []
          : [
              `ALTER TABLE ${table} CHANGE ${one} ${fresh} INT NOT NULL DEFAULT 5 ${place}`,
              ...(names.length > 2 ? [`ALTER TABLE ${table} DROP ${one}`] : [])
            ])
      ]
      await connection.query(statements[upTo(statements.length)] as string)
    }

    const change = async (until: AbortSignal): Promise<number> => {
      let connection = await connect()
      let changes = 0
      while (!until.aborted) {
        const table = TABLES[upTo(TABLES.length)] as string
        try {
          if (random() < 0.12) await changeTable(connection, table)
          else await changeRows(connection, table)
          changes++
          await sleep(5)
        } catch {
          connection.destroy()
          await sleep(50)
          connection = await connect().catch(() => connection)
        }
      }
      await connection.end().catch(() => {})
      return changes
    }

    test(`${KILLS} kills: the events, read with the columns of their time, give the tables`, async () => {
      const file = join(directory, 'events.ndjson')
      const state = join(directory, 'state')
      const run = (...more: string[]): RunningTail =>
        new RunningTail([
          ...[cdcUrl(server, 'test'), '--state', state, '--out', file, '--mark-every', '20ms', '--emit-ddl'],
          ...more
        ])
      const setup = await connect()
      for (const table of TABLES) {
        await setup.query(`CREATE TABLE ${table} (id INT PRIMARY KEY, n INT NOT NULL DEFAULT 0)`)
        for (let id = 0; id < ROWS; id++) await setup.query(`INSERT INTO ${table} (id) VALUES (${id})`)
      }
      await setup.end()
      const over = new AbortController()
      const writer = change(over.signal)
      try {
        for (let kill = 0; kill < KILLS; kill++) {
          const running = run()
          await sleep(500 + random() * 1000)
          if (CRASHED.has(kill)) {
            await server.kill()
            await server.restart()
            await sleep(300)
          }
          running.kill('SIGKILL')
          await running.ended
        }
      } finally {
        over.abort()
      }
      const changes = await writer
      assert.ok(changes > 200, `${changes} changes`)
      const connection = await connect()
      // Each row that is there comes once more, with the columns that it has now.
      for (const table of TABLES)
        await connection.query(
          `ALTER TABLE ${table} ADD last INT NOT NULL DEFAULT 0; UPDATE ${table} SET last = 1`
        )
      const end = await run('--stop-at', 'now').ended
      assert.equal(end.status, 0, end.stderr)

      const tables = new Tables()
      const lines = dataLines(readFileSync(file, 'utf8')).map(line => JSON.parse(line) as Line)
      for (const line of lines) tables.take(line)
      for (const table of TABLES) {
        const [rows] = await connection.query<RowDataPacket[]>(`SELECT * FROM ${table} ORDER BY id`)
        const found = [...tables.of(table).values()].sort((a, b) => Number(a.id) - Number(b.id))
        assert.deepEqual(
          found.map(row => JSON.stringify(row)),
          rows.map(row => JSON.stringify(row)),
          table
        )
      }
      await connection.end()
    })
  })
}
