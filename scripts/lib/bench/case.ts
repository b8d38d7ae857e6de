/** What a benchmark case is made of. */
import type { Readable } from 'node:stream'
import type { Figures } from './measure.ts'

/** A command to measure, run as a process of its own. */
export interface Command {
  /** Program and arguments. */
  readonly argv: readonly string[]
  /** A file for its stdin; nothing by default. */
  readonly stdin?: string
}

/** What a contestant is expected to reach, whatever machine it runs on. */
export interface Target {
  /** At least this many rows a second. */
  readonly perSecond?: number
  /** At most this many bytes of memory at the peak. */
  readonly peakBytes?: number
  /** At least this many times as fast as each peer, in the median of the rounds. */
  readonly timesPeer?: number
  /** At most this much CPU time a row, microseconds, in the median of the runs. */
  readonly cpuMicros?: number
  /** At most this long from start to end, in the best of the runs. */
  readonly wallMs?: number
  /** At most so late, 99 of 100, of all runs. */
  readonly delayMs?: number
}

interface Competing {
  readonly name: string
  readonly target?: Target
  /** Makes ready for a run, outside the time that is measured. */
  before?(): Promise<void>
}

/** One whose work is a process from start to end. */
export interface Contestant extends Competing {
  /** The command of the next run, the same work each time. */
  command(): Command
  /**
   * Called with the stdout of the warm-up, to show that all the work is done: resolves, once stdout has ended, to what
   * is wrong, or to null. In the measured runs stdout is /dev/null.
   */
  proof(stdout: Readable): Promise<string | null>
}

/** One that runs all the time, a server, and is set to work. */
export interface ServerContestant extends Competing {
  /** Its work begins with a warm-up that does not count, so that it needs none before the runs. */
  readonly isWarm?: boolean
  /** Lets it do the work once. @throws Error when it does not do all of it */
  work(): Promise<Figures>
}

export type AnyContestant = Contestant | ServerContestant

/** A case made ready: data are there, servers run. Disposing of it stops them. */
export interface Contest extends AsyncDisposable {
  /** What ran it, beside Node: `MySQL 9.7.0`. */
  readonly servers: readonly string[]
  /** Those that are judged, each against every peer. */
  readonly judged: readonly AnyContestant[]
  readonly peers: readonly AnyContestant[]
}

export interface CaseOptions {
  readonly rows: number
  /** Takes what a person should know while data and servers are made ready. */
  readonly log: (message: string) => void
}

export interface BenchCase {
  readonly name: string
  /** One sentence for a person: what is measured. */
  readonly measures: string
  /**
   * What a run is counted in; null when it is one thing, such as a start, and only its time matters. Of alerts it matters
   * how late they come.
   */
  readonly unit: 'rows' | 'lines' | 'documents' | 'alerts' | null
  /** How many a run works on unless `--rows` says otherwise. */
  readonly rows: number
  /** How many runs unless `--runs` says otherwise: more where one is short. */
  readonly runs?: number
  /** Why it cannot run on this machine, or null. */
  missing?(): string | null
  prepare(options: CaseOptions): Promise<Contest>
}
