import type { CallExpression } from './ast.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import type { GroupingSets } from './bind-grouping-sets.ts'
import { type Bound, literal, strict } from './bound.ts'
import { sameExpression } from './catalog.ts'
import { BIGINT } from './types.ts'

/** More arguments do not fit the bits of a whole number. */
const MOST_ARGUMENTS = 52

/**
 * GROUPING(a, b), or GROUPING_ID: a bit for each argument that is not in the row's grouping set, the first one's the
 * highest. GROUP_ID(): how many equal sets there are before the row's.
 * @param binder over the rows that are grouped
 * @param set the number of the row's set, over the groups
 */
export function bindGroupingCall(
  call: CallExpression,
  { keys, sets }: GroupingSets,
  set: Bound | undefined,
  binder: ExpressionBinder
): Bound {
  const name = call.name.name.toUpperCase()
  const takesNone = name === 'GROUP_ID'
  if (takesNone !== (call.args.length === 0) || call.args.length > MOST_ARGUMENTS || call.star) {
    const wanted = takesNone ? 'no arguments' : `1 to ${MOST_ARGUMENTS} keys of GROUP BY`
    throw binder.error('type', `${name} takes ${wanted}`, call)
  }
  const places = call.args.map(argument => {
    const value = binder.bind(argument)
    const place = keys.findIndex(key => sameExpression(key, value))
    if (place < 0) throw binder.error('type', `${name} takes a key of GROUP BY`, argument)
    return place
  })
  const results = takesNone
    ? sets.map((own, i) => sets.slice(0, i).filter(other => other.join() === own.join()).length)
    : sets.map(own => places.reduce((bits, place) => bits * 2 + (own.includes(place) ? 0 : 1), 0))
  if (set === undefined) return literal(results[0] ?? 0, BIGINT, call)
  return strict(
    `${name}[${results.join(', ')}]`,
    BIGINT,
    [set],
    ([e]) => `[${results.join(', ')}][${e}]`,
    call
  )
}
