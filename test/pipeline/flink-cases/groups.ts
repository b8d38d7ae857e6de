import type { QueryCase } from '../../support/flink.ts'

const windows: [name: string, call: string][] = [
  ['TUMBLE', "TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '30' SECOND)"],
  [
    'TUMBLE with an offset',
    "TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE, INTERVAL '10' SECOND)"
  ],
  [
    'TUMBLE with an offset back',
    "TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE, INTERVAL '-20' SECOND)"
  ],
  ['TUMBLE of a day', "TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' DAY)"],
  ['TUMBLE of a second', "TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' SECOND)"],
  ['HOP', "HOP(TABLE plays, DESCRIPTOR(`at`), INTERVAL '15' SECOND, INTERVAL '1' MINUTE)"],
  [
    'HOP with an offset',
    "HOP(TABLE plays, DESCRIPTOR(`at`), INTERVAL '20' SECOND, INTERVAL '1' MINUTE, INTERVAL '5' SECOND)"
  ],
  ['HOP of its own length', "HOP(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE, INTERVAL '1' MINUTE)"],
  ['CUMULATE', "CUMULATE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '20' SECOND, INTERVAL '2' MINUTE)"],
  [
    'CUMULATE with an offset',
    "CUMULATE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '30' SECOND, INTERVAL '1' MINUTE, INTERVAL '15' SECOND)"
  ]
]

const counts =
  'COUNT(*) AS n, COUNT(stake) AS staked, SUM(stake) AS total, MIN(points) AS least, MAX(name) AS last'

const windowed = windows.flatMap(([name, call]): QueryCase[] => [
  {
    name: `${name}: all`,
    sql: `SELECT window_start, window_end, ${counts} FROM TABLE(${call}) GROUP BY window_start, window_end`
  },
  {
    name: `${name}: by a key`,
    sql: `SELECT window_start, window_end, player, ${counts} FROM TABLE(${call}) GROUP BY window_start, window_end, player`
  }
])

const tumble = (items: string, rest = ''): string =>
  `SELECT window_end, ${items} FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(\`at\`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end${rest}`

const aggregates: [name: string, items: string][] = [
  [
    'SUM of each type',
    'SUM(points) AS a, SUM(total) AS b, SUM(stake) AS c, SUM(score) AS d, SUM(player) AS e'
  ],
  [
    'AVG of each type',
    'AVG(points) AS a, AVG(total) AS b, AVG(stake) AS c, AVG(score) AS d, AVG(player) AS e'
  ],
  [
    'MIN and MAX of each type',
    'MIN(points) AS a, MAX(total) AS b, MIN(stake) AS c, MAX(score) AS d, MIN(name) AS e, MAX(born) AS f, MIN(`at`) AS g, MAX(seen) AS h'
  ],
  [
    'DISTINCT',
    'COUNT(DISTINCT player) AS a, SUM(DISTINCT points) AS b, COUNT(DISTINCT name) AS c, AVG(DISTINCT player) AS d'
  ],
  [
    'FILTER',
    'COUNT(*) FILTER (WHERE won) AS a, SUM(stake) FILTER (WHERE player > 2) AS b, MIN(points) FILTER (WHERE NOT won) AS c'
  ],
  [
    'DISTINCT with FILTER',
    'COUNT(DISTINCT player) FILTER (WHERE won) AS a, COUNT(DISTINCT player) FILTER (WHERE NOT won) AS b, COUNT(DISTINCT player) AS c'
  ],
  [
    'expressions in aggregates',
    'SUM(stake * 2 + 1) AS a, MAX(UPPER(name)) AS b, COUNT(player + points) AS c'
  ],
  [
    'expressions of aggregates',
    "SUM(stake) / COUNT(*) AS a, MAX(points) - MIN(points) AS b, CASE WHEN COUNT(*) > 20 THEN 'many' ELSE 'few' END AS c"
  ]
]

const grouped: QueryCase[] = [
  ...aggregates.flatMap(([name, items]): QueryCase[] => [
    { name: `aggregates in windows: ${name}`, sql: tumble(items) },
    { name: `aggregates by key: ${name}`, sql: `SELECT player, ${items} FROM plays GROUP BY player` }
  ]),
  { name: 'window_time', sql: tumble('window_time, COUNT(*) AS n', ', window_time') },
  { name: 'HAVING in windows', sql: tumble('player, COUNT(*) AS n', ', player HAVING COUNT(*) > 7') },
  {
    name: 'keys that are expressions, in windows',
    sql: tumble('player / 2 AS pair, COUNT(*) AS n', ', player / 2')
  },
  {
    name: 'WHERE before windows',
    sql: "SELECT window_start, SUM(points) AS s FROM TABLE(TUMBLE((SELECT * FROM plays WHERE won), DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"
  },
  {
    name: 'windows over a projection',
    sql: "SELECT window_start, twice, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT player * 2 AS twice, `at` FROM plays), DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, twice"
  },
  {
    name: 'WHERE on rows of windows',
    sql: "SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) WHERE points > 500 GROUP BY window_start, window_end"
  },
  {
    name: 'windows without GROUP BY',
    sql: "SELECT id, window_start, window_end, window_time FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))"
  },
  {
    name: 'aggregates over everything',
    sql: 'SELECT COUNT(*) AS n, SUM(stake) AS s, MAX(name) AS m FROM plays'
  },
  {
    name: 'aggregates over nothing',
    sql: "SELECT COUNT(*) AS n, SUM(stake) AS s FROM plays WHERE name = 'nobody'"
  },
  {
    name: 'groups of two keys',
    sql: 'SELECT player, won, COUNT(*) AS n, AVG(stake) AS a FROM plays GROUP BY player, won'
  },
  {
    name: 'groups of an expression',
    sql: 'SELECT born IS NULL AS hidden, COUNT(*) AS n FROM plays GROUP BY born IS NULL'
  },
  {
    name: 'groups of strings',
    sql: 'SELECT UPPER(name) AS who, COUNT(*) AS n FROM plays GROUP BY UPPER(name)'
  },
  { name: 'groups of a DOUBLE', sql: 'SELECT score, COUNT(*) AS n FROM plays GROUP BY score' },
  {
    name: 'HAVING',
    sql: 'SELECT player, COUNT(*) AS n FROM plays GROUP BY player HAVING COUNT(*) BETWEEN 40 AND 50'
  },
  {
    name: 'HAVING on another aggregate',
    sql: 'SELECT player, SUM(stake) AS s FROM plays GROUP BY player HAVING MAX(points) > 1690 AND COUNT(*) > 10'
  },
  {
    name: 'an expression of keys and aggregates',
    sql: "SELECT 'p' || CAST(player AS STRING) AS p, SUM(points) * 2 AS s FROM plays GROUP BY player"
  },
  {
    name: 'groups of groups',
    sql: 'SELECT n, COUNT(*) AS players FROM (SELECT player, COUNT(*) AS n FROM plays GROUP BY player) GROUP BY n'
  },
  {
    name: 'the greatest of sums',
    sql: 'SELECT MAX(s) AS most, MIN(s) AS least FROM (SELECT player, SUM(points) AS s FROM plays GROUP BY player)'
  },
  {
    name: 'groups of windows',
    sql: `SELECT player, MAX(n) AS busiest, COUNT(*) AS windows FROM (${tumble('player, COUNT(*) AS n', ', player')}) GROUP BY player`
  },
  {
    name: 'WHERE on groups',
    sql: 'SELECT player, n FROM (SELECT player, COUNT(*) AS n FROM plays GROUP BY player) WHERE n > 44'
  }
]

const perContest = 'GROUP BY contest'
const changelogs: [name: string, sql: string][] = [
  ['a projection', 'SELECT id, contest, amount * 2 AS twice FROM entries'],
  ['WHERE on what changes', "SELECT id, amount FROM entries WHERE status = 'PAID'"],
  ['WHERE on what stays', 'SELECT id, status FROM entries WHERE player > 3'],
  ['columns that do not change', 'SELECT player FROM entries'],
  ['COUNT', `SELECT contest, COUNT(*) AS n FROM entries ${perContest}`],
  ['COUNT of a column', `SELECT contest, COUNT(player) AS n FROM entries ${perContest}`],
  ['SUM', `SELECT contest, SUM(amount) AS s, SUM(id) AS i FROM entries ${perContest}`],
  ['AVG', `SELECT contest, AVG(amount) AS a, AVG(id) AS i FROM entries ${perContest}`],
  [
    'MIN, MAX',
    `SELECT contest, MIN(amount) AS a, MAX(amount) AS b, MIN(status) AS c, MAX(\`at\`) AS d FROM entries ${perContest}`
  ],
  [
    'DISTINCT',
    `SELECT contest, COUNT(DISTINCT player) AS n, SUM(DISTINCT player) AS s FROM entries ${perContest}`
  ],
  [
    'FILTER',
    `SELECT contest, COUNT(*) FILTER (WHERE status = 'PAID') AS paid, SUM(amount) FILTER (WHERE status = 'FAILED') AS lost FROM entries ${perContest}`
  ],
  ['a key that changes', 'SELECT status, COUNT(*) AS n FROM entries GROUP BY status'],
  ['everything', 'SELECT COUNT(*) AS n, SUM(amount) AS s, MAX(contest) AS m FROM entries'],
  ['a group that empties', "SELECT id, COUNT(*) AS n FROM entries WHERE status = 'PAID' GROUP BY id"],
  ['HAVING', `SELECT contest, COUNT(*) AS n FROM entries ${perContest} HAVING COUNT(*) > 12`],
  [
    'groups of groups',
    `SELECT n, COUNT(*) AS contests, MIN(contest) AS first FROM (SELECT contest, COUNT(*) AS n FROM entries ${perContest}) GROUP BY n`
  ],
  [
    'the greatest of sums',
    `SELECT MAX(s) AS most FROM (SELECT contest, SUM(amount) AS s FROM entries ${perContest})`
  ],
  [
    'two keys',
    'SELECT contest, status, COUNT(*) AS n, SUM(amount) AS s FROM entries GROUP BY contest, status'
  ],
  [
    'windows',
    "SELECT window_start, COUNT(*) AS n, SUM(amount) AS s FROM TABLE(TUMBLE(TABLE entries, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"
  ],
  [
    'windows by a key',
    "SELECT window_start, contest, COUNT(*) AS n, MAX(amount) AS m FROM TABLE(TUMBLE(TABLE entries, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, contest"
  ],
  [
    'windows with DISTINCT and FILTER',
    "SELECT window_end, COUNT(DISTINCT player) AS p, COUNT(*) FILTER (WHERE status = 'PAID') AS paid FROM TABLE(TUMBLE(TABLE entries, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"
  ],
  [
    'windows with an average',
    "SELECT window_end, AVG(amount) AS a, MIN(status) AS s FROM TABLE(HOP(TABLE entries, DESCRIPTOR(`at`), INTERVAL '1' MINUTE, INTERVAL '2' MINUTE)) GROUP BY window_start, window_end"
  ]
]

export const groupCases: readonly QueryCase[] = [
  ...windowed,
  ...grouped,
  ...changelogs.map(([name, sql]) => ({ name: `changelog: ${name}`, sql }))
]
