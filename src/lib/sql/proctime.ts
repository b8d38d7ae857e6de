import type { Bound } from './bound.ts'
import { type Span, SqlError } from './errors.ts'
import type { Plan } from './plan.ts'

/**
 * The time at which a row is processed. It is never computed: it only says that a table is looked up then, or that rows are in the
 * order in which they come.
 */
export const proctime = ({ start, end }: Span): Bound => ({
  kind: 'apply',
  name: 'PROCTIME',
  type: { kind: 'TIMESTAMP_LTZ', precision: 3 },
  operands: [],
  emit: () => 'null',
  strict: false,
  nullable: false,
  start,
  end
})

export const isProctime = (value: Bound): boolean => value.kind === 'apply' && value.name === 'PROCTIME'

/** Throws SqlError for a plan whose results would depend on the clock. */
export function refuseProctime(plan: Plan, text: string): void {
  const found = proctimeIn(plan)
  if (found === undefined) return
  const reason =
    'PROCTIME depends on the clock, so a replay would give other results: it is only the time of FOR SYSTEM_TIME AS OF, and the order of OVER'
  throw new SqlError('unsupported', reason, text, found)
}

/** Looks through all that a plan is made of, whatever its nodes are. */
function proctimeIn(part: unknown): Bound | undefined {
  if (typeof part !== 'object' || part === null) return undefined
  if (isProctime(part as Bound)) return part as Bound
  for (const inner of Object.values(part)) {
    const found = proctimeIn(inner)
    if (found !== undefined) return found
  }
  return undefined
}
