import type { QueryCase } from '../../support/flink.ts'

const timed = '(SELECT *, PROCTIME() AS p FROM plays)'
const ranked = (order: string): string =>
  `(SELECT id, player, ROW_NUMBER() OVER (PARTITION BY player ORDER BY ${order}) AS r FROM ${timed})`
const three = 'OVER (PARTITION BY player ORDER BY p ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)'

const cases: readonly [name: string, sql: string][] = [
  ['SUM', 'SELECT id, SUM(points) OVER (PARTITION BY player ORDER BY PROCTIME()) AS r FROM plays'],
  [
    'COUNT and AVG by a column',
    `SELECT id, COUNT(*) OVER w AS n, AVG(score) OVER w AS a FROM ${timed} WINDOW w AS (PARTITION BY player ORDER BY p)`
  ],
  ['ROWS', `SELECT id, SUM(points) ${three} AS r, MAX(total) ${three} AS m FROM ${timed}`],
  ['ROW_NUMBER', 'SELECT id, ROW_NUMBER() OVER (PARTITION BY player ORDER BY PROCTIME()) AS r FROM plays'],
  ['LAG', 'SELECT id, LAG(points) OVER (PARTITION BY player ORDER BY PROCTIME()) AS r FROM plays'],
  ['of all rows', 'SELECT id, COUNT(*) OVER (ORDER BY PROCTIME()) AS r FROM plays WHERE player = 1'],
  ['the first row', `SELECT * FROM ${ranked('p')} WHERE r = 1`],
  ['the first three', `SELECT * FROM ${ranked('p')} WHERE r <= 3`],
  ['the last row', `SELECT * FROM ${ranked('p DESC')} WHERE r = 1`],
  ['the last row, then grouped', `SELECT COUNT(*) AS n, SUM(id) AS s FROM ${ranked('p DESC')} WHERE r = 1`]
]

export const arrivalCases: readonly QueryCase[] = cases.map(([name, sql]) => ({
  name: `in order of processing: ${name}`,
  sql
}))
