import type { QueryCase } from '../../support/flink.ts'

const named = (group: string, list: readonly [name: string, sql: string][]): QueryCase[] =>
  list.map(([name, sql]) => ({ name: `${group}: ${name}`, sql }))

const ofEntries = 'SELECT e.id, e.amount, p.name, p.level FROM entries AS e'
const regular = named('join', [
  ['inner', `${ofEntries} JOIN players AS p ON e.player = p.id`],
  ['left', `${ofEntries} LEFT JOIN players AS p ON e.player = p.id`],
  ['right', `${ofEntries} RIGHT JOIN players AS p ON e.player = p.id`],
  ['full', `${ofEntries} FULL OUTER JOIN players AS p ON e.player = p.id`],
  ['with another condition', `${ofEntries} JOIN players AS p ON e.player = p.id AND e.amount > p.level * 10`],
  ['left with another condition', `${ofEntries} LEFT JOIN players AS p ON e.player = p.id AND p.level > 1`],
  ['full with another condition', `${ofEntries} FULL JOIN players AS p ON e.player = p.id AND e.amount > 20`],
  ['WHERE above a left join', `${ofEntries} LEFT JOIN players AS p ON e.player = p.id WHERE p.id IS NULL`],
  ['a list of tables', 'SELECT e.id, p.name FROM entries AS e, players AS p WHERE e.player = p.id'],
  [
    'three tables',
    'SELECT e.id, p.name, c.title FROM entries AS e JOIN players AS p ON e.player = p.id LEFT JOIN contests AS c ON e.contest = c.id'
  ],
  [
    'of itself',
    'SELECT a.id, b.id AS other FROM entries AS a JOIN entries AS b ON a.player = b.player AND a.contest = b.contest AND a.id < b.id'
  ],
  [
    'of subqueries',
    "SELECT e.id, c.seats FROM (SELECT id, contest FROM entries WHERE status = 'PAID') AS e JOIN (SELECT id, seats FROM contests WHERE seats > 10) AS c ON e.contest = c.id"
  ],
  [
    'grouped',
    'SELECT p.name, COUNT(*) AS n, SUM(e.amount) AS s FROM entries AS e JOIN players AS p ON e.player = p.id GROUP BY p.name'
  ],
  [
    'left, grouped',
    'SELECT c.id, COUNT(e.id) AS n, SUM(e.amount) AS s FROM contests AS c LEFT JOIN entries AS e ON e.contest = c.id GROUP BY c.id'
  ],
  [
    'of groups',
    'SELECT c.id, c.title, g.n FROM contests AS c JOIN (SELECT contest, COUNT(*) AS n FROM entries GROUP BY contest) AS g ON g.contest = c.id'
  ],
  [
    'with the share that is taken',
    'SELECT c.id, g.n * 100.0 / c.seats AS share FROM contests AS c JOIN (SELECT contest, COUNT(*) AS n FROM entries GROUP BY contest) AS g ON g.contest = c.id WHERE g.n * 100.0 / c.seats > 30'
  ],
  ['USING', 'SELECT id, title, level FROM contests JOIN players USING (id)'],
  ['plain rows', 'SELECT o.id, o.price, p.paid FROM orders AS o LEFT JOIN payments AS p ON o.id = p.parent'],
  [
    'plain rows, inner',
    'SELECT o.id, s.carrier, p.paid FROM orders AS o JOIN shipments AS s ON s.parent = o.id JOIN payments AS p ON p.parent = o.id'
  ],
  [
    'NULL meets no NULL',
    'SELECT a.id, b.id AS other FROM orders AS a JOIN orders AS b ON a.buyer = b.buyer WHERE a.id < 20 AND b.id < 20'
  ],
  [
    'NULL meets NULL in IS NOT DISTINCT FROM',
    'SELECT a.id, b.id AS other FROM orders AS a JOIN orders AS b ON a.buyer IS NOT DISTINCT FROM b.buyer WHERE a.id < 20 AND b.id < 20'
  ],
  ['SELECT *', 'SELECT * FROM contests AS c JOIN players AS p ON c.id = p.id']
])

const within = "s.parent = o.id AND s.`at` BETWEEN o.`at` AND o.`at` + INTERVAL '10' SECOND"
const interval = named('interval join', [
  ['inner', `SELECT o.id, s.id AS shipment, s.carrier FROM orders AS o JOIN shipments AS s ON ${within}`],
  ['left', `SELECT o.id, s.id AS shipment, s.carrier FROM orders AS o LEFT JOIN shipments AS s ON ${within}`],
  [
    'right',
    `SELECT o.id, s.id AS shipment, s.carrier FROM orders AS o RIGHT JOIN shipments AS s ON ${within}`
  ],
  ['full', `SELECT o.id, s.id AS shipment, s.carrier FROM orders AS o FULL JOIN shipments AS s ON ${within}`],
  [
    'by < and >',
    "SELECT o.id, p.paid FROM orders AS o JOIN payments AS p ON p.parent = o.id AND p.`at` > o.`at` - INTERVAL '1' SECOND AND p.`at` < o.`at` + INTERVAL '4' SECOND"
  ],
  [
    'with another condition',
    `SELECT o.id, s.carrier FROM orders AS o LEFT JOIN shipments AS s ON ${within} AND s.carrier <> 'ups' AND o.price > 20`
  ],
  ['in WHERE', `SELECT o.id, s.carrier FROM orders AS o, shipments AS s WHERE ${within}`],
  [
    'then windows',
    `SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT o.id, o.\`at\` FROM orders AS o JOIN shipments AS s ON ${within}), DESCRIPTOR(\`at\`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end`
  ]
])

const asOf = 'FOR SYSTEM_TIME AS OF e.`at` AS c ON e.contest = c.id'
const temporal = named('temporal join', [
  ['inner', `SELECT e.id, c.title, c.seats FROM entries AS e JOIN versions ${asOf}`],
  ['left', `SELECT e.id, e.status, c.title, c.seats FROM entries AS e LEFT JOIN versions ${asOf}`],
  ['with WHERE', `SELECT e.id, c.seats FROM entries AS e LEFT JOIN versions ${asOf} WHERE c.seats > 10`],
  [
    'grouped',
    `SELECT c.title, COUNT(*) AS n, SUM(e.amount) AS s FROM entries AS e JOIN versions ${asOf} GROUP BY c.title`
  ],
  [
    'in windows',
    `SELECT window_start, seats, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT e.id, e.\`at\`, c.seats FROM entries AS e JOIN versions ${asOf}), DESCRIPTOR(\`at\`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, seats`
  ]
])

const tumbled = (view: string): string =>
  `(SELECT * FROM TABLE(TUMBLE(TABLE ${view}, DESCRIPTOR(\`at\`), INTERVAL '10' SECOND)))`
const countedBy = (key: string, view: string): string =>
  `(SELECT ${key}, COUNT(*) AS n, window_start, window_end FROM TABLE(TUMBLE(TABLE ${view}, DESCRIPTOR(\`at\`), INTERVAL '30' SECOND)) GROUP BY ${key}, window_start, window_end)`
const sameWindow = 'o.window_start = s.window_start AND o.window_end = s.window_end'
const inWindow = `${sameWindow} AND o.id = s.parent`
const windowJoins = named('window join', [
  ...(['JOIN', 'LEFT JOIN', 'RIGHT JOIN', 'FULL JOIN'] as const).map((kind): [string, string] => [
    kind,
    `SELECT o.id, s.carrier, COALESCE(o.window_start, s.window_start) AS start_of FROM ${tumbled('orders')} AS o ${kind} ${tumbled('shipments')} AS s ON ${inWindow}`
  ]),
  [
    'IN',
    `SELECT o.id FROM ${tumbled('orders')} AS o WHERE o.id IN (SELECT s.parent FROM ${tumbled('shipments')} AS s WHERE ${sameWindow})`
  ],
  [
    'NOT IN with NULLs',
    `SELECT o.id FROM ${tumbled('orders')} AS o WHERE o.id NOT IN (SELECT s.parent FROM ${tumbled('shipments')} AS s WHERE ${sameWindow})`
  ],
  [
    'NOT IN without NULLs',
    `SELECT o.id FROM ${tumbled('orders')} AS o WHERE o.id NOT IN (SELECT s.parent FROM ${tumbled('shipments')} AS s WHERE s.parent IS NOT NULL AND ${sameWindow})`
  ],
  ...(['EXISTS', 'NOT EXISTS'] as const).map((kind): [string, string] => [
    kind,
    `SELECT o.id FROM ${tumbled('orders')} AS o WHERE ${kind} (SELECT 1 FROM ${tumbled('shipments')} AS s WHERE ${inWindow})`
  ]),
  [
    'IN of aggregates',
    `SELECT o.buyer, o.n FROM ${countedBy('buyer', 'orders')} AS o WHERE o.n IN (SELECT s.n FROM ${countedBy('carrier', 'shipments')} AS s WHERE ${sameWindow})`
  ]
])

const together = named('UNION ALL', [
  ['plain rows', 'SELECT id, `at` FROM orders UNION ALL SELECT id, `at` FROM shipments'],
  [
    'types that meet',
    'SELECT id, price AS money FROM orders UNION ALL SELECT parent, 1.5 FROM shipments UNION ALL SELECT id, paid FROM payments'
  ],
  ['changes', "SELECT id, 'entry' AS what FROM entries UNION ALL SELECT id, title FROM contests"],
  [
    'grouped',
    "SELECT kind, COUNT(*) AS n FROM (SELECT 'order' AS kind FROM orders UNION ALL SELECT carrier FROM shipments) GROUP BY kind"
  ],
  [
    'in windows',
    "SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT * FROM (SELECT id, `at` FROM orders UNION ALL SELECT id, `at` FROM payments)), DESCRIPTOR(`at`), INTERVAL '30' SECOND)) GROUP BY window_start, window_end"
  ]
])

const lists = named('subquery', [
  ['IN', 'SELECT id, price FROM orders WHERE id IN (SELECT parent FROM payments WHERE paid > 20)'],
  ['EXISTS', 'SELECT o.id FROM orders AS o WHERE EXISTS (SELECT 1 FROM payments AS p WHERE p.parent = o.id)'],
  [
    'NOT EXISTS',
    'SELECT o.id FROM orders AS o WHERE NOT EXISTS (SELECT 1 FROM payments AS p WHERE p.parent = o.id)'
  ],
  ['WITH', 'WITH big AS (SELECT id, price FROM orders WHERE price > 50) SELECT id FROM big WHERE price < 80']
])

export const joinCases: readonly QueryCase[] = [
  ...regular,
  ...interval,
  ...temporal,
  ...windowJoins,
  ...together,
  ...lists
]
