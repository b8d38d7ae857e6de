import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { change, created, type Row, run, runStopped, strictQuery, tableOf } from './events.ts'

const TABLE = `CREATE TABLE e (id INT, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND)
  WITH ('connector' = 'stdin', 'format' = 'json');`
const event = (id: number, v: number, second: number): string =>
  JSON.stringify({ id, v, ts: `2026-11-24T10:00:${String(second).padStart(2, '0')}` })

test('ORDER BY an event time sorts plain rows as the watermark passes them, equal times by the other keys', () => {
  const sql = `${TABLE} SELECT id FROM e ORDER BY ts, v DESC`
  const lines = [
    event(1, 1, 5),
    event(2, 1, 4),
    event(3, 9, 5),
    event(4, 1, 5),
    event(5, 1, 9),
    event(6, 1, 3),
    event(7, 1, 6)
  ]
  const { rows, late } = run(sql, lines)
  assert.deepEqual(
    rows.map(({ id }) => id),
    [2, 3, 1, 4, 7, 5]
  )
  assert.deepEqual(late, [lines[5]])
})

const steps = fc.array(fc.record({ v: fc.nat(9), second: fc.nat(50) }), { maxLength: 40 })

test('one that is stopped and taken up again anywhere gives what one that was not gives', () => {
  const sqls = ['ORDER BY ts, v', 'ORDER BY v DESC LIMIT 3 OFFSET 1', 'LIMIT 5']
  fc.assert(
    fc.property(steps, fc.nat(40), fc.constantFrom(...sqls), (list, at, clause) => {
      const sql = `${TABLE} SELECT id, v FROM e ${clause}`
      const lines = list.map(({ v, second }, id) => event(id, v, second))
      const { rows, rejected } = run(sql, lines)
      assert.deepEqual(runStopped(sql, lines, at), { rows, rejected })
    })
  )
})

test('LIMIT takes the first rows that come as they are, of changes those that are there', () => {
  const lines = [1, 2, 3, 4].map(i => event(i, i, i))
  assert.deepEqual(run(`${TABLE} SELECT id FROM e LIMIT 2 OFFSET 1`, lines).rows, [{ id: 2 }, { id: 3 }])
  const row = (id: number): Row => ({ id })
  const { rows } = run('SELECT id FROM joins LIMIT 2', [
    created(row(1)),
    created(row(2)),
    created(row(3)),
    change('d', row(1), null)
  ])
  assert.deepEqual(
    rows.map(({ op, before, after }) => [op, before, after]),
    [
      ['c', null, { id: 1 }],
      ['c', null, { id: 2 }],
      ['d', { id: 1 }, null],
      ['c', null, { id: 3 }]
    ]
  )
})

test('ORDER BY and LIMIT of groups, unions, undeclared rows, and in subqueries', () => {
  const lines = ['a', 'b', 'b', 'c', 'c', 'c'].map((k, id) => created({ id, k, v: id }))
  const of = (sql: string): string[] => tableOf(run(sql, lines).rows)
  assert.deepEqual(of('SELECT k, COUNT(*) AS n FROM joins GROUP BY k ORDER BY COUNT(*) DESC LIMIT 1'), [
    '{"k":"c","n":3}'
  ])
  assert.deepEqual(of('SELECT * FROM joins ORDER BY v DESC LIMIT 1'), ['{"id":5,"k":"c","v":5}'])
  assert.deepEqual(of('SELECT v + 1 AS w FROM (SELECT * FROM joins ORDER BY v LIMIT 2) t WHERE t.id = 1'), [
    '{"w":2}'
  ])
  assert.deepEqual(
    of('SELECT v FROM joins UNION SELECT id AS v FROM joins ORDER BY v FETCH FIRST 2 ROWS ONLY'),
    ['{"v":0}', '{"v":1}']
  )
  assert.deepEqual(of('SELECT DISTINCT k FROM joins ORDER BY k DESC LIMIT 2'), ['{"k":"b"}', '{"k":"c"}'])
})

test('an order that never ends is refused, with its place', () => {
  const says = (clause: string, message: RegExp, from = 'e'): void => {
    assert.throws(() => strictQuery(`${TABLE} SELECT id AS x FROM ${from} ${clause}`), message)
  }
  says(
    'ORDER BY v',
    /line 2, column \d+: ORDER BY without LIMIT in an order that does not begin with event time/
  )
  says('ORDER BY ts DESC', /does not begin with event time/)
  says('ORDER BY id', /ORDER BY without LIMIT of rows that change/, 'joins')
  says('OFFSET 3', /OFFSET without LIMIT/)
  says('LIMIT 0', /LIMIT 0 leaves no row/)
  says('LIMIT x', /expected a number of rows/)
  says('FETCH FIRST ROW ONLY', /expected a number of rows/)
  says('ORDER BY y LIMIT 1', /no column y/)
})
