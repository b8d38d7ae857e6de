import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterText, dataLines, events, killRunningTails, logEnd, tail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'ab', 'a b', 'ä', '"q"', 'a.b', '$', '1'),
  fc.string({ maxLength: 5 })
)
const scalar = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
  fc.string({ maxLength: 300 })
)
const { json } = fc.letrec<{ json: Json }>(tie => ({
  json: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalar as fc.Arbitrary<Json>,
    fc.array(tie('json'), { maxLength: 5 }),
    fc.dictionary(name, tie('json'), { maxKeys: 5, noNullPrototype: true })
  )
}))

/** A change of the document in SQL: its function, and a path below the root. */
const change = fc.record({
  verb: fc.constantFrom('JSON_SET', 'JSON_REPLACE', 'JSON_REMOVE'),
  path: fc.array(fc.oneof(name, fc.nat({ max: 6 })), { minLength: 1, maxLength: 3 }),
  value: json
})

const pathText = (legs: readonly (string | number)[]): string =>
  `$${legs.map(leg => (typeof leg === 'number' ? `[${leg}]` : `.${JSON.stringify(leg)}`)).join('')}`

for (const kind of ['mysql80', 'mysql'] as const) {
  describe(`partial JSON updates, ${kind}`, { skip: unavailable(kind) }, () => {
    let server: RunningServer
    let connection: Connection
    let url: string

    before(async () => {
      server = await startServer(kind)
      url = cdcUrl(server, 'test')
      connection = await createConnection({ uri: `${server.url}/test`, supportBigNumbers: true })
      await connection.query("SET binlog_row_value_options = 'PARTIAL_JSON'")
    })

    after(async () => {
      killRunningTails()
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    const read = async (start: string, ...more: string[]): Promise<string[]> => {
      const result = await tail(url, '--start', start, '--stop-at', 'now', ...more)
      assert.equal(result.status, 0, result.stderr)
      return dataLines(result.stdout)
    }
    const documents = async (table: string): Promise<string[]> => {
      const [rows] = (await connection.query(
        `SELECT CAST(j AS CHAR) AS j, CAST(k AS CHAR) AS k FROM ${table} ORDER BY id`
      )) as unknown as [{ j: string; k: string }[]]
      return rows.map(row => `${row.j} ${row.k}`)
    }

    test('give the documents that SELECT shows, whatever the changes', async () => {
      await connection.query('CREATE TABLE t (id INT PRIMARY KEY, n INT, j JSON, s VARCHAR(20), k JSON)')
      let id = 0
      const start = await logEnd(connection)
      // Long enough for diffs to be smaller than the document.
      const cases = fc.sample(fc.tuple(json, fc.array(change, { minLength: 1, maxLength: 4 })), {
        numRuns: 150,
        seed: 7
      })
      const expected: string[] = []
      for (const [inner, changes] of cases) {
        id++
        const document = JSON.stringify({
          a: inner,
          b: [1, 2, { ab: 'x' }],
          list: [inner, inner],
          filler: 'f'.repeat(1000)
        })
        await connection.query('INSERT INTO t VALUES (?, 0, ?, ?, ?)', [id, document, 'text', document])
        for (const { verb, path, value } of changes) {
          const text = pathText(path)
          const call = verb === 'JSON_REMOVE' ? 'JSON_REMOVE(j, ?)' : `${verb}(j, ?, CAST(? AS JSON))`
          const values = verb === 'JSON_REMOVE' ? [text] : [text, JSON.stringify(value)]
          await connection.query(
            `UPDATE t SET j = ${call}, k = JSON_REPLACE(k, '$.b[1]', n), n = n + 1 WHERE id = ?`,
            [...values, id]
          )
        }
        expected.push((await documents('t'))[id - 1] as string)
      }
      const [logs] = (await connection.query('SHOW BINARY LOGS')) as unknown as [{ Log_name: string }[]]
      const [logged] = (await connection.query(
        `SHOW BINLOG EVENTS IN '${logs.at(-1)?.Log_name}'`
      )) as unknown as [{ Event_type: string }[]]
      const partial = logged.filter(({ Event_type }) => /partial/i.test(Event_type)).length
      assert.ok(partial > 100, `${partial} partial updates are in the log`)
      const last = new Map<number, string>()
      for (const line of await read(start)) {
        const { after } = JSON.parse(line) as { after: { id: number } }
        const [, j, k] = /"j":(.*),"s":"text","k":(.*)\}$/s.exec(afterText(line)) as unknown as [
          string,
          string,
          string
        ]
        last.set(after.id, `${j} ${k}`)
      }
      assert.deepEqual([...last.values()], expected)
    })

    test('insert into, shift and shorten arrays', async () => {
      await connection.query('CREATE TABLE arrays (id INT PRIMARY KEY, j JSON, k JSON)')
      await connection.query('INSERT INTO arrays VALUES (1, ?, NULL)', [
        JSON.stringify([1, [2, 3], 'x'.repeat(500)])
      ])
      const start = await logEnd(connection)
      const after: string[] = []
      for (const expression of [
        "JSON_SET(j, '$[1][1]', 'three')",
        "JSON_SET(j, '$[9]', 4.50)",
        "JSON_REMOVE(j, '$[0]')",
        "JSON_SET(j, '$[0][last]', CAST('2026-11-24' AS DATE), '$[0][7]', JSON_OBJECT('z', 1, 'aa', 2))",
        "JSON_SET(JSON_REMOVE(j, '$[0][0]'), '$[0][0]', CAST(1.10 AS DECIMAL(5,2)))",
        "JSON_SET(j, '$[last-2]', 7, '$[last]', true)",
        "JSON_SET(j, '$[last][0]', 'for true', '$[last-1][last]', 'for the number', '$[0][0][3]', 'new')",
        "JSON_ARRAY_INSERT(JSON_ARRAY_APPEND(j, '$[0]', 8, '$[last]', 9), '$[1]', 'second')",
        "JSON_REPLACE(j, '$', CAST('[]' AS JSON))"
      ]) {
        await connection.query(`UPDATE arrays SET j = ${expression}`)
        after.push((await documents('arrays'))[0] as string)
      }
      assert.deepEqual(
        (await read(start)).map(line =>
          afterText(line).replace(/^\{"id":1,"j":(.*),"k":null\}$/s, '$1 null')
        ),
        after
      )
    })

    test('leave the column out where the log has no document to change', async () => {
      await connection.query('CREATE TABLE lean (id INT PRIMARY KEY, k JSON, j JSON, n INT)')
      const document = JSON.stringify({ a: 1, filler: 'f'.repeat(1000) })
      await connection.query('INSERT INTO lean VALUES (1, ?, ?, 0)', [document, document])
      await connection.query("SET binlog_row_image = 'MINIMAL'")
      const start = await logEnd(connection)
      await connection.query("UPDATE lean SET j = JSON_SET(j, '$.a', 2)")
      await connection.query("UPDATE lean SET k = JSON_SET(k, '$.a', 2), n = 5")
      await connection.query("UPDATE lean SET k = '{}', j = JSON_SET(j, '$.a', 3)")
      await connection.query("SET binlog_row_image = 'FULL'")
      assert.deepEqual(
        events((await read(start)).map(line => `${line}\n`).join('')).map(({ before, after }) => ({
          before,
          after
        })),
        [
          { before: { id: 1 }, after: {} },
          { before: { id: 1 }, after: { n: 5 } },
          { before: { id: 1 }, after: { k: {} } }
        ]
      )
    })

    test('are masked and left out like whole documents', async () => {
      await connection.query('CREATE TABLE masked (id INT PRIMARY KEY, j JSON, k JSON, l JSON)')
      const document = JSON.stringify({ a: 1, filler: 'f'.repeat(1000) })
      await connection.query('INSERT INTO masked VALUES (1, ?, ?, ?)', [document, document, document])
      const start = await logEnd(connection)
      await connection.query(
        "UPDATE masked SET j = JSON_SET(j, '$.a', 2), k = JSON_SET(k, '$.a', 3), l = JSON_SET(l, '$.a', 4)"
      )
      const lines = await read(
        start,
        ...['--exclude-columns', 'masked.j', '--mask', 'masked.k=truncate:7', '--mask', 'masked.l=redact']
      )
      assert.deepEqual(
        lines.map(line => (JSON.parse(line) as { after: unknown }).after),
        [{ id: 1, k: '{"a": 3', l: '***' }]
      )
    })
  })
}
