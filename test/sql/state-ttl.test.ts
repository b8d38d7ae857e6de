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

/** The results of one run, and of any two. */
function agrees(sql: string, lines: string[], wanted: unknown[]): void {
  assert.deepEqual(results(sql, lines), wanted)
  for (let cut = 1; cut < lines.length; cut++) assert.deepEqual(results(sql, lines, cut), wanted)
}

// As Flink's join operators do: they take pairs back for a row that is taken back, whether they have it still or not.
test('a row of a join that is taken back after its time to live takes its pairs with it', () => {
  agrees(
    'SELECT o.id, u.name FROM orders o JOIN users u ON o.uid = u.id',
    [
      at(100, 'orders', null, { id: 1, uid: 7 }),
      at(105, 'users', null, { id: 7, name: 'ann' }),
      at(112, 'orders', { id: 1, uid: 7 }, null)
    ],
    [
      ['c', { id: 1, name: 'ann' }],
      ['d', null]
    ]
  )
})

// OuterJoinRecordStateView.updateNumOfAssociations writes the row.
test('a row of an outer side lives on when a partner comes', () => {
  const user = (id: number, name: string): Row => ({ id, uid: 7, name })
  agrees(
    'SELECT o.id, u.name FROM orders o LEFT JOIN users u ON o.uid = u.uid',
    [
      at(100, 'orders', null, { id: 1, uid: 7 }),
      at(108, 'users', null, user(1, 'ann')),
      at(115, 'users', null, user(2, 'eve')),
      at(126, 'users', null, user(3, 'bob'))
    ],
    [
      ['c', { id: 1, name: null }],
      ['u', { id: 1, name: 'ann' }],
      ['c', { id: 1, name: 'eve' }]
    ]
  )
})

// StreamingSemiAntiJoinOperator: the number of partners goes by what is told of the right side alone.
test('EXISTS: a row on the right is no partner of later ones after its time to live, and those it was one of stay', () => {
  const user = { id: 7 }
  agrees(
    'SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = o.uid)',
    [
      at(100, 'users', null, user),
      at(105, 'orders', null, { id: 1, uid: 7 }),
      at(111, 'orders', null, { id: 2, uid: 7 }),
      at(112, 'users', null, user),
      at(114, 'users', user, null),
      at(115, 'users', user, null)
    ],
    [
      ['c', { id: 1 }],
      ['c', { id: 2 }],
      ['d', null],
      ['d', null]
    ]
  )
})

test('NOT EXISTS: a row on the left is forgotten unless its number of partners changes', () => {
  const user = { id: 7 }
  const lines = (second: number): string[] => [
    at(100, 'orders', null, { id: 1, uid: 7 }),
    at(second, 'users', null, user),
    at(112, 'users', user, null)
  ]
  const sql = 'SELECT id FROM orders o WHERE NOT EXISTS (SELECT 1 FROM users u WHERE u.id = o.uid)'
  const shown = ['c', { id: 1 }]
  agrees(sql, lines(109), [shown, ['d', null], shown])
  agrees(sql, lines(110), [shown])
})

// AppendOnlyTopNFunction and RetractableTopNFunction keep what they have of a key in states that are written with each row.
test('the rows of a rank are forgotten when none of their partition was written for the time to live', () => {
  const row = (id: number, k: string, v: number): Row => ({ id, k, v })
  agrees(
    'SELECT id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS rn FROM joins) WHERE rn = 1',
    [
      at(100, 'joins', null, row(1, 'a', 1)),
      at(101, 'joins', null, row(2, 'b', 1)),
      at(109, 'joins', null, row(3, 'a', 5)),
      at(112, 'joins', null, row(4, 'b', 9)),
      at(113, 'joins', null, row(5, 'a', 9)),
      at(130, 'joins', null, row(6, 'a', 9))
    ],
    [
      ['c', { id: 1 }],
      ['c', { id: 2 }],
      ['c', { id: 4 }],
      ['c', { id: 6 }]
    ]
  )
})
