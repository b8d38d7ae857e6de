import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookup, valuesOf } from '../../src/lib/rules/fields.ts'

const plain = (row: Record<string, unknown>) => ({ row, envelope: undefined })

test("a dotted name ends at what it meets: a text, a number or a list, as ElastAlert's lookup does", () => {
  const items = [{ id: 1 }, { id: 2 }]
  const event = plain({ user: 'a', items, deep: { n: 3, none: null }, list: ['p', { q: { r: 1 } }] })
  for (const [name, value] of [
    ['user.keyword', 'a'],
    ['user.name', 'a'],
    ['items.id', items],
    ['deep.n.more', 3],
    ['deep.none.more', null],
    ['deep.keyword', undefined],
    ['list[0]', 'p'],
    ['list[0].q', event.row.list],
    ['list[1].q.r', 1],
    ['other.id', undefined]
  ] as const)
    assert.deepEqual(lookup(event, name), value, name)
})

test('the envelope of a change event is asked before a name ends at a column of the row', () => {
  const event = { row: { source: 'web', name: 'n' }, envelope: { source: { table: 'orders' } } }
  assert.equal(lookup(event, 'source.table'), 'orders')
  assert.equal(lookup(event, 'source'), 'web')
  assert.equal(lookup(event, 'name.keyword'), 'n')
  assert.equal(lookup(event, 'name.first'), 'n')
})

test('a field within a list of objects has the values of all of them', () => {
  const event = plain({ items: [{ id: 1 }, { id: [2, null] }, { other: 3 }], tags: ['a', 'b'] })
  assert.deepEqual(valuesOf(event, 'items.id'), [1, 2])
  assert.deepEqual(valuesOf(event, 'tags'), ['a', 'b'])
  assert.deepEqual(valuesOf(event, 'none'), [])
})
