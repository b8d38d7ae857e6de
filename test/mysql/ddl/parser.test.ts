import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { applyDdl } from '../../../src/lib/mysql/ddl/apply.ts'
import { Catalog } from '../../../src/lib/mysql/ddl/catalog.ts'
import type { Circumstances } from '../../../src/lib/mysql/ddl/circumstances.ts'
import { dialectOf } from '../../../src/lib/mysql/ddl/dialect.ts'
import { DdlError } from '../../../src/lib/mysql/ddl/lexer.ts'
import { type KnownTable, keyOf, type TableModel } from '../../../src/lib/mysql/ddl/model.ts'
import { parseDdl, tableOfDdl } from '../../../src/lib/mysql/ddl/parser.ts'
import { statementsFor } from '../ddl-statements.ts'

const MYSQL = dialectOf('8.0.42', 0)
const MARIADB = dialectOf('10.11.18-MariaDB', 0)

function around(seen: 'yes' | 'no' | 'perhaps' = 'no'): Circumstances {
  return { dialect: MYSQL, serverCharset: 'utf8mb4', nullableTimestamps: true, hasSeen: () => seen }
}

function follow(catalog: Catalog, sql: string, circumstances = around()): void {
  const statement = parseDdl(sql, 'd', MYSQL)
  if (statement !== null) catalog.apply(applyDdl(statement, catalog, circumstances, sql))
}

function after(...statements: string[]): Catalog {
  const catalog = new Catalog()
  for (const sql of ['CREATE DATABASE d', ...statements]) follow(catalog, sql)
  return catalog
}

function names(table: TableModel | undefined): string | undefined {
  return table === undefined || 'unknown' in table
    ? undefined
    : table.columns.map(({ name }) => name).join(' ')
}

describe('a statement that defines tables', () => {
  test('that is cut, doubled or mixed up is followed or named, and stops nothing', () => {
    const words = [...statementsFor('mysql'), ...statementsFor('mariadb')].map(sql =>
      sql.split(/(?<=[\s,()])/)
    )
    const mixed = fc
      .tuple(fc.constantFrom(...words), fc.constantFrom(...words), fc.nat(60), fc.nat(60), fc.nat(60))
      .map(([a, b, i, j, k]) => [...a.slice(0, i), ...b.slice(j, j + k), ...a.slice(i + (k % 3))].join(''))
    fc.assert(
      fc.property(mixed, fc.constantFrom(MYSQL, MARIADB), (sql, dialect) => {
        const catalog = after(
          'CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT)',
          'CREATE TABLE numbers (a INT)'
        )
        try {
          const statement = parseDdl(sql, 'every', dialect)
          if (statement !== null) catalog.apply(applyDdl(statement, catalog, { ...around(), dialect }, sql))
        } catch (error) {
          assert.ok(error instanceof DdlError, String(error))
        }
        tableOfDdl(sql, 'every', dialect)
      }),
      { numRuns: 2000 }
    )
  })

  test('is about no table, or names it, though it is not understood', () => {
    for (const sql of [
      'CREATE USER u',
      'GRANT ALL ON *.* TO u',
      'CREATE VIEW v AS SELECT 1',
      'DROP TEMPORARY TABLE t',
      'CREATE TEMPORARY TABLE t (a INT)',
      'OPTIMIZE TABLE t',
      'DROP PROCEDURE p',
      ''
    ])
      assert.equal(parseDdl(sql, 'd', MYSQL), null, sql)
    for (const sql of [
      'ALTER TABLE t FROBNICATE COLUMN a b',
      'CREATE TABLE t (a WIDGET)',
      'CREATE TABLE t SELECT 1',
      'ALTER TABLE t RENAME COLUMN a'
    ]) {
      assert.throws(() => parseDdl(sql, 'd', MYSQL), DdlError, sql)
      assert.deepEqual(tableOfDdl(sql, 'd', MYSQL), ['d', 't'])
    }
    assert.deepEqual(tableOfDdl('CREATE TABLE IF NOT EXISTS `x`.`y` SELECT 1', 'd', MYSQL), ['x', 'y'])
  })

  test('of a table that is not known leaves it so, until it is created anew', () => {
    const catalog = after('CREATE TABLE t (a INT)', 'ALTER TABLE t DROP nowhere')
    const table = catalog.table(['d', 't'])
    assert.ok(table !== undefined && 'unknown' in table)
    assert.match(table.unknown, /t has no column nowhere: ALTER TABLE t DROP nowhere/)
    follow(catalog, 'ALTER TABLE t ADD b INT')
    follow(catalog, 'CREATE TABLE u LIKE t')
    follow(catalog, 'RENAME TABLE t TO v')
    for (const name of ['u', 'v']) assert.ok('unknown' in (catalog.table(['d', name]) as TableModel), name)
    assert.equal(catalog.table(['d', 't']), undefined)
    follow(catalog, 'DROP TABLE v')
    follow(catalog, 'CREATE TABLE v (c INT)')
    assert.equal(names(catalog.table(['d', 'v'])), 'c')
  })

  test('changes nothing of tables whose definition was read after it', () => {
    const catalog = after('CREATE TABLE t (a INT, b INT)', 'CREATE TABLE gone (x INT)')
    for (const sql of [
      'ALTER TABLE t ADD b INT',
      'ALTER TABLE t CHANGE z a INT',
      'DROP TABLE t',
      'RENAME TABLE t TO gone, old TO t',
      'DROP DATABASE d',
      'CREATE TABLE IF NOT EXISTS t (q INT)'
    ]) {
      follow(catalog, sql, around('yes'))
      assert.equal(names(catalog.table(['d', 't'])), 'a b', sql)
      assert.equal(names(catalog.table(['d', 'gone'])), 'x', sql)
    }
    follow(catalog, 'CREATE TABLE t (q INT)', around('yes'))
    assert.equal(names(catalog.table(['d', 't'])), 'q')
  })

  test('changes a table that was read about then, unless it cannot be changed so', () => {
    const catalog = after('CREATE TABLE t (a INT, b INT)')
    follow(catalog, 'ALTER TABLE t ADD b INT', around('perhaps'))
    follow(catalog, 'ALTER TABLE t CHANGE z a INT', around('perhaps'))
    assert.equal(names(catalog.table(['d', 't'])), 'a b')
    follow(catalog, 'ALTER TABLE t ADD c INT', around('perhaps'))
    assert.equal(names(catalog.table(['d', 't'])), 'a b c')
  })

  test('says by which columns rows are told apart: the primary key, else the first unique one without NULL', () => {
    const key = (...statements: string[]): string => {
      const table = after(...statements).table(['d', 't']) as KnownTable
      return keyOf(table)
        .map(i => table.columns[i]?.name)
        .join(' ')
    }
    assert.equal(key('CREATE TABLE t (a INT, b INT, PRIMARY KEY (b, A))'), 'b a')
    assert.equal(key('CREATE TABLE t (a INT UNIQUE, b INT NOT NULL UNIQUE, c INT NOT NULL UNIQUE)'), 'b')
    assert.equal(key('CREATE TABLE t (a VARCHAR(9) NOT NULL, UNIQUE (a(3)))'), '')
    assert.equal(
      key(
        'CREATE TABLE t (a INT NOT NULL)',
        'CREATE UNIQUE INDEX k ON t (a)',
        'ALTER TABLE t CHANGE a z INT NOT NULL'
      ),
      'z'
    )
    assert.equal(key('CREATE TABLE t (a INT NOT NULL UNIQUE)', 'ALTER TABLE t MODIFY a INT'), '')
    assert.equal(key('CREATE TABLE t (a INT NOT NULL UNIQUE)', 'ALTER TABLE t DROP INDEX a'), '')
  })
})
