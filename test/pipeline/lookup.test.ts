import assert from 'node:assert/strict'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { Backoff, type ToolError } from '../../src/lib/cli/index.ts'
import { lookupTarget, MysqlLookup } from '../../src/lib/mysql/index.ts'
import { compile, Lookups } from '../../src/lib/sql/index.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { runTool, startTool } from '../commands/run-tool.ts'
import { blockOf, parseLines, type Row } from '../sql/events.ts'
import { randomNumbers } from '../support/random.ts'
import { samples } from '../support/rounds.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const COLLATIONS = {
  code: 'utf8mb4 COLLATE utf8mb4_unicode_ci',
  general: 'utf8mb4 COLLATE utf8mb4_general_ci',
  latin: 'latin1',
  binary: 'utf8mb4 COLLATE utf8mb4_bin',
  spanish: 'utf8mb4 COLLATE utf8mb4_spanish2_ci'
}

for (const kind of samples<'mysql80' | 'mariadb' | 'mysql57'>(
  ['mysql80', 'mariadb', 'mysql57'],
  ['mysql80']
)) {
  describe(`looking up in ${kind}`, { skip: unavailable(kind) }, () => {
    let server: RunningServer
    let connection: Awaited<ReturnType<typeof createConnection>>

    before(async () => {
      server = await startServer(kind)
      connection = await createConnection({
        host: '127.0.0.1',
        port: server.port,
        user: 'root',
        password: 'root',
        charset: 'utf8mb4',
        supportBigNumbers: true,
        bigNumberStrings: true
      })
      await connection.query('CREATE DATABASE shop')
      await connection.query('USE shop')
      await connection.query("SET sql_mode = ''")
    })

    after(async () => {
      await connection?.end()
      await server?.[Symbol.asyncDispose]()
    })

    const declaration = (table: string, columns: string, options = ''): string =>
      `CREATE TABLE ${table} (${columns}) WITH ('connector' = 'mysql', 'url' = 'mysql://root:root@127.0.0.1:${server.port}/shop', 'table-name' = '${table}'${options});`

    /** What a query gives for events, and what was told of it. */
    const enrich = async (sql: string, events: object[]): Promise<{ rows: Row[]; told: string[] }> => {
      const told: string[] = []
      const tell = (message: string): number => told.push(message)
      const backoff = new Backoff(0, new AbortController().signal)
      const lookups = new Lookups({
        warn: tell,
        connect: ({ url, user, password, ...query }) =>
          new MysqlLookup(lookupTarget(url, user, password, 'table'), query, backoff, tell)
      })
      const query = compile(sql, { lookups, reject: ({ reason }) => tell(reason) })
      try {
        await lookups.open()
        const out = new ByteWriter()
        await query.processFetching(blockOf(events.map(event => JSON.stringify(event))), out)
        return { rows: parseLines(out.written().toString()), told }
      } catch (error) {
        tell(`${(error as ToolError).code} ${(error as Error).message}`)
        return { rows: [], told }
      } finally {
        lookups.close()
      }
    }

    test('values of all types come as the changes of the log have them', async () => {
      await connection.query(
        `CREATE TABLE things (id BIGINT UNSIGNED PRIMARY KEY, price DECIMAL(20,4), f FLOAT, d DOUBLE, made DATETIME(3), seen TIMESTAMP(6) NULL,
          day DATE, at TIME, vip TINYINT(1), flags BIT(3), kind ENUM('x','é'), extra TEXT, picture BLOB)`
      )
      await connection.query("SET time_zone = '+00:00'")
      await connection.query(
        `INSERT INTO things VALUES (9007199254740993, 99999999999999.9999, 0.1, 1e300, '2026-01-02 03:04:05.678', '2026-01-02 03:04:05.678901',
          '2026-01-02', '23:59:59', 2, 5, 'é', '{"a":[1,2]}', 'hi'), (2, NULL, NULL, NULL, '0000-00-00 00:00:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`
      )
      const columns = `id DECIMAL(20, 0), price DECIMAL(20, 4), f FLOAT, d DOUBLE, made TIMESTAMP(3), seen TIMESTAMP_LTZ(6), \`day\` DATE, \`at\` TIME,
        vip BOOLEAN, flags INT, kind STRING, extra STRING, picture BYTES`
      const sql = `${declaration('things', columns)}SELECT t.* FROM events e JOIN things FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = e.id`
      const { rows, told } = await enrich(sql, [{ id: '9007199254740993' }, { id: 2 }])
      assert.deepEqual(told, [])
      const [first, second] = rows
      assert.deepEqual(first, {
        id: '9007199254740993',
        price: '99999999999999.9999',
        f: 0.1,
        d: 1e300,
        made: '2026-01-02T03:04:05.678',
        seen: '2026-01-02T03:04:05.678901Z',
        day: '2026-01-02',
        at: '23:59:59',
        vip: true,
        flags: 5,
        kind: 'é',
        extra: '{"a":[1,2]}',
        picture: 'aGk='
      })
      assert.deepEqual(second, {
        ...Object.fromEntries(Object.keys(first ?? {}).map(name => [name, null])),
        id: '2'
      })
    })

    test('the rows of a text are those that the server calls equal, in any collation', async () => {
      const random = randomNumbers(3)
      const pieces = [
        'a',
        'A',
        'b',
        'ch',
        'LL',
        'ä',
        'é',
        'E',
        'ß',
        'ss',
        'ñ',
        '1',
        '1abc',
        ' ',
        '_',
        '-',
        '',
        'ı',
        'I',
        'K'
      ]
      const text = (): string =>
        Array.from(
          { length: 1 + Math.floor(random() * 2) },
          () => pieces[Math.floor(random() * pieces.length)]
        ).join('')
      const names = Object.keys(COLLATIONS)
      const columns = Object.entries(COLLATIONS).map(
        ([name, collation]) => `\`${name}\` VARCHAR(20) CHARACTER SET ${collation}, KEY (\`${name}\`)`
      )
      await connection.query(`CREATE TABLE texts (id INT PRIMARY KEY, ${columns.join(', ')})`)
      const table = Array.from({ length: 300 }, (_, id) => {
        const value = text()
        return [id, ...names.map(() => value)]
      })
      await connection.query('INSERT INTO texts VALUES ?', [table])
      const keys = [...Array.from({ length: 150 }, text), '😀', "it's", '\\', '\ud800']
      for (const name of names) {
        const sql = `${declaration('texts', `id INT, \`${name}\` STRING`)}SELECT e.n, t.id FROM events e JOIN texts FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.\`${name}\` = e.k`
        const { rows, told } = await enrich(
          sql,
          keys.map((k, n) => ({ n, k }))
        )
        assert.deepEqual(told, [], name)
        const wanted: string[] = []
        for (const [n, key] of keys.entries()) {
          if (!key.isWellFormed()) continue
          const found = await connection
            .query(`SELECT id FROM texts WHERE \`${name}\` = ${connection.escape(key)}`)
            .then(([list]) => list as { id: number }[])
            .catch(error => {
              // A character that the column cannot have.
              assert.equal((error as { code: string }).code, 'ER_CANT_AGGREGATE_2COLLATIONS')
              return []
            })
          wanted.push(...found.map(({ id }) => `${n} ${id}`))
        }
        assert.deepEqual(rows.map(({ n, id }) => `${n} ${id}`).sort(), wanted.sort(), name)
      }
    })

    test('keys of several columns, constants, and numbers and times however they are written', async () => {
      await connection.query(
        'CREATE TABLE rates (day DATE, country VARCHAR(2), kind INT, since DATETIME(3), amount DECIMAL(10,2), rate INT, PRIMARY KEY (day, country, kind), KEY (country), KEY (since), KEY (amount), KEY (rate))'
      )
      await connection.query(
        "INSERT INTO rates VALUES ('2026-01-01','in',1,'2026-01-01 10:00:00',10.50,1),('2026-01-01','IT',1,'2026-01-01 10:00:00.100',7,2),('2026-01-02','in',2,'2026-01-01',0,3)"
      )
      const columns =
        '`day` DATE, country STRING, kind INT, since TIMESTAMP(3), amount DECIMAL(10, 2), rate INT'
      const look = async (on: string, event: object): Promise<unknown[]> => {
        const sql = `${declaration('rates', columns)}SELECT r.rate FROM events e JOIN rates FOR SYSTEM_TIME AS OF PROCTIME() AS r ON ${on}`
        const { rows, told } = await enrich(sql, [event])
        assert.deepEqual(told, [], on)
        return rows.map(({ rate }) => rate)
      }
      const day = 'r.`day` = CAST(e.d AS DATE)'
      assert.deepEqual(await look(`${day} AND r.country = e.c`, { d: '2026-01-01', c: 'IN' }), [1])
      assert.deepEqual(await look(`${day} AND r.country = 'it'`, { d: '2026-01-01' }), [])
      assert.deepEqual(await look(`${day} AND r.country = 'IT' AND r.kind = 1`, { d: '2026-01-01' }), [2])
      assert.deepEqual(await look('r.kind = 2 AND r.country = e.c', { c: 'in' }), [3])
      assert.deepEqual(await look('r.since = CAST(e.t AS TIMESTAMP(6))', { t: '2026-01-01T10:00:00.1' }), [2])
      assert.deepEqual(
        await look('r.since = CAST(e.t AS TIMESTAMP(6))', { t: '2026-01-01T10:00:00.100001' }),
        []
      )
      for (const amount of [10.5, '10.50', '010.5', 10.5])
        assert.deepEqual(await look('r.amount = e.a', { a: amount }), [1])
      for (const amount of ['7abc', 10.505, 10.495, '10.5.'])
        assert.deepEqual(await look('r.amount = e.a', { a: amount }), [])
      for (const rate of [1.5, 0.5, '1.4']) assert.deepEqual(await look('r.rate = e.a', { a: rate }), [])
      assert.deepEqual(await look('r.rate = e.a', { a: '1.0' }), [1])
      assert.deepEqual(await look('r.amount = e.a', { a: 0 }), [3])
    })

    test('more keys than a statement takes, from the options of a jdbc table', async () => {
      await connection.query('CREATE TABLE many (id INT PRIMARY KEY, v INT)')
      await connection.query('INSERT INTO many VALUES ?', [
        Array.from({ length: 2500 }, (_, i) => [i, i * 2])
      ])
      const options = `'connector' = 'jdbc', 'url' = 'jdbc:mysql://127.0.0.1:${server.port}/shop?useSSL=false&serverTimezone=UTC', 'username' = 'root', 'password' = 'root',
        'table-name' = 'many', 'driver' = 'com.mysql.cj.jdbc.Driver', 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '5000', 'lookup.partial-cache.expire-after-write' = '1 h'`
      const sql = `CREATE TABLE many (id INT, v INT) WITH (${options}); SELECT e.id, m.v FROM events e JOIN many FOR SYSTEM_TIME AS OF PROCTIME() AS m ON m.id = e.id`
      const { rows, told } = await enrich(
        sql,
        Array.from({ length: 3000 }, (_, id) => ({ id }))
      )
      assert.deepEqual(told, [])
      assert.deepEqual(
        rows,
        Array.from({ length: 2500 }, (_, id) => ({ id, v: id * 2 }))
      )
    })

    test('a table that is not as it is declared is told of before anything is read', async () => {
      await connection.query('CREATE TABLE odd (id INT, code VARCHAR(10))')
      const look = async (columns: string, on: string): Promise<string> => {
        const sql = `${declaration('odd', columns)}SELECT o.* FROM events e JOIN odd FOR SYSTEM_TIME AS OF PROCTIME() AS o ON ${on}`
        return (await enrich(sql, [])).told.join()
      }
      assert.match(
        await look('id INT, cod STRING', 'o.id = e.id'),
        /^USAGE shop\.odd has no column cod \(did you mean code\?\)/
      )
      assert.match(
        await look('id INT, code INT', 'o.code = e.id'),
        /^USAGE shop\.odd\.code is varchar on the server and a number/
      )
      assert.match(
        await look('id STRING', 'o.id = e.id'),
        /^USAGE shop\.odd\.id is int on the server and STRING in its declaration/
      )
      assert.match(await look('id INT', 'o.id = e.id'), /^shop\.odd has no index that begins with id/)
    })
  })
}

describe('a server that goes away', { skip: unavailable('mysql80') }, () => {
  test('is waited for, and nothing is lost; past --retry-for the run ends with status 3', async () => {
    const server = await startServer('mysql80')
    const { port } = server
    const connection = await createConnection({ host: '127.0.0.1', port, user: 'root', password: 'root' })
    await connection.query('CREATE DATABASE shop')
    await connection.query('CREATE TABLE shop.t (id INT PRIMARY KEY, v INT)')
    await connection.query('INSERT INTO shop.t VALUES (1, 10), (2, 20)')
    const sql = (): string =>
      `CREATE TABLE t (id INT, v INT) WITH ('connector' = 'mysql', 'url' = 'mysql://root:root@127.0.0.1:${port}/shop', 'table-name' = 't');
       SELECT e.id, t.v FROM events e JOIN t FOR SYSTEM_TIME AS OF PROCTIME() ON t.id = e.id`
    const tool = startTool('enrich', ['-e', sql(), '--retry-for', '60s'])
    const out = outputOf(tool)
    try {
      tool.stdin.write('{"id":1}\n')
      await out.until('{"id":1,"v":10}\n')
      // A query that is lost on the way is as good as a server that is gone.
      await connection.query('SET GLOBAL max_connections = 1')
      const [threads] = await connection.query(
        'SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()'
      )
      for (const { id } of threads as { id: number }[]) await connection.query(`KILL ${id}`).catch(() => {})
      await connection.query('SET GLOBAL max_connections = 100')
      tool.stdin.write('{"id":2}\n{"id":1}\n')
      await out.until('{"id":1,"v":10}\n{"id":2,"v":20}\n{"id":1,"v":10}\n')
      tool.stdin.end()
      assert.equal(await out.status, 0)
    } finally {
      tool.kill('SIGKILL')
      await connection.end()
      await server[Symbol.asyncDispose]()
    }
    const late = runTool('enrich', ['-e', sql(), '--retry-for', '500ms'], '{"id":1}\n')
    assert.equal(late.status, 3)
    assert.match(late.stderr, /cannot reach mysql:\/\/root@127/)
  })
})

function outputOf(tool: ChildProcessWithoutNullStreams): {
  until(text: string): Promise<void>
  status: Promise<number | null>
} {
  let text = ''
  let errors = ''
  tool.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  tool.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const status = new Promise<number | null>(resolve => tool.once('close', resolve))
  return {
    status,
    async until(wanted) {
      const deadline = Date.now() + 60_000
      while (text !== wanted) {
        assert.ok(Date.now() < deadline, `waited for ${wanted}, got ${text}${errors}`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    }
  }
}
