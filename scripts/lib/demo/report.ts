import { latencyOf, type Outcome, pipeLatency } from './demo.ts'
import type { Percentiles } from './latency.ts'
import type { Alert } from './pipeline.ts'
import { number } from './summary.ts'

/** The figures of a run, as `--report` writes them. */
export interface Report {
  /** Change events that came through the pipe, the initial snapshot's included. */
  readonly events: number
  /** Changes a second during the evening. */
  readonly events_per_s: number
  readonly latency_ms: Percentiles | null
  /** What latency_ms is. */
  readonly latency_measured: string
  /** Until the document can be read by its id; without the wait for the index's refresh. */
  readonly latency_written_ms: Percentiles | null
  /** Until the event comes out at the end of the pipe, before it is sent. */
  readonly latency_pipe_ms: Percentiles | null
  readonly documents: number
  readonly mysql_rows: number
  readonly equal: boolean
  readonly differences: readonly string[]
  readonly alerts: readonly Alert[]
  readonly servers: { readonly mysql: string; readonly elasticsearch: string }
}

export function reportOf(outcome: Outcome): Report {
  const { source, store, tally, figures, latency, comparison, alerts } = outcome
  const { measured, ms } = latencyOf(outcome)
  return {
    events: tally.initial + figures.events,
    events_per_s: Math.round(tally.perSecond),
    latency_ms: ms,
    latency_measured: measured,
    latency_written_ms: latency?.written ?? null,
    latency_pipe_ms: pipeLatency(outcome),
    documents: comparison.documents,
    mysql_rows: comparison.rows,
    equal: comparison.differences.length === 0,
    differences: comparison.differences,
    alerts,
    servers: { mysql: source.description, elasticsearch: store.description }
  }
}

/** The figures in words. */
export function verdict(report: Report): string[] {
  const { events, events_per_s, latency_ms, latency_written_ms, documents, mysql_rows, differences } = report
  return [
    `Events     ${number(events)}, ${number(events_per_s)} a second`,
    `Latency    ${inWords(latency_ms)}`,
    `           ${report.latency_measured}`,
    ...(latency_written_ms === null
      ? []
      : [
          `           until written: ${inWords(latency_written_ms)}`,
          `           until the end of the pipe: ${inWords(report.latency_pipe_ms)}`
        ]),
    `Equal      ${report.equal}: ${number(documents)} documents, ${number(mysql_rows)} rows, compared field by field`,
    ...differences.map(difference => `           ${difference}`)
  ]
}

function inWords(latency: Percentiles | null): string {
  if (latency === null) return 'not measured'
  const { p50, p99, max } = latency
  return `p50 ${Math.round(p50)} ms, p99 ${Math.round(p99)} ms, max ${Math.round(max)} ms`
}
