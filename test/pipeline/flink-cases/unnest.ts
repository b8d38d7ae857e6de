import type { QueryCase } from '../../support/flink.ts'

const cases: readonly [name: string, sql: string][] = [
  ['an array', 'SELECT p.id, t.tag FROM plays AS p CROSS JOIN UNNEST(p.tags) AS t (tag)'],
  ['as one of a list of tables', "SELECT id, tag FROM plays, UNNEST(tags) AS t (tag) WHERE tag <> 'vip'"],
  ['LEFT JOIN', 'SELECT p.id, t.tag FROM plays AS p LEFT JOIN UNNEST(p.tags) AS t (tag) ON TRUE'],
  [
    'WITH ORDINALITY',
    'SELECT p.id, t.tag, t.n FROM plays AS p CROSS JOIN UNNEST(p.tags) WITH ORDINALITY AS t (tag, n)'
  ],
  [
    'LEFT JOIN WITH ORDINALITY',
    'SELECT p.id, t.tag, t.n FROM plays AS p LEFT JOIN UNNEST(p.tags) WITH ORDINALITY AS t (tag, n) ON TRUE'
  ],
  ['a map', 'SELECT p.id, t.k, t.v FROM plays AS p CROSS JOIN UNNEST(p.extra) AS t (k, v)'],
  [
    'an array of rows',
    "SELECT p.id, t.city, t.n FROM plays AS p CROSS JOIN UNNEST(ARRAY[ROW(p.name, 1), ROW('x', p.points)]) AS t (city, n)"
  ],
  [
    'an array of rows that may be NULL',
    'SELECT p.id, t.city, t.geo.lat AS lat FROM plays AS p LEFT JOIN UNNEST(ARRAY[p.place, p.place]) AS t (city, geo) ON TRUE'
  ],
  [
    'an array of rows that may be NULL, inner',
    'SELECT p.id, t.city FROM plays AS p CROSS JOIN UNNEST(ARRAY[p.place, p.place]) AS t (city, geo)'
  ],
  [
    'grouped',
    'SELECT t.tag, COUNT(*) AS n, SUM(p.points) AS s FROM plays AS p CROSS JOIN UNNEST(p.tags) AS t (tag) GROUP BY t.tag'
  ],
  [
    'in windows',
    "SELECT window_start, tag, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT p.`at`, t.tag FROM plays AS p CROSS JOIN UNNEST(p.tags) AS t (tag)), DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, tag"
  ],
  [
    'what groups have collected',
    'SELECT g.player, t.tag FROM (SELECT player, ARRAY_AGG(name) AS names FROM plays GROUP BY player) AS g CROSS JOIN UNNEST(g.names) AS t (tag)'
  ],
  [
    'a multiset',
    'SELECT g.player, t.name FROM (SELECT player, COLLECT(name) AS names FROM plays GROUP BY player) AS g CROSS JOIN UNNEST(g.names) AS t (name)'
  ],
  [
    'twice',
    'SELECT p.id, a.x, b.y FROM plays AS p CROSS JOIN UNNEST(p.tags) AS a (x) CROSS JOIN UNNEST(p.tags) AS b (y) WHERE a.x < b.y'
  ]
]

export const unnestCases: readonly QueryCase[] = cases.map(([name, sql]) => ({
  name: `UNNEST: ${name}`,
  sql
}))
