import { cpus } from 'node:os'
import type { Result, Standing } from './contest.ts'
import type { Spread } from './statistics.ts'
import { perSecond, verdicts } from './table.ts'

/** The result of a case for machines: one line of JSON. Names are those of the table, units stand in the names. */
export function resultAsJson(result: Result): string {
  const { name, unit, rows, runs, servers, standings, comparisons } = result
  return JSON.stringify({
    case: name,
    unit,
    rows: unit === null ? null : rows,
    runs,
    servers,
    node: process.version,
    cpu: cpus()[0]?.model ?? null,
    cpus: cpus().length,
    contestants: standings.map(standing => contestant(result, standing)),
    ratios: comparisons.map(({ judged, peer, speed, cpu, peak }) => ({
      judged,
      peer,
      speed: rounded(speed, 3),
      cpu: rounded(cpu, 3),
      memory: peak === null ? null : rounded(peak, 3)
    }))
  })
}

function contestant(result: Result, standing: Standing): object {
  const { name, wallMs, delayMs, cpuMs, peakBytes } = standing
  const isCounted = result.unit !== null && result.unit !== 'alerts'
  return {
    name,
    wall_ms: rounded(wallMs, 0),
    cpu_ms: rounded(cpuMs, 0),
    peak_bytes: peakBytes,
    delay_ms: delayMs,
    per_s: isCounted ? perSecond(result.rows, wallMs) : null,
    cpu_s_per_million: isCounted ? Number(((cpuMs.median / result.rows) * 1000).toFixed(3)) : null,
    targets: verdicts(result, standing)
  }
}

function rounded({ median, min, max }: Spread, digits: number): Spread {
  const round = (value: number): number => Number(value.toFixed(digits))
  return { median: round(median), min: round(min), max: round(max) }
}
