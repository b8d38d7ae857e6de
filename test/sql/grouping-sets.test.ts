import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from '../../src/lib/sql/index.ts'
import { change, created, type Row, resumed, run, tableOf } from './events.ts'
import { changes } from './two-tables.ts'

const step = fc.record({
  table: fc.constant('orders'),
  id: fc.nat(5),
  k: fc.option(fc.nat(2)),
  v: fc.nat(3),
  isDelete: fc.boolean()
})
const steps = fc.array(step, { maxLength: 60 })

const BY = 'SELECT k, v, GROUPING(k, v) AS g, COUNT(*) AS n, SUM(v) AS s FROM orders GROUP BY'
const k = (row: Row): string => `k${row.k}`
const v = (row: Row): string => `v${row.v}`
/** What each makes one group. */
const forms: [sql: string, sets: { of: ((row: Row) => string)[]; g: number }[]][] = [
  [
    'GROUPING SETS ((k), (v))',
    [
      { of: [k], g: 1 },
      { of: [v], g: 2 }
    ]
  ],
  [
    'ROLLUP (k, v)',
    [
      { of: [k, v], g: 0 },
      { of: [k], g: 1 },
      { of: [], g: 3 }
    ]
  ],
  [
    'CUBE (k, v)',
    [
      { of: [k, v], g: 0 },
      { of: [k], g: 1 },
      { of: [v], g: 2 },
      { of: [], g: 3 }
    ]
  ],
  [
    'k, ROLLUP (v), GROUPING SETS (())',
    [
      { of: [k, v], g: 0 },
      { of: [k], g: 1 }
    ]
  ]
]

for (const [form, sets] of forms) {
  test(`GROUP BY ${form}: a row for each group of each set, whatever came and went`, () => {
    fc.assert(
      fc.property(steps, list => {
        const { lines, orders } = changes(list)
        const wanted = sets.flatMap(({ of, g }) =>
          [...Map.groupBy(orders, row => of.map(key => key(row)).join()).values()].map(rows => {
            const first = rows[0] as Row
            const sum = rows.reduce((total, row) => total + Number(row.v), 0)
            return JSON.stringify({
              k: of.includes(k) ? first.k : null,
              v: of.includes(v) ? first.v : null,
              g,
              n: rows.length,
              s: sum
            })
          })
        )
        assert.deepEqual(tableOf(run(`${BY} ${form}`, lines).rows), wanted.sort())
      })
    )
  })

  test(`GROUP BY ${form}: one that is stopped and taken up again anywhere gives what one that was not gives`, () => {
    fc.assert(
      fc.property(steps, fc.nat(60), (list, at) => {
        const { lines } = changes(list)
        assert.deepEqual(resumed(`${BY} ${form}`, lines, at), run(`${BY} ${form}`, lines).rows)
      })
    )
  })
}

test('a NULL in a key is a group of its own beside that of all', () => {
  const { rows } = run('SELECT k, COUNT(*) AS n FROM orders GROUP BY ROLLUP (k)', [
    created({ id: 1, k: null }, 'orders'),
    created({ id: 2, k: 7 }, 'orders')
  ])
  assert.deepEqual(tableOf(rows), ['{"k":7,"n":1}', '{"k":null,"n":1}', '{"k":null,"n":2}'])
})

test('of equal sets GROUP_ID tells one from the other', () => {
  const { rows } = run('SELECT k, GROUP_ID() AS d FROM orders GROUP BY GROUPING SETS ((k), (k), ())', [
    created({ id: 1, k: 7 }, 'orders')
  ])
  assert.deepEqual(tableOf(rows), ['{"k":7,"d":0}', '{"k":7,"d":1}', '{"k":null,"d":0}'])
})

test('a group is by all columns of its set where a set is listed in parentheses', () => {
  const { rows } = run('SELECT k, v FROM orders GROUP BY (k, v)', [
    created({ id: 1, k: 1, v: 1 }, 'orders'),
    created({ id: 2, k: 1, v: 2 }, 'orders'),
    change('u', { id: 2, k: 1, v: 2 }, { id: 2, k: 1, v: 1 }, 'orders')
  ])
  assert.deepEqual(tableOf(rows), ['{"k":1,"v":1}'])
})

const plays = `CREATE TABLE plays (player STRING, at TIMESTAMP(3), WATERMARK FOR at AS at) WITH ('connector' = 'stdin', 'format' = 'json');`
const minutes = "TABLE(TUMBLE(TABLE plays, DESCRIPTOR(at), INTERVAL '1' MINUTE))"

test('windows are grouped in each of their sets when they close, as rows that are only added', () => {
  const sql = `${plays} SELECT player, COUNT(*) AS n FROM ${minutes} GROUP BY window_start, window_end, ROLLUP (player)`
  const play = (player: string, second: number): string =>
    JSON.stringify({ player, at: `2026-11-24T10:00:${String(second).padStart(2, '0')}` })
  const { rows, late } = run(sql, [
    play('ann', 1),
    play('bob', 2),
    JSON.stringify({ player: 'cy', at: '2026-11-24T10:01:00' }),
    play('ann', 3)
  ])
  assert.deepEqual(rows.slice(0, 3), [
    { player: 'ann', n: 1 },
    { player: null, n: 2 },
    { player: 'bob', n: 1 }
  ])
  assert.equal(late.length, 1)
  assert.equal(compile(sql, { reject() {} }).appendOnly, true)
})

test('mistakes in grouping sets are told where they stand', () => {
  const cases: [sql: string, error: RegExp][] = [
    ['SELECT GROUPING(k) FROM orders', /column 17: GROUPING takes a key of GROUP BY/],
    ['SELECT GROUPING(v) FROM orders GROUP BY ROLLUP (k)', /column 17: GROUPING takes a key/],
    ['SELECT GROUPING() FROM orders GROUP BY ROLLUP (k)', /GROUPING takes 1 to 52 keys/],
    ['SELECT GROUP_ID(k) FROM orders GROUP BY ROLLUP (k)', /GROUP_ID takes no arguments/],
    ['SELECT k FROM orders WHERE GROUPING(k) = 0', /GROUPING stands in a SELECT or HAVING beside GROUP BY/],
    ['SELECT SUM(GROUPING(k)) FROM orders GROUP BY ROLLUP (k)', /an aggregate cannot stand in an aggregate/],
    ['SELECT v FROM orders GROUP BY ROLLUP (k)', /v is neither in GROUP BY nor in an aggregate/],
    ['SELECT k FROM orders GROUP BY GROUPING SETS (k', /found the end of the text, expected \)/],
    ['SELECT k FROM orders GROUP BY CUBE ()', /expected an expression|found "\)"/],
    [
      `SELECT a FROM t GROUP BY CUBE (${Array.from({ length: 13 }, (_, i) => `a${i}`).join(', ')})`,
      /GROUP BY with more than 4096 grouping sets/
    ],
    [
      `${plays} SELECT player FROM plays GROUP BY TUMBLE(at, INTERVAL '1' MINUTE), ROLLUP (player)`,
      /grouping sets with TUMBLE in GROUP BY/
    ],
    [
      `${plays} SELECT player FROM TABLE(SESSION(TABLE plays PARTITION BY player, DESCRIPTOR(at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, ROLLUP (player)`,
      /grouping sets without the PARTITION BY of a SESSION/
    ]
  ]
  for (const [sql, error] of cases) assert.throws(() => compile(sql, { reject() {} }), error)
})
