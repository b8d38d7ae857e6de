import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { Backoff } from '../../src/lib/cli/index.ts'
import { MysqlConnection } from '../../src/lib/mysql/connection.ts'
import { applyDdl } from '../../src/lib/mysql/ddl/apply.ts'
import { Catalog } from '../../src/lib/mysql/ddl/catalog.ts'
import type { Circumstances } from '../../src/lib/mysql/ddl/circumstances.ts'
import { dialectOf } from '../../src/lib/mysql/ddl/dialect.ts'
import { type KnownTable, keyOf, type TableModel } from '../../src/lib/mysql/ddl/model.ts'
import { parseDdl } from '../../src/lib/mysql/ddl/parser.ts'
import { readDatabases, readTables } from '../../src/lib/mysql/history/read-catalog.ts'
import { parseMysqlUrl } from '../../src/lib/mysql/url.ts'
import { CREATE_TABLES, type DdlFlavour, randomStatements, statementsFor } from '../mysql/ddl-statements.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const FLAVOURS = ['mysql57', 'mysql80', 'mysql', 'mariadb'] as const

/** A server, and a catalog that follows the statements it is sent by their text alone. */
class Follower {
  readonly server: RunningServer
  readonly connection: Connection
  readonly reader: MysqlConnection
  readonly catalog = new Catalog()
  /** The session's database. */
  readonly database: string
  readonly #version: string

  private constructor(
    server: RunningServer,
    connection: Connection,
    reader: MysqlConnection,
    database: string,
    version: string
  ) {
    this.server = server
    this.connection = connection
    this.reader = reader
    this.database = database
    this.#version = version
  }

  static async open(server: RunningServer, database: string): Promise<Follower> {
    const connection = await createConnection({ uri: `${server.url}/test`, charset: 'utf8mb4' })
    for (const name of [database, `${database}_2`]) {
      await connection.query(`DROP DATABASE IF EXISTS ${name}`)
      await connection.query(`CREATE DATABASE ${name}`)
    }
    await connection.query(`USE ${database}`)
    const stop = new AbortController().signal
    const reader = await MysqlConnection.open(parseMysqlUrl(server.url), new Backoff(10_000, stop))
    const version = (await reader.value('SELECT VERSION()')) ?? ''
    const follower = new Follower(server, connection, reader, database, version)
    await follower.begin()
    return follower
  }

  async begin(): Promise<void> {
    const databases = await readDatabases(this.reader)
    this.catalog.apply({ databases: databases.map(each => [each.name, each]), tables: [] })
    for (const table of await this.tables())
      this.catalog.apply({ databases: [], tables: [[[table.database, table.name], table]] })
  }

  async tables(): Promise<TableModel[]> {
    const own = [this.database, `${this.database}_2`]
    return (await Promise.all(own.map(name => readTables(this.reader, this.#version, name)))).flat()
  }

  /** Runs a statement on the server and, if it took it, on the catalog. @returns why the server refused it, or null */
  async run(sql: string): Promise<string | null> {
    try {
      await this.connection.query(sql)
    } catch (error) {
      if ((error as { errno?: number }).errno === undefined) throw error
      return (error as Error).message
    }
    const [[session]] = await this.connection.query<RowDataPacket[]>(
      'SELECT @@sql_mode AS mode, @@character_set_server AS charset, @@explicit_defaults_for_timestamp AS explicit'
    )
    const around: Circumstances = {
      dialect: dialectOf(this.#version, modeBits(session?.mode as string)),
      serverCharset: session?.charset as string,
      nullableTimestamps: session?.explicit === 1,
      hasSeen: () => 'no'
    }
    const statement = parseDdl(sql, this.database, around.dialect)
    if (statement !== null) this.catalog.apply(applyDdl(statement, this.catalog, around, sql))
    return null
  }

  /** @returns how many tables are not known any more; more than `mostUnknown` are a failure */
  async check(sql: string, mostUnknown = 0): Promise<number> {
    const own = [this.database, `${this.database}_2`]
    const expected = new Map(
      (await this.tables()).map(table => [`${table.database}.${table.name}`, comparable(table)])
    )
    const found = new Map(
      own
        .flatMap(name => this.catalog.tablesOf(name))
        .map(table => [`${table.database}.${table.name}`, comparable(table)])
    )
    assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort(), sql)
    let unknown = 0
    for (const [name, table] of expected) {
      const isUnknown = 'unknown' in (found.get(name) as object)
      if (isUnknown && ++unknown <= mostUnknown) continue
      assert.deepEqual(found.get(name), table, `${name} after ${sql}`)
    }
    return unknown
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reader.destroy()
    await this.connection.end()
  }
}

/** As the log has them. */
const MODE_BITS: Record<string, number> = {
  REAL_AS_FLOAT: 1,
  ANSI_QUOTES: 4,
  ORACLE: 512,
  NO_BACKSLASH_ESCAPES: 2 ** 20,
  STRICT_TRANS_TABLES: 2 ** 21
}

function modeBits(names: string): number {
  return names.split(',').reduce((bits, name) => bits + (MODE_BITS[name] ?? 0), 0)
}

/** What rows are read by; the display widths of integers are not, and `utf8` has two names. */
function comparable(table: TableModel): unknown {
  if ('unknown' in table) return table
  const { columns, charset } = table as KnownTable
  const plain = (name: string | null | undefined): string | null | undefined =>
    name === 'utf8' ? 'utf8mb3' : name
  return {
    charset: plain(charset),
    versioned: table.versioned,
    key: keyOf(table).map(i => columns[i]?.name),
    columns: columns.map(({ length, charset, ...column }) => ({
      ...column,
      ...(/int$/.test(column.type) || length === undefined ? {} : { length }),
      ...(charset === undefined ? {} : { charset: plain(charset) })
    }))
  }
}

const servers = new Map<DdlFlavour, RunningServer>()

before(async () => {
  const wanted = FLAVOURS.filter(flavour => unavailable(flavour) === false)
  await Promise.all(wanted.map(async flavour => servers.set(flavour, await startServer(flavour))))
})

after(async () => {
  for (const server of servers.values()) {
    await server.kill()
    await server.stop()
  }
})

describe('tables followed by the text of statements equal those of information_schema', {
  concurrency: true
}, () => {
  for (const flavour of FLAVOURS) {
    describe(flavour, { skip: unavailable(flavour), concurrency: false }, () => {
      test('after all the statements that there are', async () => {
        await using follower = await Follower.open(servers.get(flavour) as RunningServer, 'every')
        const failures: string[] = []
        const unchecked: string[] = []
        const statements = statementsFor(flavour)
        for (const [i, sql] of statements.entries()) {
          const refusal = await follower.run(sql)
          if (refusal !== null) failures.push(`${sql}: ${refusal}`)
          unchecked.push(sql)
          // Asking for all tables takes longer than changing one.
          if (i % 3 !== 2 && i < statements.length - 1) continue
          await follower.check(unchecked.join(';\n')).catch(async error => {
            failures.push((error as Error).message)
            await follower.begin()
          })
          unchecked.length = 0
        }
        assert.deepEqual(failures, [])
      })

      test('after random ones, but for the rare table that is said not to be known', async () => {
        await using follower = await Follower.open(servers.get(flavour) as RunningServer, 'random')
        let taken = 0
        let runs = 0
        let unknown = 0
        await fc.assert(
          fc.asyncProperty(randomStatements(flavour), async statements => {
            for (const sql of [...CREATE_TABLES, ...statements])
              if ((await follower.run(sql)) === null) taken++
            runs++
            unknown += await follower.check(statements.join(';\n'), 1)
          }),
          { numRuns: 30 }
        )
        assert.ok(taken > 100, `${taken} statements were taken`)
        assert.ok(unknown <= 1 + runs / 20, `${unknown} tables were not known after ${runs} runs`)
      })
    })
  }
})
