import type { QueryCase } from '../../support/flink.ts'

/** Rows in their windows, sessions, and windows in GROUP BY. */

const hop = "HOP(TABLE plays, DESCRIPTOR(`at`), INTERVAL '20' SECOND, INTERVAL '1' MINUTE)"
const minute = "TUMBLE(TABLE plays, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)"
const session = (partition: string, seconds: number): string =>
  `SESSION(TABLE plays${partition}, DESCRIPTOR(\`at\`), INTERVAL '${seconds}' SECOND)`
const bounds = 'window_start, window_end'
const aggregates = 'COUNT(*) AS n, SUM(stake) AS s, MIN(name) AS m, COUNT(DISTINCT points) AS d'

const rows: [name: string, sql: string][] = [
  ['HOP', `SELECT id, ${bounds}, window_time FROM TABLE(${hop})`],
  [
    'CUMULATE',
    `SELECT id, ${bounds}, window_time FROM TABLE(CUMULATE(TABLE plays, DESCRIPTOR(\`at\`), INTERVAL '20' SECOND, INTERVAL '1' MINUTE))`
  ],
  [
    'HOP with a slide that does not divide the size',
    `SELECT id, ${bounds} FROM TABLE(HOP(TABLE plays, DESCRIPTOR(\`at\`), INTERVAL '25' SECOND, INTERVAL '1' MINUTE))`
  ],
  [
    'HOP with gaps',
    `SELECT id, ${bounds} FROM TABLE(HOP(TABLE plays, DESCRIPTOR(\`at\`), INTERVAL '1' MINUTE, INTERVAL '25' SECOND))`
  ],
  [
    'HOP of a changelog',
    `SELECT id, \`at\`, status, ${bounds} FROM TABLE(HOP(TABLE entries, DESCRIPTOR(\`at\`), INTERVAL '20' SECOND, INTERVAL '1' MINUTE))`
  ],
  ['SESSION', `SELECT id, player, ${bounds}, window_time FROM TABLE(${session(' PARTITION BY player', 5)})`],
  [
    'SESSION of a changelog',
    `SELECT id, ${bounds} FROM TABLE(SESSION(TABLE entries PARTITION BY contest, DESCRIPTOR(\`at\`), INTERVAL '8' SECOND))`
  ],
  [
    'a condition on the bounds',
    `SELECT id, window_end FROM TABLE(${hop}) WHERE window_start > TIMESTAMP '2026-11-24 10:01:00' AND won`
  ],
  [
    'a window over rows in windows',
    `SELECT id, ws, window_start FROM TABLE(TUMBLE((SELECT id, \`at\`, window_start AS ws FROM TABLE(${hop})), DESCRIPTOR(\`at\`), INTERVAL '1' MINUTE))`
  ]
]

const groups: [name: string, sql: string][] = [
  ['window_start alone', `SELECT window_start, COUNT(*) AS n FROM TABLE(${hop}) GROUP BY window_start`],
  ['window_end alone', `SELECT window_end, COUNT(*) AS n FROM TABLE(${minute}) GROUP BY window_end`],
  ['neither bound', `SELECT player, COUNT(*) AS n FROM TABLE(${hop}) GROUP BY player`],
  ['everything', `SELECT COUNT(*) AS n FROM TABLE(${minute})`],
  [
    'a condition on the bounds',
    `SELECT ${bounds}, COUNT(*) AS n FROM (SELECT * FROM TABLE(${hop}) WHERE window_start > TIMESTAMP '2026-11-24 10:00:00') GROUP BY ${bounds}`
  ],
  [
    'a bound in an aggregate',
    `SELECT ${bounds}, COUNT(*) AS n, MAX(window_time) AS t FROM TABLE(${hop}) GROUP BY ${bounds}`
  ],
  ['DISTINCT', `SELECT DISTINCT ${bounds}, player FROM TABLE(${hop})`],
  ['no aggregate', `SELECT ${bounds}, player FROM TABLE(${minute}) GROUP BY ${bounds}, player`],
  [
    'windows of windows',
    `SELECT ${bounds}, SUM(n) AS n, COUNT(*) AS c FROM (SELECT ${bounds}, player, COUNT(*) AS n FROM TABLE(${minute}) GROUP BY ${bounds}, player) GROUP BY ${bounds}`
  ],
  [
    'windows over the times of windows',
    `SELECT ${bounds}, SUM(n) AS n FROM TABLE(TUMBLE((SELECT window_time AS t, player, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE plays, DESCRIPTOR(\`at\`), INTERVAL '10' SECOND)) GROUP BY ${bounds}, window_time, player), DESCRIPTOR(t), INTERVAL '1' MINUTE)) GROUP BY ${bounds}`
  ],
  [
    'sessions',
    `SELECT player, ${bounds}, ${aggregates} FROM TABLE(${session(' PARTITION BY player', 5)}) GROUP BY player, ${bounds}`
  ],
  [
    'sessions without PARTITION BY',
    `SELECT ${bounds}, ${aggregates} FROM TABLE(${session('', 1)}) GROUP BY ${bounds}`
  ],
  [
    'sessions of all, by a key',
    `SELECT player, ${bounds}, ${aggregates} FROM TABLE(${session('', 1)}) GROUP BY player, ${bounds}`
  ],
  [
    'sessions of a key, of all',
    `SELECT ${bounds}, ${aggregates} FROM TABLE(${session(' PARTITION BY player', 5)}) GROUP BY ${bounds}`
  ],
  [
    'sessions of a key, by two',
    `SELECT player, won, ${bounds}, ${aggregates} FROM TABLE(${session(' PARTITION BY player', 5)}) GROUP BY player, won, ${bounds}`
  ],
  [
    'sessions of a changelog',
    `SELECT contest, ${bounds}, COUNT(*) AS n, SUM(amount) AS s FROM TABLE(SESSION(TABLE entries PARTITION BY contest, DESCRIPTOR(\`at\`), INTERVAL '8' SECOND)) GROUP BY contest, ${bounds}`
  ],
  [
    'GROUP BY TUMBLE',
    "SELECT TUMBLE_START(`at`, INTERVAL '1' MINUTE) AS s, TUMBLE_END(`at`, INTERVAL '1' MINUTE) AS e, TUMBLE_ROWTIME(`at`, INTERVAL '1' MINUTE) AS r, COUNT(*) AS n FROM plays GROUP BY TUMBLE(`at`, INTERVAL '1' MINUTE)"
  ],
  [
    'GROUP BY TUMBLE of a changelog',
    "SELECT TUMBLE_END(`at`, INTERVAL '1' MINUTE) AS e, COUNT(*) AS n FROM entries GROUP BY TUMBLE(`at`, INTERVAL '1' MINUTE)"
  ],
  [
    'GROUP BY HOP',
    "SELECT HOP_START(`at`, INTERVAL '20' SECOND, INTERVAL '1' MINUTE) AS s, player, COUNT(*) AS n FROM plays GROUP BY HOP(`at`, INTERVAL '20' SECOND, INTERVAL '1' MINUTE), player"
  ],
  [
    'GROUP BY HOP with a slide that does not divide the size',
    "SELECT HOP_END(`at`, INTERVAL '25' SECOND, INTERVAL '1' MINUTE) AS e, COUNT(*) AS n FROM plays GROUP BY HOP(`at`, INTERVAL '25' SECOND, INTERVAL '1' MINUTE)"
  ],
  [
    'GROUP BY HOP with gaps',
    "SELECT HOP_END(`at`, INTERVAL '1' MINUTE, INTERVAL '25' SECOND) AS e, COUNT(*) AS n FROM plays GROUP BY HOP(`at`, INTERVAL '1' MINUTE, INTERVAL '25' SECOND)"
  ],
  [
    'GROUP BY SESSION',
    "SELECT SESSION_START(`at`, INTERVAL '5' SECOND) AS s, SESSION_END(`at`, INTERVAL '5' SECOND) AS e, player, COUNT(*) AS n FROM plays GROUP BY SESSION(`at`, INTERVAL '5' SECOND), player"
  ]
]

const cases = (prefix: string, list: [name: string, sql: string][]): QueryCase[] =>
  list.map(([name, sql]) => ({ name: `${prefix}: ${name}`, sql }))

export const windowCases: QueryCase[] = [
  ...cases('rows in windows', rows),
  ...cases('groups of windows', groups)
]
