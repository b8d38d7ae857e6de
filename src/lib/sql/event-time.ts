import type { Bound } from './bound.ts'
import { cast } from './cast.ts'
import type { Environment } from './environment.ts'
import type { Node } from './plan.ts'
import { TIMESTAMP_3 } from './types.ts'

/** A declared event time, or a column of an undeclared table, which becomes its event time. */
export function eventTimeOf(input: Node, value: Bound, { watermarkDelay }: Environment): Bound | undefined {
  if (value.rowtime === true) return value
  if (input.kind !== 'scan' || input.eventTime !== undefined || value.kind !== 'column') return undefined
  const time = cast(value, TIMESTAMP_3)
  if (time === undefined) return undefined
  input.eventTime = { time, watermark: time, name: value.name, delay: watermarkDelay, declared: false }
  return time
}
