import type { QueryCase } from '../../support/flink.ts'

const over = (name: string, items: string, window: string, rest = ''): QueryCase => ({
  name: `OVER: ${name}`,
  sql: `SELECT id, ${items} FROM plays ${rest} WINDOW w AS (${window})`
})
const byPlayer = 'PARTITION BY player ORDER BY `at`'
const rows = (n: number): string => `${byPlayer} ROWS BETWEEN ${n} PRECEDING AND CURRENT ROW`
const range = (seconds: number): string =>
  `${byPlayer} RANGE BETWEEN INTERVAL '${seconds}' SECOND PRECEDING AND CURRENT ROW`

export const overCases: readonly QueryCase[] = [
  over(
    'many aggregates so far',
    'COUNT(*) OVER w AS a, SUM(stake) OVER w AS b, AVG(points) OVER w AS c, MIN(name) OVER w AS d, COUNT(DISTINCT won) OVER w AS e',
    byPlayer
  ),
  over(
    'many aggregates of rows before',
    'COUNT(stake) OVER w AS a, SUM(stake) OVER w AS b, AVG(stake) OVER w AS c, MIN(points) OVER w AS d, MAX(name) OVER w AS e, COUNT(DISTINCT won) OVER w AS f',
    rows(3)
  ),
  over(
    'many aggregates of a time before',
    'COUNT(stake) OVER w AS a, SUM(points) OVER w AS b, AVG(score) OVER w AS c, MIN(points) OVER w AS d, MAX(name) OVER w AS e, SUM(DISTINCT player) OVER w AS f',
    range(15)
  ),
  over('no row before', 'COUNT(*) OVER w AS a, SUM(points) OVER w AS b', rows(0)),
  over('no time before', 'COUNT(*) OVER w AS a, SUM(points) OVER w AS b', range(0)),
  over(
    'a short time before, with late rows',
    'COUNT(*) OVER w AS a',
    "PARTITION BY won ORDER BY `at` RANGE BETWEEN INTERVAL '0.5' SECOND PRECEDING AND CURRENT ROW"
  ),
  over(
    'late rows among few rows',
    'COUNT(*) OVER w AS a, SUM(id) OVER w AS b',
    'PARTITION BY points ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW'
  ),
  over(
    'of everything, ROWS',
    'COUNT(*) OVER w AS a, SUM(points) OVER w AS b',
    'ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'
  ),
  over('of everything, RANGE', 'COUNT(*) OVER w AS a, SUM(points) OVER w AS b', 'ORDER BY `at`'),
  over('ROW_NUMBER', 'ROW_NUMBER() OVER w AS n', byPlayer),
  {
    name: 'OVER: equal times',
    sql: "SELECT won, n, COUNT(*) OVER w AS c, SUM(n) OVER w AS s, LAG(window_start, 3) OVER w AS l FROM (SELECT window_start, window_time, won, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, window_time, won) WINDOW w AS (ORDER BY window_time)"
  },
  over(
    'LAG with offset and default',
    'LAG(points, 2) OVER w AS a, LAG(stake, 1, CAST(0.5 AS DECIMAL(10, 2))) OVER w AS b, LAG(name) OVER w AS c, LAG(id, 0) OVER w AS d',
    byPlayer
  ),
  over(
    'FIRST_VALUE, LAST_VALUE so far',
    'FIRST_VALUE(points) OVER w AS a, LAST_VALUE(name) OVER w AS b',
    byPlayer
  ),
  over(
    'FIRST_VALUE, LAST_VALUE of a time before',
    'FIRST_VALUE(points) OVER w AS a, LAST_VALUE(points) OVER w AS b',
    range(20)
  ),
  over(
    'STDDEV, LISTAGG, ARRAY_AGG',
    "STDDEV_POP(points) OVER w AS a, VAR_SAMP(score) OVER w AS d, STDDEV(stake) OVER w AS e, VARIANCE(total) OVER w AS f, AVG(points) OVER w AS g, LISTAGG(name, ';') OVER w AS b, ARRAY_AGG(points) OVER w AS c",
    rows(2)
  ),
  over(
    'expressions of calls',
    'points - AVG(points) OVER w AS off, CASE WHEN COUNT(*) OVER w > 3 THEN name END AS a',
    rows(5)
  ),
  over('WHERE before', 'SUM(points) OVER w AS s', byPlayer, 'WHERE points > 100'),
  {
    name: 'OVER: QUALIFY',
    sql: 'SELECT id, points FROM plays QUALIFY SUM(points) OVER (PARTITION BY player ORDER BY `at`) > 20000'
  },
  {
    name: 'OVER: in a subquery, filtered and grouped',
    sql: 'SELECT player, MAX(s) AS m FROM (SELECT player, SUM(points) OVER (PARTITION BY player ORDER BY `at`) AS s FROM plays) WHERE s > 1000 GROUP BY player'
  },
  {
    name: 'OVER: windows of it',
    sql: "SELECT window_start, SUM(s) AS t, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT `at`, SUM(points) OVER (PARTITION BY player ORDER BY `at` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM plays), DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"
  },
  {
    name: 'OVER: of OVER',
    sql: 'SELECT id, SUM(n) OVER (ORDER BY `at`) AS s FROM (SELECT id, `at`, COUNT(*) OVER (PARTITION BY player ORDER BY `at`) AS n FROM plays)'
  },
  {
    name: 'OVER: of windows',
    sql: "SELECT window_start, n, SUM(n) OVER (ORDER BY window_time ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM (SELECT window_start, window_time, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, window_time)"
  },
  {
    name: 'OVER: of a join by time',
    sql: "SELECT o.id, s.id AS sid, COUNT(*) OVER (PARTITION BY o.buyer ORDER BY o.`at`) AS n FROM orders o JOIN shipments s ON o.id = s.parent AND s.`at` BETWEEN o.`at` AND o.`at` + INTERVAL '30' SECOND"
  }
]
