import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Column, ColumnType, type Table } from '../../src/lib/mysql/column.ts'
import { parseMask } from '../../src/lib/mysql/mask.ts'
import { compileRowDecoder } from '../../src/lib/mysql/row-decoder.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { bits, int } from './binlog.ts'

const { LONG, LONGLONG, VARCHAR, BLOB, ENUM, SET, STRING, JSON: JSON_TYPE, YEAR, DOUBLE } = ColumnType

function column(name: string, type: number, more: Partial<Column> = {}): Column {
  return { name, type, meta: 0, unsigned: false, charset: null, labels: null, ...more }
}

function table(columns: Column[], key: number[] = []): Table {
  return { database: 'db', name: 't', columns, key }
}

/** A row image: null bits of the columns that are there, then the values of those that are not null. */
function image(values: readonly (Buffer | null)[]): Buffer {
  return Buffer.concat([bits(values.map(value => value === null)), ...values.filter(value => value !== null)])
}

/** Decodes an image that lies somewhere in a buffer. */
function decode(t: Table, row: Buffer, present?: readonly boolean[]): { text: string; keySpans: number[] } {
  const decoder = compileRowDecoder(t, present)
  const buffer = Buffer.concat([Buffer.alloc(3, 0xaa), row, Buffer.alloc(3, 0xaa)])
  const w = new ByteWriter(16)
  assert.equal(decoder.decode(buffer, 3, w), 3 + row.length)
  return { text: w.written().toString(), keySpans: [...decoder.keySpans] }
}

const varchar = (name: string, meta: number, charset = 'utf8mb4'): Column =>
  column(name, VARCHAR, { meta, charset })
const short = (text: string | Buffer): Buffer =>
  Buffer.concat([int(Buffer.byteLength(text), 1), Buffer.from(text)])
const long = (text: string, lengthBytes: number): Buffer =>
  Buffer.concat([int(Buffer.byteLength(text), lengthBytes), Buffer.from(text)])

describe('a decoder of rows', () => {
  test('writes values under their names, null for NULL', () => {
    const t = table([
      column('id', LONG),
      column('größe "x"', LONGLONG, { unsigned: true }),
      varchar('v', 20),
      column('y', YEAR)
    ])
    assert.equal(
      decode(t, image([int(-5, 4), int(2n ** 63n, 8), short('é"'), Buffer.from([126])])).text,
      '{"id":-5,"größe \\"x\\"":"9223372036854775808","v":"é\\"","y":2026}'
    )
    assert.equal(
      decode(t, image([int(1, 4), null, null, null])).text,
      '{"id":1,"größe \\"x\\"":null,"v":null,"y":null}'
    )
  })

  test('of a table without columns writes an empty object', () => {
    assert.equal(decode(table([]), image([])).text, '{}')
    assert.equal(decode(table([column('id', LONG)]), image([]), [false]).text, '{}')
  })

  test('of any columns, NULLs and long texts gives what the row holds', () => {
    const cell = fc.oneof(
      fc
        .integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
        .map(n => ({ column: column('n', LONG), bytes: int(n, 4), value: n as unknown })),
      fc
        .string({ unit: 'grapheme', maxLength: 20 })
        .map(s => ({ column: varchar('s', 255), bytes: short(s), value: s as unknown })),
      fc.integer({ min: 0, max: 3000 }).map(n => ({
        column: varchar('l', 40_000),
        bytes: long('é"'.repeat(n), 2),
        value: 'é"'.repeat(n) as unknown
      })),
      fc.integer({ min: 0, max: 100_000 }).map(n => ({
        column: column('b', BLOB, { meta: 4, charset: 'utf8mb4' }),
        bytes: long('\n'.repeat(n), 4),
        value: '\n'.repeat(n) as unknown
      })),
      fc.uint8Array({ maxLength: 300 }).map(b => ({
        column: column('x', BLOB, { meta: 2, charset: 'binary' }),
        bytes: Buffer.concat([int(b.length, 2), b]),
        value: Buffer.from(b).toString('base64') as unknown
      }))
    )
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, fc.constantFrom('value', 'null', 'absent')), { maxLength: 90, size: 'max' }),
        cells => {
          const columns = cells.map(([{ column }], i) => ({ ...column, name: `c${i}` }))
          const there = cells.filter(([, kind]) => kind !== 'absent')
          const row = image(there.map(([{ bytes }, kind]) => (kind === 'null' ? null : bytes)))
          const expected = Object.fromEntries(
            cells.flatMap(([{ value }, kind], i) =>
              kind === 'absent' ? [] : [[`c${i}`, kind === 'null' ? null : value]]
            )
          )
          const { text } = decode(
            table(columns),
            row,
            cells.map(([, kind]) => kind !== 'absent')
          )
          assert.equal(text, JSON.stringify(expected))
        }
      ),
      { numRuns: 80 }
    )
  })

  test('of many columns reads the images of partial updates, too', () => {
    const numbers = Array.from({ length: 70 }, (_, i) => column(`c${i}`, LONG))
    const t = table([...numbers, column('j', JSON_TYPE, { meta: 4 })])
    const documents = new Int32Array(2).fill(-1)
    const { decode } = compileRowDecoder(t, undefined, { image: 'after', documents })
    const whole = Buffer.from([1, 5, 7, 0]).subarray(1)
    const row = Buffer.concat([
      Buffer.from([0]),
      image([...numbers.map((_, i) => int(i, 4)), Buffer.concat([int(3, 4), whole])])
    ])
    const w = new ByteWriter(16)
    assert.equal(decode(row, 0, w), row.length)
    const expected = Object.fromEntries([...numbers.map(({ name }, i) => [name, i]), ['j', 7]])
    assert.deepEqual(JSON.parse(w.written().toString()), expected)
  })

  test('of many columns leaves some out, masks others, and knows where the key lies', () => {
    const columns = Array.from({ length: 100 }, (_, i) => {
      if (i % 10 === 3) return column(`c${i}`, LONG, { treatment: 'drop' })
      return column(`c${i}`, LONG, i % 10 === 4 ? { treatment: parseMask('redact', '') } : {})
    })
    const values = columns.map((_, i) => (i % 7 === 0 ? null : int(i, 4)))
    const { text, keySpans } = decode(table(columns, [98, 1]), image(values))
    const expected = columns.flatMap(({ name }, i) => {
      if (i % 10 === 3) return []
      return [[name, i % 7 === 0 ? null : i % 10 === 4 ? '***' : i]]
    })
    assert.deepEqual(JSON.parse(text), Object.fromEntries(expected))
    const first = 3 + Math.ceil(columns.length / 8)
    assert.deepEqual(keySpans.slice(2), [first, first + 4])
    assert.equal(keySpans[1], keySpans[0])
  })

  test('of 1,000 columns is made and reads', () => {
    const columns = Array.from({ length: 1000 }, (_, i) =>
      i % 3 === 0
        ? varchar(`text_of_column_${i}`, 100)
        : column(`number_of_column_${i}`, i % 2 ? LONG : DOUBLE)
    )
    const values = columns.map((c, i) => {
      if (i % 7 === 0) return null
      if (c.type === VARCHAR) return short(`value ${i}`)
      if (c.type === LONG) return int(i, 4)
      const bytes = Buffer.alloc(8)
      bytes.writeDoubleLE(i / 8)
      return bytes
    })
    const expected = Object.fromEntries(
      columns.map((c, i) => [
        c.name,
        values[i] === null ? null : c.type === VARCHAR ? `value ${i}` : c.type === LONG ? i : i / 8
      ])
    )
    const { text } = decode(table(columns, [1]), image(values))
    assert.deepEqual(JSON.parse(text), expected)
    assert.deepEqual(Object.keys(JSON.parse(text)), Object.keys(expected))
  })

  test('leaves out columns that the image lacks, which are not NULL', () => {
    const t = table([column('a', LONG), column('b', LONG), column('c', LONG)])
    assert.equal(decode(t, image([int(1, 4), null]), [true, false, true]).text, '{"a":1,"c":null}')
  })

  test('tells where the key’s values lie, in the key’s order', () => {
    const t = table([varchar('a', 20), column('n', LONG), column('b', LONG)], [2, 0])
    const row = image([short('xyz'), null, int(7, 4)])
    assert.deepEqual(decode(t, row).keySpans, [3 + 5, 3 + 9, 3 + 1, 3 + 5])
    assert.deepEqual(decode(t, image([int(7, 4)]), [false, false, true]).keySpans, [4, 8, -1, -1])
  })

  test('knows labels, and says when there is none', () => {
    const e = column('e', ENUM, { meta: 1, charset: 'utf8mb4', labels: ['a', 'b,"c"'] })
    const s = column('s', SET, {
      meta: 2,
      charset: 'utf8mb4',
      labels: Array.from({ length: 10 }, (_, i) => `l${i}`)
    })
    assert.equal(
      decode(table([e, s]), image([int(2, 1), int(0b10_0000_0101, 2)])).text,
      '{"e":"b,\\"c\\"","s":"l0,l2,l9"}'
    )
    assert.equal(decode(table([e, s]), image([int(0, 1), int(0, 2)])).text, '{"e":"","s":""}')
    assert.throws(() => decode(table([e]), image([int(3, 1)])), {
      code: 'DATA',
      message: /column e: ENUM value 3 has no label/
    })
    assert.throws(() => decode(table([s]), image([int(1 << 12, 2)])), {
      code: 'DATA',
      message: /column s: SET value 13 has no label/
    })
    const wide = column('w', ENUM, {
      meta: 2,
      charset: 'utf8mb4',
      labels: Array.from({ length: 300 }, (_, i) => `l${i}`)
    })
    assert.equal(decode(table([wide]), image([int(300, 2)])).text, '{"w":"l299"}')
  })

  test('gives BINARY(n) its zeros back, and CHAR none', () => {
    const binary = column('b', STRING, { meta: 6, charset: 'binary' })
    assert.equal(
      decode(table([binary]), image([short(Buffer.from([1, 2]))])).text,
      `{"b":"${Buffer.from([1, 2, 0, 0, 0, 0]).toString('base64')}"}`
    )
    const char = column('c', STRING, { meta: 40, charset: 'utf8mb4' })
    assert.equal(decode(table([char]), image([short('ab')])).text, '{"c":"ab"}')
    const wide = column('c', STRING, { meta: 800, charset: 'utf8mb4' })
    assert.equal(decode(table([wide]), image([long('é'.repeat(200), 2)])).text, `{"c":"${'é'.repeat(200)}"}`)
  })

  test('of a type that is not known fails when such a value comes, naming the column', () => {
    const t = table([column('id', LONG), column('g', 240)])
    assert.equal(decode(t, image([int(1, 4), null])).text, '{"id":1,"g":null}')
    assert.throws(() => decode(t, image([int(1, 4), Buffer.alloc(4)])), {
      code: 'DATA',
      message: /db\.t\.g: type 240/
    })
  })

  test('names that look like code are only names', () => {
    const name = '"]+process.exit(9)+["`${process.exit(9)}`\u2028*/BOUND'
    const t = { ...table([column(name, LONG), column('j', JSON_TYPE, { meta: 4 })]), database: name, name }
    const row = image([int(1, 4), Buffer.concat([int(2, 4), Buffer.from([4, 1])])])
    assert.equal(decode(t, row).text, `{${JSON.stringify(name)}:1,"j":true}`)
  })
})
