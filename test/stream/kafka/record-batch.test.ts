import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reader, readRecordsBatch } from '@platformatic/kafka'
import fc from 'fast-check'
import {
  type Compression,
  NO_HEADERS,
  RecordBatchBuilder,
  stamp
} from '../../../src/lib/stream/kafka/record-batch.ts'

const PRODUCER = { id: 7n, epoch: 3 }

test('what goes into a batch is what a reader finds, whatever the codec', () => {
  const bytes = fc.option(fc.uint8Array({ maxLength: 300 }))
  const records = fc.array(fc.record({ key: bytes, value: bytes, later: fc.nat(5000) }), {
    minLength: 1,
    maxLength: 50
  })
  const codecs = fc.constantFrom<Compression>('none', 'gzip', 'snappy', 'lz4', 'zstd')
  fc.assert(
    fc.property(records, codecs, (records, compression) => {
      const builder = new RecordBatchBuilder('t', 4)
      let now = 1_795_514_400_123
      const times = records.map(({ later }) => (now += later))
      records.forEach(({ key, value }, i) => {
        const k = key === null ? null : { buffer: Buffer.from(key), start: 0, end: key.length }
        const v = value === null ? null : Buffer.from(value)
        builder.add(k, v, 0, value?.length ?? 0, NO_HEADERS, times[i] as number)
      })
      const batch = builder.take(compression)
      stamp(batch, PRODUCER, 41, true)
      const read = readRecordsBatch(Reader.from(Buffer.from(batch.bytes)))
      assert.deepEqual([read.producerId, read.producerEpoch, read.firstSequence], [7n, 3, 41])
      assert.equal(Number(read.maxTimestamp), now)
      assert.deepEqual(
        read.records.map(({ key, value, timestampDelta, offsetDelta }) => ({
          key: key && [...key],
          value: value && [...value],
          at: Number(read.firstTimestamp + timestampDelta),
          offsetDelta
        })),
        records.map(({ key, value }, i) => ({
          key: key && [...key],
          value: value && [...value],
          at: times[i],
          offsetDelta: i
        }))
      )
    })
  )
})
