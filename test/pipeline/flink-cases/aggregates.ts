import type { QueryCase } from '../../support/flink.ts'

/** Aggregates beyond counts and sums: over rows that stay, in windows and by key, and over rows that change and go. */

const aggregates: [name: string, items: string][] = [
  [
    'variances',
    'STDDEV_POP(points) AS a, STDDEV_SAMP(stake) AS b, ROUND(VAR_POP(score), 6) AS c, VAR_SAMP(total) AS d, VARIANCE(player) AS e, ROUND(STDDEV(score), 6) AS f'
  ],
  [
    'first and last',
    'FIRST_VALUE(name) AS a, LAST_VALUE(name) AS b, FIRST_VALUE(stake) AS c, LAST_VALUE(`at`) AS d'
  ],
  [
    'lists',
    "LISTAGG(name) AS a, LISTAGG(name, '|') AS c, ARRAY_AGG(player) AS d, ARRAY_SORT(ARRAY_AGG(DISTINCT player)) AS e, ARRAY_AGG(stake) FILTER (WHERE won) AS f, ARRAY_AGG(name) IGNORE NULLS AS g"
  ],
  ['multisets', 'COLLECT(name) AS a, COLLECT(name) FILTER (WHERE won) AS b'],
  [
    'percentiles',
    'PERCENTILE(points, 0.5) AS a, PERCENTILE(stake, ARRAY[0.1, 0.9]) AS b, PERCENTILE(score, 0.99, player) AS c'
  ],
  ['JSON', 'JSON_ARRAYAGG(name) AS a, JSON_ARRAYAGG(stake NULL ON NULL) AS b, JSON_ARRAYAGG(score) AS c']
]

const tumble = (items: string): string =>
  `SELECT window_end, ${items} FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(\`at\`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end`

const changing: [name: string, items: string][] = [
  ['variances', 'VAR_POP(id) AS a, STDDEV_SAMP(amount) AS b'],
  ['first and last', 'FIRST_VALUE(status) AS a, LAST_VALUE(status) AS b, LAST_VALUE(player) AS c'],
  ['lists', 'LISTAGG(status) AS a, ARRAY_AGG(player) AS b, COLLECT(status) AS c, JSON_ARRAYAGG(amount) AS d'],
  ['objects of JSON', 'JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE amount) AS a'],
  ['percentiles', 'PERCENTILE(amount, 0.5) AS a, PERCENTILE(id, ARRAY[0.0, 0.75]) AS b']
]

export const aggregateCases: readonly QueryCase[] = [
  ...aggregates.flatMap(([name, items]): QueryCase[] => [
    { name: `more aggregates in windows: ${name}`, sql: tumble(items) },
    { name: `more aggregates by key: ${name}`, sql: `SELECT player, ${items} FROM plays GROUP BY player` }
  ]),
  ...changing.map(([name, items]) => ({
    name: `more aggregates of a changelog: ${name}`,
    sql: `SELECT contest, ${items} FROM entries GROUP BY contest`
  }))
]
