import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KEY_WORDS, KeyTable } from '../../../src/lib/rules/state/keys.ts'
import { resumed } from './resumed.ts'

type Key = string | number | boolean | null

/** Few of each, so that they come again; texts of more than a record, and some outside Latin-1. */
const key: fc.Arbitrary<Key> = fc.oneof(
  fc.nat(40).map(n => `user-${n}`),
  fc.nat(9).map(n => 'long '.repeat(n * 3) + n),
  fc.constantFrom('', 'é', 'ключ', '鍵 👍', '\ud800', '1', 'null', 'true'),
  fc.constantFrom(0, -0, 1, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER),
  fc.constantFrom(true, false, null)
)
const step = fc.record({ key, does: fc.constantFrom('add', 'add', 'add', 'drop', 'toEnd', 'resume') })

test('a table holds what a Map would, in its order, also after a snapshot', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), steps => {
      let table = new KeyTable(1)
      const map = new Map<Key, number>()
      for (const [i, { key, does }] of steps.entries()) {
        if (does === 'resume') {
          table = resumed(table, new KeyTable(1))
          continue
        }
        const at = table.find(key)
        assert.equal(at !== 0, map.has(key))
        if (does === 'add') {
          table.records.setDouble(table.add(key), KEY_WORDS, i)
          map.set(key, i)
        } else if (at !== 0) {
          const value = map.get(key) as number
          map.delete(key)
          if (does === 'drop') table.drop(at)
          else {
            table.toEnd(at)
            map.set(key, value)
          }
        }
      }
      const found: [Key, number][] = []
      table.each(at => found.push([table.keyOf(at), table.records.double(at, KEY_WORDS)]))
      assert.deepEqual(found, [...map])
      assert.equal(table.size, map.size)
    })
  )
})

test('all keys may go while they are looked through, and others come again', () => {
  const table = new KeyTable(1)
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 20_000; i++) table.add(`key ${i}`)
    assert.equal(table.size, 20_000)
    let seen = 0
    table.each(at => {
      seen++
      table.drop(at)
    })
    assert.deepEqual([seen, table.size, table.find('key 7')], [20_000, 0, 0])
  }
})
