import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPage } from '../../../src/lib/elastic/reader/page.ts'
import { ByteWriter } from '../../../src/lib/stream/index.ts'

interface Answered {
  readonly index: string
  readonly id: string
  /** As it was written. */
  readonly source: string
  readonly sort: string
}

function page(hits: readonly Answered[], more = ''): Buffer {
  const texts = hits.map(
    ({ index, id, source, sort }) =>
      `{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(id)},"_score":null,"_source":${source},"sort":${sort}}`
  )
  return Buffer.from(
    `{"pit_id":"p==","took":1,"timed_out":false,"_shards":{"total":1,"successful":1,"failed":0}${more},"hits":{"max_score":null,"hits":[${texts.join(',')}]}}`
  )
}

function lines(body: Buffer): string[] {
  const out = new ByteWriter(16)
  const read = readPage(body)
  assert.ok(read !== null)
  for (const hit of read.hits) assert.ok(hit.writeTo(out))
  return out.written().toString().split('\n').slice(0, -1)
}

const documents = fc.dictionary(
  fc.string({ unit: 'grapheme' }).filter(name => name !== '_id' && name !== '_index'),
  fc.jsonValue({ maxDepth: 3 })
)

test('each document is a line that has its own fields, its id and its index', () => {
  const hit = fc.record({
    index: fc.string({ unit: 'grapheme' }),
    id: fc.string({ unit: 'grapheme' }),
    document: documents,
    isSpread: fc.boolean()
  })
  fc.assert(
    fc.property(fc.array(hit), hits => {
      const body = page(
        hits.map(({ index, id, document, isSpread }) => ({
          index,
          id,
          source: JSON.stringify(document, null, isSpread ? 2 : undefined).replaceAll(
            '\n',
            isSpread ? '\r\n' : '\n'
          ),
          sort: '[1,2]'
        }))
      )
      assert.deepEqual(
        lines(body).map(line => JSON.parse(line)),
        hits.map(({ index, id, document }) =>
          JSON.parse(JSON.stringify({ ...document, _id: id, _index: index }))
        )
      )
      const read = readPage(body)
      assert.deepEqual(
        read?.hits.map(({ key }) => key),
        hits.map(({ index, id }) => `${index}/${id}`)
      )
    })
  )
})

test('numbers have the digits that they were written with', () => {
  const [line] = lines(
    page([{ index: 'i', id: '1', source: '{"a":12345678901234567890.10}', sort: '[1,2]' }])
  )
  assert.equal(line, '{"a":12345678901234567890.10,"_id":"1","_index":"i"}')
})

test('what is sorted by is given as it came, and its first value as a time', () => {
  const read = readPage(
    page([
      { index: 'i', id: '1', source: '{}', sort: '[1795514400123, 4294967299]' },
      { index: 'i', id: '2', source: '{}', sort: '[1795514400123000001,7]' },
      { index: 'i', id: '3', source: '{}', sort: '[-5,7]' }
    ])
  )
  assert.deepEqual(
    read?.hits.map(({ sort, sortTime }) => [sort, sortTime]),
    [
      ['[1795514400123, 4294967299]', 1795514400123],
      ['[1795514400123000001,7]', 1795514400123000000],
      ['[-5,7]', -5]
    ]
  )
  assert.equal(read?.pit, 'p==')
})

test('an answer without some shards says so, and one without hits is none', () => {
  const some = page([]).toString().replace('"failed":0', '"failed":1')
  assert.equal(readPage(Buffer.from(some))?.isPartial, true)
  assert.equal(readPage(Buffer.from(page([]).toString().replace('false', 'true')))?.isPartial, true)
  assert.equal(readPage(page([]))?.isPartial, false)
  assert.equal(readPage(Buffer.from('{"took":1}')), null)
  assert.equal(readPage(Buffer.from('<html>')), null)
  const cut = page([{ index: 'i', id: '1', source: '{"a":1}', sort: '[1,2]' }])
  assert.equal(readPage(cut.subarray(0, cut.length - 20)), null)
})

test('a document that is not kept is known by its name alone', () => {
  const body = page([{ index: 'i', id: '1', source: '{}', sort: '[1]' }])
    .toString()
    .replace('"_source":{},', '')
  const [hit] = readPage(Buffer.from(body))?.hits ?? []
  assert.equal(hit?.key, 'i/1')
  assert.equal(hit?.writeTo(new ByteWriter()), false)
})
