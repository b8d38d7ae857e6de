/**
 * How high a counting column was at earlier polls: `[milliseconds of the database's clock, id]`, oldest first.
 */
export type Heights = readonly (readonly [ms: number, id: string])[]

/** Polls closer together than this part of the window are not all kept: an older height only reads more again. */
const PARTS = 16

/** Adds a poll, and forgets what lies behind the window. */
export function withHeight(heights: Heights, ms: number, id: string, windowMs: number): Heights {
  // A count that goes back is given again from there.
  const lowered = heights.map(([at, height]): [number, string] => [at, lower(height, id)])
  const last = lowered.at(-1)
  const added: Heights =
    last !== undefined && ms - last[0] < windowMs / PARTS && ms >= last[0] ? lowered : [...lowered, [ms, id]]
  const base = added.findLastIndex(([at]) => at <= ms - windowMs)
  return base <= 0 ? added : added.slice(base)
}

/**
 * The id behind which the poll after the one at `ms` reads again; null when it is not known. A row that commits after the
 * poll, no longer than the window after its id was taken, has a higher id: it was taken when the count already stood there.
 */
export function floorAt(heights: Heights, ms: number, windowMs: number): string | null {
  return heights.findLast(([at]) => at <= ms - windowMs)?.[1] ?? null
}

export function lower(a: string, b: string): string {
  return BigInt(a) < BigInt(b) ? a : b
}

/** Null is below all. */
export function higher(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return BigInt(a) > BigInt(b) ? a : b
}
