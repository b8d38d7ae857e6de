import type { QueryCase } from '../../support/flink.ts'

const from = 'FROM entries AS e'
const isKnown = 'e.player IN (SELECT id FROM players)'
const hasPlayer = 'EXISTS (SELECT 1 FROM players AS p WHERE p.id = e.player)'
const levels = '(SELECT p.level FROM players AS p WHERE p.id = e.player)'

const cases: readonly [name: string, sql: string][] = [
  ['IN under OR', `SELECT e.id ${from} WHERE ${isKnown} OR e.amount > 20`],
  ['NOT IN under OR', `SELECT e.id ${from} WHERE e.player NOT IN (SELECT id FROM players) OR e.amount > 20`],
  ['IN under NOT', `SELECT e.id ${from} WHERE NOT (${isKnown} AND e.amount > 20)`],
  ['IN in SELECT', `SELECT e.id, ${isKnown} AS known ${from}`],
  [
    'IN and NOT IN with NULLs in SELECT',
    `SELECT e.id, e.player IN (SELECT contest FROM entries WHERE id > 100) AS i, e.player NOT IN (SELECT contest FROM entries WHERE id > 100) AS n ${from}`
  ],
  ['IN in CASE', `SELECT e.id, CASE WHEN ${isKnown} THEN 1 ELSE 0 END AS known ${from}`],
  ['IN by a key', `SELECT e.id, e.contest IN ${levels} AS i ${from}`],
  ['NOT IN by a key', `SELECT e.id ${from} WHERE e.contest NOT IN ${levels} OR e.id = 1`],
  ['EXISTS under OR', `SELECT e.id ${from} WHERE ${hasPlayer} OR e.amount > 20`],
  ['EXISTS in SELECT', `SELECT e.id, ${hasPlayer} AS known, NOT ${hasPlayer} AS strange ${from}`],
  ['EXISTS without a key', `SELECT e.id, EXISTS (SELECT 1 FROM players WHERE level > 2) AS most ${from}`],
  [
    'over rows that are only added',
    'SELECT o.id, EXISTS (SELECT 1 FROM shipments AS s WHERE s.parent = o.id) AS shipped FROM orders AS o'
  ],
  [
    'IN of a group',
    `SELECT e.id ${from} WHERE e.contest IN (SELECT contest FROM entries GROUP BY contest HAVING COUNT(*) > 12) OR e.id = 1`
  ],
  [
    'IN in HAVING',
    `SELECT e.contest, COUNT(*) AS n ${from} GROUP BY e.contest HAVING e.contest IN (SELECT id FROM contests) OR COUNT(*) > 10`
  ],
  ['then grouped', `SELECT known, COUNT(*) AS n FROM (SELECT ${isKnown} AS known ${from}) GROUP BY known`]
]

export const membershipCases: readonly QueryCase[] = cases.map(([name, sql]) => ({
  name: `memberships: ${name}`,
  sql
}))
