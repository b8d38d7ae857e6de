import { readFileSync } from 'node:fs'
import type { QueryCase } from '../../support/flink.ts'
import { samples } from '../../support/rounds.ts'

/** Functions over columns in which values are missing. */

const functions: [name: string, items: string][] = [
  [
    'arrays',
    "CARDINALITY(tags) AS a, ARRAY_CONTAINS(tags, 'vip') AS b, ARRAY_DISTINCT(tags) AS c, ARRAY_POSITION(tags, 'new') AS d, ARRAY_REMOVE(tags, 'vip') AS e, ARRAY_SORT(tags) AS f, ARRAY_SORT(tags, FALSE) AS g, ARRAY_MAX(tags) AS h, ARRAY_JOIN(tags, '-') AS i, ARRAY_SLICE(tags, 2, 3) AS j, ARRAY_REVERSE(tags) AS k, ARRAY_APPEND(tags, name) AS l, ARRAY_PREPEND(tags, name) AS m, tags[2] AS n"
  ],
  [
    'arrays of arrays',
    "ARRAY_UNION(tags, ARRAY['x', 'vip']) AS a, ARRAY_CONCAT(tags, tags) AS b, ARRAY_EXCEPT(tags, ARRAY['vip']) AS c, ARRAY_INTERSECT(tags, ARRAY['vip', 'new']) AS d, tags = ARRAY['vip'] AS e, CAST(tags AS STRING) AS f, ARRAY[player, points] AS g, ARRAY[stake, 1] AS h"
  ],
  [
    'maps and rows',
    "CARDINALITY(extra) AS a, MAP_KEYS(extra) AS b, MAP_VALUES(extra) AS c, MAP_ENTRIES(extra) AS d, extra['ref'] AS e, MAP_UNION(extra, MAP['z', 'y']) AS f, MAP_FROM_ARRAYS(tags, tags) AS g, place AS h, place.geo AS i, CAST(place AS STRING) AS j, ROW(player, name) AS k"
  ],
  [
    'texts to arrays',
    "SPLIT(name, ',') AS a, SPLIT_INDEX(name, ',', 1) AS b, STR_TO_MAP(name, ',', ':') AS c, REGEXP_EXTRACT_ALL(name, '([a-z])', 1) AS d"
  ],
  [
    'regular expressions',
    "REGEXP(name, '^[A-Z]') AS a, REGEXP_EXTRACT(name, '(\\w)(\\w)', 2) AS b, REGEXP_REPLACE(name, '[aeiou]', '_') AS c, REGEXP_COUNT(name, 'o') AS d, REGEXP_INSTR(name, 'b') AS e, REGEXP_SUBSTR(name, '[a-z]+') AS f, name SIMILAR TO '%(o|a)%' AS g, name LIKE CONCAT('%', 'b') AS h"
  ],
  [
    'JSON',
    "JSON_OBJECT('p' VALUE player, 'n' VALUE name, 's' VALUE stake ABSENT ON NULL) AS a, JSON_ARRAY(player, name, won) AS b, JSON_STRING(stake) AS c, JSON_STRING(tags) AS d, JSON_STRING(place) AS e, JSON_VALUE(JSON_OBJECT('n' VALUE name, 's' VALUE stake), '$.s') AS f, JSON_EXISTS(JSON_OBJECT('n' VALUE name ABSENT ON NULL), '$.n') AS g, JSON_QUERY(JSON_STRING(tags), '$') AS h, name IS JSON AS i, JSON_QUOTE(REPLACE(name, '😀', '/')) AS j, JSON_OBJECT('d' VALUE score, 't' VALUE `at`) AS k"
  ],
  [
    'more of texts',
    "LEFT(name, 2) AS a, RIGHT(name, 2) AS b, LOCATE('a', name) AS c, INSTR(name, 'o') AS d, OVERLAY(name PLACING 'xx' FROM 2 FOR 1) AS e, TRANSLATE(name, 'abo', '123') AS f, STARTSWITH(name, 'A') AS g, ENDSWITH(name, 'b') AS h, TO_BASE64(name) AS i, FROM_BASE64(TO_BASE64(name)) AS j, URL_ENCODE(name) AS k, URL_DECODE(URL_ENCODE(name)) AS l, HEX(name) AS m, SHA224(name) AS n, ASCII(name) AS o, CHR(points) AS p, ELT(player, 'a', 'b', 'c') AS q, PRINTF('%s-%d', name, player) AS r"
  ],
  [
    'more of numbers',
    'SIGN(stake) AS a, SIGN(score) AS b, TRUNCATE(stake, 1) AS c, TRUNCATE(score, 1) AS d, BIN(points) AS e, HEX(points) AS f, DEGREES(score) AS g, RADIANS(score) AS h, GREATEST(player, points) AS i, LEAST(points, 10) AS j, points BETWEEN SYMMETRIC 500 AND player AS k, CAST(won AS DECIMAL(3, 1)) AS l'
  ],
  [
    'more of times',
    "CEIL(`at` TO MINUTE) AS a, CEIL(`at` TO DAY) AS b, FLOOR(`at` TO WEEK) AS c, CEIL(born TO MONTH) AS d, UNIX_TIMESTAMP(DATE_FORMAT(`at`, 'yyyy-MM-dd HH:mm:ss')) AS e, FROM_UNIXTIME(points * 100000) AS f, DATE_FORMAT(`at`, 'EEE d MMM yyyy h:mm a') AS g, TO_TIMESTAMP(DATE_FORMAT(`at`, 'dd/MM/yyyy HH:mm'), 'dd/MM/yyyy HH:mm') AS h, TO_DATE(DATE_FORMAT(`at`, 'yyyyMMdd'), 'yyyyMMdd') AS i, CONVERT_TZ(DATE_FORMAT(`at`, 'yyyy-MM-dd HH:mm:ss'), 'UTC', 'Asia/Kolkata') AS j, (`at`, INTERVAL '1' MINUTE) OVERLAPS (TIMESTAMP '2026-11-24 10:00:30', INTERVAL '1' MINUTE) AS k, CAST(`at` AS TIME) AS l, FLOOR(CAST(`at` AS TIME) TO MINUTE) AS m"
  ]
]

/** What was recorded in test/sql/functions, asked of Flink again. */
function recorded(): QueryCase[] {
  const path = new URL('../../sql/functions/flink-results.ndjson', import.meta.url)
  const expressions = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { sql: string; error?: boolean })
    // A view is stored with its literals written anew: .5 as 0.5.
    .filter(({ sql, error }) => !error && !sql.startsWith('TYPEOF('))
  const cases: QueryCase[] = []
  for (let i = 0; i < expressions.length; i += 40) {
    const items = expressions.slice(i, i + 40).map(({ sql }, k) => `${sql} AS c${k}`)
    cases.push({ name: `recorded from ${i}`, sql: `SELECT ${items.join(', ')} FROM plays WHERE id = 1` })
  }
  return cases
}

export const functionCases: readonly QueryCase[] = [
  ...functions.map(([name, items]) => ({
    name: `functions: ${name}`,
    sql: `SELECT id, ${items} FROM plays`
  })),
  ...samples(recorded(), [])
]
