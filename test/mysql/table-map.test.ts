import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ColumnType } from '../../src/lib/mysql/column.ts'
import { readTableMap } from '../../src/lib/mysql/table-map.ts'
import { asEvent, bits, int, LogFile, lenenc, type MapFields, names, primaryKey } from './binlog.ts'

const { LONG, VARCHAR, STRING, ENUM, SET, NEWDECIMAL, DATETIME2, BLOB, BIT, DATE } = ColumnType

function read(map: MapFields): ReturnType<typeof readTableMap> {
  return readTableMap(asEvent(new LogFile().tableMap(map)))
}

describe('a table map', () => {
  test('names its table, also beyond ASCII, and a table id of six bytes', () => {
    const map = read({ tableId: 0xabcdef012345, table: 'größe', types: [] })
    assert.deepEqual([map.tableId, map.database, map.table], [0xabcdef012345, 'db', 'größe'])
  })

  test('gives each type its metadata', () => {
    const map = read({
      tableId: 1,
      table: 't',
      types: [LONG, VARCHAR, NEWDECIMAL, DATETIME2, BLOB, BIT, DATE],
      metas: Buffer.from([0x2c, 0x01, 10, 2, 3, 2, 1, 7])
    })
    assert.deepEqual(map.metas, [0, 300, (10 << 8) | 2, 3, 2, 0x701, 0])
  })

  test('tells ENUM, SET and long CHAR from the type that they share', () => {
    const map = read({
      tableId: 1,
      table: 't',
      types: [STRING, STRING, STRING, STRING],
      // CHAR(200) of utf8mb4 has 800 bytes: 0x320, whose upper bits stand inverted in the type.
      metas: Buffer.from([ENUM, 2, SET, 8, STRING, 40, STRING ^ (3 << 4), 0x20])
    })
    assert.deepEqual(map.types, [ENUM, SET, STRING, STRING])
    assert.deepEqual(map.metas, [2, 8, 40, 800])
  })

  test('reads signedness of the numeric columns, first in the highest bit', () => {
    const map = read({
      tableId: 1,
      table: 't',
      types: [LONG, DATE, LONG, LONG],
      optional: [[1, int(0b1010_0000, 1)]]
    })
    assert.deepEqual(map.optional.unsigned, [true, false, false, true])
  })

  test('reads collations as a default with exceptions, and one by one', () => {
    const types = [VARCHAR, LONG, VARCHAR, BLOB]
    const metas = Buffer.from([10, 0, 10, 0, 2])
    const byDefault = Buffer.concat([lenenc(255), lenenc(2), lenenc(63)])
    assert.deepEqual(
      read({ tableId: 1, table: 't', types, metas, optional: [[2, byDefault]] }).optional.collations,
      [255, 0, 255, 63]
    )
    const oneByOne = Buffer.concat([lenenc(8), lenenc(309), lenenc(63)])
    assert.deepEqual(
      read({ tableId: 1, table: 't', types, metas, optional: [[3, oneByOne]] }).optional.collations,
      [8, 0, 309, 63]
    )
  })

  test('reads names, keys with and without prefixes, and labels as they are', () => {
    const labels = Buffer.concat([lenenc(2), lenenc(1), Buffer.from([0xe9]), lenenc(3), Buffer.from('b,c')])
    const { optional } = read({
      tableId: 1,
      table: 't',
      types: [LONG, STRING],
      metas: Buffer.from([ENUM, 1]),
      optional: [names('id', 'größe'), primaryKey(1, 0), [6, labels], [99, Buffer.from('unknown')]]
    })
    assert.deepEqual(optional.names, ['id', 'größe'])
    assert.deepEqual(optional.primaryKey, [1, 0])
    assert.deepEqual(optional.labels, [null, [Buffer.from([0xe9]), Buffer.from('b,c')]])
    const prefixed = read({
      tableId: 1,
      table: 't',
      types: [LONG, LONG],
      optional: [[9, Buffer.from([1, 10, 0, 0])]]
    })
    assert.deepEqual(prefixed.optional.primaryKey, [1, 0])
  })

  test('of a thousand columns is read', () => {
    const types = Array.from({ length: 1000 }, () => LONG)
    const columns = types.map((_, i) => `c${i}`)
    const map = read({
      tableId: 1,
      table: 't',
      types,
      optional: [[1, bits(types.map(() => true))], names(...columns)]
    })
    assert.equal(map.types.length, 1000)
    assert.deepEqual(map.optional.names, columns)
    assert.ok(map.optional.unsigned?.every(Boolean))
  })

  test('with metadata that does not fit its types is refused', () => {
    const map = (types: number[], metas: Buffer): void => void read({ tableId: 1, table: 't', types, metas })
    assert.throws(() => map([LONG], Buffer.from([1])), { code: 'INPUT', message: /db\.t/ })
  })
})
