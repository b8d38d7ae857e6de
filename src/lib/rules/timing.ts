import type { Rule } from './rule.ts'

/** Intervals in microseconds, for rules that have none of their own. */
export interface Timing {
  runEvery: number
  bufferTime: number
  /** The machine's time, in microseconds, for events that have none; without it they are bad lines. */
  arrival?: (() => number) | undefined
}

export const DEFAULT_TIMING: Timing = { runEvery: 60e6, bufferTime: 15 * 60e6 }

/** A rule's own intervals. An aggregation of less than run_every is evaluated as often as its windows follow each other. */
export function intervalsOf(rule: Rule, timing: Timing): Timing {
  const runEvery = rule.runEvery ?? timing.runEvery
  const { kind } = rule
  if (!('window' in kind)) return { runEvery, bufferTime: 0 }
  const bufferTime = kind.window.sinceLast ? runEvery : (rule.bufferTime ?? timing.bufferTime)
  return { runEvery: Math.min(runEvery, bufferTime), bufferTime }
}
