import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { type Connection, createConnection } from 'mysql2/promise'
import { Backoff } from '../../src/lib/cli/index.ts'
import { Log } from '../../src/lib/cli/log.ts'
import { BinlogReader } from '../../src/lib/mysql/binlog-reader.ts'
import { ColumnRules } from '../../src/lib/mysql/column-rules.ts'
import { MysqlConnection } from '../../src/lib/mysql/connection.ts'
import { followLog } from '../../src/lib/mysql/follow.ts'
import { OutboxTables } from '../../src/lib/mysql/outbox.ts'
import type { RowsWatch } from '../../src/lib/mysql/row-event.ts'
import { readTableSchema, resolveTable } from '../../src/lib/mysql/schema.ts'
import { currentPosition, inspectServer } from '../../src/lib/mysql/server.ts'
import { parseOps, type Shape, SnapshotConditions } from '../../src/lib/mysql/shape.ts'
import { type Key, KeyOrder, readKeyOrder } from '../../src/lib/mysql/snapshot/key-order.ts'
import { LogKeys } from '../../src/lib/mysql/snapshot/log-keys.ts'
import { SharedOutput } from '../../src/lib/mysql/snapshot/shared-output.ts'
import { TextOrder } from '../../src/lib/mysql/snapshot/text-order.ts'
import { ViewReader } from '../../src/lib/mysql/snapshot/view-reader.ts'
import { TableFilter } from '../../src/lib/mysql/tables.ts'
import { parseMysqlUrl } from '../../src/lib/mysql/url.ts'
import { MarkWriter, OutputWriter } from '../../src/lib/stream/index.ts'
import { samples } from '../support/rounds.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

/** The keys of a table, as the snapshot and as the log give them, and the order that is held to the server's. */
interface Keys {
  readonly order: KeyOrder
  /** In the server's order. */
  readonly inView: readonly Key[]
  readonly inLog: readonly Key[]
}

const ROWS = 60

const integers = (min: bigint, max: bigint): fc.Arbitrary<string> => fc.bigInt({ min, max }).map(String)
const digits = fc.integer({ min: 0, max: 999_999 }).map(n => String(n).padStart(6, '0'))
const date = fc
  .date({ min: new Date('1971-01-01T00:00:00Z'), max: new Date('2037-12-31T00:00:00Z'), noInvalidDate: true })
  .map(each => each.toISOString().slice(0, 19).replace('T', ' '))
const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map(each => `X'${Buffer.from(each).toString('hex')}'`)
/** Letters that collations disagree on: case, accents, contractions, spaces at the end, other scripts. */
const text = fc
  .array(
    fc.constantFrom(
      ...'aAäÄàbBcChlLzZéEÉßsSoOöøØñn0129 _-~.',
      ...['ch', 'll', 'ss', 'ae', 'dž', 'あ', 'ア', 'ｱ', '漢', '字', 'я', 'Я', 'ё', 'İ', 'ı', '😀', ' ', '\t']
    ),
    { maxLength: 8 }
  )
  .map(each => `'${each.join('').replaceAll("'", "''")}'`)
/** What many keys are made of. */
const ascii = fc
  .array(fc.constantFrom(...'abcxyzABCXYZ0189-_ .', 'ä', '\u0301'), { maxLength: 6 })
  .map(each => `'${each.join('')}'`)
const ofAscii = (charset: string, collation: string): [string, fc.Arbitrary<string>] => [
  `VARCHAR(30) CHARACTER SET ${charset} COLLATE ${collation}`,
  ascii
]
const ofCharset = (charset: string, collation: string): [string, fc.Arbitrary<string>] => [
  `VARCHAR(30) CHARACTER SET ${charset} COLLATE ${collation}`,
  text
]

/** Column types and literals of theirs. */
const TYPES: readonly (readonly [type: string, values: fc.Arbitrary<string>])[] = [
  ['INT', integers(-(2n ** 31n), 2n ** 31n - 1n)],
  ['TINYINT UNSIGNED', integers(0n, 255n)],
  ['BIGINT', integers(-(2n ** 63n), 2n ** 63n - 1n)],
  ['BIGINT UNSIGNED', integers(0n, 2n ** 64n - 1n)],
  [
    'DECIMAL(20,5)',
    fc.tuple(integers(-999n, 999n), digits).map(([whole, part]) => `${whole}.${part.slice(0, 5)}`)
  ],
  [
    'FLOAT',
    fc
      .float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e30), max: Math.fround(1e30) })
      .map(String)
  ],
  ['DOUBLE', fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 }).map(String)],
  ['DATE', date.map(each => `'${each.slice(0, 10)}'`)],
  ['DATETIME(6)', fc.tuple(date, digits).map(([each, part]) => `'${each}.${part}'`)],
  ['TIMESTAMP(3)', fc.tuple(date, digits).map(([each, part]) => `'${each}.${part.slice(0, 3)}'`)],
  [
    'TIME(6)',
    fc
      .tuple(
        fc.constantFrom('', '-'),
        fc.integer({ min: 0, max: 837 }),
        fc.integer({ min: 0, max: 59 }),
        digits
      )
      .map(([sign, hours, minutes, part]) => `'${sign}${hours}:${minutes}:07.${part}'`)
  ],
  ['YEAR', fc.constantFrom('0000', '1901', '1999', '2026', '2155').map(each => `'${each}'`)],
  ['BIT(20)', integers(0n, 2n ** 20n - 1n)],
  ['BIT(64)', integers(0n, 2n ** 64n - 1n)],
  ['BINARY(8)', bytes(8)],
  ['VARBINARY(20)', bytes(20)],
  ["ENUM('z','a','m','b','it''s')", fc.constantFrom("'z'", "'a'", "'m'", "'b'", "'it''s'")],
  ["SET('z','a','m','b')", fc.subarray(['z', 'a', 'm', 'b']).map(each => `'${each.join(',')}'`)],
  ['CHAR(12) CHARACTER SET latin1', text],
  ofCharset('utf8mb4', 'utf8mb4_general_ci'),
  ofCharset('utf8mb4', 'utf8mb4_unicode_ci'),
  ofCharset('utf8mb4', 'utf8mb4_bin'),
  ofCharset('utf8mb4', 'utf8mb4_spanish2_ci'),
  ofCharset('utf8', 'utf8_general_ci'),
  ofCharset('latin1', 'latin1_german2_ci'),
  ofCharset('latin1', 'latin1_bin'),
  ofCharset('latin2', 'latin2_czech_cs'),
  ofCharset('cp1251', 'cp1251_general_ci'),
  ofCharset('ascii', 'ascii_general_ci'),
  ofCharset('sjis', 'sjis_japanese_ci'),
  ofCharset('cp932', 'cp932_japanese_ci'),
  ofCharset('eucjpms', 'eucjpms_japanese_ci'),
  ofCharset('gbk', 'gbk_chinese_ci'),
  ofCharset('big5', 'big5_chinese_ci'),
  ofCharset('euckr', 'euckr_korean_ci'),
  ofCharset('ucs2', 'ucs2_general_ci'),
  ofCharset('utf16', 'utf16_unicode_ci'),
  ofCharset('utf32', 'utf32_general_ci'),
  ofCharset('tis620', 'tis620_thai_ci'),
  ofCharset('swe7', 'swe7_swedish_ci'),
  ...(
    [
      ['utf8mb4', 'utf8mb4_general_ci'],
      ['utf8mb4', 'utf8mb4_unicode_ci'],
      ['utf8mb4', 'utf8mb4_unicode_520_ci'],
      ['utf8mb4', 'utf8mb4_bin'],
      ['latin1', 'latin1_swedish_ci'],
      ['latin1', 'latin1_general_cs'],
      ['latin1', 'latin1_general_ci'],
      ['latin1', 'latin1_bin'],
      ['ascii', 'ascii_general_ci'],
      ['ascii', 'ascii_bin'],
      ['utf8', 'utf8_general_ci']
    ] as const
  ).map(([charset, collation]) => ofAscii(charset, collation))
]

/** Those of MySQL 8.0. */
const TYPES_80: readonly (readonly [type: string, values: fc.Arbitrary<string>])[] = [
  'utf8mb4_0900_ai_ci',
  'utf8mb4_0900_as_ci',
  'utf8mb4_0900_as_cs',

  'utf8mb4_ja_0900_as_cs',
  'utf8mb4_es_trad_0900_ai_ci'
].flatMap(collation => [ofCharset('utf8mb4', collation), ofAscii('utf8mb4', collation)])

/** Keys of several columns: the types and what the primary key says. */
const COMBINED: readonly (readonly [types: readonly number[], key: string])[] = [
  [[0, 19], 'c0, c1'],
  [[20, 1], 'c0, c1'],
  [[16, 31, 3], 'c0, c1, c2'],
  [[15, 8], 'c1, c0'],
  [[24, 35], 'c1, c0']
]

for (const flavour of samples(['mysql80', 'mysql57', 'mariadb'], ['mysql80', 'mariadb'])) {
  describe(`the order of primary keys is ${flavour}'s own`, { skip: unavailable(flavour) }, () => {
    let server: RunningServer
    let connection: Connection

    before(async () => {
      server = await startServer(flavour)
      connection = await createConnection({ uri: `${server.url}/test`, charset: 'utf8mb4' })
      await connection.query("SET SESSION sql_mode = '', time_zone = '+00:00'")
    })

    after(async () => {
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    const hold = async (
      name: string,
      columns: readonly string[],
      key: string,
      rows: string[]
    ): Promise<void> => {
      await connection.query(
        `CREATE TABLE ${name} (v INT, ${columns.map((type, i) => `c${i} ${type} NOT NULL`).join(', ')}, PRIMARY KEY (${key}))`
      )
      const { order, inView, inLog } = await keysOf(server, name, () =>
        connection.query(`INSERT IGNORE INTO ${name} VALUES ${rows.join(',')}`)
      )
      const about = `${columns.join(', ')}: PRIMARY KEY (${key})`
      const sorted = (keys: readonly Key[]): string[] => keys.map(each => JSON.stringify(each)).sort()
      assert.ok(inView.length > 3, about)
      assert.deepEqual(sorted(inLog), sorted(inView), about)

      const ask = await MysqlConnection.open(
        parseMysqlUrl(`${server.url}/test`),
        new Backoff(0, new AbortController().signal)
      )
      const texts = new TextOrder(sql => ask.query(sql))
      const compare = async (a: Key, b: Key): Promise<number> => {
        for (;;) {
          const compared = order.compare(a, b, texts.known)
          if (compared !== undefined) return Math.sign(compared)
          await texts.learn()
        }
      }
      for (let i = 0; i < inView.length; i++) {
        for (const j of [0, i - 1, i, i + 1, inView.length - 1]) {
          const [a, b] = [inView[i], inView[j]]
          if (a === undefined || b === undefined) continue
          assert.equal(await compare(a, b), Math.sign(i - j), `${about}: ${JSON.stringify([a, b])}`)
        }
      }
      await ask.query("SET SESSION sql_mode = '', time_zone = '+00:00'")
      for (const [i, each] of inView.entries()) {
        const [row] = await ask.query(
          `SELECT SUM(${order.after(each)}) AS later, SUM(${order.upTo(each)}) AS earlier FROM test.${name}`
        )
        assert.deepEqual(
          [Number(row?.later), Number(row?.earlier)],
          [inView.length - 1 - i, i + 1],
          `${about}: ${order.after(each)}`
        )
      }
      ask.destroy()
    }

    const known = flavour === 'mysql80' ? [...TYPES, ...TYPES_80] : TYPES
    const literals = (types: readonly number[]): string[] =>
      fc
        .sample(fc.tuple(...types.map(type => known[type]?.[1] as fc.Arbitrary<string>)), {
          numRuns: ROWS,
          seed: 7
        })
        .map((values, i) => `(${i}, ${values.join(', ')})`)

    test('for every type and many collations, in the view and in the log', async () => {
      for (const [i, [type]] of known.entries()) await hold(`single${i}`, [type], 'c0', literals([i]))
    })

    test('for keys of several columns, some of them descending', async () => {
      for (const [i, [types, key]] of COMBINED.entries()) {
        const columns = types.map(type => TYPES[type]?.[0] as string)
        await hold(`combined${i}`, columns, key, literals(types))
        await hold(`descending${i}`, columns, `${key} DESC`, literals(types))
      }
    })
  })
}

/** Reads the keys of rows that are inserted, from a view and from the log. */
async function keysOf(server: RunningServer, name: string, insert: () => Promise<unknown>): Promise<Keys> {
  const { signal } = new AbortController()
  const target = parseMysqlUrl(`${server.url}/test`)
  const open = (): Promise<MysqlConnection> => MysqlConnection.open(target, new Backoff(0, signal))
  const connection = await open()
  const info = await inspectServer(connection)
  const from = await currentPosition(connection, info)
  await insert()
  const to = await currentPosition(connection, info)
  const schema = await readTableSchema(connection, 'test', name)
  assert.ok(schema !== null)
  const order = await readKeyOrder(connection, schema)
  assert.ok(order instanceof KeyOrder, String(order))

  const output = {
    name: 'nowhere',
    takesMarks: true,
    write: async () => {},
    sync: async () => null,
    close: async () => {}
  }
  const writer = new OutputWriter(output)
  const marks = await MarkWriter.open(null, null, writer, 1e9)
  const inLog: Key[] = []
  const watch: RowsWatch = {
    isActive: true,
    truncated() {},
    choose(rows, mapped) {
      for (const { after: key } of new LogKeys(mapped.table, order).read(rows)) inLog.push(key as Key)
      return 0
    }
  }
  const reader = new BinlogReader(from, writer, {
    version: '',
    name: '',
    tables: new TableFilter([name], 'test'),
    checksum: info.checksum,
    resolve: map => resolveTable(map, schema, info.charsetOf),
    watch
  })
  const log = new Log({ tool: 'test', json: false, quiet: true })
  const follow = { serverId: 4711, stopAt: to, retryFor: 0 }
  await followLog(target, info, reader, writer, marks, follow, log, signal)

  const view = await open()
  await view.query("SET SESSION time_zone = '+00:00'")
  const shape: Shape = {
    columns: new ColumnRules({ columns: [], excludeColumns: [], masks: [], salt: '' }, 'test'),
    ops: parseOps([]),
    flat: false,
    debezium: false,
    where: new SnapshotConditions([], 'test'),
    outbox: new OutboxTables([], 'test'),
    transactions: false
  }
  const inView: Key[] = []
  const viewReader = new ViewReader(view, shape)
  const shared = new SharedOutput(writer, marks, () => null)
  const note = (): void => {
    const { last, rows } = viewReader
    if (last !== null && rows > inView.length) inView.push(last)
  }
  // Looked at before every row.
  Object.defineProperty(shared, 'marking', {
    get: () => {
      note()
      return null
    }
  })
  const source = {
    version: '',
    name: '',
    snapshot: true,
    database: 'test',
    table: name,
    serverId: 1,
    gtid: null,
    file: '',
    position: 0
  }
  assert.ok(
    await viewReader.read({ schema, order, after: null, where: '' }, source, shared, async () => {}, signal)
  )
  note()
  viewReader.close()
  connection.destroy()
  return { order, inView, inLog }
}
