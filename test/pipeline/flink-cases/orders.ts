import type { QueryCase } from '../../support/flink.ts'

/** OFFSET of changes is left out: Flink 2.3 takes back other rows there than it kept. */
export const orderCases: readonly QueryCase[] = [
  ['ORDER BY and LIMIT', 'SELECT id, points FROM plays ORDER BY points DESC, id LIMIT 5'],
  ['by what is not selected', 'SELECT id FROM plays ORDER BY stake DESC NULLS FIRST, id LIMIT 7'],
  ['by a name, and by a number', 'SELECT id AS x, points * 2 AS y FROM plays ORDER BY 2 DESC, x LIMIT 4'],
  ['with OFFSET', 'SELECT id, points FROM plays ORDER BY points, id LIMIT 4 OFFSET 3'],
  ['FETCH', 'SELECT id, score FROM plays ORDER BY score DESC OFFSET 1 ROWS FETCH NEXT 3 ROWS ONLY'],
  ['by event time, late rows too', 'SELECT id, `at` FROM plays ORDER BY `at`, id LIMIT 250'],
  ['of changes', 'SELECT id, amount FROM entries ORDER BY amount DESC, id LIMIT 6'],
  [
    'of groups',
    'SELECT contest, COUNT(*) AS n FROM entries GROUP BY contest ORDER BY COUNT(*) DESC, contest LIMIT 3'
  ],
  ['of growing groups', 'SELECT player, COUNT(*) AS n FROM plays GROUP BY player ORDER BY n DESC LIMIT 3'],
  ['in a subquery', 'SELECT SUM(points) AS s FROM (SELECT points FROM plays ORDER BY points DESC LIMIT 10)'],
  ['LIMIT alone', 'SELECT id, name FROM plays LIMIT 4'],
  ['LIMIT and OFFSET alone', 'SELECT id, name FROM plays LIMIT 4 OFFSET 2'],
  ['LIMIT of changes', 'SELECT id, amount FROM entries LIMIT 8'],
  [
    'of a union',
    'SELECT id FROM plays WHERE won UNION ALL SELECT id FROM plays WHERE NOT won ORDER BY id DESC LIMIT 5'
  ],
  ['by event time without LIMIT', 'SELECT id, points FROM plays ORDER BY `at`, points DESC']
].map(([name, sql]) => ({ name: `ORDER BY: ${name}`, sql: sql as string }))
