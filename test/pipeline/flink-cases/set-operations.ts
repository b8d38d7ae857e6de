import type { QueryCase } from '../../support/flink.ts'

const tumble = "TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '30' SECOND))"
const contests = 'SELECT contest FROM entries'
const players = 'SELECT player FROM entries'
const known = 'SELECT id FROM players'

const cases: readonly [name: string, sql: string][] = [
  ['INTERSECT', `${contests} INTERSECT ${players}`],
  ['INTERSECT ALL', `${contests} INTERSECT ALL ${players}`],
  ['EXCEPT', `${players} EXCEPT ${contests}`],
  ['EXCEPT ALL', `${players} EXCEPT ALL ${contests}`],
  ['EXCEPT ALL of two tables', `${contests} EXCEPT ALL ${known}`],
  [
    'INTERSECT of rows that are only added',
    'SELECT buyer FROM orders INTERSECT SELECT parent FROM shipments'
  ],
  [
    'INTERSECT ALL of rows that are only added',
    'SELECT id FROM orders INTERSECT ALL SELECT parent FROM shipments'
  ],
  ['EXCEPT of rows that are only added', 'SELECT id FROM orders EXCEPT SELECT parent FROM shipments'],
  ['EXCEPT ALL of rows that are only added', 'SELECT id FROM orders EXCEPT ALL SELECT parent FROM shipments'],
  ['INTERSECT before EXCEPT', `${contests} EXCEPT ${players} INTERSECT ${known}`],
  ['INTERSECT before UNION', `${contests} UNION ${players} INTERSECT ${known}`],
  ['UNION ALL and EXCEPT from the left', `${contests} UNION ALL ${players} EXCEPT ${known}`],
  ['in parentheses', `${known} EXCEPT (${players} UNION ALL ${contests})`],
  ['three of them', `${contests} INTERSECT ${players} INTERSECT ${known}`],
  ['EXCEPT ALL twice', `${contests} EXCEPT ALL ${players} EXCEPT ALL ${known}`],
  [
    'columns of different types',
    'SELECT contest, amount FROM entries EXCEPT SELECT id, CAST(level AS BIGINT) FROM players'
  ],
  [
    'then ordered',
    'SELECT contest AS a FROM entries INTERSECT SELECT player AS b FROM entries ORDER BY a LIMIT 3'
  ],
  [
    'of rows in windows',
    `SELECT window_start, player FROM ${tumble} INTERSECT SELECT window_start, points FROM ${tumble}`
  ],
  ['then grouped', `SELECT COUNT(*) AS n FROM (${contests} INTERSECT ALL ${players})`]
]

export const setOperationCases: readonly QueryCase[] = cases.map(([name, sql]) => ({
  name: `set operations: ${name}`,
  sql
}))
