import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

export const FIGURES = ['count', 'rate', 'p50', 'p90', 'p99', 'p99.9', 'max'] as const
export type Figure = (typeof FIGURES)[number]

/** Figures of one stage; times are milliseconds. */
export type StageFigures = Readonly<Record<Figure, number>>

const MICROS_PER_MS = 1000

/**
 * Latencies of one stage in an HDR histogram of whole microseconds: three significant digits, whatever the range.
 * Events that come from the future, by clocks that differ, count as 0.
 */
export class Latencies {
  readonly #histogram: RecordableHistogram = createHistogram({
    lowest: 1,
    highest: Number.MAX_SAFE_INTEGER,
    figures: 3
  })

  record(ms: number): void {
    // the histogram's lowest value is 1
    this.#histogram.record(Math.max(1, Math.round(ms * MICROS_PER_MS)))
  }

  get count(): number {
    return this.#histogram.count
  }

  /**
   * The figures of what was recorded, which must be something.
   * @param seconds over which the rate is reckoned
   */
  figures(seconds: number): StageFigures {
    const histogram = this.#histogram
    return {
      count: histogram.count,
      rate: perSecond(histogram.count, seconds),
      p50: toMs(histogram.percentile(50)),
      p90: toMs(histogram.percentile(90)),
      p99: toMs(histogram.percentile(99)),
      'p99.9': toMs(histogram.percentile(99.9)),
      max: toMs(histogram.max)
    }
  }

  /** Takes in what another has recorded. */
  add(other: Latencies): void {
    this.#histogram.add(other.#histogram)
  }

  reset(): void {
    this.#histogram.reset()
  }
}

/** Milliseconds with three digits at most; 1 µs stands for nothing at all. */
function toMs(micros: number): number {
  return micros <= 1 ? 0 : Math.round(micros) / MICROS_PER_MS
}

/** Events a second, to one digit after the point; 0 over no time at all. */
export function perSecond(count: number, seconds: number): number {
  return seconds > 0 ? Math.round((count / seconds) * 10) / 10 : 0
}
