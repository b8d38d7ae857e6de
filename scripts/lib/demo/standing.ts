import type { Alert } from './pipeline.ts'
import type { Document, Store } from './store.ts'

export interface Minute {
  /** When it ends, as `2026-11-24T18:31`. */
  readonly end: string
  readonly joins: number
}

export interface Gateway {
  readonly name: string
  readonly succeeded: number
  readonly failed: number
}

export interface Contest {
  readonly name: string
  readonly size: number
  readonly filled: number
}

/** What the pipeline has found out so far: all of it read from its results. */
export interface Standing {
  /** In the order of time. */
  readonly minutes: readonly Minute[]
  /** Over the whole evening, and in the newest minute that has been reckoned; by name. */
  readonly gateways: readonly Gateway[]
  readonly gatewaysNow: readonly Gateway[]
  /** Over 90 % full, the fullest first, and of those the largest. */
  readonly nearlyFull: readonly Contest[]
  readonly contests: number
  readonly alerts: readonly Alert[]
}

export async function readStanding(store: Store, alerts: readonly Alert[]): Promise<Standing> {
  const [joins, gateways, contests] = await Promise.all(
    ['joins_per_minute', 'gateway_status', 'contests'].map(async name => [
      ...(await store.documents(name)).values()
    ])
  )
  const minutes = (joins ?? []).map(({ window_end, joins }) => ({
    end: minuteOf(window_end),
    joins: Number(joins)
  }))
  const statuses = gateways ?? []
  const newest = statuses
    .map(({ window_end }) => minuteOf(window_end))
    .sort()
    .at(-1)
  const nearlyFull = (contests ?? [])
    .map(({ name, size, filled }) => ({ name: String(name), size: Number(size), filled: Number(filled) }))
    .filter(({ size, filled }) => filled > 0.9 * size)
    .sort((a, b) => b.filled / b.size - a.filled / a.size || b.size - a.size)
  return {
    minutes: minutes.sort((a, b) => (a.end < b.end ? -1 : 1)),
    gateways: sumGateways(statuses),
    gatewaysNow: sumGateways(statuses.filter(({ window_end }) => minuteOf(window_end) === newest)),
    nearlyFull,
    contests: contests?.length ?? 0,
    alerts
  }
}

export function minuteOf(time: unknown): string {
  return String(time).slice(0, '2026-11-24T18:31'.length)
}

function sumGateways(documents: readonly Document[]): Gateway[] {
  const sums = new Map<string, { name: string; succeeded: number; failed: number }>()
  for (const { gateway, status, payments } of documents) {
    const name = String(gateway)
    const sum = sums.get(name) ?? { name, succeeded: 0, failed: 0 }
    if (status === 'FAILED') sum.failed += Number(payments)
    else sum.succeeded += Number(payments)
    sums.set(name, sum)
  }
  return [...sums.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}
