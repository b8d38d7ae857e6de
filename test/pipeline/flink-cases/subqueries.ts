import type { QueryCase } from '../../support/flink.ts'

const from = 'SELECT e.id, e.player FROM entries AS e WHERE'
const rows = 'SELECT o.id, o.buyer FROM orders AS o WHERE'
const cases: readonly [name: string, sql: string][] = [
  ['IN', `${from} e.player IN (SELECT id FROM players WHERE level > 1)`],
  ['IN a column of the rows themselves', `${from} e.player IN (SELECT contest FROM entries)`],
  ['NOT IN', `${from} e.player NOT IN (SELECT id FROM players WHERE level > 1 AND id IS NOT NULL)`],
  ['NOT IN with NULLs', `${rows} o.buyer NOT IN (SELECT buyer FROM orders WHERE price > 30)`],
  [
    'NOT IN without NULLs on the right',
    `${rows} o.buyer NOT IN (SELECT buyer FROM orders WHERE id < 3 AND buyer IS NOT NULL)`
  ],
  ['NOT IN of no rows', `${rows} o.buyer NOT IN (SELECT buyer FROM orders WHERE price > 300000)`],
  ['EXISTS', `${from} EXISTS (SELECT 1 FROM players AS p WHERE p.id = e.player AND p.level > 1)`],
  ['NOT EXISTS', `${from} NOT EXISTS (SELECT * FROM players AS p WHERE p.id = e.player AND p.level > 1)`],
  [
    'EXISTS with another condition',
    `${from} EXISTS (SELECT 1 FROM contests AS c WHERE c.id = e.contest AND c.seats * 2 > e.amount)`
  ],
  ['NOT EXISTS over rows', `${rows} NOT EXISTS (SELECT 1 FROM shipments AS s WHERE s.parent = o.id)`],
  ['EXISTS over rows', `${rows} EXISTS (SELECT 1 FROM shipments AS s WHERE s.parent = o.id)`],
  [
    'IN of a group',
    `${from} e.contest IN (SELECT contest FROM entries GROUP BY contest HAVING COUNT(*) > 3)`
  ],
  [
    'two of them',
    `${from} e.player IN (SELECT id FROM players) AND e.contest NOT IN (SELECT id FROM contests WHERE seats > 10) AND e.amount > 5`
  ],
  [
    'then grouped',
    'SELECT e.contest, COUNT(*) AS n FROM entries AS e WHERE EXISTS (SELECT 1 FROM players AS p WHERE p.id = e.player AND p.level > 1) GROUP BY e.contest'
  ],
  [
    'one in another',
    `${from} e.player IN (SELECT id FROM players WHERE level IN (SELECT level FROM players WHERE id > 2))`
  ]
]

export const subqueryCases: readonly QueryCase[] = cases.map(([name, sql]) => ({
  name: `semi join: ${name}`,
  sql
}))
