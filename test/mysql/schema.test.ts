import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { ColumnType } from '../../src/lib/mysql/column.ts'
import {
  type ColumnSchema,
  describesItself,
  parseLabels,
  resolveTable,
  sqlName,
  sqlString,
  type TableSchema
} from '../../src/lib/mysql/schema.ts'
import type { OptionalMetadata, TableMap } from '../../src/lib/mysql/table-map.ts'

const { LONG, VARCHAR, ENUM, LONGLONG } = ColumnType

function tableMap(types: number[], optional: OptionalMetadata = {}): TableMap {
  return {
    tableId: 1,
    database: 'db',
    table: 't',
    types,
    metas: types.map(() => 10),
    nullable: types.map(() => true),
    optional
  }
}

function column(name: string, columnType: string, more: Partial<ColumnSchema> = {}): ColumnSchema {
  const dataType = /^\w+/.exec(columnType)?.[0] as string
  return {
    name,
    dataType,
    columnType,
    charset: null,
    labels: null,
    generated: false,
    fraction: 0,
    nullable: true,
    ...more
  }
}

function schema(...columns: ColumnSchema[]): TableSchema {
  return { database: 'db', name: 't', columns, key: [0] }
}

const charsetOf = (collation: number): string =>
  ({ 255: 'utf8mb4', 8: 'latin1', 63: 'binary' })[collation] ?? 'unknown'

test('labels are read from a column’s type, whatever they hold', () => {
  assert.deepEqual(parseLabels("enum('a','b,c','it''s','','é')"), ['a', 'b,c', "it's", '', 'é'])
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom("'", ',', '\\', '(', 'a', 'é') }), { minLength: 1 }),
      labels => {
        const type = `set(${labels.map(label => `'${label.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`).join(',')})`
        assert.deepEqual(parseLabels(type), labels)
      }
    )
  )
})

test('names and strings are quoted for SQL', () => {
  assert.equal(sqlName('my db', 'a`b'), '`my db`.`a``b`')
  assert.equal(sqlString("it's a \\"), "'it\\'s a \\\\'")
})

describe('the columns of a table map', () => {
  test('come from the log alone where it describes itself, whatever the table is today', () => {
    const map = tableMap([LONGLONG, VARCHAR], {
      names: ['id', 'name'],
      unsigned: [true, false],
      collations: [0, 8],
      primaryKey: [0]
    })
    assert.ok(describesItself(map))
    const table = resolveTable(map, schema(column('other', 'int')), charsetOf)
    assert.deepEqual(
      table.columns.map(({ name, unsigned, charset }) => [name, unsigned, charset]),
      [
        ['id', true, null],
        ['name', false, 'latin1']
      ]
    )
    assert.deepEqual(table.key, [0])
  })

  test('need no collations where no column has one', () => {
    const map = tableMap([LONG, LONG], { names: ['a', 'b'] })
    assert.ok(describesItself(map))
    assert.deepEqual(
      resolveTable(map, null, charsetOf).columns.map(({ name }) => name),
      ['a', 'b']
    )
    assert.ok(!describesItself(tableMap([LONG, VARCHAR], { names: ['a', 'b'] })))
    assert.ok(!describesItself(tableMap([LONG])))
  })

  test('have labels in the character set of their column', () => {
    const map = tableMap([ENUM], {
      names: ['e'],
      collations: [8],
      labels: [[Buffer.from([0xe9]), Buffer.from('b')]]
    })
    assert.deepEqual(resolveTable(map, null, charsetOf).columns[0]?.labels, ['é', 'b'])
    const utf8 = tableMap([ENUM], { names: ['e'], collations: [255], labels: [[Buffer.from('é')]] })
    assert.deepEqual(resolveTable(utf8, null, charsetOf).columns[0]?.labels, ['é'])
  })

  test('come from today’s table where the log says nothing (5.7)', () => {
    const today = schema(
      column('id', 'int(10) unsigned'),
      column('e', "enum('a','b')", { labels: ['a', 'b'], charset: 'utf8mb4' }),
      column('s', 'varchar(10)', { charset: 'latin1' })
    )
    const table = resolveTable(tableMap([LONG, ENUM, VARCHAR]), today, charsetOf)
    assert.deepEqual(
      table.columns.map(({ name, unsigned, charset, labels }) => [name, unsigned, charset, labels]),
      [
        ['id', true, null, null],
        ['e', false, 'utf8mb4', ['a', 'b']],
        ['s', false, 'latin1', null]
      ]
    )
    assert.deepEqual(table.key, [0])
  })

  test('are refused, saying what to do, where today’s table is another one', () => {
    const cases: [TableMap, TableSchema | null, RegExp][] = [
      [tableMap([LONG]), null, /db\.t is in the log but not in the database/],
      [tableMap([LONG]), schema(column('id', 'int'), column('n', 'int')), /had 1 columns .* has 2 now/],
      [
        tableMap([LONG, VARCHAR]),
        schema(column('id', 'int'), column('n', 'int')),
        /db\.t\.n was varchar .* is int now/
      ]
    ]
    for (const [map, today, message] of cases) {
      assert.throws(
        () => resolveTable(map, today, charsetOf),
        (error: Error & { code?: string; hint?: string }) => {
          assert.equal(error.code, 'DATA')
          assert.match(error.message, message)
          assert.match(error.hint ?? '', /binlog_row_metadata=FULL/)
          return true
        }
      )
    }
  })
})

test('a geometry column is known to hold points only, from the log or else from the table', () => {
  const types = [LONG, ColumnType.GEOMETRY, ColumnType.GEOMETRY]
  const told = tableMap(types, {
    names: ['id', 'any', 'point'],
    collations: [0, 0, 0],
    geometryTypes: [0, 1]
  })
  const isPoint = (map: TableMap, now: TableSchema | null): (boolean | undefined)[] =>
    resolveTable(map, now, charsetOf).columns.map(column => column.isPoint)
  assert.deepEqual(isPoint(told, null), [false, false, true])
  const now = schema(column('id', 'int'), column('any', 'geometry'), column('point', 'point'))
  assert.deepEqual(isPoint(tableMap(types), now), [false, false, true])
})
