/**
 * A filter as a tree, whichever language it was written in (Elasticsearch's query DSL, Lucene's query string).
 *
 * There is no mapping on a stream, so the query decides how a value is compared:
 * - `term`, `prefix`, `wildcard`, `regexp`, `fuzzy` and `range` compare the whole value exactly, as on a keyword or number field. A number equals a
 *   string that spells it (DECIMAL columns are strings): 49 = "49.00"; two strings are compared as strings.
 * - `text` (match, match_phrase, terms and phrases of a query string) compares words without regard to case, as on a text field
 *   with the standard analyzer; on a field named `….keyword` it compares the whole value exactly.
 * - An array matches when one of its elements does; null is no value.
 */

import type { Fuzziness } from './edit-distance.ts'

export type Scalar = string | number | boolean

export type Query =
  | { is: 'all' }
  | { is: 'none' }
  | { is: 'and'; of: Query[] }
  | { is: 'or'; of: Query[]; least: number }
  | { is: 'not'; of: Query }
  | { is: 'exists'; field: string }
  | { is: 'term'; field: string; value: Scalar; ignoreCase: boolean }
  | { is: 'prefix'; field: string; value: string; ignoreCase: boolean }
  | { is: 'wildcard'; field: string; pattern: string; ignoreCase: boolean }
  | { is: 'range'; field: string; bounds: Bounds; zoneMinutes: number }
  /** `plain`: operators that are characters. */
  | { is: 'regexp'; field: string; pattern: string; ignoreCase: boolean; plain?: string }
  | { is: 'fuzzy'; field: string; text: string; fuzziness: Fuzziness }
  | {
      is: 'text'
      field: string | undefined
      text: string
      words: 'any' | 'all' | 'phrase'
      /** How far the words of a phrase may be from their places, all together. */
      slop?: number
      /** So many of the words are enough. */
      least?: number
      /** The last word is only the beginning of one. */
      isPrefix?: boolean
    }
  | { is: 'nested'; path: string; of: Query }
  | { is: 'word pattern'; field: string | undefined; pattern: string }
  | { is: 'word regexp'; field: string | undefined; pattern: string }
  | { is: 'word fuzzy'; field: string | undefined; text: string; fuzziness: Fuzziness }

export type BoundName = 'gt' | 'gte' | 'lt' | 'lte'

/** Numbers, texts, or dates with date math (`now-1h/d`). */
export type Bounds = Partial<Record<BoundName, string | number>>

/** What is wrong with a filter: `path` leads to the place in the rule file, from the filter on. */
export class QueryError extends Error {
  readonly path: readonly (string | number)[]

  constructor(message: string, path: readonly (string | number)[]) {
    super(message)
    this.name = 'QueryError'
    this.path = path
  }
}

export function and(of: Query[]): Query {
  return of.length === 1 ? of[0]! : of.length === 0 ? { is: 'all' } : { is: 'and', of }
}

export function or(of: Query[], least = 1): Query {
  if (least <= 0) return { is: 'all' }
  if (of.length < least) return { is: 'none' }
  return of.length === 1 ? of[0]! : { is: 'or', of, least }
}

export function not(of: Query): Query {
  return { is: 'not', of }
}
