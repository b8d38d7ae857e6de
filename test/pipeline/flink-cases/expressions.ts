import type { QueryCase } from '../../support/flink.ts'

const over = (name: string, items: string, where = ''): QueryCase => ({
  name,
  sql: `SELECT id, ${items} FROM plays${where === '' ? '' : ` WHERE ${where}`}`
})

const conditions: [name: string, condition: string][] = [
  ['= of a whole number', 'player = 3'],
  ['<> drops NULL', 'player <> 3'],
  ['< of a DECIMAL and a whole number', 'stake < 20'],
  ['>= of a DOUBLE and a DECIMAL', 'score >= 12.5'],
  ['= of strings', "name = 'Éva'"],
  ['< of strings', "name < 'b'"],
  ['a BOOLEAN alone', 'won'],
  ['NOT of a BOOLEAN', 'NOT won'],
  ['IS NULL', 'name IS NULL'],
  ['IS NOT NULL', 'stake IS NOT NULL'],
  ['IS TRUE', 'won IS TRUE'],
  ['IS NOT FALSE', 'won IS NOT FALSE'],
  ['IS UNKNOWN', '(won AND player > 2) IS UNKNOWN'],
  ['AND, OR and NULL', 'won AND player > 2 OR score < 0'],
  ['NOT of an OR', 'NOT (won OR player = 1)'],
  ['BETWEEN', 'stake BETWEEN -10 AND 10.5'],
  ['NOT BETWEEN', 'player NOT BETWEEN 1 AND 3'],
  ['IN', "name IN ('Ada', 'bob', '')"],
  ['NOT IN', 'player NOT IN (1, 2)'],
  ['LIKE %', "name LIKE '%a%'"],
  ['LIKE _', "name LIKE '_o_'"],
  ['LIKE with ESCAPE', "name LIKE '%!%%' ESCAPE '!'"],
  ['NOT LIKE', "name NOT LIKE 'A%'"],
  ['IS DISTINCT FROM', 'player IS DISTINCT FROM 3'],
  ['IS NOT DISTINCT FROM', 'player IS NOT DISTINCT FROM NULL'],
  ['a nested field', "place.city = 'Goa'"],
  ['a field nested twice', 'place.geo.lat > 45'],
  ['an element of an array', "tags[1] = 'vip'"],
  ['an entry of a map', "extra['app'] = 'web'"],
  ['< of dates', "born < DATE '1999-12-31'"],
  ['> of times', "`at` > TIMESTAMP '2026-11-24 10:05:00'"],
  ['a time and an interval', "`at` - INTERVAL '5' MINUTE < TIMESTAMP '2026-11-24 10:00:30.5'"],
  ['CASE in a condition', 'CASE WHEN won THEN player ELSE 2 END = 2']
]

const projections: [name: string, items: string][] = [
  [
    '+ - * of whole numbers',
    'player + 1 AS a, player - total AS b, points * 3 AS c, -player AS d, +total AS e'
  ],
  [
    '/ and % of whole numbers',
    'total / 7 AS a, -total / 7 AS b, total % 7 AS c, MOD(points, 5) AS d, (points - 100) % 7 AS e'
  ],
  [
    'overflow wraps',
    'total * 4 AS a, points * points * points AS b, total + total AS c, player * 2000000000 AS d'
  ],
  [
    '+ - of DECIMAL',
    'stake + 1.005 AS a, stake - player AS b, stake + stake AS c, -stake AS d, 1 - stake AS e'
  ],
  ['* of DECIMAL', 'stake * 1.5 AS a, stake * stake AS b, stake * player AS c, stake * total AS d'],
  ['/ of DECIMAL', 'stake / 3 AS a, stake / 0.7 AS b, 1 / stake AS c, stake / 7.000 AS d'],
  ['% of DECIMAL', 'stake % 7 AS a, stake % 0.3 AS b'],
  [
    'arithmetic of DOUBLE',
    'score * 2 AS a, score / 3 AS b, score + stake AS c, score - player AS d, player / score AS e'
  ],
  ['a DOUBLE divided by zero', 'score / CAST(0 AS DOUBLE) AS a'],
  ['||', "name || '!' AS a, 'x' || name || 'y' AS b"],
  [
    'CASE',
    "CASE WHEN player > 3 THEN 'high' WHEN player > 1 THEN 'mid' ELSE 'low' END AS a, CASE player WHEN 1 THEN 10 WHEN 2 THEN 20 END AS b"
  ],
  [
    'CASE of mixed numbers',
    'CASE WHEN won THEN stake ELSE player END AS a, CASE WHEN won THEN player ELSE score END AS b'
  ],
  [
    'COALESCE, NULLIF, IFNULL',
    "COALESCE(player, -1) AS a, NULLIF(player, 3) AS b, COALESCE(name, 'none') AS c, IFNULL(stake, 0) AS d"
  ],
  ['IF, GREATEST, LEAST', "IF(won, 'y', 'n') AS a, GREATEST(player, 3) AS b, LEAST(player, points, 5) AS c"],
  [
    'comparisons as values',
    'player = 3 AS a, stake > 10 AS b, won AND player > 2 AS c, won OR player > 2 AS d, NOT won AS e'
  ],
  [
    'IS as values',
    'won IS TRUE AS a, won IS NOT TRUE AS b, won IS FALSE AS c, name IS NULL AS d, player IN (1, NULL) AS e'
  ],
  ['nested fields', 'place.city AS a, place.geo.lat + 1 AS b, place.geo.lon AS c, place.geo AS d'],
  ['whole nested values', 'place, tags, extra'],
  ['elements', "tags[1] AS a, tags[3] AS b, extra['app'] AS c, extra['ref'] AS d"],
  [
    'CAST of whole numbers',
    'CAST(player AS STRING) AS a, CAST(total AS INT) AS b, CAST(points AS TINYINT) AS c, CAST(player AS DECIMAL(5, 1)) AS d, CAST(total AS DOUBLE) AS e'
  ],
  [
    'CAST of DECIMAL',
    'CAST(stake AS INT) AS a, CAST(stake AS STRING) AS b, CAST(stake AS DECIMAL(10, 1)) AS c, CAST(stake AS DECIMAL(3, 2)) AS d, CAST(stake AS DOUBLE) AS e'
  ],
  [
    'CAST of DOUBLE',
    'CAST(score AS INT) AS a, CAST(score AS STRING) AS b, CAST(score AS DECIMAL(8, 2)) AS c, CAST(score AS BIGINT) AS d'
  ],
  ['CAST of DOUBLE to FLOAT', 'CAST(score AS FLOAT) AS a'],
  ['CAST of BOOLEAN', 'CAST(won AS STRING) AS a, CAST(won AS INT) AS b, CAST(player AS BOOLEAN) AS c'],
  [
    'CAST of times',
    'CAST(`at` AS STRING) AS a, CAST(`at` AS DATE) AS b, CAST(`at` AS TIMESTAMP(0)) AS c, CAST(born AS STRING) AS d, CAST(born AS TIMESTAMP(3)) AS e, CAST(`at` AS TIMESTAMP(6)) AS f'
  ],
  [
    'CAST of TIMESTAMP_LTZ',
    'CAST(seen AS TIMESTAMP(3)) AS a, CAST(seen AS STRING) AS b, CAST(seen AS DATE) AS c, seen'
  ],
  [
    'CAST of strings',
    "CAST(CAST(player AS STRING) AS INT) AS a, CAST('1.255' AS DECIMAL(4, 2)) AS b, CAST(' 12 ' AS INT) AS c, CAST('2026-11-24' AS DATE) AS d, CAST('true' AS BOOLEAN) AS e, CAST('1e3' AS DOUBLE) AS f"
  ],
  [
    'TRY_CAST',
    "TRY_CAST(name AS INT) AS a, TRY_CAST('x' AS DATE) AS b, TRY_CAST('7' AS INT) AS c, TRY_CAST(name AS BOOLEAN) AS d"
  ],
  ['VARCHAR(n) cuts', 'CAST(name AS VARCHAR(2)) AS a'],
  ['UPPER, LOWER, INITCAP', "UPPER(name) AS a, LOWER(name) AS b, INITCAP('hello wORLD, fOO-bar') AS c"],
  ['CHAR_LENGTH', 'CHAR_LENGTH(name) AS a, CHARACTER_LENGTH(name) AS b'],
  [
    'SUBSTRING',
    'SUBSTRING(name FROM 2) AS a, SUBSTRING(name, 2, 2) AS b, SUBSTRING(name FROM -2) AS c, SUBSTR(name, 1, 1) AS d, SUBSTRING(name, 0, 2) AS e'
  ],
  [
    'TRIM',
    "TRIM(name) AS a, TRIM(LEADING ' ' FROM name) AS b, TRIM(TRAILING 'b' FROM name) AS c, LTRIM(name) AS d, RTRIM(name) AS e, BTRIM(name) AS f"
  ],
  ['POSITION, LOCATE, INSTR', "POSITION('o' IN name) AS a"],
  ['REPLACE, REVERSE, REPEAT', "REPLACE(name, 'a', 'XX') AS a, REVERSE(name) AS b, REPEAT(name, 2) AS c"],
  ['LPAD, RPAD', "LPAD(name, 5, '*') AS a, RPAD(name, 5, 'xy') AS b, LPAD(name, 2, '-') AS c"],
  [
    'CONCAT, CONCAT_WS',
    "CONCAT(name, '-', CAST(player AS STRING)) AS a, CONCAT_WS('~', name, CAST(player AS STRING), 'end') AS b"
  ],
  ['SPLIT_INDEX', "SPLIT_INDEX(name, ',', 1) AS a, SPLIT_INDEX(name, ',', 5) AS b"],
  ['ASCII, MD5, SHA', 'ASCII(name) AS a, MD5(name) AS b, SHA1(name) AS c, SHA256(name) AS d'],
  ['ABS, SIGN', 'ABS(points) AS a, ABS(stake) AS b, ABS(score) AS c, SIGN(player) AS d, SIGN(score) AS e'],
  [
    'FLOOR, CEIL',
    'FLOOR(stake) AS a, CEIL(stake) AS b, FLOOR(score) AS c, CEILING(score) AS d, FLOOR(points) AS e'
  ],
  [
    'ROUND',
    'ROUND(stake, 1) AS a, ROUND(stake) AS b, ROUND(score, 1) AS c, ROUND(points, -2) AS d, ROUND(score) AS e'
  ],
  ['SQRT, POWER', 'SQRT(ABS(points)) AS a, POWER(player, 2) AS b'],
  [
    'EXTRACT of a time',
    'EXTRACT(YEAR FROM `at`) AS a, EXTRACT(MONTH FROM `at`) AS b, EXTRACT(DAY FROM `at`) AS c, EXTRACT(HOUR FROM `at`) AS d, EXTRACT(MINUTE FROM `at`) AS e, EXTRACT(SECOND FROM `at`) AS f'
  ],
  [
    'EXTRACT of a date',
    'EXTRACT(YEAR FROM born) AS a, EXTRACT(WEEK FROM born) AS b, EXTRACT(DOY FROM born) AS c, EXTRACT(DOW FROM born) AS d, EXTRACT(QUARTER FROM born) AS e'
  ],
  [
    'YEAR to SECOND',
    'YEAR(born) AS a, QUARTER(born) AS b, MONTH(born) AS c, WEEK(born) AS d, DAYOFYEAR(born) AS e, DAYOFMONTH(born) AS f, DAYOFWEEK(born) AS g, HOUR(`at`) AS h, MINUTE(`at`) AS i, SECOND(`at`) AS j'
  ],
  [
    'FLOOR of a time',
    'FLOOR(`at` TO MINUTE) AS a, FLOOR(`at` TO HOUR) AS b, FLOOR(`at` TO DAY) AS c, FLOOR(`at` TO SECOND) AS d'
  ],
  ['FLOOR of a date', 'FLOOR(born TO MONTH) AS a, FLOOR(born TO YEAR) AS b, FLOOR(born TO QUARTER) AS c'],
  [
    'times and intervals',
    "`at` + INTERVAL '1' HOUR AS a, `at` - INTERVAL '90' SECOND AS b, `at` + INTERVAL '1' MONTH AS c, born + INTERVAL '1' DAY AS d, born - INTERVAL '1' YEAR AS e"
  ],
  [
    'TIMESTAMPADD',
    'TIMESTAMPADD(MINUTE, 5, `at`) AS a, TIMESTAMPADD(MONTH, player, born) AS b, TIMESTAMPADD(DAY, -1, `at`) AS c'
  ],
  [
    'TIMESTAMPDIFF',
    "TIMESTAMPDIFF(SECOND, TIMESTAMP '2026-11-24 10:00:00', `at`) AS a, TIMESTAMPDIFF(DAY, CAST(born AS TIMESTAMP(3)), `at`) AS b, TIMESTAMPDIFF(MONTH, CAST(born AS TIMESTAMP(3)), `at`) AS c, TIMESTAMPDIFF(YEAR, `at`, CAST(born AS TIMESTAMP(3))) AS d, TIMESTAMPDIFF(MONTH, `at`, CAST(born AS TIMESTAMP(3))) AS e, TIMESTAMPDIFF(MONTH, DATE '2026-01-31', DATE '2026-02-28') AS f, TIMESTAMPDIFF(MONTH, TIMESTAMP '2026-03-15 10:00:00', TIMESTAMP '2026-01-15 09:00:00') AS g"
  ],
  [
    'DATE_FORMAT',
    "DATE_FORMAT(`at`, 'yyyy-MM-dd HH:mm') AS a, DATE_FORMAT(`at`, 'dd/MM/yy') AS b, DATE_FORMAT(`at`, 'HH:mm:ss.SSS') AS c"
  ],
  [
    'TO_TIMESTAMP, TO_DATE',
    "TO_TIMESTAMP('2026-11-24 10:00:00') AS a, TO_DATE('2026-02-28') AS b, TO_TIMESTAMP_LTZ(total, 0) AS c, TO_TIMESTAMP_LTZ(total, 3) AS d, TO_TIMESTAMP_LTZ(total) AS e"
  ],
  [
    'a time of LTZ',
    "seen + INTERVAL '1' SECOND AS a, seen > CAST('2026-11-24 10:03:00' AS TIMESTAMP_LTZ(3)) AS b, EXTRACT(HOUR FROM seen) AS c"
  ],
  [
    'JSON',
    "JSON_OBJECT(KEY 'b' VALUE player, KEY 'a' VALUE name) AS a, JSON_ARRAY(player, name) AS b, JSON_VALUE('{\"x\": [1, 2]}', '$.x[1]') AS c"
  ],
  [
    'literals',
    "1 AS a, 1.50 AS b, 'x' AS c, TRUE AS d, DATE '2026-01-31' AS e, TIMESTAMP '2026-01-31 00:00:00' AS f, CAST(NULL AS INT) AS g, 1e2 AS h"
  ]
]

export const expressionCases: readonly QueryCase[] = [
  ...conditions.map(([name, condition]) => over(`WHERE: ${name}`, 'player, name, stake', condition)),
  ...projections.map(([name, items]) => over(`SELECT: ${name}`, items)),
  { name: 'SELECT *', sql: 'SELECT * FROM plays' },
  {
    name: 'SELECT of a subquery',
    sql: 'SELECT id + 1 AS following, big FROM (SELECT id, stake * 2 AS big FROM plays WHERE won) WHERE big > 50'
  },
  {
    name: 'names that are reserved words',
    sql: 'SELECT id AS `value`, name AS `user`, `at` AS `timestamp` FROM plays'
  }
]
