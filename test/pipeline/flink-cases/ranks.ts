import type { QueryCase } from '../../support/flink.ts'

/** The first rows of `plays`, which are only added. */
const plays = (name: string, over: string, condition: string, items = 'id, player, points'): QueryCase => ({
  name: `top-N of rows: ${name}`,
  sql: `SELECT ${items} FROM (SELECT *, ROW_NUMBER() OVER (${over}) AS rn FROM plays) WHERE ${condition}`
})

/** Those of `entries`, which change. */
const entries = (
  name: string,
  over: string,
  condition: string,
  items = 'id, contest, amount'
): QueryCase => ({
  name: `top-N of changes: ${name}`,
  sql: `SELECT ${items} FROM (SELECT *, ROW_NUMBER() OVER (${over}) AS rn FROM entries) WHERE ${condition}`
})

const withPlace = (items: string): string => `${items}, rn`
const byPlayer = 'PARTITION BY player ORDER BY'
const byContest = 'PARTITION BY contest ORDER BY'

export const rankCases: readonly QueryCase[] = [
  plays('a single place', `${byPlayer} points DESC`, 'rn = 2', withPlace('id, points')),
  plays(
    'places from the second on',
    `${byPlayer} points DESC`,
    'rn BETWEEN 2 AND 4',
    withPlace('id, points')
  ),
  plays('places from the second on, untold', `${byPlayer} points DESC`, 'rn > 1 AND 4 >= rn'),
  plays('with equal rows', `${byPlayer} won DESC`, 'rn <= 4', 'id, player, won'),
  plays('by text, then by number', `${byPlayer} name DESC, stake`, 'rn <= 2', 'id, name, stake'),
  plays('by an expression', 'PARTITION BY player / 2 ORDER BY points * 2 + id DESC', 'rn <= 2'),
  plays('filtered afterwards', `${byPlayer} points DESC`, 'rn <= 3 AND points < 1600'),
  plays(
    'in groups',
    `${byPlayer} points DESC`,
    'rn <= 3 GROUP BY player',
    'player, SUM(points) AS s, COUNT(*) AS n'
  ),
  plays('by time with a second key', `${byPlayer} \`at\` DESC, id`, 'rn <= 2', withPlace('id')),
  plays('the first two by time', `${byPlayer} \`at\``, 'rn <= 2', withPlace('id, `at`')),
  plays('the first by time within a second key', 'PARTITION BY points ORDER BY `at`', 'rn = 1', 'id, points'),
  plays(
    'the last by time within a second key',
    'PARTITION BY won, player ORDER BY `at` DESC',
    'rn <= 1',
    'id'
  ),
  entries('the smallest', `${byContest} amount`, 'rn <= 2', 'id, amount, status'),
  entries('of many equal rows', `${byContest} status`, 'rn <= 3', withPlace('id, status')),
  // Without its place in the row Flink 2.3 loses rows of such a range: what it kept does not equal what is taken back.
  entries('places from the second on', `${byContest} amount`, 'rn BETWEEN 2 AND 4', withPlace('id')),
  entries('a partition that changes', 'PARTITION BY status ORDER BY id DESC', 'rn <= 4', withPlace('id')),
  entries('of everything', 'ORDER BY amount DESC NULLS LAST', 'rn <= 6', withPlace('id')),
  entries('the first by time', 'PARTITION BY player ORDER BY `at`', 'rn = 1', 'id, player'),
  entries('in groups', `${byContest} amount DESC`, 'rn <= 3 GROUP BY status', 'status, COUNT(*) AS n'),
  {
    name: 'top-N of growing groups',
    sql: 'SELECT player, n FROM (SELECT player, COUNT(*) AS n, ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC) AS rn FROM plays GROUP BY player) WHERE rn <= 3'
  },
  {
    name: 'top-N of top-N',
    sql: 'SELECT id, points FROM (SELECT id, points, ROW_NUMBER() OVER (ORDER BY points) AS r FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY player ORDER BY points DESC) AS rn FROM plays) WHERE rn <= 4) WHERE r <= 3'
  },
  {
    name: 'QUALIFY',
    sql: 'SELECT id, player, points FROM plays QUALIFY ROW_NUMBER() OVER (PARTITION BY player ORDER BY points DESC) <= 3'
  },
  {
    name: 'QUALIFY by a name',
    sql: 'SELECT id, ROW_NUMBER() OVER w AS rn FROM plays WHERE won WINDOW w AS (PARTITION BY player ORDER BY stake DESC) QUALIFY rn <= 2'
  },
  {
    name: 'windows of first rows',
    sql: "SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT * FROM (SELECT points, `at`, ROW_NUMBER() OVER (PARTITION BY points ORDER BY `at`) AS rn FROM plays) WHERE rn = 1), DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end"
  }
]
