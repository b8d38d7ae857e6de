import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { errnoOf, ToolError } from '../cli/index.ts'

/** How long a start waits for the process before it, which may still be finishing its last batch. */
const WAIT_MS = 5000

/**
 * Takes a lock file for this process and gives the function that frees it. The file names its holder by pid and start
 * time, so that a killed holder never keeps it, nor a later process with the same pid.
 * @throws ToolError STATE when another process holds it for longer than a restart takes
 */
export async function lockFile(path: string, what: string): Promise<() => void> {
  const aside = `${path}.${process.pid}`
  const deadline = Date.now() + WAIT_MS
  for (;;) {
    writeFileSync(aside, `${process.pid} ${startTime(process.pid) ?? ''}\n`)
    try {
      // link(2) is atomic and fails when the lock exists.
      linkSync(aside, path)
      return () => unlinkSync(path)
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error
    } finally {
      unlinkSync(aside)
    }
    const holder = readHolder(path)
    if (holder !== null && isHeld(holder)) {
      if (Date.now() > deadline) {
        throw new ToolError('STATE', `${what} is in use by process ${holder.pid}`, {
          hint: 'stop that process, or give this one another --name'
        })
      }
      await sleep(50)
    } else if (holder !== null) {
      removeStale(path, holder)
    }
  }
}

/** Whether the lock file's holder is alive. */
export function isLocked(path: string): boolean {
  const holder = readHolder(path)
  return holder !== null && isHeld(holder)
}

interface Holder {
  readonly pid: number
  readonly started: string
}

function readHolder(path: string): Holder | null {
  try {
    const [pid, started = ''] = readFileSync(path, 'utf8').trim().split(' ')
    return { pid: Number(pid), started }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}

function isHeld(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (errnoOf(error) !== 'EPERM') return false
  }
  const started = startTime(holder.pid)
  return started !== null && (started === holder.started || started === '')
}

/** Moves the lock aside before removing it, so that of two processes that found it stale one removes it. */
function removeStale(path: string, holder: Holder): void {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
    const moved = readHolder(aside)
    if (moved !== null && moved.pid !== holder.pid && isHeld(moved)) {
      // Another process has just taken it: put it back.
      linkSync(aside, path)
    }
    unlinkSync(aside)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT' && errnoOf(error) !== 'EEXIST') throw error
  }
}

/** Start time in clock ticks since boot (proc(5), field 22); '' where there is no /proc; null for no such process or a zombie. */
function startTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? '')
  } catch {
    return process.platform === 'linux' ? null : ''
  }
}
