import fc from 'fast-check'

/** Random expressions of SQL over columns of each type, which no row makes an error of. */

export type Kind = 'number' | 'decimal' | 'double' | 'text' | 'condition' | 'time' | 'date'

/** The columns that stand for each kind. */
export type Columns = Record<Kind, readonly string[]>

const literals: Record<Kind, fc.Arbitrary<string>> = {
  number: fc.integer({ min: -1000, max: 1000 }).map(n => (n < 0 ? `(${n})` : String(n))),
  decimal: fc.integer({ min: 0, max: 9999 }).map(n => (n / 100).toFixed(2)),
  double: fc.integer({ min: -64, max: 64 }).map(n => `CAST(${n / 8} AS DOUBLE)`),
  text: fc.constantFrom("''", "'a'", "'Ada'", "'x%y'", "' b '", "'é😀'", "'12'"),
  condition: fc.constantFrom('TRUE', 'FALSE'),
  time: fc.constantFrom("TIMESTAMP '2026-11-24 10:02:03.456'", "TIMESTAMP '2024-02-29 23:59:59.999'"),
  date: fc.constantFrom("DATE '2026-11-24'", "DATE '2024-02-29'", "DATE '1969-12-31'")
}

/** `$` stands for an operand of the kind in its place. */
const forms: Record<Kind, readonly [form: string, ...operands: Kind[]][]> = {
  number: [
    ['$ + $', 'number', 'number'],
    ['$ - $', 'number', 'number'],
    ['$ * 3', 'number'],
    ['$ / 7', 'number'],
    ['$ % 5', 'number'],
    ['-$', 'number'],
    ['ABS($)', 'number'],
    ['CHAR_LENGTH($)', 'text'],
    ["POSITION('a' IN $)", 'text'],
    ['CASE WHEN $ THEN $ ELSE $ END', 'condition', 'number', 'number'],
    ['COALESCE($, $)', 'number', 'number'],
    ['NULLIF($, $)', 'number', 'number'],
    ['EXTRACT(DAY FROM $)', 'date'],
    ['EXTRACT(HOUR FROM $)', 'time'],
    ['CAST($ AS BIGINT)', 'double'],
    ['TIMESTAMPDIFF(HOUR, $, $)', 'time', 'time'],
    ['CARDINALITY(ARRAY[$, $])', 'number', 'number'],
    ['ARRAY[$, $, 5][2]', 'number', 'number'],
    ["MAP['k', $]['k']", 'number']
  ],
  decimal: [
    ['$ + $', 'decimal', 'decimal'],
    ['$ - $', 'decimal', 'number'],
    ['$ * 1.5', 'decimal'],
    ['$ / 4', 'decimal'],
    ['ROUND($, 1)', 'decimal'],
    ['TRUNCATE($, 1)', 'decimal'],
    ['CAST($ AS DECIMAL(12, 3))', 'decimal'],
    ['CAST($ AS DECIMAL(20, 2))', 'number'],
    ['CASE WHEN $ THEN $ END', 'condition', 'decimal'],
    ['ABS($)', 'decimal']
  ],
  double: [
    ['$ + $', 'double', 'double'],
    ['$ * $', 'double', 'double'],
    ['$ - $', 'double', 'number'],
    ['FLOOR($)', 'double'],
    ['ROUND($, 2)', 'double'],
    ['CAST($ AS DOUBLE)', 'decimal'],
    ['COALESCE($, $)', 'double', 'double']
  ],
  text: [
    ['$ || $', 'text', 'text'],
    ['UPPER($)', 'text'],
    ['SUBSTRING($, 2, 3)', 'text'],
    ['TRIM($)', 'text'],
    ["REPLACE($, 'a', 'bc')", 'text'],
    ["REGEXP_REPLACE($, '[a-c]', '-')", 'text'],
    ["REGEXP_EXTRACT($, '([a-z])(.)', 2)", 'text'],
    ["CONCAT_WS('-', $, $)", 'text', 'text'],
    ['CAST($ AS STRING)', 'number'],
    ['CAST($ AS STRING)', 'decimal'],
    ['CAST($ AS STRING)', 'date'],
    ["DATE_FORMAT($, 'yyyy-MM-dd HH:mm')", 'time'],
    ['CASE WHEN $ THEN $ ELSE $ END', 'condition', 'text', 'text'],
    ['COALESCE($, $)', 'text', 'text'],
    ["JSON_VALUE(JSON_OBJECT('k' VALUE $), '$.k')", 'text'],
    ["SPLIT_INDEX($, 'a', 1)", 'text'],
    ['REVERSE($)', 'text']
  ],
  condition: [
    ['$ AND $', 'condition', 'condition'],
    ['$ OR $', 'condition', 'condition'],
    ['NOT $', 'condition'],
    ['$ IS NULL', 'number'],
    ['$ IS NOT TRUE', 'condition'],
    ['$ = $', 'number', 'number'],
    ['$ < $', 'decimal', 'number'],
    ['$ >= $', 'double', 'number'],
    ['$ <> $', 'text', 'text'],
    ['$ < $', 'text', 'text'],
    ['$ > $', 'time', 'time'],
    ['$ <= $', 'date', 'date'],
    ['$ BETWEEN $ AND $', 'number', 'number', 'number'],
    ['$ IN (1, 2, $)', 'number', 'number'],
    ["$ LIKE '%a%'", 'text'],
    ["$ NOT LIKE '_d%'", 'text'],
    ["REGEXP($, '^[A-Z]')", 'text'],
    ['$ IS DISTINCT FROM $', 'number', 'number'],
    ['ARRAY_CONTAINS(ARRAY[$, 1], $)', 'number', 'number']
  ],
  time: [
    ["$ + INTERVAL '90' MINUTE", 'time'],
    ["$ - INTERVAL '1' MONTH", 'time'],
    ['FLOOR($ TO HOUR)', 'time'],
    ['CEIL($ TO DAY)', 'time'],
    ['CASE WHEN $ THEN $ ELSE $ END', 'condition', 'time', 'time']
  ],
  date: [
    ["$ + INTERVAL '40' DAY", 'date'],
    ["$ - INTERVAL '1' YEAR", 'date'],
    ['FLOOR($ TO MONTH)', 'date'],
    ['CAST($ AS DATE)', 'time'],
    ['COALESCE($, $)', 'date', 'date']
  ]
}

/** Expressions of one kind, each part of one in parentheses. */
export function expressionOf(kind: Kind, columns: Columns): fc.Arbitrary<string> {
  const kinds = Object.keys(forms) as Kind[]
  const made = fc.letrec<Record<Kind, string>>(
    tie =>
      Object.fromEntries(
        kinds.map(own => {
          const leaves = fc.oneof(
            { weight: 3, arbitrary: fc.constantFrom(...columns[own]) },
            { weight: 1, arbitrary: literals[own] }
          )
          const composed = forms[own].map(([form, ...operands]) =>
            fc.tuple(...operands.map(operand => tie(operand))).map(parts => fill(form, parts as string[]))
          )
          return [own, fc.oneof({ maxDepth: 4, depthIdentifier: 'sql' }, leaves, ...composed)]
        })
      ) as Record<Kind, fc.Arbitrary<string>>
  )
  return made[kind] as fc.Arbitrary<string>
}

function fill(form: string, parts: string[]): string {
  let next = 0
  const filled = form.replace(/\$(?!\.)/g, () => parts[next++] as string)
  return `(${filled})`
}
