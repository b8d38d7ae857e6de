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

const inWindows = (table: string, call: string, seconds: string): string =>
  `(SELECT * FROM TABLE(${call}(TABLE ${table}, DESCRIPTOR(\`at\`), ${seconds})))`
const ten = "INTERVAL '10' SECOND"
const slides = `${ten}, INTERVAL '30' SECOND`
const sameWindow = 'l.window_start = r.window_start AND l.window_end = r.window_end'
const joined = (type: string, on: string, call = 'TUMBLE', lengths = ten): string =>
  `SELECT l.id, r.id AS rid, l.window_start AS lw, r.window_end AS rw FROM ${inWindows('orders', call, lengths)} l ${type} ${inWindows('shipments', call, lengths)} r ON ${on}`

const joins: [name: string, sql: string][] = [
  ['inner', joined('JOIN', `${sameWindow} AND l.id = r.parent`)],
  ['left', joined('LEFT JOIN', `${sameWindow} AND l.id = r.parent`)],
  ['right', joined('RIGHT JOIN', `${sameWindow} AND l.id = r.parent`)],
  ['full', joined('FULL JOIN', `${sameWindow} AND l.id = r.parent`)],
  ['of windows alone', joined('LEFT JOIN', sameWindow)],
  ['with a condition', joined('JOIN', `${sameWindow} AND l.id = r.parent AND r.\`at\` > l.\`at\``)],
  ['of HOP', joined('JOIN', `${sameWindow} AND l.id = r.parent`, 'HOP', slides)],
  [
    'of CUMULATE',
    joined('LEFT JOIN', `${sameWindow} AND l.id = r.parent AND l.price > 50`, 'CUMULATE', slides)
  ],
  [
    'of sessions',
    `SELECT l.id, r.id AS rid, l.window_start FROM (SELECT * FROM TABLE(SESSION(TABLE orders PARTITION BY id, DESCRIPTOR(\`at\`), INTERVAL '4' SECOND))) l JOIN (SELECT * FROM TABLE(SESSION(TABLE shipments PARTITION BY parent, DESCRIPTOR(\`at\`), INTERVAL '4' SECOND))) r ON ${sameWindow}`
  ],
  [
    'of aggregates',
    `SELECT l.buyer, l.n, r.m, l.window_end FROM (SELECT buyer, ${bounds}, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(\`at\`), INTERVAL '30' SECOND)) GROUP BY buyer, ${bounds}) l JOIN (SELECT carrier, ${bounds}, COUNT(*) AS m FROM TABLE(TUMBLE(TABLE shipments, DESCRIPTOR(\`at\`), INTERVAL '30' SECOND)) GROUP BY carrier, ${bounds}) r ON r.window_end = l.window_end AND r.window_start = l.window_start AND r.m > l.n`
  ],
  [
    'aggregated',
    `SELECT l.window_start, SUM(l.price) AS p, COUNT(*) AS n FROM ${inWindows('orders', 'TUMBLE', ten)} l JOIN ${inWindows('shipments', 'TUMBLE', ten)} r ON ${sameWindow} GROUP BY l.window_start, l.window_end`
  ],
  [
    'of three',
    `SELECT l.id, r.id AS rid, p.id AS pid, l.window_start FROM ${inWindows('orders', 'TUMBLE', ten)} l JOIN ${inWindows('shipments', 'TUMBLE', ten)} r ON ${sameWindow} AND l.id = r.parent LEFT JOIN ${inWindows('payments', 'TUMBLE', ten)} p ON l.window_start = p.window_start AND l.window_end = p.window_end AND l.id = p.parent`
  ],
  [
    'of one table with itself, in WHERE',
    `SELECT l.id, r.id AS rid, l.window_end FROM (SELECT * FROM TABLE(${minute}) WHERE won AND player = 1) l, (SELECT * FROM TABLE(${minute}) WHERE NOT won) r WHERE ${sameWindow} AND l.player = r.player`
  ]
]

const ranked = (items: string, partition: string, order: string, where: string, call = minute): string =>
  `SELECT ${items} FROM (SELECT id, player, points, ${bounds}, ROW_NUMBER() OVER (PARTITION BY ${partition} ORDER BY ${order}) AS rn FROM TABLE(${call})) WHERE ${where}`

const ranks: [name: string, sql: string][] = [
  ['of HOP', ranked('*', `${bounds}, player`, 'points DESC, id', 'rn <= 2', hop)],
  ['of equal rows', ranked('id, window_start, rn', bounds, 'points DESC', 'rn <= 4')],
  ['from the second on', ranked('id, window_start, rn', bounds, 'points, id', 'rn BETWEEN 2 AND 4')],
  ['the first by time', ranked('id, window_end', `${bounds}, player`, '`at` ASC', 'rn = 1')],
  ['the last by time', ranked('id, window_end', `${bounds}, player`, '`at` DESC', 'rn = 1')],
  [
    'by one bound, which changes',
    ranked('id, window_start, rn', 'window_start', 'points DESC, id', 'rn <= 2')
  ],
  [
    'of aggregates',
    `SELECT * FROM (SELECT player, n, ${bounds}, ROW_NUMBER() OVER (PARTITION BY ${bounds} ORDER BY n DESC, player) AS rn FROM (SELECT player, ${bounds}, COUNT(*) AS n FROM TABLE(${minute}) GROUP BY player, ${bounds})) WHERE rn <= 2`
  ],
  [
    'aggregated',
    `SELECT ${bounds}, COUNT(*) AS n, SUM(points) AS p FROM (${ranked('*', `${bounds}, player`, 'points DESC', 'rn = 1')}) GROUP BY ${bounds}`
  ]
]

const cases = (prefix: string, list: [name: string, sql: string][]): QueryCase[] =>
  list.map(([name, sql]) => ({ name: `${prefix}: ${name}`, sql }))

export const windowCases: QueryCase[] = [
  ...cases('rows in windows', rows),
  ...cases('groups of windows', groups),
  ...cases('window joins', joins),
  ...cases('ranks in windows', ranks)
]
