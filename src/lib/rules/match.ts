import type { Fields } from './fields.ts'
import type { Resolved } from './firing.ts'
import type { Rule } from './rule.ts'

/** A match that goes out, not silenced by realert; or several of them in one alert. */
export interface Match {
  rule: Rule
  /** Time of the match; of an aggregated alert the time after which it went out. */
  micros: number
  /** Event time at which it was found, in microseconds; that of the match may lie back. An aggregated alert's is `micros`. */
  at: number
  /** Value of the query_key, of an aggregated alert that of its aggregation_key; null where there is none. */
  key: string | null
  /** Events that made the match, or all of the matches. */
  numHits: number
  /** It lies within a silence, and nobody is to be told. */
  silenced: boolean
  /** No alert, but the notice that the condition of one has cleared. */
  resolved?: Resolved
  /** The document in its row, around it the envelope of a change event; of an aggregated alert its first match. */
  fields: Fields
  /** The matches of an aggregated alert. */
  matches?: readonly Match[]
}
