import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reader, readRecordsBatch } from '@platformatic/kafka'
import fc from 'fast-check'
import { FieldHeaders } from '../../../src/lib/stream/kafka/field-headers.ts'
import { NO_HEADERS, RecordBatchBuilder, stamp } from '../../../src/lib/stream/kafka/record-batch.ts'

/** The headers of lines, as another reader finds them in the records. */
function headersOf(fields: readonly string[], lines: readonly string[]): [string, string][][] {
  const builder = new RecordBatchBuilder('t', 0)
  const headers = new FieldHeaders(fields)
  const block = Buffer.from(lines.map(line => `${line}\n`).join(''))
  let at = 0
  for (const line of lines) {
    const end = at + Buffer.byteLength(line)
    builder.add(null, block, at, end, headers.of(block, at, end), 0)
    at = end + 1
  }
  const batch = builder.take('none')
  stamp(batch, { id: 7n, epoch: 3 }, 0, false)
  return readRecordsBatch(Reader.from(Buffer.from(batch.bytes))).records.map(
    record => record.headers.map(header => (header as [Buffer, Buffer]).map(String)) as [string, string][]
  )
}

const event = (id: number, gtid: string | null, pos: number): string =>
  JSON.stringify({
    before: null,
    after: { id },
    source: { db: 'd', table: 't', gtid, file: 'binlog.000003', pos, row: 0 },
    op: 'c',
    ts_ms: 5
  })

test('fields have the names that Debezium gives them; those that are null or absent have no header', () => {
  assert.deepEqual(
    headersOf(
      ['source.file', 'source.pos', 'source.gtid', 'none', 'after.id'],
      [event(1, '3e11:23', 994), event(2, null, 10_000_000_000), '{"plain":1}', 'no JSON']
    ),
    [
      [
        ['__source_file', 'binlog.000003'],
        ['__source_pos', '994'],
        ['__source_gtid', '3e11:23'],
        ['__after_id', '1']
      ],
      [
        ['__source_file', 'binlog.000003'],
        ['__source_pos', '10000000000'],
        ['__after_id', '2']
      ],
      [],
      []
    ]
  )
})

test('any text, number or object comes through, however long', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.integer(),
    fc.boolean(),
    fc.object()
  )
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), values => {
      const lines = values.map(after => JSON.stringify({ before: null, after, op: 'c' }))
      const texts = values.map(value => (typeof value === 'string' ? value : JSON.stringify(value)))
      assert.deepEqual(
        headersOf(['after'], lines),
        // Lone surrogates are no UTF-8.
        texts.map(text => [['__after', Buffer.from(text).toString()]])
      )
    })
  )
})

test('no fields are the same bytes as no headers', () => {
  assert.deepEqual(new FieldHeaders([]).of(Buffer.from('{}'), 0, 2), NO_HEADERS)
})

test('a field that is named twice is refused as usage', () => {
  assert.throws(() => new FieldHeaders(['op', 'source.pos', 'op']), /--headers: op is given twice/)
})
