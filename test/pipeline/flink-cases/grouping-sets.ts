import type { QueryCase } from '../../support/flink.ts'

const sets = 'GROUPING SETS ((contest), (player), (contest, player), ())'
const tumble = "TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '30' SECOND))"
const hop = "TABLE(HOP(TABLE plays, DESCRIPTOR(`at`), INTERVAL '15' SECOND, INTERVAL '1' MINUTE))"
const session = (by: string): string =>
  `TABLE(SESSION(TABLE plays${by}, DESCRIPTOR(\`at\`), INTERVAL '5' SECOND))`
const windows = 'window_start, window_end'

const cases: readonly [name: string, sql: string][] = [
  [
    'GROUPING SETS',
    `SELECT contest, player, COUNT(*) AS n, SUM(amount) AS s, GROUPING(contest) AS g, GROUPING_ID(player, contest) AS i, GROUP_ID() AS d FROM entries GROUP BY ${sets}`
  ],
  [
    'CUBE, with a key that is aggregated too',
    'SELECT contest, player, COUNT(*) AS n, SUM(contest) AS s FROM entries GROUP BY CUBE (contest, player)'
  ],
  [
    'ROLLUP of lists',
    'SELECT contest, status, player, COUNT(*) AS n FROM entries GROUP BY ROLLUP (contest, (player, status))'
  ],
  [
    'ROLLUP beside a key',
    'SELECT contest, player, COUNT(*) AS n FROM entries GROUP BY contest, ROLLUP (player)'
  ],
  [
    'CUBE beside ROLLUP',
    'SELECT contest, player, COUNT(*) AS n FROM entries GROUP BY CUBE (contest), ROLLUP (player)'
  ],
  [
    'one in another',
    'SELECT contest, COUNT(*) AS n FROM entries GROUP BY GROUPING SETS (contest, ROLLUP (player), (contest, player))'
  ],
  [
    'equal sets',
    'SELECT contest, GROUP_ID() AS d, COUNT(*) AS n FROM entries GROUP BY ROLLUP (contest), ROLLUP (contest)'
  ],
  ['no keys', 'SELECT COUNT(*) AS n FROM entries GROUP BY GROUPING SETS (())'],
  ['keys in parentheses', 'SELECT contest, player, COUNT(*) AS n FROM entries GROUP BY (contest, player)'],
  [
    'GROUPING without sets',
    'SELECT contest, GROUPING(contest) AS g, GROUP_ID() AS d FROM entries GROUP BY contest'
  ],
  [
    'HAVING of an expression',
    'SELECT contest + 1 AS c, COUNT(*) AS n FROM entries GROUP BY ROLLUP (contest + 1) HAVING GROUPING(contest + 1) = 0 OR COUNT(*) > 3'
  ],
  [
    'DISTINCT and FILTER',
    "SELECT contest, COUNT(DISTINCT player) AS n, COUNT(*) FILTER (WHERE status = 'PAID') AS p FROM entries GROUP BY ROLLUP (contest)"
  ],
  [
    'TUMBLE',
    `SELECT ${windows}, player, name, COUNT(*) AS n, GROUPING(player) AS g FROM ${tumble} GROUP BY ${windows}, GROUPING SETS ((player), (name), ())`
  ],
  ['HOP', `SELECT ${windows}, player, COUNT(*) AS n FROM ${hop} GROUP BY ${windows}, ROLLUP (player)`],
  [
    'the windows in each set',
    `SELECT window_start, player, COUNT(*) AS n FROM ${tumble} GROUP BY GROUPING SETS ((${windows}, player), (${windows}))`
  ],
  [
    'windows in some sets alone',
    `SELECT window_start, player, COUNT(*) AS n FROM ${tumble} GROUP BY ROLLUP (${windows}, player)`
  ],
  [
    'SESSION',
    `SELECT ${windows}, player, COUNT(*) AS n FROM ${session('')} GROUP BY ${windows}, ROLLUP (player)`
  ],
  [
    'SESSION by a key that is in each set',
    `SELECT ${windows}, player, name, COUNT(*) AS n FROM ${session(' PARTITION BY player')} GROUP BY ${windows}, player, ROLLUP (name)`
  ],
  [
    'windows of windows',
    `SELECT window_start, player, SUM(n) AS n FROM (SELECT ${windows}, player, name, COUNT(*) AS n FROM ${tumble} GROUP BY ${windows}, player, name) GROUP BY ${windows}, ROLLUP (player)`
  ],
  [
    'then by its time',
    `SELECT player, n, COUNT(*) OVER (PARTITION BY player ORDER BY w) AS m FROM (SELECT player, window_time AS w, COUNT(*) AS n FROM ${tumble} GROUP BY ${windows}, window_time, ROLLUP (player))`
  ]
]

export const groupingSetCases: readonly QueryCase[] = cases.map(([name, sql]) => ({
  name: `grouping sets: ${name}`,
  sql
}))
