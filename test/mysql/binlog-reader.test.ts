import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BinlogReader } from '../../src/lib/mysql/binlog-reader.ts'
import { ColumnType } from '../../src/lib/mysql/column.ts'
import { ColumnRules } from '../../src/lib/mysql/column-rules.ts'
import { EventType } from '../../src/lib/mysql/events.ts'
import { GtidSet } from '../../src/lib/mysql/gtid-set.ts'
import { OutboxTables } from '../../src/lib/mysql/outbox.ts'
import type { LogPosition } from '../../src/lib/mysql/position.ts'
import { resolveTable } from '../../src/lib/mysql/schema.ts'
import { parseOps, type Shape, SnapshotConditions } from '../../src/lib/mysql/shape.ts'
import { TableFilter } from '../../src/lib/mysql/tables.ts'
import { type Output, OutputWriter } from '../../src/lib/stream/index.ts'
import { bits, int, LogFile, names, primaryKey, UUID } from './binlog.ts'
import { brief, events } from './tail.ts'

/** Output into memory. */
class Memory implements Output {
  readonly name = 'memory'
  readonly takesMarks = true
  #blocks: Buffer[] = []

  async write(bytes: Buffer): Promise<void> {
    this.#blocks.push(Buffer.from(bytes))
  }

  async sync(): Promise<null> {
    return null
  }

  async close(): Promise<void> {}

  get text(): string {
    return Buffer.concat(this.#blocks).toString()
  }
}

interface Reading {
  readonly reader: BinlogReader
  take(...log: Buffer[]): Promise<void>
  /** All that was written so far. */
  text(): Promise<string>
}

const FILE = 'binlog.000001'

function read(from: Partial<LogPosition> = {}, tables = ['*'], checksum = true, shape?: Shape): Reading {
  const output = new Memory()
  const writer = new OutputWriter(output)
  const filter = new TableFilter(tables, 'db')
  const reader = new BinlogReader({ file: FILE, position: 4, gtids: null, ...from }, writer, {
    version: '1',
    name: 'test',
    tables: filter,
    checksum,
    ...(shape === undefined ? {} : { shape }),
    resolve: map => resolveTable(map, null, () => 'utf8mb4')
  })
  return {
    reader,
    async take(...log) {
      for (const event of log) {
        // As in a packet: the event lies behind others' bytes.
        const buffer = Buffer.concat([Buffer.alloc(5, 0xaa), event, Buffer.alloc(5, 0xaa)])
        await reader.take(buffer, 5, 5 + event.length)
      }
    },
    async text() {
      await writer.drain()
      return output.text
    }
  }
}

const { LONG, VARCHAR } = ColumnType
const MAP = {
  tableId: 7,
  table: 't',
  types: [LONG, VARCHAR],
  metas: int(60_000, 2),
  optional: [names('id', 'v'), primaryKey(0), [3, Buffer.from([45])]] as const
}
const ALL = bits([true, true])

function row(id: number, v: string): Buffer {
  return Buffer.concat([bits([false, false]), int(id, 4), int(v.length, 2), Buffer.from(v)])
}

/** Events of a transaction that inserts rows, `perEvent` in one event. */
function insert(log: LogFile, gtid: number, rows: readonly Buffer[], perEvent: number): Buffer[] {
  const list = [log.gtid(gtid), log.query('BEGIN')]
  for (let at = 0; at < rows.length; at += perEvent) {
    list.push(log.tableMap(MAP), log.rows(EventType.WRITE_ROWS, 7, 2, [ALL], rows.slice(at, at + perEvent)))
  }
  return [...list, log.xid()]
}

describe('a reader of the log', () => {
  test('writes each row with its place, and knows where the next transaction begins', async () => {
    const log = new LogFile()
    const { reader, take, text } = read()
    await take(
      log.rotate(FILE),
      log.formatDescription(),
      log.gtid(23, 1_795_514_400_123_456n),
      log.query('BEGIN'),
      log.tableMap(MAP)
    )
    const start = log.position
    await take(log.rows(EventType.WRITE_ROWS, 7, 2, [ALL], [row(1, 'a'), row(2, 'b')]))
    assert.equal(reader.isBetweenTransactions, false)
    await take(log.xid())
    assert.equal(reader.isBetweenTransactions, true)
    assert.deepEqual(reader.position, { file: FILE, position: log.position, gtids: null })
    const [first, second] = events(await text()) as unknown as {
      source: Record<string, unknown>
      after: unknown
    }[]
    assert.deepEqual(first?.after, { id: 1, v: 'a' })
    assert.deepEqual(first?.source, {
      version: '1',
      connector: 'mysql',
      name: 'test',
      ts_ms: 1_795_514_400_123,
      snapshot: 'false',
      db: 'db',
      table: 't',
      server_id: 1,
      gtid: `${UUID}:23`,
      file: FILE,
      pos: start,
      row: 0
    })
    assert.equal(second?.source.row, 1)
    assert.deepEqual([reader.rows, reader.transactions], [2, 1])
  })

  test('tells update, delete and a changed key, which is a delete and a create', async () => {
    const log = new LogFile()
    const { take, text } = read()
    await take(
      log.formatDescription(),
      log.gtid(1),
      log.query('BEGIN'),
      log.tableMap(MAP),
      log.rows(EventType.UPDATE_ROWS, 7, 2, [ALL, ALL], [row(1, 'a'), row(1, 'b'), row(2, 'c'), row(3, 'd')]),
      log.rows(EventType.DELETE_ROWS, 7, 2, [ALL], [row(3, 'd')]),
      log.xid()
    )
    assert.deepEqual(events(await text()).map(brief), [
      'u {"id":1,"v":"a"} {"id":1,"v":"b"}',
      'd {"id":2,"v":"c"} null',
      'c null {"id":3,"v":"d"}',
      'd {"id":3,"v":"d"} null'
    ])
  })

  test('reads images that lack columns: what is absent did not change', async () => {
    const log = new LogFile()
    const { take, text } = read()
    const partial = (id: number | null, v: string | null): Buffer =>
      Buffer.concat([
        Buffer.from([0]),
        ...(id === null ? [] : [int(id, 4)]),
        ...(v === null ? [] : [int(v.length, 2), Buffer.from(v)])
      ])
    await take(
      log.formatDescription(),
      log.gtid(1),
      log.query('BEGIN'),
      log.tableMap(MAP),
      log.rows(
        EventType.UPDATE_ROWS,
        7,
        2,
        [bits([true, false]), bits([false, true])],
        [partial(1, null), partial(null, 'x')]
      ),
      log.rows(
        EventType.UPDATE_ROWS,
        7,
        2,
        [bits([true, false]), bits([true, false])],
        [partial(1, null), partial(2, null)]
      ),
      log.xid()
    )
    const lines = events(await text())
    // With its other columns unknown, a row under a new key is not one that was created.
    assert.deepEqual(lines.map(brief), ['u {"id":1} {"v":"x"}', 'u {"id":1} {"id":2}'])
    assert.deepEqual(
      lines.map(({ source }) => (source as { partial?: boolean }).partial),
      [true, true]
    )
  })

  test('a truncated table is one line, a statement of its own', async () => {
    const log = new LogFile()
    const { reader, take, text } = read()
    await take(
      log.formatDescription(),
      log.gtid(1),
      log.query('TRUNCATE TABLE t'),
      log.gtid(2),
      log.query('TRUNCATE other.t')
    )
    assert.deepEqual(events(await text()).map(brief), ['t null null'])
    assert.ok(reader.isBetweenTransactions)
  })

  test('rows of tables that are not wanted are passed over, with the statements on them', async () => {
    const log = new LogFile()
    const { take, text } = read({}, ['u'])
    await take(
      log.formatDescription(),
      ...insert(log, 1, [row(1, 'a')], 1),
      log.gtid(2),
      log.query('BEGIN'),
      log.query('INSERT INTO t VALUES (1)'),
      log.xid()
    )
    // Nor do columns matter that cannot be read.
    const other = log.tableMap({ ...MAP, tableId: 8, types: [LONG, 140], metas: Buffer.from([1, 2, 3]) })
    await take(
      log.gtid(3),
      log.query('BEGIN'),
      other,
      log.rows(EventType.WRITE_ROWS, 8, 2, [ALL], [row(1, 'a')])
    )
    await take(log.xid())
    assert.equal(await text(), '')
  })

  test('an event of a type that is not known is an error with its place, unless its flag says it may be passed over', async () => {
    for (const checksum of [true, false]) {
      const log = new LogFile(checksum)
      const { take, text } = read({}, ['*'], checksum)
      await take(
        log.formatDescription(),
        ...insert(log, 1, [row(1, 'a')], 1),
        log.gtid(2),
        log.query('BEGIN')
      )
      const place = log.position
      const unknown = log.event(77, Buffer.from('changes?'))
      await assert.rejects(take(unknown), {
        code: 'INPUT',
        message: `${FILE}:${place}: events of type 77 are not known, and may hold changes`
      })
      assert.equal(events(await text()).length, 1)
      if (checksum) continue
      unknown.writeUInt16LE(0x80, 17)
      await take(unknown, log.xid(), ...insert(log, 3, [row(2, 'b')], 1))
      assert.equal(events(await text()).length, 2)
    }
  })

  test('a rotation to what cannot be a file is refused, as are numbers that no column holds', async () => {
    const log = new LogFile()
    const { take } = read()
    await take(log.rotate(FILE), log.formatDescription())
    await assert.rejects(take(log.rotate('\x01\x02nonsense')), {
      code: 'INPUT',
      message: `${FILE}:126: a rotation names no log file: the log is damaged`
    })
    await take(log.gtid(1), log.query('BEGIN'))
    await take(
      log.tableMap({ ...MAP, types: [ColumnType.DOUBLE], metas: Buffer.from([8]), optional: [names('d')] })
    )
    const nan = Buffer.alloc(9)
    nan.writeDoubleLE(Number.NaN, 1)
    await assert.rejects(take(log.rows(EventType.WRITE_ROWS, 7, 1, [bits([true])], [nan])), /NaN as a number/)
  })

  test('what surrounds the rows is passed over', async () => {
    const log = new LogFile()
    const { take, text } = read()
    await take(log.formatDescription(), log.event(EventType.PREVIOUS_GTIDS, Buffer.alloc(8)))
    await take(log.gtid(1), log.query('BEGIN'), log.event(EventType.ROWS_QUERY, Buffer.from('\x05hello')))
    await take(log.event(EventType.INTVAR, Buffer.alloc(9)), log.event(EventType.USER_VAR, Buffer.alloc(9)))
    await take(log.tableMap(MAP), log.rows(EventType.WRITE_ROWS, 7, 2, [ALL], [row(1, 'a')]), log.xid())
    await take(log.event(EventType.STOP, Buffer.alloc(0)))
    assert.equal(events(await text()).length, 1)
  })

  test('a change that was logged as a statement is an error, LOAD DATA too', async () => {
    for (const [sql, type] of [
      ['UPDATE t SET v = 1', EventType.QUERY],
      ["LOAD DATA INFILE 'x' INTO TABLE t", EventType.EXECUTE_LOAD_QUERY]
    ] as const) {
      const log = new LogFile()
      const { take } = read({}, ['t'])
      await take(log.formatDescription(), log.gtid(1), log.query('BEGIN'))
      await assert.rejects(take(log.query(sql, 'db', type)), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'DATA')
        assert.match(error.message, /binlog\.000001:\d+: a change was logged as a statement/)
        return true
      })
    }
  })

  test('follows the log into the next file', async () => {
    const log = new LogFile()
    const { reader, take } = read()
    await take(
      log.formatDescription(),
      ...insert(log, 1, [row(1, 'a')], 1),
      log.rotate('binlog.000002', 4, false)
    )
    const next = new LogFile(false)
    await take(log.rotate('binlog.000002'), next.formatDescription(), ...insert(next, 2, [row(2, 'b')], 1))
    assert.deepEqual(reader.position, { file: 'binlog.000002', position: next.position, gtids: null })
  })

  test('large events leave in blocks, whole', async () => {
    const log = new LogFile()
    const { take, text } = read()
    const rows = Array.from({ length: 400 }, (_, i) => row(i, 'x'.repeat(5000)))
    await take(log.formatDescription(), ...insert(log, 1, rows, 200))
    const ids = events(await text()).map(({ after }) => after?.id)
    assert.deepEqual(
      ids,
      rows.map((_, i) => i)
    )
  })
})

describe('a damaged log is refused with its place', () => {
  const log = new LogFile()
  const head = log.formatDescription()
  const [gtid, begin, map, rows, xid] = insert(log, 1, [row(1, 'abc')], 1) as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer
  ]

  async function refused(what: RegExp, ...list: Buffer[]): Promise<void> {
    const { take } = read()
    await assert.rejects(take(...list), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'INPUT', error.stack)
      assert.match(error.message, what)
      assert.match(error.message, /^binlog\.000001:\d+: /)
      assert.doesNotMatch(error.message, /binlog\.000001.*binlog\.000001/)
      return true
    })
  }

  test('when any byte of an event is another', async () => {
    for (let at = 0; at < rows.length; at += 3) {
      const damaged = Buffer.from(rows)
      damaged[at] = (damaged[at] as number) ^ 0x10
      await refused(/checksum|event of \d+ bytes says/, head, gtid, begin, map, damaged)
    }
  })

  test('when an event is cut off or has more bytes than it says', async () => {
    await refused(/says that it has/, head, gtid, begin, map, rows.subarray(0, -1))
    await refused(/says that it has/, head, gtid, begin, map, Buffer.concat([rows, Buffer.from([0])]))
    await refused(/too few/, head, rows.subarray(0, 12))
  })

  test('when rows come without a table map, or with another number of columns', async () => {
    await refused(/rows without a table map/, head, gtid, begin, rows)
    const other = new LogFile().rows(EventType.WRITE_ROWS, 7, 3, [bits([true, true, true])], [row(1, 'a')])
    await refused(/rows of 3 columns for a table map of 2/, head, gtid, begin, map, other)
  })

  test('when a row goes beyond its event', async () => {
    const long = Buffer.concat([bits([false, false]), int(1, 4), int(50, 2), Buffer.from('short')])
    const cut = new LogFile().rows(EventType.WRITE_ROWS, 7, 2, [ALL], [long])
    await refused(/longer than its event/, head, gtid, begin, map, cut)
  })

  test('when the server says that it lost changes', async () => {
    await refused(/incident/, head, new LogFile().event(EventType.INCIDENT, Buffer.from([1, 0, 0])))
  })

  test('and read on when it is whole', async () => {
    const { take, text } = read()
    await take(head, gtid, begin, map, rows, xid)
    assert.equal(events(await text()).length, 1)
  })
})

describe('a connection that is lost', () => {
  const WITH_TRANSACTIONS: Shape = {
    columns: new ColumnRules({ columns: [], excludeColumns: [], masks: [], salt: '' }, 'db'),
    ops: parseOps([]),
    flat: false,
    debezium: false,
    where: new SnapshotConditions([], 'db'),
    outbox: new OutboxTables([], 'db'),
    transactions: true
  }

  function transactionPart(line: Record<string, Record<string, unknown>>): string {
    const { '@transaction': told, transaction: place } = line
    return told === undefined
      ? `${place?.id} ${place?.total_order} ${place?.data_collection_order}`
      : `${told.id} ${told.status} ${told.event_count}`
  }

  /** A log of transactions of some size, and for each event where it begins. */
  function build(sizes: readonly number[]): {
    head: Buffer
    list: { start: number; gtid: number; bytes: Buffer }[]
  } {
    const log = new LogFile()
    const head = log.formatDescription()
    let id = 0
    const list: { start: number; gtid: number; bytes: Buffer }[] = []
    sizes.forEach((size, i) => {
      let start = log.position
      const rows = Array.from({ length: size }, () => row(id++, 'v'))
      for (const bytes of insert(log, i + 1, rows, 3)) {
        list.push({ start, gtid: i + 1, bytes })
        start += bytes.length
      }
    })
    return { head, list }
  }

  test('in the midst of a transaction, to go on on another server: it comes there in other places, maybe later', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(12),
        fc.boolean(),
        async (size, perEvent, cut, otherFirst) => {
          const rows = Array.from({ length: size }, (_, i) => row(i, 'v'))
          const first = new LogFile()
          const { reader, take, text } = read({ gtids: new GtidSet() })
          await take(first.rotate(FILE), first.formatDescription())
          await take(...insert(first, 1, rows, 2).slice(0, 2 + Math.min(cut, size)))
          reader.restart(true)
          assert.ok(reader.begun === null || reader.begun === `${UUID}:1`)
          reader.move()
          const second = new LogFile()
          const other = (): Buffer[] => insert(second, 2, [row(100, 'o'), row(101, 'o')], 1)
          await take(second.rotate('other.000042'), second.formatDescription())
          if (otherFirst) await take(...other())
          await take(...insert(second, 1, rows, perEvent))
          if (!otherFirst) await take(...other())
          assert.equal(reader.begun, null)
          assert.equal(reader.position.file, 'other.000042')
          const ids = events(await text()).map(event => Number(event.after?.id))
          assert.deepEqual(
            ids.filter(id => id < 100),
            rows.map((_, i) => i)
          )
          assert.deepEqual(
            ids.filter(id => id >= 100),
            [100, 101]
          )
        }
      ),
      { numRuns: 100 }
    )
  })

  for (const by of ['file', 'gtids'] as const) {
    test(`at any events, any number of times, loses and repeats nothing (by ${by})`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 5 }),
          fc.array(fc.nat(40), { maxLength: 6 }),
          async (sizes, cuts) => {
            const { head, list } = build(sizes)
            const from = by === 'gtids' ? { gtids: new GtidSet() } : {}
            const { reader, take, text } = read(from, ['*'], true, WITH_TRANSACTIONS)
            for (let part = 0; part <= cuts.length; part++) {
              const { position, gtids } = reader.position
              const rest = list.filter(event =>
                gtids === null ? event.start >= position : !(gtids as GtidSet).has(UUID, event.gtid)
              )
              const within = gtids === null && position > 4
              await take(new LogFile().rotate(FILE, within ? position : 4))
              await take(within ? new LogFile().formatDescription(true) : head)
              await take(...rest.slice(0, cuts[part]).map(({ bytes }) => bytes))
              if (part < cuts.length) reader.restart(true)
            }
            const total = sizes.reduce((a, b) => a + b, 0)
            const lines = (await text()).split('\n').filter(line => line !== '')
            assert.deepEqual(
              lines.map(line => JSON.parse(line)).map(transactionPart),
              sizes.flatMap((size, i) => {
                const id = `${UUID}:${i + 1}`
                const rows = Array.from({ length: size }, (_, row) => `${id} ${row + 1} ${row + 1}`)
                return size === 0 ? [] : [`${id} BEGIN null`, ...rows, `${id} END ${size}`]
              })
            )
            assert.deepEqual(
              events(await text()).map(({ after }) => after?.id),
              Array.from({ length: total }, (_, i) => i)
            )
            assert.equal(reader.rows, total)
            assert.ok(reader.isBetweenTransactions)
          }
        )
      )
    })
  }
})
