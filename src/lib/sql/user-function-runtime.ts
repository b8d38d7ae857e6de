import { RowError } from './errors.ts'
import { Decimal } from './values/decimal.ts'
import { show } from './values/dynamic.ts'
import { fromDouble, toInt } from './values/integer.ts'
import { keep } from './values/keep.ts'
import { liveRows, type OrderedRows } from './values/ordered-rows.ts'

/** Calls of the functions of CREATE FUNCTION from generated code, which knows them by number. */

export type UserCallable = (...values: unknown[]) => unknown

/** `add` and `retract` change the state, or give another one. */
export type Aggregator = {
  create(): unknown
  add(state: unknown, ...values: unknown[]): unknown
  retract?(state: unknown, ...values: unknown[]): unknown
  result(state: unknown): unknown
}

const registered: { target: UserCallable | Aggregator; name: string }[] = []
const ids = new Map<UserCallable | Aggregator, number>()

export function registerUser(target: UserCallable | Aggregator, name: string): number {
  let id = ids.get(target)
  if (id === undefined) {
    id = registered.push({ target, name }) - 1
    ids.set(target, id)
  }
  return id
}

/** What the function gives, as an undeclared value; what it throws is an error of the row. */
function called(id: number, call: (target: never) => unknown): unknown {
  const { target, name } = registered[id] as (typeof registered)[number]
  try {
    return call(target as never)
  } catch (error) {
    if (error instanceof RowError) throw error
    throw new RowError(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export const callUser = (id: number, values: unknown[]): unknown =>
  called(id, (target: UserCallable) => undeclared(target(...values)))

/** Stands in the place of a state after `create`, `add` or `retract` has thrown. */
type Failed = { '\0failed': string }

const isFailed = (state: unknown): state is Failed =>
  typeof state === 'object' && state !== null && '\0failed' in state

/** A step to another state. */
function stepped(id: number, step: (target: Aggregator) => unknown): unknown {
  try {
    return called(id, step)
  } catch (error) {
    if (!(error instanceof RowError)) throw error
    return { '\0failed': error.message } satisfies Failed
  }
}

export const createUser = (id: number): unknown => stepped(id, target => target.create())

export function addUser(
  id: number,
  step: 'add' | 'retract',
  state: unknown,
  values: unknown[],
  acceptsNull: boolean
): unknown {
  if (isFailed(state) || (!acceptsNull && values.includes(null))) return state
  return stepped(id, target => target[step]?.(state, ...values.map(keep)) ?? state)
}

/** The state after all rows that are left. */
export function replayUser(id: number, rows: OrderedRows, acceptsNull: boolean): unknown {
  let state = createUser(id)
  for (const values of liveRows(rows)) state = addUser(id, 'add', state, values as unknown[], acceptsNull)
  return state
}

/** Throws RowError also for what a step before has thrown: what the state is after that is not known. */
export function resultUser(id: number, state: unknown): unknown {
  if (isFailed(state)) throw new RowError(state['\0failed'])
  return called(id, (target: Aggregator) => undeclared(target.result(state)))
}

/** A DECIMAL as its text. */
export const plainValue = (value: unknown): unknown => (value instanceof Decimal ? value.toString() : value)

/** A value of JavaScript in the form of undeclared values. */
function undeclared(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      return null
    case 'bigint':
      return toInt(value)
    case 'number':
      return Number.isInteger(value) ? fromDouble(value) : value
    case 'string':
    case 'boolean':
      return value
    case 'object':
      return value instanceof Date ? value.toISOString() : structuredClone(value)
    default:
      throw new RowError(`${show(String(value))} is no value of SQL`)
  }
}
