import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createConnection } from 'mysql2/promise'
import { allTypes, createTable, expectedRows, insertAll } from '../mysql/all-types.ts'
import { dataLines, tail } from '../mysql/tail.ts'
import { cannotPoll, openPolled, type Polled } from '../support/polled.ts'

/** The rows in the lines, as they are written. */
function images(ndjson: string): string[] {
  return dataLines(ndjson).map(line =>
    line.slice(line.indexOf('"after":') + 8, line.lastIndexOf(',"source":{"version":'))
  )
}

for (const kind of ['mysql80', 'mariadb'] as const) {
  describe(`polled values are those of the log: ${kind}`, { skip: cannotPoll(kind) }, () => {
    let db: Polled
    let expected: string[]
    const columns = allTypes(kind)

    before(async () => {
      db = await openPolled(kind)
      const connection = await createConnection(`${db.server?.url}/test`)
      await connection.query("SET time_zone = '+00:00', sql_mode = 'NO_ENGINE_SUBSTITUTION'")
      await connection.query(createTable('everything', columns))
      await insertAll(connection, 'everything', columns)
      expected = await expectedRows(connection, 'everything', columns)
      connection.destroy()
    })

    after(() => db?.end())

    const args = (): string[] => [
      db.url,
      '--poll',
      'incrementing',
      '--poll-incrementing',
      'id',
      '--stop-at',
      'now'
    ]

    test('of a table', async () => {
      const { stdout, stderr } = await tail(...args(), '--tables', 'everything')
      assertSame(images(stdout), expected, stderr)
    })

    test('keys of any type cut pages in the order in which they sort', async () => {
      const keys = [
        ['VARCHAR(40) CHARACTER SET latin1', "CONCAT('é', LPAD(n, 9, '0'), '\\'\\\\')"],
        ['VARBINARY(8)', "UNHEX(LPAD(HEX(n * 7), 8, '0'))"],
        ['DECIMAL(30,10)', 'n / 7'],
        ['DATETIME(6)', "'2026-01-01' + INTERVAL n MICROSECOND"],
        ['BIGINT UNSIGNED', '18446744073709551615 - n'],
        ["ENUM('b', 'a')", "'a'"]
      ]
      for (const [type, sql] of keys) {
        await db.run('DROP TABLE IF EXISTS paged')
        await db.run(
          `CREATE TABLE paged (k ${type}, n INT, changed TIMESTAMP(6) NOT NULL DEFAULT '2026-01-01 00:00:00', PRIMARY KEY (k, n))`
        )
        await db.run(`INSERT INTO paged (k, n) SELECT ${sql}, n FROM ${db.numbers(10_500)}`)
        const flags = ['--poll', 'timestamp', '--poll-timestamp', 'changed', '--stop-at', 'now']
        const { stdout, stderr } = await tail(db.url, ...flags, '--tables', 'paged')
        const read = dataLines(stdout).map(line => /"n":(\d+)/.exec(line)?.[1])
        assert.equal(read.length, 10_500, `${type} ${stderr}`)
        assert.equal(new Set(read).size, 10_500, type)
      }
    })

    test('of a query', async () => {
      const { stdout, stderr } = await tail(...args(), '--poll-query', 'SELECT * FROM everything')
      assertSame(images(stdout), expected, stderr)
    })
  })
}

function assertSame(found: readonly string[], expected: readonly string[], stderr: string): void {
  assert.equal(found.length, expected.length, stderr)
  found.forEach((row, i) => {
    if (row === expected[i]) return
    const [a, b] = [JSON.parse(row), JSON.parse(expected[i] as string)] as Record<string, unknown>[]
    for (const key of Object.keys(b ?? {})) {
      const text = (value: unknown): string => `${JSON.stringify(value)}`.slice(0, 300)
      assert.equal(text(a?.[key]), text(b?.[key]), `row ${i}, ${key}`)
    }
    assert.fail(`row ${i} is written in another way`)
  })
}

/** A type, a value in SQL, and how it is written. */
type Value = readonly [type: string, sql: string, json: string]

const POSTGRES: readonly Value[] = [
  ['smallint', '-32768', '-32768'],
  ['integer', '2147483647', '2147483647'],
  ['bigint', '9007199254740992', '9007199254740992'],
  ['bigint', '9007199254740993', '"9007199254740993"'],
  ['bigint', '-9223372036854775808', '"-9223372036854775808"'],
  [
    'numeric',
    "'123456789012345678901234567890.000000000000000000001'",
    '"123456789012345678901234567890.000000000000000000001"'
  ],
  ['numeric(10,2)', '49', '"49.00"'],
  ['numeric', "'NaN'", '"NaN"'],
  ['numeric', "'-Infinity'", '"-Infinity"'],
  ['real', '0.1', '0.1'],
  ['real', "'3.4028235e38'", '3.4028235e+38'],
  ['real', '16777216', '16777216.0'],
  ['double precision', '0.1', '0.1'],
  ['double precision', "'-0'", '-0.0'],
  ['double precision', "'1e21'", '1.0e+21'],
  ['double precision', "'5e-324'", '5.0e-324'],
  ['double precision', "'1.7976931348623157e308'", '1.7976931348623157e+308'],
  ['double precision', "'Infinity'", '"Infinity"'],
  ['double precision', "'NaN'", '"NaN"'],
  ['boolean', 'true', 'true'],
  ['boolean', 'false', 'false'],
  ['text', `E'q"\\\\ \\n\\t 😀 é \u2028'`, JSON.stringify('q"\\ \n\t 😀 é \u2028')],
  ['char(5)', "'ab'", '"ab   "'],
  ['varchar(5)', "''", '""'],
  ['bytea', "'\\x00ff10'", '"AP8Q"'],
  ['bytea', "''", '""'],
  ['date', "'2026-11-24'", '"2026-11-24"'],
  ['date', "'infinity'", '"infinity"'],
  ['time', "'10:00:00.5'", '"10:00:00.500000"'],
  ['time(0)', "'24:00:00'", '"24:00:00"'],
  ['timetz', "'10:00:00+02'", '"10:00:00+02"'],
  ['timestamp', "'2026-11-24 10:00:00'", '"2026-11-24T10:00:00.000000"'],
  ['timestamp(3)', "'2026-11-24 10:00:00.1'", '"2026-11-24T10:00:00.100"'],
  ['timestamp(0)', "'2026-11-24 10:00:00'", '"2026-11-24T10:00:00"'],
  ['timestamp', "'0044-03-15 12:00:00 BC'", '"0044-03-15 12:00:00 BC"'],
  ['timestamptz', "'2026-11-24 10:00:00.123456+05:30'", '"2026-11-24T04:30:00.123456Z"'],
  ['timestamptz(3)', "'2026-11-24 10:00:00+00'", '"2026-11-24T10:00:00.000Z"'],
  ['timestamptz', "'-infinity'", '"-infinity"'],
  ['timestamptz', "'294276-12-31 23:59:59.999999+00'", '"294276-12-31T23:59:59.999999Z"'],
  ['interval', "'1 year 2 mons 3 days 04:05:06.789'", '"P1Y2M3DT4H5M6.789S"'],
  ['interval', "'-1 day'", '"P-1D"'],
  ['uuid', "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", '"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"'],
  [
    'json',
    `E'{"a" : 1,\\n "b": [1e400, 12345678901234567890]}'`,
    '{"a" : 1,  "b": [1e400, 12345678901234567890]}'
  ],
  ['jsonb', `'{"b": [1, null], "a": "é\\"\\\\n"}'`, '{"a": "é\\"\\\\n", "b": [1, null]}'],
  ['jsonb', "'null'", 'null'],
  ['bit(4)', "B'0101'", '"0101"'],
  ['varbit', "B'1'", '"1"'],
  ['inet', "'10.1.2.3/24'", '"10.1.2.3/24"'],
  ['macaddr', "'08:00:2b:01:02:03'", '"08:00:2b:01:02:03"'],
  ['point', "'(1.5,2)'", '"(1.5,2)"'],
  ['box', "'(1,1),(0,0)'", '"(1,1),(0,0)"'],
  ['int4range', "'[1,5)'", '"[1,5)"'],
  ['tsvector', "'a b'", `"'a' 'b'"`],
  ['xml', "'<a/>'", '"<a/>"'],
  ['name', "'n'", '"n"'],
  ['mood', "'so, so'", '"so, so"'],
  ['positive', '7', '7'],
  ['pair', "ROW(1, 'x y')", '"(1,\\"x y\\")"'],
  ['int[]', "'{1,NULL,3}'", '[1,null,3]'],
  ['bigint[]', "'{9223372036854775807}'", '["9223372036854775807"]'],
  ['text[]', `'{"a,b","NULL",NULL,"q\\"\\\\",""}'`, '["a,b","NULL",null,"q\\"\\\\",""]'],
  ['int[]', "'{{1,2},{3,4}}'", '[[1,2],[3,4]]'],
  ['int[]', "'[0:1]={1,2}'", '[1,2]'],
  ['int[]', "'{}'", '[]'],
  ['timestamptz(0)[]', "'{2026-11-24 10:00:00+00}'", '["2026-11-24T10:00:00Z"]'],
  ['bool[]', "'{t,f}'", '[true,false]'],
  ['jsonb[]', `ARRAY['{"a": 1}'::jsonb]`, '[{"a": 1}]'],
  ['bytea[]', `ARRAY['\\x00ff'::bytea]`, '["AP8="]'],
  ['box[]', "'{(1,1),(0,0);(3,3),(2,2)}'", '["(1,1),(0,0)","(3,3),(2,2)"]'],
  ['mood[]', "ARRAY['so, so'::mood]", '["so, so"]'],
  ['text', 'NULL', 'null'],
  ['int[]', 'NULL', 'null']
]

describe('the values of PostgreSQL', { skip: cannotPoll('postgres') }, () => {
  let db: Polled

  before(async () => {
    // What the server would print otherwise must not matter.
    db = await openPolled('postgres', [
      '--timezone=Asia/Kolkata',
      '--datestyle=German',
      '--intervalstyle=sql_standard',
      '--bytea_output=escape',
      '--extra_float_digits=0'
    ])
    await db.run("CREATE TYPE mood AS ENUM ('so, so', 'fine')")
    await db.run('CREATE DOMAIN positive AS int CHECK (VALUE > 0)')
    await db.run('CREATE TYPE pair AS (a int, b text)')
  })

  after(() => db?.end())

  test('each type at its limits, in a table and in a query', async () => {
    const columns = POSTGRES.map(([type], i) => `c${i} ${type}`)
    await db.run(`CREATE TABLE everything (id int PRIMARY KEY, ${columns.join(', ')})`)
    await db.run(
      `INSERT INTO everything SELECT 1, ${POSTGRES.map(([type, sql]) => `(${sql})::${type}`).join(', ')}`
    )
    const expected = `{"id":1,${POSTGRES.map(([, , json], i) => `"c${i}":${json}`).join(',')}}`
    const args = [db.url, '--poll', 'incrementing', '--poll-incrementing', 'id', '--stop-at', 'now']
    for (const flags of [
      ['--tables', 'everything'],
      ['--poll-query', 'SELECT * FROM everything']
    ]) {
      const { stdout, stderr } = await tail(...args, ...flags)
      const [image = ''] = images(stdout)
      assert.notEqual(image, '', stderr)
      if (image === expected) continue
      POSTGRES.forEach(([type, sql, json], i) => {
        const at = image.indexOf(`"c${i}":`)
        const end = image.indexOf(`,"c${i + 1}":`)
        assert.equal(image.slice(at, end < 0 ? image.length - 1 : end), `"c${i}":${json}`, `${type} ${sql}`)
      })
      assert.equal(image, expected)
    }
  })

  test('keys of any type cut pages in the order in which they sort', async () => {
    const keys = [
      ['text', "'k' || lpad(n::text, 9, '0') || '''\\'"],
      ['uuid', 'md5(n::text)::uuid'],
      ['numeric', '(n * 1.5)::numeric'],
      ['bytea', "decode(lpad(to_hex(n), 8, '0'), 'hex')"],
      ['double precision', 'n / 3.0::float8'],
      ['timestamp', "'2026-01-01'::timestamp + n * interval '1 microsecond'"],
      ['mood', "'fine'::mood"]
    ]
    for (const [type, sql] of keys) {
      await db.run('DROP TABLE IF EXISTS paged')
      await db.run(
        `CREATE TABLE paged AS SELECT (${sql})::${type} AS k, n, clock_timestamp() AS changed FROM generate_series(1, 10500) n`
      )
      await db.run('UPDATE paged SET changed = (SELECT MIN(changed) FROM paged)')
      await db.run(`ALTER TABLE paged ADD PRIMARY KEY (k${type === 'mood' ? ', n' : ''})`)
      const flags = ['--poll', 'timestamp', '--poll-timestamp', 'changed', '--stop-at', 'now']
      const { stdout, stderr } = await tail(db.url, ...flags, '--tables', 'paged', '--columns', 'paged.n')
      assert.equal(
        new Set(dataLines(stdout).map(line => /"n":(\d+)/.exec(line)?.[1])).size,
        10_500,
        `${type} ${stderr}`
      )
      assert.equal(dataLines(stdout).length, 10_500, type)
    }
  })
})

const SQLITE: readonly Value[] = [
  ['INTEGER', '9223372036854775807', '"9223372036854775807"'],
  ['INTEGER', '-9007199254740992', '-9007199254740992'],
  ['INTEGER', "'text in it'", '"text in it"'],
  ['BOOLEAN', 'TRUE', '1'],
  ['REAL', '0.1', '0.1'],
  ['REAL', '1', '1.0'],
  ['REAL', '1e999', '"Infinity"'],
  ['DECIMAL(10,2)', "'49.00'", '49'],
  ['TEXT', `'q"\\' || char(10) || '😀'`, JSON.stringify('q"\\\n😀')],
  ['TEXT', "'a' || char(0) || 'b'", '"a\\u0000b"'],
  ['DATETIME', "'2026-11-24 10:00:00'", '"2026-11-24 10:00:00"'],
  ['JSON', `'{"a": 1}'`, '"{\\"a\\": 1}"'],
  ['BLOB', "X'00ff10'", '"AP8Q"'],
  ['BLOB', "X''", '""'],
  ['', '7', '7'],
  ['TEXT', 'NULL', 'null']
]

test('the values of SQLite are what is stored, whatever the columns declare', async () => {
  const db = await openPolled('sqlite')
  try {
    const columns = SQLITE.map(([type], i) => `c${i} ${type}`)
    await db.run(`CREATE TABLE everything (id INTEGER PRIMARY KEY, ${columns.join(', ')}, twice AS (id * 2))`)
    const names = SQLITE.map((_, i) => `c${i}`)
    await db.run(
      `INSERT INTO everything (${names.join(', ')}) VALUES (${SQLITE.map(([, sql]) => sql).join(', ')})`
    )
    const { stdout, stderr } = await tail(db.url, '--poll', 'bulk', '--stop-at', 'now')
    const expected = `{"id":1,${SQLITE.map(([, , json], i) => `"c${i}":${json}`).join(',')},"twice":2}`
    assert.deepEqual(images(stdout), [expected], stderr)
  } finally {
    await db.end()
  }
})
