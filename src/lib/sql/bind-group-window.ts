import type { CallExpression, Select } from './ast.ts'
import { checkedLengths, eventTime, milliseconds, windowBound } from './bind-window-function.ts'
import { type Bound, describe, type Window, type WindowBound } from './bound.ts'
import { binderFor, type Environment } from './environment.ts'
import { SqlError } from './errors.ts'
import type { Relation } from './relation.ts'

/** GROUP BY TUMBLE(time, size), HOP(time, slide, size), SESSION(time, gap): what Flink had before table functions. */

const kinds = ['TUMBLE', 'HOP', 'SESSION'] as const

/** The call in GROUP BY. */
export function groupWindowOf(select: Select, text: string): CallExpression | undefined {
  const [first, second] = select.groupBy.filter(
    (expression): expression is CallExpression =>
      expression.kind === 'call' && kindOf(expression) !== undefined
  )
  if (second !== undefined) throw new SqlError('type', 'GROUP BY takes one window', text, second)
  return first
}

const kindOf = ({ name }: CallExpression): (typeof kinds)[number] | undefined =>
  kinds.find(kind => kind === name.name.toUpperCase())

export type GroupWindow = {
  window: Window
  bounds: Bound[]
  /** The bound that TUMBLE_START(time, size) and its like stand for; undefined for other calls. */
  boundOf(call: CallExpression): Bound | undefined
}

/** @param keys what else is in GROUP BY */
export function bindGroupWindow(
  call: CallExpression,
  relation: Relation,
  keys: Bound[],
  environment: Environment
): GroupWindow {
  const { text } = environment
  const kind = kindOf(call) as (typeof kinds)[number]
  const [first, ...lengths] = call.args
  const expected = kind === 'HOP' ? 2 : 1
  if (first === undefined || lengths.length !== expected) {
    const reason = `${kind} in GROUP BY takes a time and ${expected === 1 ? 'an interval' : 'two intervals'}`
    throw new SqlError('type', reason, text, call)
  }
  const binder = binderFor(relation, text)
  const textOf = (args: CallExpression['args']): string => args.map(arg => describe(binder.bind(arg))).join()
  const time = eventTime(binder.bind(first), relation, environment)
  const sizes = lengths.map(length => milliseconds(binder.bind(length), length, text))
  const window: Window = {
    ...checkedLengths(kind, sizes, lengths[0] ?? call, text),
    offset: 0,
    time,
    keys: kind === 'SESSION' ? keys : []
  }
  const ends: Record<string, WindowBound> = {
    [`${kind}_START`]: 'start',
    [`${kind}_END`]: 'end',
    [`${kind}_ROWTIME`]: 'time'
  }
  const bounds = Object.values(ends).map(bound => windowBound(window, bound, call))
  const args = textOf(call.args)
  return {
    window,
    bounds,
    boundOf(other) {
      const bound = ends[other.name.name.toUpperCase()]
      if (bound === undefined) return undefined
      if (textOf(other.args) === args) return bounds.find(value => value.bound === bound)
      throw new SqlError('type', `${other.name.name} takes the arguments of ${kind} in GROUP BY`, text, other)
    }
  }
}
