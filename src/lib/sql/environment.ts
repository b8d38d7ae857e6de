import type { Identifier, Query } from './ast.ts'
import { ExpressionBinder } from './bind-expression.ts'
import type { Table } from './catalog.ts'
import { SqlError } from './errors.ts'
import type { Projection } from './plan.ts'
import { type Relation, resolveName } from './relation.ts'

/** What the names in FROM mean, and how far event time lags behind where no WATERMARK is declared. */
export type Environment = {
  text: string
  tables: ReadonlyMap<string, Table>
  views: ReadonlyMap<string, View>
  /** ms */
  watermarkDelay: number
}

/** A named query, the names it gives its columns (none: its own), and the views that it sees itself. */
export type View = { query: Query; columns: Identifier[]; views: ReadonlyMap<string, View> }

/** A SELECT with all names resolved. Its projections say which of its fields come out, in which order. */
export type BoundSelect = Relation & { projections: Projection[] }

export const unsupported = (what: string): string =>
  `${what}: not in the subset of Flink SQL that enrich runs`

/** Binds expressions over the rows of a relation. */
export function binderFor(relation: Relation, text: string): ExpressionBinder {
  return new ExpressionBinder(text, { resolve: parts => resolveName(relation, parts, text) })
}

/** The query with its columns named by a list, as in CREATE VIEW v (a, b) AS SELECT … . */
export function named(bound: BoundSelect, columns: Identifier[], text: string): BoundSelect {
  if (columns.length === 0) return bound
  if (bound.open || columns.length !== bound.fields.length) {
    const reason = `a list of ${columns.length} columns for ${bound.open ? 'a *' : bound.fields.length}`
    throw new SqlError('type', reason, text, columns[0] as Identifier)
  }
  const fields = bound.fields.map(({ value }, i) => ({ name: (columns[i] as Identifier).name, value }))
  return { ...bound, fields, projections: fields.map(field => ({ kind: 'value', ...field })) }
}
