import { setTimeout as delay } from 'node:timers/promises'
import type { ElasticStore } from './elastic.ts'

/** Milliseconds. */
export interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

export interface DocumentLatency {
  /** How many documents were followed. */
  readonly samples: number
  /** Until the document can be read by its id. */
  readonly written: Percentiles
  /** Until a search finds it. */
  readonly searchable: Percentiles
}

const sampleEveryMs = 40
const pollEveryMs = 40
const batch = 500
const lastMs = 10_000

/**
 * Follows single documents from the commit in MySQL into an index, by asking for them time and again. What it measures
 * is the whole way, and at most one round of asking too long.
 */
export class LatencySampler {
  readonly #store: ElasticStore
  readonly #index: string
  readonly #waiting = { written: new Map<string, number>(), searchable: new Map<string, number>() }
  readonly #seen = { written: [] as number[], searchable: [] as number[] }
  #lastSample = Number.NEGATIVE_INFINITY

  constructor(store: ElasticStore, index: string) {
    this.#store = store
    this.#index = index
  }

  /** Offers a document that was committed at a moment of performance.now(); some of those offered are followed. */
  offer(id: number, at: number): void {
    if (at - this.#lastSample < sampleEveryMs) return
    this.#lastSample = at
    this.#waiting.written.set(String(id), at)
    this.#waiting.searchable.set(String(id), at)
  }

  /** Asks until `stop`, and then, not for ever, for what is still waited for. */
  async run(stop: AbortSignal): Promise<void> {
    let deadline = Number.POSITIVE_INFINITY
    stop.addEventListener('abort', () => {
      deadline = performance.now() + lastMs
    })
    while (performance.now() < deadline && !(stop.aborted && this.#waiting.searchable.size === 0)) {
      await Promise.all([this.#ask('written'), this.#ask('searchable')])
      await delay(pollEveryMs)
    }
  }

  async #ask(stage: 'written' | 'searchable'): Promise<void> {
    const waiting = this.#waiting[stage]
    const ids = [...waiting.keys()].slice(0, batch)
    if (ids.length === 0) return
    const found = await this.#store[stage](this.#index, ids)
    const now = performance.now()
    for (const id of found) {
      const at = waiting.get(id)
      if (at === undefined) continue
      this.#seen[stage].push(now - at)
      waiting.delete(id)
    }
  }

  /** Searchable latencies of late: the newest `count` samples. */
  recent(count: number): Percentiles | null {
    return percentiles(this.#seen.searchable.slice(-count))
  }

  result(): DocumentLatency | null {
    const written = percentiles(this.#seen.written)
    const searchable = percentiles(this.#seen.searchable)
    if (written === null || searchable === null) return null
    return { samples: this.#seen.searchable.length, written, searchable }
  }
}

/** By the nearest-rank method; null for none. */
export function percentiles(values: readonly number[]): Percentiles | null {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (percent: number): number =>
    sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
  if (sorted.length === 0) return null
  return { p50: round(at(50)), p99: round(at(99)), max: round(at(100)) }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10
}
