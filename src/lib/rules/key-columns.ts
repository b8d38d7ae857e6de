import type { Rule } from './rule.ts'

/**
 * The fields by which every rule parts the events: those of one key have to be seen by the same process. Empty when a
 * rule counts all events together, or two have nothing in common; null when no rule keeps anything.
 */
export function keyColumns(rules: readonly Rule[]): string[] | null {
  const keys = rules.flatMap(rule => keysOf(rule).map(fields => new Set(fields.map(columnOf))))
  const [first, ...others] = keys
  if (first === undefined) return null
  return [...first].filter(column => others.every(key => key.has(column)))
}

/** A field of the row, however the rule names it. */
function columnOf(field: string): string {
  return field.replace(/^(after|before)\./, '').replace(/\.keyword$/, '')
}

/** What a rule counts together, and which of its matches: each by the fields that part it. */
function keysOf(rule: Rule): string[][] {
  const keys = keepsState(rule) ? [rule.queryKey?.fields ?? []] : []
  return rule.aggregation === undefined ? keys : [...keys, rule.aggregation.key?.fields ?? []]
}

function keepsState({ kind, realert, topCounts, resolveAfter }: Rule): boolean {
  const decidesAlone = kind.type === 'any' || kind.type === 'blacklist' || kind.type === 'whitelist'
  return !decidesAlone || realert > 0 || topCounts !== undefined || resolveAfter !== undefined
}
