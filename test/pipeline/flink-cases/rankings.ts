import type { QueryCase } from '../../support/flink.ts'

const named = (group: string, list: readonly [name: string, sql: string][]): QueryCase[] =>
  list.map(([name, sql]) => ({ name: `${group}: ${name}`, sql }))

const distinct = named('SELECT DISTINCT', [
  ['one column', 'SELECT DISTINCT player FROM plays'],
  ['several columns', 'SELECT DISTINCT player, won FROM plays'],
  ['an expression', 'SELECT DISTINCT UPPER(name) AS who, points > 500 AS high FROM plays'],
  ['of changes', 'SELECT DISTINCT contest, status FROM entries'],
  ['of groups', 'SELECT DISTINCT n FROM (SELECT contest, COUNT(*) AS n FROM entries GROUP BY contest)']
])

/** The first `n` of each partition. */
const top = (n: number, table: string, partition: string, order: string, items: string): string =>
  `SELECT ${items} FROM (SELECT *, ROW_NUMBER() OVER (${partition === '' ? '' : `PARTITION BY ${partition} `}ORDER BY ${order}) AS place_no FROM ${table}) WHERE place_no <= ${n}`

const topN = named('top N', [
  ['of each key', top(3, 'plays', 'player', 'points DESC, id ASC', 'player, id, points, place_no')],
  ['of each key, without the number', top(3, 'plays', 'player', 'points DESC, id ASC', 'player, id, points')],
  ['of everything', top(5, 'plays', '', 'stake ASC, id ASC', 'id, stake, place_no')],
  ['NULLs first when ascending', top(4, 'plays', 'won', 'score ASC, id ASC', 'won, id, score, place_no')],
  // Of another length than the one before, which Flink takes for the same plan in one job.
  ['NULLs last', top(5, 'plays', 'won', 'score ASC NULLS LAST, id ASC', 'won, id, score, place_no')],
  [
    'NULLs first when descending',
    top(4, 'plays', 'won', 'score DESC NULLS FIRST, id ASC', 'won, id, score, place_no')
  ],
  ['of strings', top(3, 'plays', 'player', 'name DESC, id DESC', 'player, id, name')],
  ['of changes', top(2, 'entries', 'contest', 'amount DESC, id ASC', 'contest, id, amount, place_no')],
  [
    'of changes, without the number',
    top(2, 'entries', 'contest', 'amount DESC, id ASC', 'contest, id, amount')
  ],
  [
    'of groups',
    top(
      3,
      '(SELECT contest, COUNT(*) AS n FROM entries GROUP BY contest)',
      '',
      'n DESC, contest ASC',
      'contest, n, place_no'
    )
  ],
  [
    'of groups of plain rows',
    top(
      2,
      '(SELECT player, won, SUM(points) AS s FROM plays GROUP BY player, won)',
      'won',
      's DESC, player ASC',
      'won, player, s'
    )
  ],
  [
    'a place alone',
    'SELECT id, points FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY player ORDER BY points DESC, id ASC) AS n FROM plays) WHERE n = 2'
  ],
  [
    'grouped',
    `SELECT SUM(points) AS s, COUNT(*) AS n FROM (${top(3, 'plays', 'player', 'points DESC, id ASC', 'player, id, points')})`
  ]
])

const deduplication = named('the row', [
  ['that came first by its time', top(1, 'plays', 'player', '`at` ASC', 'player, id')],
  ['that came last by its time', top(1, 'plays', 'player', '`at` DESC', 'player, id')],
  ['that is first of two keys', top(1, 'plays', 'player, won', '`at` ASC', 'player, won, id, `at`')],
  [
    'that is last, grouped',
    `SELECT won, COUNT(*) AS n FROM (${top(1, 'plays', 'player', '`at` DESC', 'player, won')}) GROUP BY won`
  ]
])

const over = (frame: string): string => `(PARTITION BY player ORDER BY \`at\` ${frame})`
const overs = named('OVER', [
  [
    'all rows so far',
    `SELECT id, COUNT(*) OVER ${over('')} AS n, SUM(points) OVER ${over('')} AS s FROM plays`
  ],
  [
    'ROWS so far',
    `SELECT id, COUNT(*) OVER ${over('ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW')} AS n FROM plays`
  ],
  [
    'ROWS before',
    `SELECT id, SUM(stake) OVER ${over('ROWS BETWEEN 2 PRECEDING AND CURRENT ROW')} AS s, MAX(points) OVER ${over('ROWS BETWEEN 2 PRECEDING AND CURRENT ROW')} AS m FROM plays`
  ],
  [
    'RANGE before',
    `SELECT id, COUNT(stake) OVER ${over("RANGE BETWEEN INTERVAL '20' SECOND PRECEDING AND CURRENT ROW")} AS n, AVG(score) OVER ${over("RANGE BETWEEN INTERVAL '20' SECOND PRECEDING AND CURRENT ROW")} AS a FROM plays`
  ],
  [
    'no partition',
    "SELECT id, COUNT(*) OVER (ORDER BY `at` RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW) AS n FROM plays"
  ],
  [
    'WINDOW',
    'SELECT id, MIN(points) OVER w AS a, MAX(points) OVER w AS b FROM plays WINDOW w AS (PARTITION BY won ORDER BY `at` ROWS BETWEEN 5 PRECEDING AND CURRENT ROW)'
  ],
  ['LAG', `SELECT id, points - LAG(points) OVER ${over('')} AS change_of FROM plays`],
  [
    'FIRST_VALUE, LAST_VALUE',
    `SELECT id, FIRST_VALUE(points) OVER ${over('ROWS BETWEEN 3 PRECEDING AND CURRENT ROW')} AS a, LAST_VALUE(name) OVER ${over('ROWS BETWEEN 3 PRECEDING AND CURRENT ROW')} AS b FROM plays`
  ]
])

const session = (table: string, rest = ''): string =>
  `SESSION(TABLE ${table}${rest}, DESCRIPTOR(\`at\`), INTERVAL '7' SECOND)`
const counts = 'COUNT(*) AS n, SUM(points) AS s, MIN(id) AS least'
const sessions = named('SESSION', [
  [
    'of a key',
    `SELECT window_start, window_end, player, ${counts} FROM TABLE(${session('plays', ' PARTITION BY player')}) GROUP BY window_start, window_end, player`
  ],
  [
    'of everything',
    `SELECT window_start, window_end, window_time, COUNT(*) AS n FROM TABLE(SESSION(TABLE plays, DESCRIPTOR(\`at\`), INTERVAL '1' SECOND)) GROUP BY window_start, window_end, window_time`
  ],
  [
    'DISTINCT and FILTER',
    `SELECT window_end, player, COUNT(DISTINCT won) AS d, COUNT(*) FILTER (WHERE points > 500) AS high FROM TABLE(${session('plays', ' PARTITION BY player')}) GROUP BY window_start, window_end, player`
  ],
  [
    'changes',
    "SELECT window_start, window_end, contest, COUNT(*) AS n, SUM(amount) AS s FROM TABLE(SESSION(TABLE entries PARTITION BY contest, DESCRIPTOR(`at`), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, contest"
  ]
])

const perMinute =
  "SELECT window_start, window_end, player, COUNT(*) AS n, SUM(points) AS s FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, player"
const topOfWindow = (n: number, table: string, order: string, items: string): string =>
  top(n, table, 'window_start, window_end', order, items)
const windowRanks = named('in windows', [
  [
    'top N of groups',
    topOfWindow(2, `(${perMinute})`, 'n DESC, player ASC', 'window_start, player, n, place_no')
  ],
  [
    'top N of rows',
    topOfWindow(
      3,
      "TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))",
      'points DESC, id ASC',
      'window_start, window_end, id, points, place_no'
    )
  ],
  [
    'the last row of each key',
    top(
      1,
      "TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))",
      'window_start, window_end, player',
      '`at` DESC',
      'window_start, player, id'
    )
  ],
  [
    'windows of windows',
    "SELECT window_start, window_end, SUM(n) AS n, MAX(s) AS s FROM TABLE(TUMBLE((SELECT window_time AS rowtime, COUNT(*) AS n, SUM(points) AS s FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, window_time), DESCRIPTOR(rowtime), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"
  ],
  [
    'SELECT * of HOP',
    "SELECT id, window_start FROM TABLE(HOP(TABLE plays, DESCRIPTOR(`at`), INTERVAL '30' SECOND, INTERVAL '1' MINUTE))"
  ],
  [
    'SELECT * of CUMULATE',
    "SELECT id, window_start, window_end FROM TABLE(CUMULATE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '20' SECOND, INTERVAL '1' MINUTE)) WHERE points > 0"
  ]
])

const collected = named('aggregates', [
  [
    'STDDEV and VARIANCE of whole numbers',
    'SELECT player, STDDEV_POP(points) AS a, STDDEV_SAMP(points) AS b, VAR_POP(points) AS c, VAR_SAMP(points) AS d FROM plays GROUP BY player'
  ],
  [
    'STDDEV and VARIANCE of DOUBLE',
    'SELECT player, STDDEV_POP(score) AS a, STDDEV(score) AS b, VARIANCE(score) AS c FROM plays GROUP BY player'
  ],
  [
    'STDDEV and VARIANCE of DECIMAL',
    'SELECT player, STDDEV_POP(stake) AS a, STDDEV_SAMP(stake) AS b, VAR_POP(stake) AS c FROM plays GROUP BY player'
  ],
  [
    'FIRST_VALUE, LAST_VALUE',
    'SELECT player, FIRST_VALUE(id) AS a, LAST_VALUE(name) AS b FROM plays GROUP BY player'
  ],
  [
    'LISTAGG',
    "SELECT player, LISTAGG(name) AS a, LISTAGG(CAST(id AS STRING), ';') AS b FROM plays GROUP BY player"
  ],
  ['COLLECT', 'SELECT player, COLLECT(name) AS a FROM plays WHERE name IS NOT NULL GROUP BY player'],
  ['ARRAY_AGG', 'SELECT player, ARRAY_AGG(points) AS a FROM plays GROUP BY player'],
  [
    'JSON_OBJECTAGG, JSON_ARRAYAGG',
    'SELECT player, JSON_ARRAYAGG(points) AS a, JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE won) AS b FROM plays WHERE id < 30 GROUP BY player'
  ],
  [
    'PERCENTILE',
    'SELECT player, PERCENTILE(points, 0.5) AS a, PERCENTILE(points, 0.95) AS b FROM plays GROUP BY player'
  ],
  [
    'of changes',
    'SELECT contest, STDDEV_POP(id) AS a, PERCENTILE(id, 0.5) AS b FROM entries GROUP BY contest'
  ],
  [
    'LAST_VALUE of changes',
    'SELECT contest, LAST_VALUE(status) AS a, FIRST_VALUE(id) AS b FROM entries GROUP BY contest'
  ],
  [
    'in windows',
    "SELECT window_start, STDDEV_SAMP(score) AS a, FIRST_VALUE(id) AS b, LISTAGG(name) AS c FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"
  ]
])

export const rankingCases: readonly QueryCase[] = [
  ...distinct,
  ...topN,
  ...deduplication,
  ...overs,
  ...sessions,
  ...windowRanks,
  ...collected
]
