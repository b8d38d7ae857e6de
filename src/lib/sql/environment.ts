import type { Identifier, Select } from './ast.ts'
import { ExpressionBinder, type Scope } from './bind-expression.ts'
import type { Table } from './catalog.ts'
import { SqlError } from './errors.ts'
import type { Projection } from './plan.ts'
import { type Relation, resolveName } from './relation.ts'

/** What the names in FROM mean, and how far event time lags behind where no WATERMARK is declared. */
export type Environment = {
  text: string
  tables: ReadonlyMap<string, Table>
  views: ReadonlyMap<string, Select>
  /** ms */
  watermarkDelay: number
}

/** A SELECT with all names resolved. Its projections say which of its fields come out, in which order. */
export type BoundSelect = Relation & { projections: Projection[] }

export const unsupported = (what: string): string =>
  `${what}: not in the subset of Flink SQL that enrich runs`

/**
 * @param rows whether expressions are computed for single rows: a row of HOP or CUMULATE has no window of its own, so
 * that its bounds can only stand in GROUP BY
 */
export function binderFor(relation: Relation, text: string, rows: boolean): ExpressionBinder {
  const scope: Scope = {
    resolve(parts) {
      const value = resolveName(relation, parts, text, (input, name, span) =>
        binder.member(input, name, span)
      )
      if (rows && value.kind === 'windowBound' && value.window.kind !== 'TUMBLE') {
        const reason = unsupported(`a window bound of ${value.window.kind} outside of GROUP BY`)
        throw new SqlError('unsupported', reason, text, parts[0] as Identifier)
      }
      return value
    }
  }
  const binder = new ExpressionBinder(text, scope)
  return binder
}
