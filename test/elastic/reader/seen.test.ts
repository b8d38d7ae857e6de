import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOf, SeenDocuments } from '../../../src/lib/elastic/reader/seen.ts'

const begin = { time: null, from: null, seen: '' }

test('a document is read once, and what is looked at again reaches back from the last by the overlap', () => {
  const seen = new SeenDocuments(1000, begin)
  assert.equal(seen.from, null)
  assert.equal(seen.add('i/1', 5000), true)
  assert.equal(seen.add('i/2', 4500), true)
  assert.equal(seen.add('i/1', 5000), false)
  assert.deepEqual([seen.time, seen.from], [5000, 4000])
  seen.add('i/3', 5800)
  seen.forget()
  assert.deepEqual(
    ['i/1', 'i/2', 'i/3'].map(key => seen.has(key)),
    [true, false, true]
  )
})

test('nothing before the start is looked at', () => {
  const seen = new SeenDocuments(1000, { ...begin, from: 4800 })
  seen.add('i/1', 5000)
  assert.equal(seen.from, 4800)
})

test('a run that goes on knows what was read, and looks no further back than that was kept', () => {
  const seen = new SeenDocuments(1000, begin)
  seen.add('i/1', 5000)
  seen.add('i/2', 5900)
  const at = { documents: JSON.parse(JSON.stringify(seen.place)) }
  const place = placeOf(at)
  assert.ok(place !== null)
  const next = new SeenDocuments(60_000, place)
  assert.deepEqual([next.time, next.from], [5900, 4900])
  assert.deepEqual(
    ['i/1', 'i/2', 'i/3'].map(key => next.has(key)),
    [true, true, false]
  )
  next.add('i/3', 70_000)
  next.forget()
  assert.equal(next.has('i/2'), false)
})

test('the place of another source is none', () => {
  assert.equal(placeOf(null), null)
  assert.equal(placeOf({ gtid: 'x:1' }), null)
})
