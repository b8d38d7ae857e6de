import type { CreateTable, Identifier, Insert, Query, Statement } from './ast.ts'
import { bindOutput, bindQuery } from './bind-query.ts'
import { declareTable, type Table } from './catalog.ts'
import { type Environment, named, type View } from './environment.ts'
import { SqlError } from './errors.ts'
import { likeTable } from './like-table.ts'
import { parseStatements } from './parse-statement.ts'
import type { Plan } from './plan.ts'
import { refuseProctime } from './proctime.ts'
import { fitToTable } from './project.ts'
import { prune } from './prune.ts'
import { type Settings, settingsOf } from './settings.ts'

/** What an SQL text says: its queries, and how they are run. */
export type Program = {
  plans: Plan[]
  settings: Settings
  /** Whether plans are asked for (EXPLAIN), and nothing is run. */
  isExplained: boolean
  /** The columns, with commas, of the output's PRIMARY KEY. */
  outputKey: string | undefined
}

export type PlanOptions = {
  /** ms that event time lags behind where no WATERMARK is declared. */
  watermarkDelay?: number | undefined
  /** What paths are relative to. */
  folder?: string | undefined
  /** Where lines come from, as in --in. */
  input?: string | undefined
}

/**
 * The plans of the queries in an SQL text: its bare SELECTs and INSERTs. Throws SqlError.
 * @param watermarkDelay ms that event time lags behind where no WATERMARK is declared
 * @param folder where paths in the text begin
 */
export function planText(text: string, { watermarkDelay = 0, folder, input }: PlanOptions): Program {
  return planStatements(parseStatements(text, folder), text, watermarkDelay, input)
}

function planStatements(
  statements: Statement[],
  text: string,
  watermarkDelay: number,
  input: string | undefined
): Program {
  const tables = new Map<string, Table>()
  const views = new Map<string, View>()
  const environment: Environment = { text, tables, views, watermarkDelay }
  const plans: Plan[] = []
  let isExplained = false
  const likeOther = (table: CreateTable): CreateTable => {
    if (table.like === undefined) return table
    const other = tables.get(table.like.table.name)
    if (other !== undefined) return likeTable(table, other.declaration, text)
    throw new SqlError('name', `no table ${table.like.table.name} is declared before`, text, table.like.table)
  }
  const declare = (name: Identifier): void => {
    if (!tables.has(name.name) && !views.has(name.name)) return
    throw new SqlError('name', `${name.name} is declared twice`, text, name)
  }
  for (const statement of statements) {
    switch (statement.kind) {
      case 'createTable':
        declare(statement.name)
        tables.set(statement.name.name, declareTable(likeOther(statement), text, input))
        break
      case 'explain':
        isExplained = true
        plans.push(planOf(statement.statement, environment))
        break
      case 'createView': {
        const { name, query, columns } = statement
        declare(name)
        // Mistakes are told where the view is made, not where it is used.
        named(bindQuery(query, environment), columns, text)
        views.set(name.name, { query, columns, views: new Map(views) })
        break
      }
      case 'set':
        break
      default:
        plans.push(planOf(statement, environment))
    }
  }
  if (plans.length === 0) {
    const end = { start: text.length, end: text.length }
    throw new SqlError('syntax', 'found no query, expected SELECT or INSERT INTO', text, end)
  }
  for (const plan of plans) refuseProctime(plan, text)
  for (const plan of plans) prune(plan)
  const targets = statements.map(statement =>
    statement.kind === 'insert' ? tables.get(statement.target.name) : undefined
  )
  const keys = new Set(
    targets.map(table => (table?.declaration.primaryKey ?? []).map(({ name }) => name).join())
  )
  const [key = '', ...otherKeys] = [...keys].filter(names => names !== '')
  return {
    plans,
    settings: settingsOf(statements, text),
    isExplained,
    outputKey: key === '' || otherKeys.length > 0 ? undefined : key
  }
}

function planOf(statement: Insert | Query, environment: Environment): Plan {
  if (statement.kind === 'insert') return planInsert(statement, environment)
  const { input, condition, projections } = bindOutput(statement, environment)
  return { input, condition, projections }
}

function planInsert(statement: Insert, environment: Environment): Plan {
  const { tables, text } = environment
  const { target, query, columns } = statement
  const table = tables.get(target.name)
  const bound = bindOutput(query, environment)
  const { input, condition } = bound
  if (table === undefined) {
    if (target.name === 'stdout')
      return { input, condition, projections: named(bound, columns, text).projections }
    throw new SqlError('name', `no table ${target.name}: results go to stdout`, text, target)
  }
  if (table.source !== 'stdout') {
    const reason = `${target.name} is an input: results go to a table WITH ('connector' = 'stdout')`
    throw new SqlError('unsupported', reason, text, target)
  }
  return { input, condition, projections: fitToTable(bound, table, columns, text) }
}
