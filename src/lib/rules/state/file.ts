import { ToolError } from '../../cli/index.ts'
import { SnapshotReader, SnapshotWriter } from './snapshot.ts'

/**
 * What alert-eval keeps at a mark: a line of JSON with the version and the names of the rules, then for each of them, in that
 * order, a block of its state.
 */
const VERSION = 3
/** Of version 1 all was JSON. */
const START = /^\{"version":(\d+)/

/** A rule at work. */
interface State {
  readonly rule: { readonly name: string }
  save(out: SnapshotWriter): void
  restore(saved: SnapshotReader): void
}

/** The parts of a snapshot, in part the memory of the rules themselves: to be written before they go on. */
export function writeSnapshot(states: readonly State[]): Uint8Array[] {
  const out = new SnapshotWriter()
  for (const state of states) out.block(inner => state.save(inner))
  const header = { version: VERSION, rules: states.map(({ rule }) => rule.name) }
  return [Buffer.from(`${JSON.stringify(header)}\n`), ...out.take()]
}

/** The names of the rules that a snapshot has. @throws ToolError STATE */
export function rulesOf(snapshot: Buffer, from: string): string[] {
  return headerOf(snapshot, from).rules
}

/** Takes up a snapshot, rule by rule by name. @param from where it lies, for errors. @throws ToolError STATE */
export function readSnapshot(snapshot: Buffer, states: readonly State[], from: string): void {
  const { rules, end } = headerOf(snapshot, from)
  const byName = new Map(states.map(state => [state.rule.name, state]))
  const saved = new SnapshotReader(snapshot.subarray(end))
  try {
    for (const name of rules) {
      const own = saved.block()
      byName.get(name)?.restore(own)
    }
  } catch (error) {
    throw damaged(error, from)
  }
}

/** What a snapshot could not be read for, as an error that names it; any other error as it is. */
function damaged(error: unknown, from: string): unknown {
  if (!(error instanceof RangeError || error instanceof SyntaxError)) return error
  return new ToolError('STATE', `${from}: the snapshot of alert-eval is damaged: ${error.message}`, {
    hint: 'start with a new --state directory for the whole pipeline',
    cause: error
  })
}

/** A rule's state for another one to take up. */
export function copyOf(state: State): SnapshotReader {
  const out = new SnapshotWriter()
  state.save(out)
  return new SnapshotReader(Buffer.concat(out.take()))
}

function headerOf(snapshot: Buffer, from: string): { rules: string[]; end: number } {
  const version = START.exec(snapshot.toString('latin1', 0, 40))?.[1]
  if (version !== String(VERSION)) {
    throw new ToolError(
      'STATE',
      `${from}: the state was kept by another version of alert-eval (${version ?? 'unknown'}, this one keeps ${VERSION})`,
      {
        hint: 'go on with the version that wrote it, or start with a new --state directory for the whole pipeline'
      }
    )
  }
  const end = snapshot.indexOf(10) + 1
  try {
    return { rules: (JSON.parse(snapshot.toString('utf8', 0, end)) as { rules: string[] }).rules, end }
  } catch (error) {
    throw damaged(error, from)
  }
}
