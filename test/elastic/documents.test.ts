import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Deletes, Documents, type WriteMode } from '../../src/lib/elastic/documents.ts'
import { parseIndexRules } from '../../src/lib/elastic/index-rules.ts'
import { parseTemplate } from '../../src/lib/stream/index.ts'

function read(
  line: unknown,
  options: { index?: string; id?: string; mode?: WriteMode; map?: string[]; deletes?: Deletes } = {}
) {
  const documents = new Documents({
    index: options.index === '' ? undefined : parseTemplate(options.index ?? 'i', '--index'),
    rules: parseIndexRules(options.map ?? []),
    deletes: options.deletes ?? 'delete',
    id: options.id === '' ? undefined : parseTemplate(options.id ?? '{id}', '--id'),
    mode: options.mode ?? 'upsert'
  })
  const block = Buffer.from(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
  const operations: Record<string, unknown>[] = []
  const reason = documents.read(block, 0, block.length - 1, {
    operation(action, _key, from, start, end, partial, ending) {
      const text =
        ending == null ? from.toString('utf8', start, end) : from.toString('utf8', start, end - 1) + ending
      const [line = '', opening = ''] = action.written().toString().split('\n')
      const document = end > start ? opening + text : opening
      operations.push({
        ...JSON.parse(line),
        ...(partial === true ? { partial } : {}),
        ...(document === '' ? {} : { document: JSON.parse(document) })
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

  test('a polled row has no position and no before: it is indexed without a version, in the order of the lines', () => {
    const polled = { connector: 'postgresql', db: 'dream', schema: 'public', table: 'payments' }
    for (const op of ['c', 'r', 'u']) {
      assert.deepEqual(read({ before: null, after: { id: 7, n: 1 }, source: polled, op, ts_ms: 1 }), [
        { index: { _index: 'i', _id: '7' }, document: { id: 7, n: 1 } }
      ])
    }
    assert.deepEqual(read({ before: { id: 7, n: 1 }, after: null, source: polled, op: 'd', ts_ms: 1 }), [
      { delete: { _index: 'i', _id: '7' } }
    ])
  })

  test('a deleted row is deleted by its before image', () => {
    assert.deepEqual(read({ before: { id: 7 }, after: null, source, op: 'd', ts_ms: 1 }), [
      { delete: { _index: 'i', _id: '7', version: VERSION, version_type: 'external' } }
    ])
  })

  test('a statement that defined the table is none, and stops nothing', () => {
    const line = {
      source,
      ts_ms: 1,
      databaseName: 'db',
      schemaName: null,
      ddl: 'ALTER TABLE t ADD n INT',
      tableChanges: []
    }
    assert.deepEqual(read(line), [])
    assert.deepEqual(read(line, { id: '' }), [])
    assert.deepEqual(read({ id: 1, source, ddl: 'x' }).length, 1)
  })

  test('an update whose id changes deletes the old document and indexes the new one', () => {
    assert.deepEqual(read({ before: { id: 7 }, after: { id: 8 }, source, op: 'u', ts_ms: 1 }), [
      { delete: { _index: 'i', _id: '7', version: VERSION, version_type: 'external' } },
      { index: { _index: 'i', _id: '8', version: VERSION, version_type: 'external' }, document: { id: 8 } }
    ])
  })

  test('an update that moves the row to another index deletes it from the old one', () => {
    const [before, after] = [
      { id: 7, at: '2026-11-30' },
      { id: 7, at: '2026-12-01' }
    ]
    const name = (month: string) => ({
      _index: `i-${month}`,
      _id: '7',
      version: VERSION,
      version_type: 'external'
    })
    assert.deepEqual(read({ before, after, source, op: 'u', ts_ms: 1 }, { index: 'i-{at:MM}' }), [
      { delete: name('11') },
      { index: name('12'), document: after }
    ])
  })

  test('rows of a table go where the first rule for it says', () => {
    const indexOf = (db: string, table: string, map: string[], index = 'i'): unknown => {
      const line = {
        before: null,
        after: { id: 7, n: 1 },
        source: { ...source, db, table },
        op: 'c',
        ts_ms: 1
      }
      const operations = read(line, { index, map })
      return typeof operations === 'string'
        ? operations
        : (operations[0] as { index: { _index: string } }).index._index
    }
    const rules = ['payments=pay-{n}', 'dream.log_*=logs', '*.log_*=other-logs']
    assert.equal(indexOf('dream', 'payments', rules), 'pay-1')
    assert.equal(indexOf('dream', 'log_a', rules), 'logs')
    assert.equal(indexOf('shop', 'log_a', rules), 'other-logs')
    assert.equal(indexOf('dream', 'users', rules), 'i')
    assert.match(
      String(indexOf('dream', 'users', rules, '')),
      /--map: no rule for dream\.users, and no --index/
    )
    assert.match(String(read({ id: 1 }, { index: '', map: rules })), /names no table/)
    for (const bad of ['payments', '=x', 'a b=c'])
      assert.throws(() => parseIndexRules([bad]), { code: 'USAGE' })
  })

  test('lines of many tables in turn each go to their own index', () => {
    const documents = new Documents({
      index: parseTemplate('{source.table}', '--index'),
      rules: parseIndexRules(['t1=one', 'd.t2=two']),
      id: parseTemplate('{id}', '--id'),
      mode: 'upsert'
    })
    const names: string[] = []
    for (let n = 0; n < 200; n++) {
      const line = {
        before: null,
        after: { id: n },
        source: { db: 'd', table: `t${(n * 7) % 20}`, file: 'f.1', pos: n, row: 0 },
        op: 'c',
        ts_ms: n
      }
      const block = Buffer.from(JSON.stringify(line))
      documents.read(block, 0, block.length, {
        operation(action) {
          const { index } = JSON.parse(action.written().toString())
          assert.equal(index._id, String(n))
          names.push(index._index)
        }
      })
    }
    assert.deepEqual(
      names,
      Array.from({ length: 200 }, (_, n) => ['t0', 'one', 'two'][(n * 7) % 20] ?? `t${(n * 7) % 20}`)
    )
  })

  test('a deleted row is kept and marked, or nothing happens, where it is asked for', () => {
    const version = { _index: 'i', version: VERSION, version_type: 'external' }
    const event = (before: unknown, after: unknown = null) => ({
      before,
      after,
      source,
      op: after === null ? 'd' : 'u',
      ts_ms: 1
    })
    const deletes = { field: 'gone "now"' }
    assert.deepEqual(read(event({ id: 7, n: 1 }), { deletes }), [
      { index: { ...version, _id: '7' }, document: { id: 7, n: 1, 'gone "now"': true } }
    ])
    assert.deepEqual(read(event({}), { deletes, id: 'all' }), [
      { index: { ...version, _id: 'all' }, document: { 'gone "now"': true } }
    ])
    assert.deepEqual(read(event({ id: 7, n: 1 }, { id: 8, n: 1 }), { deletes }), [
      { index: { ...version, _id: '7' }, document: { id: 7, n: 1, 'gone "now"': true } },
      { index: { ...version, _id: '8' }, document: { id: 8, n: 1 } }
    ])
    assert.deepEqual(read(event({ id: 7 }), { deletes: 'ignore' }), [])
    assert.deepEqual(read(event({ id: 7 }, { id: 8 }), { deletes: 'ignore' }), [
      { index: { ...version, _id: '8' }, document: { id: 8 } }
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

  test('with update the fields of a row are set, without versions, whole rows and partial ones alike', () => {
    const mode = 'update'
    const update = { _index: 'i', _id: '7', retry_on_conflict: 5 }
    const set = (doc: object) => [{ update, document: { doc, doc_as_upsert: true } }]
    const change = (op: string, before: unknown, after: unknown, partial?: true) => ({
      ...{ before, after, op, ts_ms: 1 },
      source: { ...source, ...(partial === undefined ? {} : { partial }) }
    })
    for (const op of ['c', 'r', 'u']) {
      const line = change(op, op === 'u' ? { id: 7, n: 0 } : null, { id: 7, n: 1 })
      assert.deepEqual(read(line, { mode }), set({ id: 7, n: 1 }))
    }
    assert.deepEqual(read(change('u', { id: 7 }, { n: 1 }, true), { mode }), set({ n: 1 }))
    assert.deepEqual(read({ id: 7, n: 1 }, { mode }), set({ id: 7, n: 1 }))
    assert.deepEqual(read('{ }', { mode, id: '7' }), set({}))
    const remove = { delete: { _index: 'i', _id: '7' } }
    assert.deepEqual(read(change('d', { id: 7, n: 1 }, null), { mode }), [remove])
    assert.deepEqual(read(change('u', { id: 7 }, { id: 8 }), { mode }), [
      remove,
      { update: { ...update, _id: '8' }, document: { doc: { id: 8 }, doc_as_upsert: true } }
    ])
    const deletes = { field: 'gone' }
    assert.deepEqual(read(change('d', { id: 7, n: 1 }, null), { mode, deletes }), set({ gone: true }))
    assert.deepEqual(
      read(change('c', null, { id: 7, n: 1 }), { mode, deletes }),
      set({ id: 7, n: 1, gone: false })
    )
    assert.deepEqual(read('{ }', { mode, deletes, id: '7' }), set({ gone: false }))
  })

  test('append creates every event under its id, or without one, and passes deletes over', () => {
    const event = { before: null, after: { id: 7 }, source, op: 'c', ts_ms: 1 }
    assert.deepEqual(read(event, { mode: 'append' }), [
      { create: { _index: 'i', _id: '7' }, document: { id: 7 } }
    ])
    assert.deepEqual(read(event, { mode: 'append', id: '' }), [
      { create: { _index: 'i' }, document: { id: 7 } }
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
