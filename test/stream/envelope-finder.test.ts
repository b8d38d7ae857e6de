import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { EnvelopeFinder } from '../../src/lib/stream/envelope-finder.ts'
import { FieldFinder } from '../../src/lib/stream/fields.ts'

const PATHS = [
  'op',
  'before',
  'after',
  'ts_ms',
  'source',
  'source.file',
  'source.pos',
  'source.row',
  'source.gtid',
  'source.table',
  'source.none',
  'after.id',
  'after.v',
  'after.deep.x',
  'before.id',
  'id',
  'transaction.id'
]

const number = fc.oneof(fc.nat(20), fc.nat(), fc.constantFrom(-5, 1.5, 1e21, 0.1))
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '},"op":"c","ts_ms":5}',
    '{"before":null,"after":',
    '\\',
    '"',
    ',"source":{"a":1}',
    '\u0000'
  )
)
const row = fc.oneof(
  fc.constant(null),
  fc.record(
    {
      id: fc.oneof(number, text),
      v: fc.oneof(text, fc.constant(null)),
      deep: fc.oneof(fc.record({ x: number }), text)
    },
    { requiredKeys: [] }
  ),
  fc.dictionary(text, text, { maxKeys: 3 })
)
const gtid = fc.oneof(
  fc.constant(null),
  fc.nat(30).map(n => `3e11fa47-71ca-11e1-9e33-c80aa9429562:${n}`),
  fc.nat(30).map(n => `0-1-${n}`)
)
const source = fc.record({
  version: fc.constantFrom('0.1.0', '3.3.0.Final'),
  ts_ms: fc.nat(),
  table: fc.constantFrom('a', 'b', 'orders-12', 'x":1,"y'),
  gtid,
  file: fc.constantFrom('binlog.000003', 'binlog.000004', 'mysql-bin-7'),
  pos: fc.nat(),
  row: number
})
const envelope = fc.record({
  before: row,
  after: row,
  source,
  op: fc.constantFrom('c', 'u', 'd', 'r', 't'),
  ts_ms: fc.nat()
})
/** As Debezium writes them: other members behind the row. */
const debezium = fc.record({
  before: row,
  after: row,
  source,
  transaction: fc.oneof(fc.constant(null), fc.record({ id: text, total_order: fc.nat(9) })),
  op: fc.constantFrom('c', 'u'),
  ts_ms: fc.nat(),
  ts_ns: fc.nat()
})
const line = fc.oneof(
  { weight: 8, arbitrary: envelope.map(value => JSON.stringify(value)) },
  { weight: 4, arbitrary: debezium.map(value => JSON.stringify(value)) },
  { weight: 1, arbitrary: envelope.map(value => JSON.stringify(value, null, 1).replaceAll('\n', ' ')) },
  { weight: 1, arbitrary: fc.record({ id: number, after: row }).map(value => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.tuple(text, envelope).map(([extra, value]) => JSON.stringify({ extra, ...value }))
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '{', 'null', '{"before":null,"after":null}', '{"before":{},"after":{}}')
  }
)

/** All values that a finder has found, by path. */
function found(finder: { spans: Int32Array }, block: Buffer): Record<string, string> {
  const values = PATHS.flatMap((path, i) => {
    const start = finder.spans[2 * i] as number
    return start < 0 ? [] : [[path, block.toString('utf8', start, finder.spans[2 * i + 1])]]
  })
  return Object.fromEntries(values)
}

describe('a finder that remembers how lines end', () => {
  test('finds in any lines what one that walks through each finds', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), fc.nat(5), (lines, lead) => {
        const remembering = new EnvelopeFinder(PATHS)
        const walking = new FieldFinder(PATHS)
        const block = Buffer.from(`${' '.repeat(lead)}${lines.join('\n')}\n`)
        let start = lead
        for (const text of lines) {
          const end = start + Buffer.byteLength(text)
          const isFound = walking.find(block, start, end)
          assert.equal(remembering.find(block, start, end), isFound, text)
          if (isFound) assert.deepEqual(found(remembering, block), found(walking, block), text)
          start = end + 1
        }
      }),
      { numRuns: 500 }
    )
  })

  test('finds the same in lines that are like the one before but for their values, and in the first that is not', () => {
    const value = fc.oneof(number, text, fc.constant(null))
    const like = (row: object | null, values: readonly unknown[]): object | null =>
      row && Object.fromEntries(Object.keys(row).map((key, i) => [key, values[i % values.length]]))
    const run = fc
      .tuple(fc.oneof(envelope, debezium), fc.array(fc.tuple(fc.array(value, { minLength: 1 }), fc.nat())))
      .map(([first, others]) => [
        first,
        ...others.map(([values, n]) => ({
          ...first,
          before: like(first.before, values),
          after: like(first.after, values.toReversed()),
          source: { ...first.source, ts_ms: n, pos: n },
          ts_ms: n
        }))
      ])
    let repeats = 0
    fc.assert(
      fc.property(fc.array(run, { maxLength: 6 }), runs => {
        const remembering = new EnvelopeFinder(PATHS)
        const walking = new FieldFinder(PATHS)
        const lines = runs.flat().map(event => JSON.stringify(event))
        const block = Buffer.from(`${lines.join('\n')}\n`)
        let start = 0
        let last: { found: Record<string, string>; tail: unknown } | undefined
        for (const text of lines) {
          const end = start + Buffer.byteLength(text)
          walking.find(block, start, end)
          assert.equal(remembering.find(block, start, end), true, text)
          const values = found(remembering, block)
          assert.deepEqual(values, found(walking, block), text)
          const { tail, isRepeat } = remembering
          if (isRepeat) {
            repeats++
            assert.equal(tail, last?.tail)
            const members = (all: object): string[] =>
              Object.keys(all).filter(path => path !== 'after.deep.x')
            assert.deepEqual(members(values), members(last?.found ?? {}))
          }
          last = { found: values, tail }
          start = end + 1
        }
      }),
      { numRuns: 500 }
    )
    assert.ok(repeats > 500, `${repeats} lines were known to be like the one before`)
  })

  test('knows lines of the same table and operation again, whatever their places and times', () => {
    const finder = new EnvelopeFinder(PATHS)
    const write = (n: number, table: string, op: string): Buffer =>
      Buffer.from(
        `{"before":null,"after":{"id":${n},"v":"x"},"source":{"ts_ms":${n * 7},"table":"${table}","gtid":"3e11-ab:${n}","file":"binlog.000001","pos":${n * 100},"row":${n % 3}},"op":"${op}","ts_ms":${n}}`
      )
    const isKnown = (n: number, table: string, op: string): boolean => {
      const bytes = write(n, table, op)
      assert.ok(finder.find(bytes, 0, bytes.length))
      assert.equal(found(finder, bytes)['source.table'], `"${table}"`)
      assert.equal(found(finder, bytes)['source.gtid'], `"3e11-ab:${n}"`)
      return finder.tail !== null
    }
    assert.equal(isKnown(1, 'a', 'c'), false)
    assert.equal(isKnown(20, 'b', 'c'), false)
    for (let n = 1; n < 1e9; n *= 3) assert.ok(isKnown(n, n % 2 === 0 ? 'a' : 'b', 'c'))
    assert.equal(isKnown(7, 'a', 'r'), false)
    assert.equal(finder.find(Buffer.from('{"id":1}'), 0, 8), true)
    assert.ok(isKnown(8, 'a', 'r') && isKnown(9, 'a', 'c'))
    assert.ok(finder.tail?.isConstant(PATHS.indexOf('source.file')))
    assert.ok(!finder.tail?.isConstant(PATHS.indexOf('source.gtid')))
    assert.ok(!finder.tail?.isConstant(PATHS.indexOf('source.pos')))
  })

  test('does not take an object in the row before for the row after that lines before had in its place', () => {
    const finder = new EnvelopeFinder(PATHS)
    const find = (images: string, first = 'before'): Record<string, string> => {
      const line = Buffer.from(`{"${first}":${images},"source":{"table":"a"},"op":"c","ts_ms":1}`)
      assert.ok(finder.find(line, 0, line.length))
      return found(finder, line)
    }
    const row = '{"id":1,"v":2}'
    for (let i = 0; i < 4; i++) assert.equal(find(`null,"after":${row}`).after, row)
    assert.ok(finder.isRepeat)
    assert.equal(find(`{"abcdefghi":${row}},"after":null`).after, 'null')
    for (let i = 0; i < 4; i++) assert.equal(find(`${row},"after":${row}`)['before.id'], '1')
    assert.ok(finder.isRepeat)
    assert.equal(find(`${row},"after":${row}`, 'ahead_').before, undefined)
    assert.equal(find(`null,"after":${row}`).before, 'null')
    assert.equal(find(`null,"after":null`).after, 'null')
  })

  test('never takes a line for known that ends otherwise by a byte', () => {
    const finder = new EnvelopeFinder(PATHS)
    const text =
      '{"before":null,"after":{"id":1},"source":{"ts_ms":12,"file":"binlog.000001","pos":5,"row":0},"op":"c","ts_ms":1}'
    const known = Buffer.from(text)
    finder.find(known, 0, known.length)
    const from = text.indexOf(',"source"')
    for (let at = from; at < known.length; at++) {
      for (const byte of [32, 34, 48, 65, 125, 255]) {
        if (known[at] === byte) continue
        const isDigit = (value: number | undefined): boolean =>
          value !== undefined && value >= 48 && value <= 57
        if (isDigit(known[at]) && isDigit(byte)) continue
        const changed = Buffer.from(known)
        changed[at] = byte
        finder.find(changed, 0, changed.length)
        assert.equal(finder.tail, null, changed.toString())
        // What it may have learned from that is forgotten before it finds the next.
        finder.find(known, 0, known.length)
      }
    }
  })
})
