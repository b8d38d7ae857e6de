import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, parseLines, type Row, strictQuery } from './events.ts'

/** A change that was read at a time, s. */
const at = (second: number, table: string, before: Row | null, after: Row | null): string =>
  JSON.stringify({
    before,
    after,
    source: { db: 'dream', table },
    op: before === null ? 'c' : after === null ? 'd' : 'u',
    ts_ms: second * 1000
  })

/** The changes that the lines lead to, in two runs where `cut` says so. */
function results(sql: string, lines: string[], cut = lines.length): unknown[] {
  let saved: Buffer | undefined
  return [lines.slice(0, cut), lines.slice(cut)].flatMap(part => {
    const query = strictQuery(`SET 'table.exec.state.ttl' = '10 s'; ${sql}`)
    if (saved !== undefined) query.restore(saved)
    const out = new ByteWriter()
    query.process(blockOf(part), out)
    saved = query.snapshot()
    return parseLines(out.written().toString()).map(({ op, after }) => [op, after])
  })
}

test('a group that has not changed for its time to live is forgotten, and begins anew', () => {
  const sql = 'SELECT k, COUNT(*) AS n FROM joins GROUP BY k'
  const row = (id: number, k: string): Row => ({ id, k })
  const lines = [
    at(100, 'joins', null, row(1, 'a')),
    at(101, 'joins', null, row(2, 'b')),
    at(109, 'joins', null, row(3, 'a')),
    at(111, 'joins', null, row(4, 'b')),
    at(118, 'joins', null, row(5, 'a')),
    at(128, 'joins', row(5, 'a'), null)
  ]
  const wanted = [
    ['c', { k: 'a', n: 1 }],
    ['c', { k: 'b', n: 1 }],
    ['u', { k: 'a', n: 2 }],
    ['c', { k: 'b', n: 1 }],
    ['u', { k: 'a', n: 3 }]
  ]
  assert.deepEqual(results(sql, lines), wanted)
  for (let cut = 1; cut < lines.length; cut++) assert.deepEqual(results(sql, lines, cut), wanted)
})

test('a row of a join that was written longer ago than its time to live finds no partner any more', () => {
  const sql = 'SELECT o.id, u.name FROM orders o LEFT JOIN users u ON o.uid = u.id'
  const user = (name: string): Row => ({ id: 7, name })
  const lines = [
    at(100, 'users', null, user('ann')),
    at(105, 'orders', null, { id: 1, uid: 7 }),
    at(109, 'users', user('ann'), user('eve')),
    at(116, 'orders', null, { id: 2, uid: 7 }),
    at(120, 'orders', null, { id: 3, uid: 7 }),
    at(121, 'users', null, user('bob'))
  ]
  const wanted = [
    ['c', { id: 1, name: 'ann' }],
    ['u', { id: 1, name: 'eve' }],
    ['c', { id: 2, name: 'eve' }],
    ['c', { id: 3, name: null }],
    ['c', { id: 2, name: 'bob' }],
    ['u', { id: 3, name: 'bob' }]
  ]
  assert.deepEqual(results(sql, lines), wanted)
  for (let cut = 1; cut < lines.length; cut++) assert.deepEqual(results(sql, lines, cut), wanted)
})
