import { setTimeout as delay } from 'node:timers/promises'
import { readMembers } from '../../../src/lib/stream/index.ts'
import type { LogPosition } from './database.ts'
import { database, tables } from './evening.ts'
import { GuardedCommand } from './guarded.ts'
import type { RunFolder } from './run-folder.ts'

/** What follows an evening on a MySQL. */
export interface Follower {
  /** Starts to follow. */
  follow(mysqlUrl: string): void
  /** Resolves when everything committed up to a position of the log is durable. */
  reaches(goal: LogPosition): Promise<void>
}

/** How long the tools may take for what has been committed, in ms. */
const patience = 120_000

/** Starts cdc-tail on the evening's tables. The URL, which may hold a password, is handed over by the environment. */
export function startTail(
  folder: RunFolder,
  mysqlUrl: string,
  output: { readonly stdout: string } | { readonly file: string }
): GuardedCommand {
  const url = new URL(mysqlUrl)
  url.pathname = `/${database}`
  const command = ['cdc-tail', '${MILLRACE_DEMO_MYSQL}', '--tables', tables.join(), '--state', folder.state]
  return new GuardedCommand('cdc-tail', 'file' in output ? [...command, '--out', output.file] : command, {
    env: { ...folder.env, MILLRACE_DEMO_MYSQL: url.href },
    stderr: folder.log,
    ...('stdout' in output ? output : {})
  })
}

/** Resolves when all of some tools have acknowledged a mark at or after a position. */
export async function acknowledgedBy(
  tools: readonly string[],
  state: string,
  goal: LogPosition
): Promise<void> {
  const deadline = Date.now() + patience
  for (;;) {
    const members = await readMembers(state)
    const late = tools.filter(tool => {
      const at = members.find(member => member.tool === tool)?.acknowledgement.mark?.at
      return at == null || !isAtOrAfter(at as unknown as LogPosition, goal)
    })
    if (late.length === 0) return
    if (Date.now() > deadline) {
      throw new Error(`${late.join(', ')} did not reach ${goal.file}:${goal.pos} in ${patience / 1000} s`)
    }
    await delay(50)
  }
}

/** File names of a server's log differ in their number alone. */
function isAtOrAfter(place: LogPosition, goal: LogPosition): boolean {
  const number = ({ file }: LogPosition): number => Number(/\.(\d+)$/.exec(file)?.[1])
  return number(place) > number(goal) || (number(place) === number(goal) && place.pos >= goal.pos)
}
