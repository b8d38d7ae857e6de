import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineRouter, type RouterOptions } from '../../../src/lib/stream/kafka/router.ts'
import { formatRowsOf } from '../../../src/lib/stream/rows-of.ts'
import { parseTemplate } from '../../../src/lib/stream/template.ts'

type Record = [topic: string, key: string | null, value: string, tombstone: boolean]

function routed(
  lines: (string | Buffer)[],
  options: Partial<RouterOptions> & { to?: string } = {}
): Record[] {
  const { to = '{source.name}.{source.db}.{source.table}', ...more } = options
  const router = new LineRouter({
    topic: parseTemplate(to, '--out'),
    sourceName: 'shop',
    flat: false,
    tombstones: true,
    key: undefined,
    ...more
  })
  const records: Record[] = []
  const block = Buffer.concat(lines.map(line => (typeof line === 'string' ? Buffer.from(`${line}\n`) : line)))
  const end = router.route(block, 0, (topic, key, value, start, stop, tombstone) => {
    const text = key === null ? null : key.buffer.toString('utf8', key.start, key.end)
    records.push([topic, text, value.toString('utf8', start, stop), tombstone])
    return true
  })
  assert.equal(end, block.length)
  return records
}

const rows = (name: string, ...key: string[]): Buffer =>
  formatRowsOf({ database: 'dream', name, columns: key.map(name => ({ name })), key: key.map((_, i) => i) })

const line = (before: unknown, after: unknown, op: string, table = 'payments'): string =>
  JSON.stringify({ before, after, source: { name: 'shop', db: 'dream', table, pos: 4 }, op, ts_ms: 1 })

test('the key is the row as it is now, of a deleted one as it was, with a tombstone', () => {
  const created = line(null, { id: 7, a: 'x' }, 'c')
  const updated = line({ id: 7, a: 'x' }, { id: 7, a: 'y' }, 'u')
  const deleted = line({ id: 7, a: 'y' }, null, 'd')
  assert.deepEqual(routed([rows('payments', 'id'), created, updated, deleted]), [
    ['shop.dream.payments', '{"id":7}', created, false],
    ['shop.dream.payments', '{"id":7}', updated, false],
    ['shop.dream.payments', '{"id":7}', deleted, true]
  ])
  assert.equal(routed([rows('payments', 'id'), deleted], { tombstones: false })[0]?.[3], false)
})

test('columns of a key come in its order, with their values as they stand', () => {
  const event = line(null, { note: 'n', a: 1, b: '"ü"' }, 'c')
  assert.equal(routed([rows('pairs', 'b', 'a'), event])[0]?.[1], '{"b":"\\"ü\\"","a":1}')
})

test('a column that the image after lacks is in the one before', () => {
  const event = line({ id: 7, a: 1 }, { a: 2 }, 'u')
  assert.equal(routed([rows('payments', 'id'), event])[0]?.[1], '{"id":7}')
})

test('columns with dots in their names', () => {
  const event = line(null, { 'a.b': 3 }, 'c')
  assert.equal(routed([rows('odd', 'a.b'), event])[0]?.[1], '{"a.b":3}')
})

test('tables without a key, and emptied ones, have none', () => {
  assert.equal(routed([rows('bare'), line(null, { a: 1 }, 'c')])[0]?.[1], null)
  assert.deepEqual(routed([rows('payments', 'id'), line(null, null, 't')])[0]?.slice(1, 2), [null])
})

test('plain rows have topic and key of the table before them', () => {
  const created = '{"id":7,"__op":"c","__deleted":"false"}'
  const deleted = '{"id":7,"__op":"d","__deleted":"true"}'
  assert.deepEqual(routed([rows('payments', 'id'), created, deleted], { flat: true }), [
    ['shop.dream.payments', '{"id":7}', created, false],
    ['shop.dream.payments', '{"id":7}', deleted, true]
  ])
})

test('a topic may depend on the row', () => {
  const records = routed([rows('payments', 'id'), line(null, { id: 1, land: 'in' }, 'c')], {
    to: 'pay.{after.land}'
  })
  assert.deepEqual(records[0]?.slice(0, 2), ['pay.in', '{"id":1}'])
  assert.throws(
    () => routed([rows('payments', 'id'), line(null, { id: 1 }, 'c')], { to: 'pay.{after.land}' }),
    {
      code: 'DATA',
      message: /the topic needs \{after\.land\}/
    }
  )
})

test('definitions of tables and transactions go where Debezium puts them', () => {
  const ddl = '{"source":{"db":"dream"},"databaseName":"dream","ddl":"CREATE TABLE t (a INT)"}'
  const begin = { status: 'BEGIN', id: 'g:1', event_count: null }
  assert.deepEqual(routed([rows(''), ddl, `{"@transaction":${JSON.stringify(begin)}}`]), [
    ['shop', '{"databaseName":"dream"}', ddl, false],
    ['shop.transaction', '{"id":"g:1"}', JSON.stringify(begin), false]
  ])
})

test('keys by a template; a line that lacks a field of it has none', () => {
  const key = parseTemplate('{contest_id}@{window_end}', '--key')
  const records = routed(['{"contest_id":9,"window_end":"2026"}', '{"contest_id":9}'], { to: 'joins', key })
  assert.deepEqual(
    records.map(([topic, key]) => [topic, key]),
    [
      ['joins', '9@2026'],
      ['joins', null]
    ]
  )
})

test('it stops at the line whose topic is not open, and goes on there', () => {
  const router = new LineRouter({
    topic: parseTemplate('t.{kind}', '--out'),
    sourceName: '',
    flat: false,
    tombstones: false,
    key: undefined
  })
  const block = Buffer.from('{"kind":"a"}\n{"kind":"b"}\n')
  const seen: string[] = []
  const take = (topic: string): boolean => {
    if (topic === 't.b' && seen.length === 1) return seen.push('opened') < 0
    seen.push(topic)
    return true
  }
  const stopped = router.route(block, 0, take)
  assert.equal(stopped, 13)
  assert.equal(router.route(block, stopped, take), block.length)
  assert.deepEqual(seen, ['t.a', 'opened', 't.b'])
})
