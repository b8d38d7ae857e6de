import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments, request } from '../support/elastic.ts'
import { Pipeline, runPipeline } from '../support/pipeline.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const BIN = resolve(import.meta.dirname, '../../bin/es-sink.js')

interface Mapped {
  readonly type: string
  readonly [option: string]: unknown
}

/** A column, a value of it as SQL has it, its mapping, and searches that find the row with it, or with `not` before them do not. */
type Case = readonly [column: string, value: string, mapping: Mapped, ...searches: string[]]

const LONG_TEXT = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } }
const DOUBLE = { type: 'double', fields: { keyword: { type: 'keyword' } } }
const DATE = { type: 'date', ignore_malformed: true }

function cases(distribution: string): Case[] {
  const isElastic = distribution === 'elasticsearch'
  // What the servers here do not have: the types of modules that their Maven repositories lack.
  const scaled = (factor: number): Mapped =>
    isElastic ? { type: 'double' } : { type: 'scaled_float', scaling_factor: factor }
  const unsignedLong: Mapped = isElastic ? DOUBLE : { type: 'unsigned_long' }
  const kept = { type: 'object', enabled: false }
  return [
    ['TINYINT', '-128', { type: 'byte' }, '"-128"', '[* TO -128]'],
    ['TINYINT UNSIGNED', '255', { type: 'short' }, '255', '[255 TO *]'],
    ['SMALLINT', '-32768', { type: 'short' }, '"-32768"'],
    ['SMALLINT UNSIGNED', '65535', { type: 'integer' }, '65535'],
    ['MEDIUMINT UNSIGNED', '16777215', { type: 'integer' }, '16777215'],
    ['INT', '-2147483648', { type: 'integer' }, '"-2147483648"'],
    ['INT UNSIGNED', '4294967295', { type: 'long' }, '4294967295'],
    // A double does not tell this one from its neighbours.
    [
      'BIGINT',
      '9007199254740993',
      { type: 'long' },
      '9007199254740993',
      'not 9007199254740992',
      'not 9007199254740994'
    ],
    [
      'BIGINT',
      '-9223372036854775808',
      { type: 'long' },
      '"-9223372036854775808"',
      'not "-9223372036854775807"'
    ],
    [
      'BIGINT UNSIGNED',
      '18446744073709551615',
      unsignedLong,
      ...(isElastic
        ? ['.keyword:18446744073709551615']
        : ['18446744073709551615', 'not 18446744073709551614'])
    ],
    ['BIT(1)', '1', { type: 'byte' }, '1'],
    ['BIT(9)', '511', { type: 'short' }, '511'],
    ['BIT(54)', '9007199254740993', { type: 'long' }, '9007199254740993', 'not 9007199254740992'],
    ['DECIMAL(18,0)', '999999999999999999', { type: 'long' }, '999999999999999999', 'not 999999999999999998'],
    [
      'DECIMAL(15,2)',
      '9999999999999.99',
      scaled(100),
      '9999999999999.99',
      'not 9999999999999.98',
      '[9999999999999.99 TO *]'
    ],
    [
      'DECIMAL(15,15)',
      '-0.999999999999998',
      scaled(1e15),
      '"-0.999999999999998"',
      'not "-0.999999999999997"',
      'not "-0.999999999999999"'
    ],
    [
      'DECIMAL(65,30)',
      '12345678901234567890123456789012345.123456789012345678901234567891',
      DOUBLE,
      '[1.2e34 TO 1.3e34]',
      '.keyword:"12345678901234567890123456789012345.123456789012345678901234567891"'
    ],
    ['FLOAT', '3.4028234663852886e38', { type: 'float' }, '[3.4e38 TO *]'],
    ['FLOAT', '0.1', { type: 'float' }, '0.1'],
    ['DOUBLE', '-1.7976931348623157e308', { type: 'double' }, '"-1.7976931348623157e308"'],
    ['DATE', "'9999-12-31'", DATE, '"9999-12-31"', '[9999-12-31 TO *]'],
    ['DATE', "'2026-02-00'", DATE, 'not *'],
    ['DATE', "'0000-00-00'", DATE, 'not *'],
    [
      'DATETIME(6)',
      "'2026-11-24 10:00:00.123456'",
      DATE,
      '"2026-11-24T10:00:00.123Z"',
      '[2026-11-24 TO 2026-11-25}'
    ],
    ['DATETIME', "'1000-01-01 00:00:00'", DATE, '"1000-01-01T00:00:00Z"'],
    ['TIMESTAMP(3) NULL', "'2038-01-19 03:14:07.999'", { type: 'date' }, '"2038-01-19T03:14:07.999Z"'],
    ['TIME(3)', "'-838:59:59'", { type: 'keyword' }, '"-838:59:59.000"'],
    ['YEAR', '2155', { type: 'short' }, '2155', '[2150 TO 2155]'],
    ['CHAR(4)', "'Ab c'", { type: 'keyword' }, '"Ab c"', 'not "ab c"'],
    ['VARCHAR(255)', "REPEAT('😀',255)", { type: 'keyword' }, `"${'😀'.repeat(255)}"`],
    ['VARCHAR(256)', "'The quick fox'", LONG_TEXT, 'quick', '.keyword:"The quick fox"'],
    ['TEXT', "CONCAT('needle ', REPEAT('x y ', 15000))", LONG_TEXT, 'needle'],
    [
      'BINARY(16)',
      "UNHEX('00112233445566778899AABBCCDDEEFF')",
      { type: 'keyword' },
      '"ABEiM0RVZneImaq7zN3u/w=="'
    ],
    ['VARBINARY(300)', "UNHEX('FF')", { type: 'binary' }],
    ['BLOB', "REPEAT('x', 60000)", { type: 'binary' }],
    ["ENUM('a','b,c')", "'b,c'", { type: 'keyword' }, '"b,c"'],
    ["SET('x','y')", "'x,y'", { type: 'keyword' }, '"x,y"'],
    [
      'JSON',
      `'{"a":{"b":[1,"two"]},"c":null}'`,
      isElastic ? { type: 'flattened', depth_limit: 100, ignore_above: 8191 } : { type: 'flat_object' },
      '.a.b:two',
      '.a.b:1'
    ],
    [
      'JSON',
      "'[]'",
      isElastic ? { type: 'flattened', depth_limit: 100, ignore_above: 8191 } : { type: 'flat_object' }
    ],
    ['POINT', "ST_GeomFromText('POINT(500 700)')", kept],
    [
      'VECTOR(3)',
      "STRING_TO_VECTOR('[0,0,0]')",
      isElastic
        ? { type: 'dense_vector', dims: 3, index: true, similarity: 'l2_norm' }
        : { type: 'float', index: false }
    ]
  ]
}

for (const name of ['elasticsearch', 'opensearch'] as const) {
  describe(`mappings of ${name} by the columns of MySQL`, { skip: unavailable(name, 'mysql') }, () => {
    let elastic: BorrowedServer
    let mysql: RunningServer
    let connection: Connection
    let url: string
    const folder = mkdtempSync(join(tmpdir(), 'millrace-mappings-'))

    before(async () => {
      ;[elastic, mysql] = await Promise.all([borrowServer(name), startServer('mysql')])
      url = cdcUrl(mysql, 'test')
      connection = await createConnection({ uri: `${mysql.url}/test`, charset: 'utf8mb4' })
      await connection.query("SET sql_mode = '', time_zone = '+00:00'")
    })
    after(async () => {
      await connection?.end()
      await elastic?.stop()
      await mysql?.kill()
      await mysql?.stop()
      rmSync(folder, { recursive: true })
    })

    async function fieldsOf(index: string): Promise<Record<string, Mapped>> {
      const answer = (await request(elastic.url, 'GET', `/${index}/_mapping`)) as Record<
        string,
        { mappings: { properties?: Record<string, Mapped> } }
      >
      return answer[index]?.mappings.properties ?? {}
    }

    async function find(index: string, query: string): Promise<number> {
      const path = `/${index}/_count?q=${encodeURIComponent(query)}`
      return ((await request(elastic.url, 'GET', path)) as { count: number }).count
    }

    function sink(input: unknown[], ...args: string[]) {
      const text = input.map(line => `${JSON.stringify(line)}\n`).join('')
      return spawnSync(process.execPath, [BIN, elastic.url, ...args], { input: text, encoding: 'utf8' })
    }
    const schema = (table: string, columns: Record<string, string>, ...key: string[]) => ({
      '@schema': {
        db: 'd',
        table,
        key,
        columns: Object.entries(columns).map(([name, type]) => ({ name, type }))
      }
    })
    const event = (table: string, after: unknown) => ({
      before: null,
      after,
      source: { table },
      op: 'c',
      ts_ms: 1
    })
    const row = (table: string, after: unknown, pos = 1) => ({
      before: null,
      after,
      source: { db: 'd', table, file: 'binlog.000001', pos, row: 0 },
      op: 'c',
      ts_ms: 1
    })

    test('every type at its limits is indexed as what it is, and found by its value', async () => {
      const list = cases(name)
      const columns = list.map(([type], i) => `f${i} ${/NULL$/.test(type) ? type : `${type} NULL`}`)
      await connection.query(
        `CREATE TABLE limits (k VARCHAR(9), id INT, ${columns.join(', ')}, PRIMARY KEY (k, id)) CHARACTER SET utf8mb4`
      )
      await connection.query(
        `INSERT INTO limits VALUES ('a/b', 1, ${list.map(([, value]) => value).join(', ')})`
      )
      await connection.query("INSERT INTO limits (k, id) VALUES ('none', 2)")
      const { statuses, stderr } = await runPipeline(
        ['cdc-tail', url, '--tables', 'limits', '--emit-schema', '--snapshot', 'only'],
        ['es-sink', elastic.url, '--index', '{source.table}-1', '--refresh', 'true']
      )
      assert.deepEqual(statuses, [0, 0], stderr)
      const documents = await allDocuments(elastic.url, 'limits-1')
      assert.deepEqual([...documents.keys()].sort(), ['a%2Fb/1', 'none/2'])
      const fields = await fieldsOf('limits-1')
      for (const [i, [type, value, mapping, ...searches]] of list.entries()) {
        // Defaults that the server adds to a vector are its own affair.
        const { index_options: _, ...field }: Partial<Mapped> = fields[`f${i}`] ?? {}
        assert.deepEqual(field, mapping, type)
        for (const search of searches) {
          const [, not = '', field = '', term = ''] = /^(not )?((?:\.\w+)*:)?(.*)$/s.exec(search) ?? []
          const query = `f${i}${field || ':'}${term}`
          const count = await find('limits-1', query)
          assert.equal(count, not === '' ? 1 : 0, `${type} ${value.slice(0, 40)}: ${query.slice(0, 80)}`)
        }
      }
    })

    test('a column that is added or changed while events flow is mapped before its first row', async () => {
      await connection.query('CREATE TABLE moving (id BIGINT PRIMARY KEY, code INT)')
      await connection.query('INSERT INTO moving VALUES (1, 5)')
      const state = join(folder, 'moving')
      const pipeline = new Pipeline([
        ['cdc-tail', url, '--tables', 'moving', '--emit-schema', '--state', state, '--mark-every', '50ms'],
        [
          'es-sink',
          elastic.url,
          '--index',
          '{source.table}-{day:YYYY}',
          '--map',
          'moving=moving-1',
          '--state',
          state,
          '--refresh',
          'true'
        ]
      ])
      const until = async (count: number): Promise<void> => {
        for (const deadline = Date.now() + 120_000; ; await sleep(50)) {
          const found = await find('moving-1', '*').catch(() => 0)
          if (found === count) return
          assert.ok(Date.now() < deadline, `${found} documents`)
        }
      }
      await until(1)
      // To the server's own mind "1.50" is text, "007" too, and the date in the note a date.
      await connection.query(
        'ALTER TABLE moving ADD amount DECIMAL(20,0), ADD note VARCHAR(20), MODIFY code BIGINT'
      )
      await connection.query("INSERT INTO moving VALUES (2, 6, 12345678901234567, '2026-11-24')")
      await until(2)
      await connection.query('ALTER TABLE moving DROP note, RENAME COLUMN code TO codes')
      await connection.query('INSERT INTO moving VALUES (3, 7, 8)')
      await until(3)
      await pipeline.kill(0, 'SIGTERM')
      const { statuses, stderr } = await pipeline.wait()
      assert.deepEqual(statuses, [0, 0], stderr)
      assert.deepEqual(await fieldsOf('moving-1'), {
        id: { type: 'long' },
        code: { type: 'integer' },
        amount: DOUBLE,
        note: { type: 'keyword' },
        codes: { type: 'long' }
      })
      assert.match(stderr, /moving-1: new indices have 'code' long \(moving-1 has integer\); .*_reindex/)
      // The next run hears of the table again, and is not told twice of what it knows.
      await connection.query('INSERT INTO moving VALUES (4, 7, 8)')
      const again = await runPipeline(
        ['cdc-tail', url, '--tables', 'moving', '--emit-schema', '--state', state, '--stop-at', 'now'],
        ['es-sink', elastic.url, '--map', 'moving=moving-1', '--state', state, '--refresh', 'true']
      )
      assert.deepEqual(again.statuses, [0, 0], again.stderr)
      assert.deepEqual([...(await allDocuments(elastic.url, 'moving-1')).keys()].sort(), ['1', '2', '3', '4'])
    })

    test('a pipeline that is killed while columns come and rows get other keys ends with the rows of the table', async () => {
      await connection.query('CREATE TABLE killed (a INT, b VARCHAR(9), n INT, PRIMARY KEY (a, b))')
      const state = join(folder, 'killed')
      const stages = (...more: string[]) =>
        [
          [
            'cdc-tail',
            url,
            '--tables',
            'killed',
            '--emit-schema',
            '--state',
            state,
            '--mark-every',
            '20ms',
            ...more
          ],
          ['es-sink', elastic.url, '--index', 'killed-1', '--state', state, '--refresh', 'true']
        ] as const
      let next = 0
      for (let round = 0; round < 4; round++) {
        const pipeline = new Pipeline(stages())
        for (const deadline = Date.now() + 1500; Date.now() < deadline; next++) {
          await connection.query(`INSERT INTO killed (a, b, n) VALUES (${next}, 'x/y', ${next})`)
          if (next % 3 === 0) await connection.query(`UPDATE killed SET b = 'z' WHERE a = ${next - 1}`)
          if (next % 5 === 0) await connection.query(`DELETE FROM killed WHERE a = ${next - 2}`)
        }
        await connection.query(`ALTER TABLE killed ADD d${round} DECIMAL(20,5) DEFAULT 1.5`)
        await connection.query(`INSERT INTO killed (a, b, n) VALUES (${next++}, 'after', 0)`)
        await sleep(round * 150)
        await pipeline.kill(round % 2)
        await pipeline.kill(1 - (round % 2))
        await pipeline.wait()
      }
      const { statuses, stderr } = await runPipeline(...stages('--stop-at', 'now'))
      assert.deepEqual(statuses, [0, 0], stderr)
      const [rows] = await connection.query("SELECT CONCAT(a, '/', REPLACE(b, '/', '%2F')) AS id FROM killed")
      const documents = await allDocuments(elastic.url, 'killed-1')
      assert.deepEqual([...documents.keys()].sort(), (rows as { id: string }[]).map(({ id }) => id).sort())
      assert.ok(documents.size > 20)
      const fields = await fieldsOf('killed-1')
      for (const name of ['d0', 'd1', 'd2', 'd3']) assert.deepEqual(fields[name], DOUBLE, name)
    })

    test('--mappings wins field by field; with dynamic: false in it nothing is derived', async () => {
      const file = join(folder, `own-${name}.json`)
      const line = schema('own', { id: 'int', amount: 'decimal(12,0)', note: 'text' }, 'id')
      const rows = [line, row('own', { id: 1, amount: '7', note: 'x', extra: true })]
      writeFileSync(
        file,
        JSON.stringify({ properties: { amount: { type: 'keyword' }, other: { type: 'ip' } } })
      )
      assert.equal(sink(rows, '--index', 'own-1', '--mappings', file).status, 0)
      assert.deepEqual(await fieldsOf('own-1'), {
        id: { type: 'integer' },
        amount: { type: 'keyword' },
        note: LONG_TEXT,
        other: { type: 'ip' },
        extra: { type: 'boolean' }
      })
      writeFileSync(file, JSON.stringify({ dynamic: false, properties: { amount: { type: 'keyword' } } }))
      assert.equal(sink(rows, '--index', 'own-2', '--mappings', file).status, 0)
      assert.deepEqual(await fieldsOf('own-2'), { amount: { type: 'keyword' } })
      assert.equal(sink(rows, '--index', 'own-3', '--dynamic-mappings').status, 0)
      assert.equal((await fieldsOf('own-3')).amount?.type, 'text')
    })

    test('tables of one index share a template, and of one pattern in another the one that says more counts', async () => {
      const lines = [
        schema('a', { id: 'int', n: 'int' }, 'id'),
        row('a', { id: 1, n: 1 }),
        schema('b', { id: 'int', n: 'varchar(9)', m: 'year' }, 'id'),
        row('b', { id: 2, n: '2', m: 1999 })
      ]
      const { status, stderr } = sink(lines, '--index', 'both')
      assert.equal(status, 0, stderr)
      assert.match(stderr, /both: 'n' is int in d\.a and varchar\(9\) in d\.b: mapped for the first; --map/)
      assert.deepEqual(await fieldsOf('both'), {
        id: { type: 'integer' },
        n: { type: 'integer' },
        m: { type: 'short' }
      })
      const others = [
        schema('log', { n: 'int' }, 'n'),
        row('log', { n: 1 }),
        schema('log-old', { n: 'date' }, 'n'),
        row('log-old', { n: '2026-11-24' })
      ]
      const dated = sink(others, '--index', '{source.table}-{n}')
      assert.equal(dated.status, 0, dated.stderr)
      assert.deepEqual(await fieldsOf('log-1'), { n: { type: 'integer' } })
      assert.deepEqual(await fieldsOf('log-old-2026-11-24'), { n: DATE })
    })

    test('names that begin with a field of the row get no template, with a warning', async () => {
      const { status, stderr } = sink(
        [schema('t', { id: 'int' }, 'id'), row('t', { id: 1, tenant: 'x' })],
        '--index',
        '{tenant}-t'
      )
      assert.equal(status, 0, stderr)
      assert.match(stderr, /'\{tenant\}-t' may be any index, so no mappings are put for d\.t/)
      assert.equal((await fieldsOf('x-t')).id?.type, 'long')
    })

    test('--setup-only and --check put and print the templates of tables that the input tells of', async () => {
      const lines = [schema('early', { id: 'int unsigned', g: 'point' }, 'id'), row('early', { id: 1 })]
      const checked = sink(lines, '--index', '{source.table}-{id}', '--check')
      assert.equal(checked.status, 0, checked.stderr)
      const [head, body, action] = checked.stdout.split('\n')
      assert.equal(head, 'PUT /_index_template/millrace-early-_')
      assert.deepEqual(JSON.parse(body ?? '').template.mappings.properties, {
        id: { type: 'long' },
        g: { type: 'object', enabled: false }
      })
      assert.equal(JSON.parse(action ?? '').index._id, '1')
      await assert.rejects(request(elastic.url, 'GET', '/_index_template/millrace-early-_'), /404/)

      const setup = sink(lines, '--index', '{source.table}-{id}', '--setup-only')
      assert.equal(setup.status, 0, setup.stderr)
      assert.match(setup.stderr, /1 index templates are in place/)
      await request(elastic.url, 'GET', '/_index_template/millrace-early-_')
      await assert.rejects(request(elastic.url, 'GET', '/early-1'), /404/)
    })

    test('what the server refuses is explained: field, type, what came, and what to do; the first of a kind on stderr', async () => {
      const flat = name === 'elasticsearch' ? 'flattened' : 'flat_object'
      await request(elastic.url, 'PUT', '/typed', {
        settings: { 'index.mapping.total_fields.limit': 8 },
        mappings: {
          properties: {
            n: { type: 'integer' },
            o: { properties: { a: { type: 'date' } } },
            k: { type: 'keyword' },
            j: { type: flat }
          }
        }
      })
      await request(elastic.url, 'PUT', '/strict', { mappings: { dynamic: 'strict', properties: {} } })
      const cases: [row: object, index: string, reason: RegExp][] = [
        [{ n: 'many' }, 'typed', /^'n' is integer in typed, and 'many' came; .*--mappings.*ignore_malformed/],
        [{ n: { a: 1 } }, 'typed', /^'n' is integer in typed, and an object came; (?!.*ignore_malformed)/],
        [{ n: 3e9 }, 'typed', /^'n' is integer in typed, which 3000000000 does not fit; /],
        [{ o: 5 }, 'typed', /^'o' is an object in typed, and a single value came; /],
        [{ o: { a: 'tomorrow' } }, 'typed', /^'o\.a' is date in typed, and 'tomorrow' came; /],
        [{ k: 'é'.repeat(20_000) }, 'typed', /^'k' is indexed as a whole in typed, .*ignore_above/],
        [{ k: { a: 1 } }, 'typed', /^'k' is keyword in typed, and an object came; (?!.*ignore_malformed)/],
        [{ j: ['x'] }, 'typed', new RegExp(`^'j' is ${flat} in typed, which takes objects, and 'x' came; `)],
        [
          Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, i])),
          'typed',
          /^typed has the 8 fields that it may have/
        ],
        [{ new: 1 }, 'strict', /^strict takes no fields .* and 'new' came; add it with PUT strict\/_mapping/]
      ]
      const letters = join(folder, `explained-${name}.ndjson`)
      const rows = cases.map(([each, index], i) => ({ id: i, index, ...each }))
      // The index's own name would be a field of its own.
      const lines = rows.map(({ id, index, ...each }) => ({ ...event(index, each), id }))
      const again = { ...lines[0], id: 'again' }
      const flags = ['--index', '{source.table}', '--id', '{id}', '--dead-letter', letters]
      const { status, stderr } = sink([...lines, again, again], ...flags)
      assert.equal(status, 0, stderr)
      const kept = readFileSync(letters, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).dead_letter as { line: number; reason: string })
      for (const [i, [, , reason]] of cases.entries()) {
        assert.match(kept.find(({ line }) => line === i + 1)?.reason ?? 'not refused', reason)
        // the first of a kind is that which was refused first: of some requests at once, any of them
        const told = stderr.split('\n').map(line => line.replace(/^.*?: line \d+ is refused: /, ''))
        assert.ok(
          told.some(line => reason.test(line)),
          stderr
        )
      }
      assert.match(stderr, /refused like the first: 2 more \('n', value\)/)
    })

    test('rows without a key that is known go to the dead letters, with what to do', () => {
      const letters = join(folder, `keyless-${name}.ndjson`)
      const lines = [
        row('unknown', { id: 1 }),
        schema('keyless', { id: 'int' }),
        row('keyless', { id: 1 }),
        { id: 1 }
      ]
      const refused = sink(lines, '--index', 'keyless')
      assert.equal(refused.status, 1)
      assert.match(refused.stderr, /stdin:1: the key of d\.unknown is not known: give --id/)
      assert.equal(sink(lines, '--index', 'keyless', '--dead-letter', letters).status, 0)
      assert.equal(readFileSync(letters, 'utf8').trim().split('\n').length, 3)
    })
  })
}
