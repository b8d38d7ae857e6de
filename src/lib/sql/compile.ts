import type { Identifier, Select, Statement } from './ast.ts'
import { bindOutput, bindSelect } from './bind-query.ts'
import { declareTable, type Table } from './catalog.ts'
import type { Environment } from './environment.ts'
import { SqlError } from './errors.ts'
import { parseStatements } from './parse-statement.ts'
import type { Plan } from './plan.ts'
import { fitToTable } from './project.ts'

/**
 * The plan of the one query in an SQL text: its bare SELECT or INSERT INTO. Throws SqlError.
 * @param watermarkDelay ms that event time lags behind where no WATERMARK is declared
 */
export function planText(text: string, watermarkDelay: number): Plan {
  try {
    return planStatements(parseStatements(text), text, watermarkDelay)
  } catch (error) {
    // The stack of a deeply nested expression; its size is the only thing wrong with it.
    if (!(error instanceof RangeError)) throw error
    throw new SqlError('unsupported', 'the statement is nested too deeply', text, { start: 0, end: 1 })
  }
}

function planStatements(statements: Statement[], text: string, watermarkDelay: number): Plan {
  const tables = new Map<string, Table>()
  const views = new Map<string, Select>()
  const environment: Environment = { text, tables, views, watermarkDelay }
  let plan: Plan | undefined
  const declare = (name: Identifier): void => {
    if (!tables.has(name.name) && !views.has(name.name)) return
    throw new SqlError('name', `${name.name} is declared twice`, text, name)
  }
  const query = (span: Statement, make: () => Plan): void => {
    if (plan !== undefined)
      throw new SqlError('unsupported', 'a second query: enrich runs one for now', text, span)
    plan = make()
  }
  for (const statement of statements) {
    switch (statement.kind) {
      case 'createTable':
        declare(statement.name)
        tables.set(statement.name.name, declareTable(statement, text))
        break
      case 'createView':
        declare(statement.name)
        views.set(statement.name.name, renamed(statement.query, statement.columns, text))
        // Mistakes are told where the view is made, not where it is used.
        bindSelect(statement.query, environment)
        break
      case 'insert':
        query(statement, () => planInsert(statement, environment))
        break
      case 'select':
        query(statement, () => planSelect(statement, environment))
    }
  }
  if (plan === undefined) {
    const end = { start: text.length, end: text.length }
    throw new SqlError('syntax', 'found no query, expected SELECT or INSERT INTO', text, end)
  }
  return plan
}

function planSelect(select: Select, environment: Environment): Plan {
  const { input, condition, projections } = bindOutput(select, environment)
  return { input, condition, projections }
}

function planInsert(statement: Statement & { kind: 'insert' }, environment: Environment): Plan {
  const { tables, text } = environment
  const { target, query } = statement
  const table = tables.get(target.name)
  if (table === undefined) {
    if (target.name === 'stdout') return planSelect(renamed(query, statement.columns, text), environment)
    throw new SqlError('name', `no table ${target.name}: results go to stdout`, text, target)
  }
  if (table.source !== 'stdout') {
    throw new SqlError(
      'unsupported',
      `${target.name} is an input: results go to a table WITH ('connector' = 'stdout')`,
      text,
      target
    )
  }
  const bound = bindOutput(query, environment)
  const projections = fitToTable(bound, table, statement.columns, text)
  return { input: bound.input, condition: bound.condition, projections }
}

/** The SELECT with its items named by a list of columns, as in CREATE VIEW v (a, b) AS SELECT … . */
function renamed(select: Select, columns: Identifier[], text: string): Select {
  if (columns.length === 0) return select
  const star = select.items.find(item => item.kind === 'star')
  if (star !== undefined || columns.length !== select.items.length) {
    const reason = `a list of ${columns.length} columns for ${star === undefined ? select.items.length : 'a *'}`
    throw new SqlError('type', reason, text, columns[0] as Identifier)
  }
  const items = select.items.map((item, i) => ({ ...item, alias: columns[i] as Identifier }))
  return { ...select, items }
}
