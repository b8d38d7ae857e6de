import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Column, ColumnType } from '../../src/lib/mysql/column.ts'
import { type ColumnFlags, ColumnRules } from '../../src/lib/mysql/column-rules.ts'
import { maskValue, parseMask } from '../../src/lib/mysql/mask.ts'
import { compileRowDecoder } from '../../src/lib/mysql/row-decoder.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { bits, int } from './binlog.ts'

function rules(flags: Partial<ColumnFlags>, database = 'dream'): ColumnRules {
  return new ColumnRules({ columns: [], excludeColumns: [], masks: [], salt: '', ...flags }, database)
}

/** Name and treatment of what stays: 'id', 'email:masked'. */
function kept(
  by: ColumnRules,
  database: string,
  table: string,
  names: readonly string[],
  key = [0]
): string[] {
  const treatments = by.treatments(
    database,
    table,
    names.map(name => ({ name })),
    key
  )
  return names.flatMap((name, i) =>
    treatments[i] === 'drop' ? [] : [treatments[i] === undefined ? name : `${name}:masked`]
  )
}

const NAMES = ['id', 'email', 'phone', 'Amount']

describe('rules for columns', () => {
  test('a column without a table is one of any table, a table without a database in the URL’s', () => {
    assert.deepEqual(kept(rules({ excludeColumns: ['email'] }), 'x', 'y', NAMES), ['id', 'phone', 'Amount'])
    const ofTable = rules({ excludeColumns: ['users.email'] })
    assert.deepEqual(kept(ofTable, 'dream', 'users', NAMES), ['id', 'phone', 'Amount'])
    assert.deepEqual(kept(ofTable, 'other', 'users', NAMES), NAMES)
    assert.deepEqual(kept(ofTable, 'dream', 'user', NAMES), NAMES)
    assert.deepEqual(kept(rules({ excludeColumns: ['users.email'] }, ''), 'other', 'users', NAMES), [
      'id',
      'phone',
      'Amount'
    ])
    assert.deepEqual(kept(rules({ excludeColumns: ['o*.u*.*e*'] }), 'other', 'users', NAMES), [
      'id',
      'Amount'
    ])
  })

  test('--columns says what stays in the tables it names, and nothing of the others', () => {
    const only = rules({ columns: ['users.amount', 'users.ph*'] })
    assert.deepEqual(kept(only, 'dream', 'users', NAMES), ['id', 'phone', 'Amount'])
    assert.deepEqual(kept(only, 'dream', 'payments', NAMES), NAMES)
  })

  test('the primary key stays, and can be masked', () => {
    assert.deepEqual(kept(rules({ excludeColumns: ['*'] }), 'dream', 't', NAMES, [0, 2]), ['id', 'phone'])
    assert.deepEqual(kept(rules({ masks: ['t.id=hash'] }), 'dream', 't', ['id']), ['id:masked'])
  })

  test('what is none is refused', () => {
    for (const text of ['', 'a.', 'a.b.c.d', '.x'])
      assert.throws(() => rules({ columns: [text] }), { code: 'USAGE', message: /not a column/ })
    assert.throws(() => rules({ masks: ['users.email'] }), { code: 'USAGE', message: /how\?/ })
    assert.throws(() => rules({ masks: ['users.email=md5'] }), {
      code: 'USAGE',
      message: /'md5' is not hash, redact or truncate:N/
    })
  })
})

describe('a mask', () => {
  const mask = (json: string, text: string, salt = ''): string => {
    const w = new ByteWriter(8)
    w.text('{"a":')
    const start = w.length
    w.text(json)
    maskValue(w, start, parseMask(text, salt))
    return w.written().toString().slice(5)
  }

  test('of the text of a value, whatever its type', () => {
    const sha256 = (text: string): string => JSON.stringify(createHash('sha256').update(text).digest('hex'))
    assert.equal(mask('"ä\\"\\n"', 'hash'), sha256('ä"\n'))
    assert.equal(mask('"ä"', 'hash', 'pepper'), sha256('pepperä'))
    assert.equal(mask('-12.5', 'hash'), sha256('-12.5'))
    assert.equal(mask('"x"', 'redact'), '"***"')
    assert.equal(mask('12345', 'truncate:2'), '"12"')
    assert.equal(mask('"x"', 'truncate:0'), '""')
  })

  test('truncate:N leaves the first N characters, none in halves', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(30), (text, n) => {
        assert.equal(
          mask(JSON.stringify(text), `truncate:${n}`),
          JSON.stringify([...text].slice(0, n).join(''))
        )
      })
    )
  })
})

test('a decoder with rules writes what one without them does, without the columns that are dropped', () => {
  const column = (type: number, more: Partial<Column> = {}): Column => ({
    name: '',
    type,
    meta: 0,
    unsigned: false,
    charset: null,
    labels: null,
    ...more
  })
  const cell = fc.oneof(
    fc.integer({ min: -5, max: 5 }).map(n => ({ column: column(ColumnType.LONG), bytes: int(n, 4) })),
    fc.integer({ min: 0, max: 3000 }).map(n => ({
      column: column(ColumnType.VARCHAR, { meta: 9000, charset: 'utf8mb4' }),
      bytes: Buffer.concat([int(n, 2), Buffer.alloc(n, 'x"')])
    })),
    fc.constant({
      column: column(ColumnType.ENUM, { meta: 1, charset: 'utf8mb4', labels: ['a', 'b'] }),
      bytes: int(2, 1)
    }),
    fc.constant({
      column: column(ColumnType.JSON, { meta: 4 }),
      bytes: Buffer.concat([int(2, 4), Buffer.from([4, 1])])
    })
  )
  const treatment = fc.constantFrom(undefined, 'drop' as const, 'redact', 'hash', 'truncate:3')
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, fc.boolean(), treatment), { maxLength: 20 }), cells => {
      const columns = cells.map(([{ column }], i) => ({ ...column, name: `c${i}` }))
      const row = Buffer.concat([
        bits(cells.map(([, isNull]) => isNull)),
        ...cells.map(([{ bytes }, isNull]) => (isNull ? Buffer.alloc(0) : bytes))
      ])
      const decode = (treated: readonly Column[]): Record<string, unknown> => {
        const { decode } = compileRowDecoder({ database: 'd', name: 't', columns: treated, key: [] })
        const w = new ByteWriter(16)
        assert.equal(decode(row, 0, w), row.length)
        return JSON.parse(w.written().toString()) as Record<string, unknown>
      }
      const masks = cells.map(([, , how]) =>
        how === undefined || how === 'drop' ? how : parseMask(how, 's')
      )
      const expected = Object.entries(decode(columns)).flatMap(([name, value], i) => {
        const how = masks[i]
        if (how === 'drop') return []
        const text = typeof value === 'string' ? value : JSON.stringify(value)
        return [[name, how === undefined || value === null ? value : how.apply(text)]]
      })
      const found = decode(columns.map((each, i) => ({ ...each, treatment: masks[i] })))
      assert.deepEqual(Object.entries(found), expected)
    }),
    { numRuns: 300 }
  )
})
