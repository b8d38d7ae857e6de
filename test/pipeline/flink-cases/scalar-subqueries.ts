import type { QueryCase } from '../../support/flink.ts'

const average = '(SELECT AVG(amount) FROM entries)'
const from = 'FROM entries AS e'

const cases: readonly [name: string, sql: string][] = [
  ['in WHERE', `SELECT id, amount FROM entries WHERE amount > ${average}`],
  ['under OR', `SELECT id FROM entries WHERE amount > ${average} OR id = 1`],
  ['in SELECT', 'SELECT id, (SELECT MAX(level) FROM players) AS top FROM entries'],
  [
    'in an expression',
    `SELECT id, amount > ${average} AS above, CASE WHEN id < (SELECT COUNT(*) FROM players) * 3 THEN 'a' END AS c FROM entries`
  ],
  ['beside *', 'SELECT *, (SELECT MAX(level) FROM players) AS top FROM entries'],
  ['one row of a table', 'SELECT id, (SELECT level FROM players WHERE id = 3) AS l FROM entries'],
  [
    'the first row',
    'SELECT id, (SELECT name FROM players ORDER BY level DESC, id LIMIT 1) AS n FROM entries'
  ],
  ['of no rows', 'SELECT id, (SELECT MAX(level) FROM players WHERE id = 300) AS l FROM entries'],
  [
    'several',
    `SELECT id FROM entries WHERE amount > ${average} AND player < (SELECT MAX(level) * 2 FROM players)`
  ],
  [
    'in BETWEEN',
    'SELECT id FROM entries WHERE amount BETWEEN (SELECT MIN(amount) FROM entries WHERE contest = 1) AND (SELECT MAX(amount) FROM entries WHERE contest = 2)'
  ],
  [
    'in HAVING',
    'SELECT contest, COUNT(*) AS n FROM entries GROUP BY contest HAVING COUNT(*) > (SELECT AVG(level) FROM players)'
  ],
  [
    'beside an aggregate',
    'SELECT contest, SUM(amount) / (SELECT SUM(amount) FROM entries) AS share FROM entries GROUP BY contest'
  ],
  [
    'of rows that are only added',
    'SELECT id, price FROM orders WHERE price > (SELECT AVG(price) FROM orders)'
  ],
  ['by a key', `SELECT e.id, (SELECT MAX(p.level) FROM players AS p WHERE p.id = e.player) AS l ${from}`],
  [
    'by a key of the table itself',
    `SELECT e.id ${from} WHERE e.amount > (SELECT AVG(f.amount) FROM entries AS f WHERE f.contest = e.contest)`
  ],
  [
    'by two keys',
    `SELECT e.id ${from} WHERE e.amount = (SELECT MAX(f.amount) FROM entries AS f WHERE f.contest = e.contest AND f.player = e.player)`
  ],
  ['a count by a key', `SELECT e.id, (SELECT COUNT(*) FROM players AS p WHERE p.id = e.player) AS l ${from}`],
  [
    'where a count is 0',
    `SELECT e.id ${from} WHERE (SELECT COUNT(*) FROM players AS p WHERE p.level = e.player) = 0`
  ],
  [
    'an expression of a count',
    `SELECT e.id, (SELECT COUNT(*) + 1 FROM players AS p WHERE p.id = e.player) AS l ${from}`
  ],
  [
    'an expression of an aggregate',
    `SELECT e.id, (SELECT COALESCE(MAX(p.level), -1) FROM players AS p WHERE p.id = e.player AND p.level < 3) AS l ${from}`
  ],
  ['a row by a key', `SELECT e.id, (SELECT p.level FROM players AS p WHERE p.id = e.player) AS l ${from}`],
  [
    'then grouped',
    `SELECT l, COUNT(*) AS n FROM (SELECT (SELECT MAX(p.level) FROM players AS p WHERE p.id = e.player) AS l ${from}) GROUP BY l`
  ],
  [
    'beside IN',
    `SELECT e.id ${from} WHERE e.player IN (SELECT id FROM players) AND e.amount > (SELECT AVG(f.amount) FROM entries AS f WHERE f.contest = e.contest)`
  ]
]

export const scalarSubqueryCases: readonly QueryCase[] = cases.map(([name, sql]) => ({
  name: `scalar subqueries: ${name}`,
  sql
}))
