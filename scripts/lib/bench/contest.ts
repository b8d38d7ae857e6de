import type { AnyContestant, BenchCase, CaseOptions, Target } from './case.ts'
import { type Figures, measure } from './measure.ts'
import { percentile, ratios, type Spread, spread } from './statistics.ts'

/** The figures of one contestant, of all its runs. */
export interface Standing {
  readonly name: string
  readonly wallMs: Spread
  readonly cpuMs: Spread
  /** Null where the machine does not tell. */
  readonly peakBytes: Spread | null
  /** Of all runs together; null where it is not measured. */
  readonly delayMs: { readonly p50: number; readonly p99: number } | null
  readonly target: Target | null
}

/** The figures of a judged contestant divided by a peer's, round by round. */
export interface Comparison {
  readonly judged: string
  readonly peer: string
  /** Above 1: faster than the peer, or sooner in the median of what it was waited for. */
  readonly speed: Spread
  /** Below 1: less CPU time, less memory than the peer. */
  readonly cpu: Spread
  readonly peak: Spread | null
}

export interface Result {
  readonly name: string
  readonly measures: string
  readonly unit: BenchCase['unit']
  readonly rows: number
  readonly runs: number
  readonly servers: readonly string[]
  readonly standings: readonly Standing[]
  readonly comparisons: readonly Comparison[]
}

/**
 * Runs a case: one warm-up of each contestant, whose output is checked, then rounds in which each has one turn, so
 * that a machine which gets slower or faster does so for all of them. Every other round goes backwards: who comes after
 * whom must not decide.
 */
export async function runCase(bench: BenchCase, runs: number, options: CaseOptions): Promise<Result> {
  await using contest = await bench.prepare(options)
  const { judged, peers, servers } = contest
  const contestants = [...judged, ...peers]
  for (const contestant of contestants) {
    if ('work' in contestant && contestant.isWarm === true) continue
    options.log(`${bench.name}: warm-up of ${contestant.name}`)
    await warmUp(contestant)
  }
  const figures = new Map(contestants.map((contestant): [AnyContestant, Figures[]] => [contestant, []]))
  const of = (contestant: AnyContestant): Figures[] => figures.get(contestant) as Figures[]
  for (let run = 1; run <= runs; run++) {
    options.log(`${bench.name}: run ${run} of ${runs}`)
    for (const contestant of run % 2 === 1 ? contestants : contestants.toReversed()) {
      await contestant.before?.()
      of(contestant).push(
        'work' in contestant ? await contestant.work() : await measure(contestant.command())
      )
    }
  }
  return {
    name: bench.name,
    measures: bench.measures,
    unit: bench.unit,
    rows: options.rows,
    runs,
    servers,
    // Targets are for the case's own number of rows: with fewer the start counts for more.
    standings: contestants.map(contestant => ({
      ...standing(contestant.name, of(contestant)),
      target: options.rows === bench.rows ? (contestant.target ?? null) : null
    })),
    comparisons: judged.flatMap(one =>
      peers.map(peer => ({ judged: one.name, peer: peer.name, ...compare(of(one), of(peer)) }))
    )
  }
}

/** @throws Error when the contestant does not do what it should: its times would mean nothing */
async function warmUp(contestant: AnyContestant): Promise<void> {
  await contestant.before?.()
  if ('work' in contestant) {
    await contestant.work()
    return
  }
  let wrong: string | null = null
  await measure(contestant.command(), async stdout => {
    wrong = await contestant.proof(stdout)
  })
  if (wrong !== null) throw new Error(`${contestant.name} does not do the work: ${wrong}`)
}

function standing(name: string, figures: readonly Figures[]): Omit<Standing, 'target'> {
  const peaks = peaksOf(figures)
  const delays = figures.flatMap(({ delaysMs = [] }) => delaysMs)
  return {
    name,
    wallMs: spread(figures.map(({ wallMs }) => wallMs)),
    cpuMs: spread(figures.map(({ cpuMs }) => cpuMs)),
    peakBytes: peaks === null ? null : spread(peaks),
    delayMs: delays.length === 0 ? null : { p50: percentile(delays, 50), p99: percentile(delays, 99) }
  }
}

function compare(ours: readonly Figures[], theirs: readonly Figures[]): Omit<Comparison, 'judged' | 'peer'> {
  const wall = (figures: readonly Figures[]): number[] =>
    figures.map(({ wallMs, delaysMs }) => (delaysMs === undefined ? wallMs : percentile(delaysMs, 50)))
  const cpu = (figures: readonly Figures[]): number[] => figures.map(({ cpuMs }) => cpuMs)
  const ourPeaks = peaksOf(ours)
  const theirPeaks = peaksOf(theirs)
  return {
    speed: ratios(wall(theirs), wall(ours)),
    cpu: ratios(cpu(ours), cpu(theirs)),
    peak: ourPeaks === null || theirPeaks === null ? null : ratios(ourPeaks, theirPeaks)
  }
}

/** Null when any run was too short to be seen, or the machine does not tell. */
function peaksOf(figures: readonly Figures[]): number[] | null {
  const peaks = figures.flatMap(({ peakBytes }) => peakBytes ?? [])
  return peaks.length === figures.length ? peaks : null
}
