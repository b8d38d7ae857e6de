import type { PollDatabase, PollTable, Term } from './database.ts'

/** A stretch of rows. */
export interface Range {
  /** Exclusive; null: from the first. A clock's text, or an id. */
  readonly from: string | null
  /** Inclusive. */
  readonly to: string
  /** The terms of the row that the stretch begins behind. */
  readonly after: readonly string[] | null
}

/** WHERE, ORDER BY and LIMIT for the rows of a range in the order of the terms. @param limit null: all */
export function rangeClauses(
  db: PollDatabase,
  table: PollTable,
  terms: readonly Term[],
  { from, to, after }: Range,
  condition: string | null,
  limit: number | null
): string {
  const first = terms[0] as Term
  const parts = [`${first.sql} <= ${db.bound(table, first, to)}`]
  if (after !== null) parts.unshift(behind(db, terms, after))
  else if (from !== null) parts.unshift(`${first.sql} > ${db.bound(table, first, from)}`)
  if (condition !== null) parts.push(`(${condition})`)
  const order = terms.map(({ sql }) => sql).join(', ')
  return ` WHERE ${parts.join(' AND ')} ORDER BY ${order}${limit === null ? '' : ` LIMIT ${limit}`}`
}

/**
 * Rows that sort behind one: `a > 1`, or `a >= 1 AND (a > 1 OR b > 2)`, whose first part every planner can find in an
 * index (MySQL does not use one for `(a, b) > (1, 2)`).
 */
function behind(db: PollDatabase, terms: readonly Term[], after: readonly string[]): string {
  const [first, ...rest] = terms
  if (first === undefined) return '1 = 1'
  const value = db.literal(first, after[0] as string)
  if (rest.length === 0) return `${first.sql} > ${value}`
  return `${first.sql} >= ${value} AND (${first.sql} > ${value} OR (${behind(db, rest, after.slice(1))}))`
}
