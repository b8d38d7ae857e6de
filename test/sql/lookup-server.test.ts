import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile, Lookups, type Query, type ServerQuery, type ServerRows } from '../../src/lib/sql/index.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, parseLines, type Row, tableOf } from './events.ts'

/** Tables in memory that answer as a server does; it counts the fetches and the keys asked for. */
class Server {
  readonly tables: Record<string, Row[]>
  fetches: string[][][] = []
  queries: ServerQuery[] = []

  constructor(tables: Record<string, Row[]>) {
    this.tables = tables
  }

  connect(query: ServerQuery): ServerRows {
    this.queries.push(query)
    return {
      open: async () => {},
      close() {},
      fetch: async keys => {
        this.fetches.push(keys.map(key => [...key]))
        const lines: string[] = []
        const owners: number[][] = []
        for (const row of this.tables[query.table] ?? []) {
          const own = keys.flatMap((key, i) =>
            query.keys.every(({ name }, k) => row[name] !== null && String(row[name]) === key[k]) ? [i] : []
          )
          if (own.length === 0) continue
          lines.push(JSON.stringify(row))
          owners.push(own)
        }
        return { lines: blockOf(lines), owners }
      }
    }
  }

  query(sql: string): Query {
    return compile(sql, {
      lookups: new Lookups({ connect: query => this.connect(query) }),
      reject({ reason }) {
        throw new Error(reason)
      }
    })
  }
}

const declared = (name: string, columns: string, cache = ''): string =>
  `CREATE TABLE ${name} (${columns}) WITH ('connector' = 'mysql', 'url' = 'mysql://db/shop', 'table-name' = '${name}'${cache});`

const cached = (...options: string[]): string =>
  [", 'lookup.cache' = 'PARTIAL'", ...options.map(option => `, 'lookup.partial-cache.${option}`)].join('')

async function process(query: Query, lines: string[], ends = false): Promise<Row[]> {
  const out = new ByteWriter()
  await query.processFetching(blockOf(lines), out)
  if (ends) await query.endFetching(out)
  return parseLines(out.written().toString())
}

const people = declared('people', 'id INT, team INT, age INT')
const teams = declared('teams', 'id INT, name STRING')
const named = `${people}${teams}
  CREATE VIEW named AS SELECT o.n, t.name FROM events o LEFT JOIN people FOR SYSTEM_TIME AS OF PROCTIME() AS p ON p.id = o.person
  LEFT JOIN teams FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = p.team;`

test('what a block needs is fetched at once, of tables one after the other too, each key once', async () => {
  const server = new Server({
    people: [
      { id: 1, team: 10 },
      { id: 2, team: 20 },
      { id: 3, team: 10 }
    ],
    teams: [
      { id: 10, name: 'red' },
      { id: 10, name: 'rot' },
      { id: 20, name: 'blue' }
    ]
  })
  const query = server.query(`${named}SELECT * FROM named`)
  const lines = [1, 2, 3, 1, 4, null].map((person, n) => JSON.stringify({ n, person }))
  const rows = await process(query, lines)
  assert.deepEqual(
    rows.map(({ n, name }) => `${n} ${name}`),
    ['0 red', '0 rot', '1 blue', '2 red', '2 rot', '3 red', '3 rot', '4 null', '5 null']
  )
  assert.deepEqual(server.fetches, [
    [['1'], ['2'], ['3'], ['4']],
    [['10'], ['20']]
  ])
  // Columns that the query does not read are not asked for.
  const asked = server.queries.map(({ columns, keys }) => [columns.map(({ name }) => name), keys])
  const key = [{ name: 'id', kind: 'number' }]
  assert.deepEqual(asked, [
    [['id', 'name'], key],
    [['id', 'team'], key]
  ])
})

test('rows behind an aggregation are fetched when they come, those of a window that closes at once', async () => {
  const server = new Server({ teams: [1, 2, 3].map(id => ({ id, name: `team ${id}` })) })
  const updating = server.query(
    `${teams}SELECT t.name, g.c FROM (SELECT team, COUNT(*) AS c FROM events GROUP BY team) AS g
    JOIN teams FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = g.team`
  )
  const events = await process(
    updating,
    [1, 2, 1].map(team => JSON.stringify({ team }))
  )
  assert.deepEqual(tableOf(events), ['{"name":"team 1","c":2}', '{"name":"team 2","c":1}'])
  server.fetches = []
  const windows = server.query(
    `${teams}SELECT t.name, w.c FROM (SELECT team, window_end, COUNT(*) AS c
      FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, team) AS w
    JOIN teams FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = w.team`
  )
  const at = (team: number, minute: number): string =>
    JSON.stringify({ team, at: `2026-11-24T10:0${minute}:00.000Z` })
  const rows = await process(windows, [at(1, 0), at(2, 0), at(3, 1)], true)
  assert.deepEqual(
    rows,
    [1, 2, 3].map(id => ({ name: `team ${id}`, c: 1 }))
  )
  assert.deepEqual(server.fetches, [[['1'], ['2']], [['3']]])
})

test('without a cache each block sees the table as it is then; a cache keeps rows, and that there are none', async () => {
  const server = new Server({ teams: [{ id: 1, name: 'old' }] })
  const sql = (cache: string): string =>
    `${declared('teams', 'id INT, name STRING', cache)}SELECT e.id, t.name FROM events e LEFT JOIN teams FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = e.id`
  const lines = [1, 2, 1].map(id => JSON.stringify({ id }))
  const look = async (query: Query): Promise<unknown[]> =>
    (await process(query, lines)).map(({ name }) => name)
  const fresh = server.query(sql(''))
  const keeping = server.query(sql(cached("max-rows' = '100'")))
  const notMissing = server.query(sql(cached("max-rows' = '100'", "cache-missing-key' = 'false'")))
  const expired = server.query(sql(cached("expire-after-write' = '0 ms'")))
  for (const query of [fresh, keeping, notMissing, expired])
    assert.deepEqual(await look(query), ['old', null, 'old'])
  server.tables.teams = [
    { id: 1, name: 'new' },
    { id: 2, name: 'two' }
  ]
  assert.deepEqual(await look(fresh), ['new', 'two', 'new'])
  assert.deepEqual(await look(keeping), ['old', null, 'old'])
  assert.deepEqual(await look(notMissing), ['old', 'two', 'old'])
  assert.deepEqual(await look(expired), ['new', 'two', 'new'])
})

test('a full cache lets go of what was not used', async () => {
  const server = new Server({ teams: [1, 2, 3, 4].map(id => ({ id, name: `team ${id}` })) })
  const sql = `${declared('teams', 'id INT, name STRING', cached("max-rows' = '2'"))}SELECT t.name FROM events e JOIN teams FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = e.id`
  const query = server.query(sql)
  const look = async (...ids: number[]): Promise<string> => {
    server.fetches = []
    await process(
      query,
      ids.map(id => JSON.stringify({ id }))
    )
    return server.fetches.flat(2).join()
  }
  assert.equal(await look(1, 2), '1,2')
  assert.equal(await look(1), '')
  assert.equal(await look(3), '3')
  // 2 was used too when it came. What stands in front and was not used again goes.
  assert.equal(await look(4, 3), '4')
  assert.equal(await look(3), '')
})

test('a row that is not as declared rejects the lines that need it, and no others', async () => {
  const server = new Server({
    teams: [
      { id: 1, name: 'one', size: 'many' },
      { id: 2, name: 'two', size: 7 }
    ]
  })
  const rejected: string[] = []
  const query = compile(
    `${declared('teams', 'id INT, name STRING, size INT')}SELECT e.n, t.name, t.size FROM events e JOIN teams FOR SYSTEM_TIME AS OF PROCTIME() AS t ON t.id = e.id`,
    {
      lookups: new Lookups({ connect: request => server.connect(request) }),
      reject: ({ index, reason }) => rejected.push(`${index}: ${reason}`)
    }
  )
  const lines = [1, 2, 1, 2].map((id, n) => JSON.stringify({ n, id }))
  assert.deepEqual(
    (await process(query, [...lines, '{"n":'])).map(({ n }) => n),
    [1, 3]
  )
  assert.deepEqual(rejected, [
    '0: "many" is not a whole number',
    '2: "many" is not a whole number',
    '4: not JSON'
  ])
})

test('whatever the blocks and the cache, a server gives what a join with its rows gives', async () => {
  const row = fc.record({ id: fc.nat(5), team: fc.nat(3) })
  const person = fc.record({ person: fc.option(fc.nat(6)) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 8 }),
      fc.array(row, { maxLength: 8 }),
      fc.array(fc.array(person, { maxLength: 8 }), { maxLength: 6 }),
      fc.constantFrom(
        '',
        cached("max-rows' = '2'"),
        cached("max-rows' = '1'", "cache-missing-key' = 'false'")
      ),
      async (left, right, blocks, cache) => {
        const server = new Server({
          people: left,
          teams: right.map(({ id, team }) => ({ id: team, name: `${id}` }))
        })
        const sql = `${named}SELECT * FROM named`.replaceAll("'people')", `'people'${cache})`)
        const query = server.query(sql)
        const got: string[] = []
        const wanted: string[] = []
        let n = 0
        for (const block of blocks) {
          const lines = block.map(event => ({ n: n++, ...event }))
          got.push(
            ...(
              await process(
                query,
                lines.map(line => JSON.stringify(line))
              )
            ).map(r => `${r.n} ${r.name}`)
          )
          for (const line of lines) {
            const own = left.filter(({ id }) => id === line.person).map(({ team }) => team as number | null)
            for (const team of own.length === 0 ? [null] : own) {
              const names = right.filter(r => r.team === team).map(({ id }) => `${line.n} ${id}`)
              wanted.push(...(names.length === 0 ? [`${line.n} null`] : names))
            }
          }
        }
        assert.deepEqual(got, wanted)
      }
    )
  )
})
