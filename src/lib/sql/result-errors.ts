import { ResultError, RowError } from './errors.ts'
import type { AggregateFunctions } from './generate-aggregate.ts'
import type { JoinFunctions } from './generate-join.ts'
import type { Row, TakeChange } from './operators/operator.ts'

/** A row as text is cut to this many characters. */
const longestRow = 200

/** What becomes of an error in something computed of a row. Any other is thrown on. */
export interface RowErrors {
  tell(error: unknown, row: Row): void
  /** That of a row that is taken back was told when the row came. */
  ignore(error: unknown): void
}

/** Where nothing of the line has taken effect yet, it is the line that is refused. */
export const REFUSED: RowErrors = {
  tell(error) {
    throw error
  },
  ignore(error) {
    throw error
  }
}

/**
 * What cannot be computed of rows that come out of operators with state. By then the line has changed what these keep, so
 * that it is not the line that is refused: the row that cannot be computed is left out, as if a condition held it back,
 * and that is told. An expression gives the same for the same row, so that one that was left out is not taken back later.
 */
export class ResultErrors implements RowErrors {
  // Some operators compute a row twice.
  private reasons = new Set<string>()

  tell(error: unknown, row?: Row): void {
    if (!(error instanceof RowError)) throw error
    const place = row === undefined ? '' : `, in a row of ${rowText(row)}`
    this.reasons.add(`a result is left out: ${error.message}${place}`)
  }

  ignore(error: unknown): void {
    if (!(error instanceof RowError)) throw error
  }

  /** What was told since the last call. */
  take(isLate: boolean): ResultError | undefined {
    const { reasons } = this
    if (reasons.size === 0) return undefined
    this.reasons = new Set()
    return new ResultError([...reasons], isLate)
  }
}

/** What takes changes of rows of which something is computed; a row of which it cannot be is left out. */
export function computed<T>(
  compute: (row: Row, isOld: boolean) => T | null,
  errors: RowErrors,
  take: (before: T | null, after: T | null) => void
): TakeChange {
  return (before, after) => {
    let [old, now]: [T | null, T | null] = [null, null]
    if (before !== null) {
      try {
        old = compute(before, true)
      } catch (error) {
        errors.ignore(error)
      }
    }
    if (after !== null) {
      try {
        now = compute(after, false)
      } catch (error) {
        errors.tell(error, after)
      }
    }
    if (old !== null || now !== null) take(old, now)
  }
}

export type GuardedJoin = JoinFunctions & {
  /** Whether a joined row was one. */
  matched: JoinFunctions['matches']
}

/** A group without a result gives null. */
export type GuardedResult<F extends AggregateFunctions> = Omit<F, 'result'> & {
  result(...args: Parameters<F['result']>): unknown[] | null
}

export function guardedResult(
  functions: AggregateFunctions,
  errors: RowErrors
): GuardedResult<AggregateFunctions> {
  return {
    ...functions,
    result(acc, key, start, end) {
      try {
        return functions.result(acc, key, start, end)
      } catch (error) {
        errors.tell(error, [key])
        return null
      }
    }
  }
}

/** Two rows of which it cannot be told whether they are a pair are none. */
export function guardedJoin(functions: JoinFunctions, errors: RowErrors): GuardedJoin {
  const guarded =
    (note: (error: unknown, row: Row) => void): JoinFunctions['matches'] =>
    row => {
      try {
        return functions.matches(row)
      } catch (error) {
        note(error, row)
        return false
      }
    }
  return {
    ...functions,
    matches: guarded((error, row) => errors.tell(error, row)),
    matched: guarded(error => errors.ignore(error))
  }
}

function rowText(row: Row): string {
  const text = JSON.stringify(row, (_, value) =>
    typeof value === 'bigint' ? String(value) : value instanceof Map ? [...value] : value
  )
  return text.length > longestRow ? `${text.slice(0, longestRow)}…` : text
}
