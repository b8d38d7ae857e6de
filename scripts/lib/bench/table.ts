import type { Result, Standing } from './contest.ts'
import type { Spread } from './statistics.ts'

/** The result of a case for a person: figures, ratios, and whether what was promised holds. */
export function formatResult(result: Result): string {
  const count = result.unit === null ? '' : ` of ${result.rows.toLocaleString('en')} ${result.unit}`
  const under = [`${result.runs} runs${count}`, ...result.servers, `Node ${process.versions.node}`].join(', ')
  const blocks = [
    [`${result.name}: ${result.measures}`, under],
    aligned(figures(result)),
    aligned(comparisons(result)),
    promises(result)
  ]
  return blocks.flatMap(block => (block.length === 0 ? [] : [...block, ''])).join('\n')
}

/** Rows of cells as lines: the first column to the left, the others to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows.map(row => {
    const cells = row.map((cell, i) => {
      const width = widths[i] ?? 0
      return i === 0 ? cell.padEnd(width) : cell.padStart(width)
    })
    return `  ${cells.join('  ')}`
  })
}

function figures({ unit, rows, standings }: Result): string[][] {
  const isCounted = unit !== null && unit !== 'alerts'
  const time = isCounted ? [`${unit}/s`] : unit === null ? ['wall ms'] : ['p50 ms', 'p99 ms']
  return [
    ['', ...time, isCounted ? 'CPU s/million' : 'CPU ms', 'peak MB'],
    ...standings.map(({ name, wallMs, delayMs, cpuMs, peakBytes }) => [
      name,
      ...(isCounted
        ? [perSecond(rows, wallMs).toLocaleString('en')]
        : delayMs === null
          ? [wallMs.median.toFixed(0)]
          : [formatDelay(delayMs.p50), formatDelay(delayMs.p99)]),
      isCounted ? ((cpuMs.median / rows) * 1000).toFixed(2) : cpuMs.median.toFixed(0),
      peakBytes === null ? '–' : (peakBytes.median / 1e6).toFixed(0)
    ])
  ]
}

function formatDelay(ms: number): string {
  return ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')
}

export function perSecond(rows: number, wallMs: Spread): number {
  return Math.round((rows / wallMs.median) * 1000)
}

/** Median, and in brackets least and most, of the rounds. */
function comparisons({ comparisons }: Result): string[][] {
  if (comparisons.length === 0) return []
  return [
    ['ratios', 'speed', 'CPU', 'memory'],
    ...comparisons.map(({ judged, peer, speed, cpu, peak }) => [
      `${judged} ÷ ${peer}`,
      ...[speed, cpu, peak].map(factor => (factor === null ? '–' : formatFactor(factor)))
    ])
  ]
}

function formatFactor({ median, min, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`
}

function promises(result: Result): string[] {
  return result.standings.flatMap(standing =>
    verdicts(result, standing).map(
      ({ text, holds }) => `  ${holds ? 'holds: ' : 'MISSED:'} ${standing.name}: ${text}`
    )
  )
}

/** A target with the figure that was measured. */
export interface Verdict {
  readonly text: string
  readonly holds: boolean
}

export function verdicts(
  result: Result,
  { name, target, wallMs, delayMs, cpuMs, peakBytes }: Standing
): Verdict[] {
  if (target === null) return []
  const all: Verdict[] = []
  if (target.perSecond !== undefined) {
    const rate = perSecond(result.rows, wallMs)
    all.push({
      text: `at least ${target.perSecond.toLocaleString('en')} ${result.unit}/s (${rate.toLocaleString('en')})`,
      holds: rate >= target.perSecond
    })
  }
  const { timesPeer } = target
  if (timesPeer !== undefined) {
    for (const { judged, peer, speed } of result.comparisons) {
      if (judged !== name) continue
      all.push({
        text: `at least ${timesPeer} times as fast as ${peer} (${speed.median.toFixed(2)})`,
        holds: speed.median >= timesPeer
      })
    }
  }
  if (target.cpuMicros !== undefined) {
    const micros = (cpuMs.median / result.rows) * 1000
    all.push({
      text: `at most ${target.cpuMicros} µs of CPU a ${result.unit?.slice(0, -1)} (${micros.toFixed(2)})`,
      holds: micros <= target.cpuMicros
    })
  }
  if (target.peakBytes !== undefined && peakBytes !== null) {
    all.push({
      text: `at most ${target.peakBytes / 1e6} MB of memory (${(peakBytes.max / 1e6).toFixed(0)})`,
      holds: peakBytes.max <= target.peakBytes
    })
  }
  if (target.delayMs !== undefined && delayMs !== null) {
    all.push({
      text: `99 of 100 within ${target.delayMs} ms (${formatDelay(delayMs.p99)})`,
      holds: delayMs.p99 <= target.delayMs
    })
  }
  if (target.wallMs !== undefined) {
    // Whatever else runs on the machine can only add to so short a time.
    const least = wallMs.min.toFixed(0)
    all.push({
      text: `within ${target.wallMs} ms (${least} at best, median ${wallMs.median.toFixed(0)})`,
      holds: wallMs.min <= target.wallMs
    })
  }
  return all
}
