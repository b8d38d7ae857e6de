import { usageError } from '../../cli/index.ts'
import { isAppendOnly } from '../append-only.ts'
import type { CreateTable, Identifier, Insert, Query, Statement } from '../ast.ts'
import { planText } from '../compile.ts'
import { SqlError } from '../errors.ts'
import { type Token, tokenize } from '../lexer.ts'
import { parseStatements } from '../parse-statement.ts'
import { type Plan, type Scan, scansOf } from '../plan.ts'
import { typeName } from '../types.ts'
import { sinkOptions, sourceOptions, type TableOptions } from './connectors.ts'
import { suggestedDeclaration } from './declare.ts'
import { jdbcOptions } from './jdbc.ts'
import { type Edit, edited, flinkType, quoteName, quoteNames, quoteText } from './quote.ts'

export type ScriptOptions = {
  /** As of `--in` and `--out`: topics; an index of Elasticsearch for results, too. */
  readonly in: string
  readonly out: string
  /** Read only what topics have at the start. */
  readonly isBounded: boolean
  /** Columns that are the key of results. */
  readonly key: readonly string[]
  /** ms that time lags behind where no WATERMARK is declared. */
  readonly watermarkDelay: number
  /** ms after which a source without rows no longer holds time back, unless SET says otherwise; 0: never. */
  readonly idleTimeout: number
  /** Write to topics in transactions, which are committed with checkpoints. */
  readonly isExactlyOnce: boolean
  /** Show no passwords. */
  readonly hidesSecrets: boolean
}

/** Settings with which Flink gives the answers that enrich gives; a SET in the text comes after them. */
const SETTINGS = {
  'execution.runtime-mode': 'streaming',
  'table.local-time-zone': 'UTC',
  'table.dml-sync': 'false'
}

/** How often transactions are committed, and so how far results that are read committed lag behind. */
const CHECKPOINT_INTERVAL = '10 s'

/**
 * The statements to submit to Flink for an SQL text that enrich runs, without semicolons; the last one starts the job.
 * Throws SqlError for a mistake and for a table that is not declared, ToolError USAGE for a port that Flink cannot use.
 */
export function flinkScript(text: string, options: ScriptOptions): string[] {
  refuseFunctions(text)
  const { plans } = planText(text, { watermarkDelay: options.watermarkDelay, input: options.in })
  const statements = parseStatements(text)
  const queries = statements.filter(isQuery)
  const tables = statements.filter(statement => statement.kind === 'createTable')
  const scans = plans.flatMap(plan => scansOf(plan.input))
  requireDeclared(scans, tables, statements, text)
  requireTopics(tables, options.in)
  const script = new ScriptWriter(text, statements, options)
  const declared = statements
    .filter(statement => !isQuery(statement))
    .map(statement =>
      statement.kind === 'createTable'
        ? script.table(statement, scans, planInto(statement, queries, plans))
        : script.plain(statement)
    )
  const sinks: string[] = []
  const inserts = queries.map((query, i) => {
    const plan = plans[i] as Plan
    const isDeclared = query.kind === 'insert' && tables.some(table => table.name.name === query.target.name)
    if (isDeclared) return script.plain(query)
    const wanted = query.kind === 'insert' ? query.target.name : 'results'
    const name = script.freshName(wanted)
    sinks.push(script.sink(name, plan, query))
    return `INSERT INTO ${quoteName(name)}\n${script.plain(query.kind === 'insert' ? query.query : query)}`
  })
  const settings = Object.entries(settingsOf(options)).map(
    ([key, value]) => `SET ${quoteText(key)} = ${quoteText(value)}`
  )
  return [...settings, ...declared, ...sinks, together(inserts)]
}

const settingsOf = ({ idleTimeout, isExactlyOnce }: ScriptOptions): Record<string, string> => ({
  ...SETTINGS,
  ...(idleTimeout > 0 ? { 'table.exec.source.idle-timeout': `${idleTimeout} ms` } : {}),
  ...(isExactlyOnce ? { 'execution.checkpointing.interval': CHECKPOINT_INTERVAL } : {})
})

const isQuery = (statement: Statement): statement is Insert | Query =>
  !['createTable', 'createView', 'set'].includes(statement.kind)

const together = (inserts: readonly string[]): string =>
  inserts.length === 1
    ? (inserts[0] as string)
    : `EXECUTE STATEMENT SET\nBEGIN\n${inserts.map(insert => `${insert};`).join('\n')}\nEND`

function planInto(
  table: CreateTable,
  queries: readonly (Insert | Query)[],
  plans: readonly Plan[]
): Plan | undefined {
  return plans.find((_, i) => {
    const query = queries[i]
    return query?.kind === 'insert' && query.target.name === table.name.name
  })
}

class ScriptWriter {
  readonly #text: string
  readonly #options: ScriptOptions
  readonly #edits: readonly Edit[]
  readonly #tokens: readonly Token[]
  readonly #names: Set<string>

  constructor(text: string, statements: readonly Statement[], options: ScriptOptions) {
    this.#text = text
    this.#options = options
    this.#edits = quoteNames(text, statements)
    this.#tokens = tokenize(text)
    this.#names = new Set(
      statements.flatMap(statement =>
        statement.kind === 'createTable' || statement.kind === 'createView' ? [statement.name.name] : []
      )
    )
  }

  /** A name that no table has yet: `results`, `results_2`. */
  freshName(wanted: string): string {
    let name = wanted
    for (let n = 2; this.#names.has(name); n++) name = `${wanted}_${n}`
    this.#names.add(name)
    return name
  }

  /** A statement as it stands, with its names in backquotes. */
  plain(span: { start: number; end: number }): string {
    return edited(this.#text, span, this.#edits)
  }

  /** A table with a connector in the place of stdin and stdout. */
  table(table: CreateTable, scans: readonly Scan[], plan: Plan | undefined): string {
    const option = (name: string): string | undefined => table.options.get(name)?.value
    const edits = [...this.#edits, ...this.#watermark(table, scans)]
    const connector = option('connector')
    const hasVariable = [...table.options.values()].some(({ value }) => value.includes('${'))
    if (connector === 'mysql' || (connector === 'jdbc' && hasVariable)) {
      const given = Object.fromEntries([...table.options].map(([name, { value }]) => [name, value]))
      const options = jdbcOptions(table.name.name, given, !this.#options.hidesSecrets)
      edits.push({ start: this.#withClause(table), end: table.end, text: this.#with(options) })
      return edited(this.#text, table, edits)
    }
    if (connector !== 'stdin' && connector !== 'stdout') return edited(this.#text, table, edits)
    const [name, database] = (option('table') ?? table.name.name).split('.').reverse()
    const options =
      connector === 'stdin'
        ? sourceOptions(
            this.#options.in,
            {
              format: option('format') === 'debezium-json' ? 'debezium-json' : 'json',
              database,
              table: name as string
            },
            this.#options.isBounded
          )
        : sinkOptions(this.#options.out, {
            appendOnly: plan === undefined || isAppendOnly(plan.input),
            primaryKey: table.primaryKey.map(column => column.name),
            recordKey: this.#options.key,
            transactions: this.#transactions(table.name.name)
          })
    edits.push({ start: this.#withClause(table), end: table.end, text: this.#with(options) })
    return edited(this.#text, table, edits)
  }

  /** A table for the result of a query, with the columns that it has. */
  sink(name: string, plan: Plan, query: Insert | Query): string {
    const columns = plan.projections.map(projection => {
      const { value } = projection
      const type = value === undefined ? undefined : flinkType(value.type)
      if (projection.kind === 'row' || type === undefined) {
        const what = projection.kind === 'row' ? 'the result' : projection.name
        const found = value === undefined ? '' : ` (${typeName(value.type)})`
        throw new SqlError(
          'type',
          `Flink needs a type for ${what}${found}: use CAST, or INSERT INTO a declared table`,
          this.#text,
          value ?? query
        )
      }
      return `  ${quoteName(projection.name)} ${type}`
    })
    const appendOnly = isAppendOnly(plan.input)
    const isIndex = /^https?:/.test(this.#options.out)
    const primaryKey = isIndex ? this.#options.key : []
    if (primaryKey.length > 0)
      columns.push(`  PRIMARY KEY (${primaryKey.map(quoteName).join(', ')}) NOT ENFORCED`)
    const options = sinkOptions(this.#options.out, {
      appendOnly,
      primaryKey,
      recordKey: this.#options.key,
      transactions: this.#transactions(name)
    })
    return `CREATE TABLE ${quoteName(name)} (\n${columns.join(',\n')}\n) ${this.#with(options)}`
  }

  /** Several tables may write to one topic. */
  #transactions(table: string): string | undefined {
    return this.#options.isExactlyOnce ? `enrich-${table}` : undefined
  }

  #with({ options, secret }: TableOptions): string {
    const lines = Object.entries(options).map(([key, value]) => {
      const shown = this.#options.hidesSecrets && secret.includes(key) ? '******' : value
      return `  ${quoteText(key)} = ${quoteText(shown)}`
    })
    return `WITH (\n${lines.join(',\n')}\n)`
  }

  /** Where the WITH clause begins: at the last WITH that is followed by options. */
  #withClause({ start, end }: CreateTable): number {
    const found = this.#tokens.findLast(
      (token, i) =>
        token.start >= start &&
        token.end <= end &&
        token.upper === 'WITH' &&
        this.#tokens[i + 1]?.text === '(' &&
        this.#tokens[i + 2]?.kind === 'string'
    )
    return found?.start ?? end
  }

  /** The watermark of a column that a query takes for event time without one being declared, as enrich makes it. */
  #watermark(table: CreateTable, scans: readonly Scan[]): Edit[] {
    const time = scans.find(scan => scan.name === table.name.name)?.eventTime
    if (time === undefined || time.declared) return []
    const column = quoteName(time.name)
    const delay = time.delay === 0 ? '' : ` - INTERVAL '${(time.delay / 1000).toFixed(3)}' SECOND(10, 3)`
    const close = this.#closingParenthesis(table)
    return [{ start: close, end: close, text: `, WATERMARK FOR ${column} AS ${column}${delay}` }]
  }

  #closingParenthesis({ name, end }: CreateTable): number {
    let depth = 0
    for (const token of this.#tokens) {
      if (token.start < name.end || token.kind !== 'symbol') continue
      if (token.text === '(') depth++
      if (token.text === ')' && --depth === 0) return token.start
    }
    return end
  }
}

/** Throws SqlError for a function from a JavaScript module, which Flink cannot load. */
function refuseFunctions(text: string): void {
  const tokens = tokenize(text)
  for (const [i, token] of tokens.entries()) {
    if (token.upper !== 'CREATE' || token.kind !== 'word') continue
    const next = tokens[i + 1]?.upper === 'TEMPORARY' ? tokens[i + 2] : tokens[i + 1]
    if (next?.upper !== 'FUNCTION') continue
    const reason = 'functions of JavaScript do not run on Flink'
    throw new SqlError('unsupported', reason, text, { start: token.start, end: next.end })
  }
}

/** Throws SqlError for a table that is found by its name in the events: Flink has to be told its columns. */
function requireDeclared(
  scans: readonly Scan[],
  tables: readonly CreateTable[],
  statements: Statement[],
  text: string
): void {
  const scan = scans.find(({ name }) => !tables.some(table => table.name.name === name))
  if (scan === undefined) return
  const reason = `Flink needs a declaration of ${scan.name}; with the types that it has:\n${suggestedDeclaration(scan)}`
  throw new SqlError('name', reason, text, placeOf(scan.name, statements) ?? { start: 0, end: 1 })
}

/** Where a table stands in a FROM. */
function placeOf(name: string, part: unknown): { start: number; end: number } | undefined {
  if (typeof part !== 'object' || part === null || part instanceof Map) return undefined
  const { kind, path, start, end } = part as { kind?: unknown; path?: unknown; start: number; end: number }
  if (kind === 'table' && (path as Identifier[]).map(each => each.name).join('.') === name)
    return { start, end }
  for (const value of Object.values(part)) {
    const found = placeOf(name, value)
    if (found !== undefined) return found
  }
  return undefined
}

/** Flink does not look at `source.table`: each table needs topics that have its changes alone. */
function requireTopics(tables: readonly CreateTable[], port: string): void {
  const changing = tables.filter(
    ({ options }) =>
      options.get('connector')?.value === 'stdin' && options.get('format')?.value === 'debezium-json'
  )
  if (changing.length < 2 || port.includes('{source.table}')) return
  const names = changing.map(table => table.name.name).join(', ')
  throw usageError(
    `--in: to Flink all changes in a topic are of one table, and there are ${names}`,
    'give each its topic: --in kafka://BROKER/dream.{source.db}.{source.table}'
  )
}
