import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { change, created, type Row, resumed, run, tableOf } from './events.ts'

const PER_CONTEST = 'SELECT contest, COUNT(*) AS n, SUM(amount) AS total FROM joins GROUP BY contest'

const join = (id: number, contest: number | null, amount = '1.00'): Row => ({ id, contest, amount })

test('each row changes the result of its group: c, then u with the whole result before, d when the last row goes', () => {
  const { rows } = run(PER_CONTEST, [
    created(join(1, 7, '1.50')),
    created(join(2, 7, '2.25')),
    change('u', join(2, 7, '2.25'), join(2, 7, '3.00')),
    change('d', join(1, 7, '1.50'), null),
    change('d', join(2, 7, '3.00'), null)
  ])
  const result = (n: number, total: string): Row => ({ contest: 7, n, total })
  assert.deepEqual(
    rows.map(({ op, before, after }) => [op, before, after]),
    [
      ['c', null, result(1, '1.50')],
      ['u', result(1, '1.50'), result(2, '3.75')],
      ['u', result(2, '3.75'), result(2, '4.50')],
      ['u', result(2, '4.50'), result(1, '3.00')],
      ['d', result(1, '3.00'), null]
    ]
  )
  assert.deepEqual(rows[0]?.source, { db: 'dream', table: 'joins', ts_ms: 1 })
  assert.equal(rows[0]?.ts_ms, 2)
})

test('a row that changes its group leaves one and enters the other', () => {
  const { rows } = run(PER_CONTEST, [
    created(join(1, 7)),
    created(join(2, 7)),
    change('u', join(2, 7), join(2, 8))
  ])
  assert.deepEqual(
    rows.slice(2).map(({ op, after }) => [op, after]),
    [
      ['u', { contest: 7, n: 1, total: '1.00' }],
      ['c', { contest: 8, n: 1, total: '1.00' }]
    ]
  )
})

test('an update that changes no result gives none', () => {
  const { rows } = run(PER_CONTEST, [created(join(1, 7)), change('u', join(1, 7), { ...join(1, 7), id: 9 })])
  assert.equal(rows.length, 1)
})

test('HAVING: a group that begins to pass is created, one that stops to is deleted', () => {
  const { rows } = run(`${PER_CONTEST} HAVING COUNT(*) > 1`, [
    created(join(1, 7)),
    created(join(2, 7)),
    created(join(3, 7)),
    change('d', join(3, 7), null),
    change('d', join(2, 7), null)
  ])
  assert.deepEqual(
    rows.map(({ op }) => op),
    ['c', 'u', 'u', 'd']
  )
})

test('plain rows are counted, too; a line that has a source is named as the cause', () => {
  const { rows } = run('SELECT COUNT(*) AS n FROM events', [
    '{"a":1}',
    '{"a":2,"source":{"pos":7},"ts_ms":5}'
  ])
  assert.deepEqual(rows, [
    { before: null, after: { n: 1 }, source: null, op: 'c' },
    { before: { n: 1 }, after: { n: 2 }, source: { pos: 7 }, op: 'u', ts_ms: 5 }
  ])
})

test('what the end of time changes is caused by the last line that could be read', () => {
  const open = `SELECT COUNT(*) AS windows FROM (
    SELECT window_end, COUNT(*) AS n
    FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end
  )`
  const { rows, rejected } = run(open, [created({ ...join(1, 7), at: '2026-11-24T10:00:00Z' }), '{"source":'])
  assert.equal(rejected.length, 1)
  assert.deepEqual(rows, [
    {
      before: null,
      after: { windows: 1 },
      source: { db: 'dream', table: 'joins', ts_ms: 1 },
      op: 'c',
      ts_ms: 2
    }
  ])
})

test('groups of groups, and of closed windows', () => {
  const sizes =
    'SELECT n, COUNT(*) AS contests FROM (SELECT contest, COUNT(*) AS n FROM joins GROUP BY contest) GROUP BY n'
  const { rows } = run(sizes, [created(join(1, 7)), created(join(2, 8)), created(join(3, 7))])
  assert.deepEqual(tableOf(rows), ['{"n":1,"contests":1}', '{"n":2,"contests":1}'])
  const busiest = `SELECT contest, MAX(n) AS most FROM (
    SELECT window_end, contest, COUNT(*) AS n
    FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, contest
  ) GROUP BY contest`
  const at = (id: number, minute: number): string =>
    created({ ...join(id, 7), at: `2026-11-24T10:0${minute}:00Z` })
  const closed = run(busiest, [at(1, 0), at(2, 1), at(3, 1), at(4, 2)])
  assert.deepEqual(tableOf(closed.rows), ['{"contest":7,"most":2}'])
})

test('a truncated table has no groups', () => {
  const { rows } = run(PER_CONTEST, [created(join(1, 7)), created(join(2, 8)), change('t', null, null)])
  assert.deepEqual(tableOf(rows), [])
  assert.deepEqual(
    rows.slice(2).map(({ op }) => op),
    ['d', 'd']
  )
})

const contests = fc.constantFrom(null, 1, 2, 3)
const amounts = fc.integer({ min: -500, max: 500 })
/** Of few rows, so that most are changed and deleted again. */
const steps = fc.array(
  fc.record({ id: fc.nat(7), contest: contests, amount: amounts, isDelete: fc.boolean() }),
  {
    maxLength: 60
  }
)

/** A changelog that each step adds to: a row comes, changes or goes. */
function changelog(
  list: readonly { id: number; contest: number | null; amount: number; isDelete: boolean }[]
): {
  lines: string[]
  rows: Map<number, Row>
} {
  const rows = new Map<number, Row>()
  const lines: string[] = []
  for (const { id, contest, amount, isDelete } of list) {
    const old = rows.get(id) ?? null
    if (isDelete && old === null) continue
    const now = isDelete ? null : { id, contest, amount }
    lines.push(change(old === null ? 'c' : now === null ? 'd' : 'u', old, now))
    if (now === null) rows.delete(id)
    else rows.set(id, now)
  }
  return { lines, rows }
}

const ALL = `SELECT contest, COUNT(*) AS n, COUNT(DISTINCT amount) AS amounts, SUM(amount) AS total, MIN(amount) AS least,
  MAX(amount) AS most, SUM(amount) FILTER (WHERE amount > 0) AS wins FROM joins WHERE amount <> 13 GROUP BY contest`

test('the results are those of the rows that are left, whatever came and went', () => {
  fc.assert(
    fc.property(steps, list => {
      const { lines, rows } = changelog(list)
      const left = [...rows.values()].filter(({ amount }) => amount !== 13)
      const wanted = [...Map.groupBy(left, ({ contest }) => contest as number | null)].map(
        ([contest, of]) => {
          const all = of.map(({ amount }) => amount as number)
          const wins = all.filter(amount => amount > 0)
          const sum = (list: number[]): number | null =>
            list.length === 0 ? null : list.reduce((a, b) => a + b)
          const extremes = { least: Math.min(...all), most: Math.max(...all) }
          const counts = { n: all.length, amounts: new Set(all).size }
          return JSON.stringify({ contest, ...counts, total: sum(all), ...extremes, wins: sum(wins) })
        }
      )
      assert.deepEqual(tableOf(run(ALL, lines).rows), wanted.sort())
    })
  )
})

test('a query that is stopped and taken up again anywhere gives what one that was not gives', () => {
  fc.assert(
    fc.property(steps, fc.nat(60), (list, at) => {
      const { lines } = changelog(list)
      assert.deepEqual(resumed(ALL, lines, at), run(ALL, lines).rows)
    })
  )
})
