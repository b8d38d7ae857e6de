import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Documents, type WriteMode } from '../../src/lib/elastic/documents.ts'
import { parseTemplate } from '../../src/lib/stream/index.ts'

function read(line: unknown, options: { index?: string; id?: string; mode?: WriteMode } = {}) {
  const documents = new Documents({
    index: parseTemplate(options.index ?? 'i', '--index'),
    id: options.id === '' ? undefined : parseTemplate(options.id ?? '{id}', '--id'),
    mode: options.mode ?? 'upsert'
  })
  const block = Buffer.from(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
  const operations: Record<string, unknown>[] = []
  const reason = documents.read(block, 0, block.length - 1, {
    operation(action, _key, from, start, end, partial) {
      operations.push({
        ...JSON.parse(action.written().toString()),
        ...(partial === true ? { partial } : {}),
        ...(end > start ? { document: JSON.parse(from.toString('utf8', start, end)) } : {})
      })
    }
  })
  return reason ?? operations
}

const source = { file: 'binlog.000003', pos: 994, row: 2, table: 'payments' }
const VERSION = 3 * 2 ** 42 + 994 * 1024 + 2

describe('what a line becomes in the index', () => {
  test('a created, a snapshotted and an updated row are indexed under their id, with the position as version', () => {
    for (const op of ['c', 'r', 'u']) {
      const before = op === 'u' ? { id: 7, n: 0 } : null
      assert.deepEqual(read({ before, after: { id: 7, n: 1 }, source, op, ts_ms: 1 }), [
        {
          index: { _index: 'i', _id: '7', version: VERSION, version_type: 'external' },
          document: { id: 7, n: 1 }
        }
      ])
    }
  })

  test('a deleted row is deleted by its before image', () => {
    assert.deepEqual(read({ before: { id: 7 }, after: null, source, op: 'd', ts_ms: 1 }), [
      { delete: { _index: 'i', _id: '7', version: VERSION, version_type: 'external' } }
    ])
  })

  test('an update whose id changes deletes the old document and indexes the new one', () => {
    assert.deepEqual(read({ before: { id: 7 }, after: { id: 8 }, source, op: 'u', ts_ms: 1 }), [
      { delete: { _index: 'i', _id: '7', version: VERSION, version_type: 'external' } },
      { index: { _index: 'i', _id: '8', version: VERSION, version_type: 'external' }, document: { id: 8 } }
    ])
  })

  describe('of an update with only some columns', () => {
    const partial = { ...source, partial: true }
    const update = (before: unknown, after: unknown, options = {}) =>
      read({ before, after, source: partial, op: 'u', ts_ms: 1 }, options)

    test('changes those fields of the document that the row before it names', () => {
      assert.deepEqual(update({ id: 7 }, { n: 1 }), [
        {
          index: { _index: 'i', _id: '7', version: VERSION, version_type: 'external' },
          partial: true,
          document: { n: 1 }
        }
      ])
      assert.deepEqual(update({ id: 7, at: '2026' }, { n: 1, id: 7 }, { index: 'i-{at}' }), [
        {
          index: { _index: 'i-2026', _id: '7', version: VERSION, version_type: 'external' },
          partial: true,
          document: { n: 1, id: 7 }
        }
      ])
    })

    test('is refused where the document moves, or its place is not in the log', () => {
      assert.match(String(update({ id: 7 }, { id: 8 })), /id or index changes.*binlog_row_image='FULL'/)
      assert.match(String(update({ id: 7 }, { at: '2026' }, { index: 'i-{at}' })), /no old value of 'at'/)
      assert.match(String(update({ id: 7 }, { n: 1 }, { index: 'i-{at}' })), /no usable field 'at'.*FULL/)
    })

    test('is an event as it stands when events are appended', () => {
      assert.deepEqual(update({ id: 7 }, { n: 1, id: 7 }, { mode: 'append' }), [
        { create: { _index: 'i', _id: '7' }, document: { n: 1, id: 7 } }
      ])
    })
  })

  test('a plain row is indexed as it stands, without a version', () => {
    assert.deepEqual(read({ id: 'x"y', a: { b: 1 } }), [
      { index: { _index: 'i', _id: 'x"y' }, document: { id: 'x"y', a: { b: 1 } } }
    ])
  })

  test('a row that merely has a field op is a plain row', () => {
    assert.deepEqual(read({ id: 1, op: 'c' }), [
      { index: { _index: 'i', _id: '1' }, document: { id: 1, op: 'c' } }
    ])
    assert.deepEqual(read({ id: 1, op: 'd', before: 'noon' }), [
      { index: { _index: 'i', _id: '1' }, document: { id: 1, op: 'd', before: 'noon' } }
    ])
  })

  test('append creates every event under its id, or without one, and passes deletes over', () => {
    const event = { before: null, after: { id: 7 }, source, op: 'c', ts_ms: 1 }
    assert.deepEqual(read(event, { mode: 'append' }), [
      { create: { _index: 'i', _id: '7' }, document: { id: 7 } }
    ])
    assert.deepEqual(read(event, { mode: 'append', id: '' }), [
      { index: { _index: 'i' }, document: { id: 7 } }
    ])
    assert.deepEqual(read({ before: { id: 7 }, after: null, source, op: 'd' }, { mode: 'append' }), [])
  })

  test('templates take fields of the row first, then of the whole line', () => {
    const event = { before: null, after: { id: 7, at: '2026-11-24T10:00:00.5Z' }, source, op: 'c', ts_ms: 1 }
    const [operation] = read(event, { index: '{source.table}-{at:GGGG.[w]WW}', id: '{id}@{source.pos}' }) as {
      index: { _index: string; _id: string }
    }[]
    assert.equal(operation?.index._index, 'payments-2026.w48')
    assert.equal(operation?.index._id, '7@994')
  })

  test('a line that has no id, no usable date, or is no object is refused with the reason', () => {
    assert.match(String(read({ a: 1 })), /--id: the row has no field 'id'/)
    assert.match(String(read({ id: null })), /--id: the row has no field 'id'/)
    assert.match(String(read({ id: 1, at: 'noon' }, { index: 'i-{at:YYYY}' })), /--index: .* 'at'/)
    assert.match(String(read('[1]')), /not a JSON object/)
    assert.match(String(read('{"id":')), /not a JSON object/)
    assert.match(String(read({ before: null, after: null, source, op: 't' })), /truncated/)
  })
})
