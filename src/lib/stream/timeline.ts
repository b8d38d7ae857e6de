import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf, ToolError } from '../cli/index.ts'
import type { Mark } from './control.ts'
import { readJsonIfExists } from './files.ts'
import { isLocked } from './lock.ts'

/**
 * The runs of a pipeline and what its tools have acknowledged. Marks are numbered over all runs. When a run resumes at
 * mark 42 although some tool had acknowledged 45, marks 43–45 lie on a branch that was given up: the tool's
 * acknowledgement then counts as 42, because its next marks continue from there.
 */
export interface Run {
  /** The first mark number of this run. */
  readonly first: number
  /** Where it began; n 0 and at null for the beginning. */
  readonly resume: Mark
  readonly started_ms: number
}

export interface Timeline {
  readonly runs: readonly Run[]
  /** The highest mark number written, and when: a tool that registered before it took part in that run. */
  readonly last: { readonly n: number; readonly ts_ms: number }
}

/** Where the source keeps it, below the state directory. */
export const TIMELINE = join('cdc-tail', 'timeline.json')
const FILE = 'acknowledged.json'

/** What a tool that acknowledges marks has on record. */
export interface Acknowledgement {
  /** When the tool first took part, milliseconds since the epoch. */
  readonly registered_ms: number
  /** The last mark before which everything is durable; null until there is one. */
  readonly mark: Mark | null
  /** What the tool's output needs to continue from a mark (a file's size), by mark number, oldest first. */
  readonly positions: readonly (readonly [n: number, position: number])[]
}

/** A tool that takes part in acknowledging. */
export interface Member {
  /** `es-sink`, `es-sink.archive`. */
  readonly tool: string
  readonly acknowledgement: Acknowledgement
  /** Whether its process is alive. */
  readonly running: boolean
}

export async function readTimeline(root: string): Promise<Timeline | null> {
  return (await readJsonIfExists(join(root, TIMELINE))) as Timeline | null
}

/** All registered tools below a state directory, by name. */
export async function readMembers(root: string): Promise<Member[]> {
  let names: string[]
  try {
    names = readdirSync(root, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name)
      .sort()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
  const members: Member[] = []
  for (const tool of names) {
    const acknowledgement = (await readJsonIfExists(join(root, tool, FILE))) as Acknowledgement | null
    if (acknowledgement === null) continue
    members.push({ tool, acknowledgement, running: isLocked(join(root, tool, 'lock')) })
  }
  return members
}

/**
 * From which mark a member must be served: its acknowledgement, seen from the newest run; the beginning of the run in
 * which it registered if it has acknowledged nothing; undefined if it is new and takes what comes.
 */
export function servedFrom(member: Acknowledgement, timeline: Timeline | null): Mark | undefined {
  const runs = timeline?.runs ?? []
  let mark = member.mark
  if (mark === null) {
    if (timeline === null || member.registered_ms > timeline.last.ts_ms) return undefined
    // The tools of a pipe start together, so it may have registered before the source of its first run; and a run that
    // began after it has registered began early enough for it.
    const joined = runs.find(run => run.started_ms >= member.registered_ms) ?? runs.at(-1)
    if (joined === undefined) return undefined
    mark = joined.resume
  }
  for (const run of runs) {
    if (run.first > mark.n && run.resume.n < mark.n) mark = run.resume
  }
  return mark
}

/** The oldest mark that any registered tool still needs events after; null when nothing is registered. */
export function oldestOf(members: readonly Member[], timeline: Timeline | null): Mark | null {
  let oldest: Mark | null = null
  for (const member of members) {
    const mark = servedFrom(member.acknowledgement, timeline)
    if (mark !== undefined && (oldest === null || mark.n < oldest.n)) oldest = mark
  }
  return oldest
}

export async function oldestAcknowledged(root: string): Promise<Mark | null> {
  return oldestOf(await readMembers(root), await readTimeline(root))
}

/**
 * Takes a tool out of the pipeline: it is not waited for any more.
 * @throws ToolError STATE when it is not there, or still runs
 */
export async function forgetMember(root: string, tool: string): Promise<void> {
  const members = await readMembers(root)
  const member = members.find(candidate => candidate.tool === tool)
  if (member === undefined) {
    const known = members.map(candidate => candidate.tool).join(', ')
    throw new ToolError('STATE', `${root} has no tool '${tool}'`, {
      hint: known === '' ? 'nothing is registered there' : `registered are: ${known}`
    })
  }
  if (member.running) throw new ToolError('STATE', `${tool} is running: stop it first`)
  rmSync(join(root, tool), { recursive: true })
}
