import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile, SqlError } from '../../src/lib/sql/index.ts'
import { arrivalCases } from '../pipeline/flink-cases/arrivals.ts'
import { expressionCases } from '../pipeline/flink-cases/expressions.ts'
import { groupingSetCases } from '../pipeline/flink-cases/grouping-sets.ts'
import { groupCases } from '../pipeline/flink-cases/groups.ts'
import { joinCases } from '../pipeline/flink-cases/joins.ts'
import { membershipCases } from '../pipeline/flink-cases/memberships.ts'
import { rankingCases } from '../pipeline/flink-cases/rankings.ts'
import { scalarSubqueryCases } from '../pipeline/flink-cases/scalar-subqueries.ts'
import { setOperationCases } from '../pipeline/flink-cases/set-operations.ts'
import { sources } from '../pipeline/flink-cases/sources.ts'
import { randomNumbers } from '../support/random.ts'

const COUNT = process.env.MILLRACE_THOROUGH === '1' ? 10_000 : 400
const LIMIT_MS = 1000

const queries = [
  ...expressionCases,
  ...groupCases,
  ...groupingSetCases,
  ...joinCases,
  ...rankingCases,
  ...setOperationCases,
  ...scalarSubqueryCases,
  ...membershipCases,
  ...arrivalCases
].map(({ sql }) => sql)
const declarations = sources.tables.map(
  ({ name, columns, format }) =>
    `CREATE TABLE ${name} (${columns}) WITH ('connector' = 'stdin', 'format' = '${format}')`
)
const views = sources.views.map(({ name, sql }) => `CREATE VIEW ${name} AS ${sql}`)
const texts = [
  ...queries,
  ...declarations.map((declaration, i) => `${declaration};\n${queries[i * 7]}`),
  [...declarations, ...views, ...queries.slice(0, 5)].join(';\n')
]

const random = randomNumbers(40)
const upTo = (n: number): number => Math.floor(random() * n)
const oneOf = <T>(list: readonly T[]): T => list[upTo(list.length)] as T

const words = [...new Set(texts.join(' ').match(/\w+|'[^']*'|[^\s\w]/g))]
const strange = [
  '\0',
  '\u2028',
  '😀',
  '\ud800',
  "''",
  '``',
  '/*',
  '--',
  '$1',
  ';',
  '9'.repeat(400),
  '1e999999999',
  '-'.repeat(50),
  'NOT '.repeat(50),
  '__proto__',
  'constructor',
  'toString'
]
const pieces = (text: string): string[] => text.match(/\w+|\s+|[^\w\s]/g) ?? []

/** Each makes another text of one. */
const mutators: ((text: string) => string)[] = [
  text => text.slice(0, upTo(text.length)),
  text => text.slice(upTo(text.length)),
  text => {
    const at = upTo(text.length)
    return text.slice(0, at) + text.slice(at + 1 + upTo(8))
  },
  text => {
    const at = upTo(text.length)
    return text.slice(0, at) + String.fromCharCode(32 + upTo(95)) + text.slice(at + upTo(2))
  },
  text => {
    const at = upTo(text.length)
    return text.slice(0, at) + oneOf(strange) + text.slice(at)
  },
  text => inPieces(text, list => list.splice(upTo(list.length), 1)),
  text => inPieces(text, list => list.splice(upTo(list.length), 1, oneOf(words))),
  text => inPieces(text, list => list.splice(upTo(list.length), 0, ` ${oneOf(words)} `)),
  text =>
    inPieces(text, list => {
      const [a, b] = [upTo(list.length), upTo(list.length)]
      ;[list[a], list[b]] = [list[b] as string, list[a] as string]
    }),
  text =>
    inPieces(text, list => {
      const at = upTo(list.length)
      list.splice(at, 0, ...list.slice(at, at + 1 + upTo(10)))
    }),
  text => {
    const other = oneOf(texts)
    return text.slice(0, upTo(text.length)) + other.slice(upTo(other.length))
  }
]

function inPieces(text: string, change: (list: string[]) => void): string {
  const list = pieces(text)
  change(list)
  return list.join('')
}

/** Compiles; a mistake must be told as one, at a place in the text, and soon. */
function check(text: string): 'compiled' | 'refused' {
  const before = process.cpuUsage()
  const shown = text.length > 2000 ? `${text.slice(0, 2000)}…` : text
  try {
    compile(text, { reject() {} })
    return 'compiled'
  } catch (error) {
    assert.ok(error instanceof SqlError, `${(error as Error).stack}\n${shown}`)
    const lines = text.split('\n')
    const line = lines[error.line - 1]
    assert.ok(
      line !== undefined && error.column >= 1 && error.column <= line.length + 1,
      `${error.message}\n${shown}`
    )
    return 'refused'
  } finally {
    const { user, system } = process.cpuUsage(before)
    assert.ok((user + system) / 1000 < LIMIT_MS, `took ${(user + system) / 1000} ms: ${shown}`)
  }
}

test('of a text that something happened to, a mistake is told at its place', () => {
  const seen = { compiled: 0, refused: 0 }
  for (let i = 0; i < COUNT; i++) {
    let text = oneOf(texts)
    for (let n = 1 + upTo(3); n > 0; n--) text = oneOf(mutators)(text)
    seen[check(text)]++
  }
  // Else the mutations do too much, or too little.
  assert.ok(seen.compiled > COUNT / 50 && seen.refused > COUNT / 2, JSON.stringify(seen))
})

test('what is nested or repeated thousands of times is run, or refused at its place', () => {
  const deep = (open: string, inner: string, close: string, n = 20_000): string =>
    open.repeat(n) + inner + close.repeat(n)
  for (const expression of [
    deep('(', '1', ')'),
    deep('NOT ', 'TRUE', ''),
    deep('- ', '1', ''),
    deep('CAST(', '1', ' AS INT)'),
    deep('CASE WHEN ', 'TRUE', ' THEN TRUE END'),
    deep('ABS(', '1', ')'),
    `1${' + 1'.repeat(20_000)}`,
    `a = 1${' OR a = 1'.repeat(20_000)}`,
    `'x'${" || 'x'".repeat(20_000)}`,
    `a IN (${'1, '.repeat(50_000)}1)`,
    `a${'.b'.repeat(20_000)}`,
    `a${'[1]'.repeat(20_000)}`,
    `COALESCE(${'a, '.repeat(200)}a)`
  ])
    check(`SELECT ${expression} FROM events`)
  check(deep('SELECT * FROM (', 'SELECT * FROM events', ')', 5000))
  check(`SELECT ${'a, '.repeat(20_000)}a FROM events`)
  check(`SELECT CAST(a AS ${deep('ARRAY<', 'INT', '>')}) FROM events`)
  check('/*'.repeat(50_000))
  check(`SELECT '${"''".repeat(100_000)}`)
  check(
    Array.from(
      { length: 300 },
      (_, i) => `CREATE VIEW v${i} AS SELECT * FROM ${i === 0 ? 'events' : `v${i - 1}`}`
    ).join(';')
  )
})
