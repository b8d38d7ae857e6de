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
  writeFileSync(aside, `${process.pid} ${startTime(process.pid) ?? ''}\n`)
  try {
    for (;;) {
      if (linkUnlessExists(aside, path)) return () => unlinkIfExists(path)
      const holder = readHolder(path)
      if (holder === null) continue
      if (!isHeld(holder) && takeOver(aside, path, holder)) return () => unlinkIfExists(path)
      if (Date.now() > deadline) {
        throw new ToolError('STATE', `${what} is in use by process ${holder.pid}`, {
          hint: 'stop that process, or give this one another --name'
        })
      }
      await sleep(50)
    }
  } finally {
    unlinkIfExists(aside)
  }
}

/** link(2) is atomic and fails when the name exists. */
function linkUnlessExists(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

function unlinkIfExists(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
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

/**
 * Puts this process in the place of a dead holder. A lock that names a dead process is only ever replaced by the one
 * process that holds the claim `<lock>.after.<holder>`; a claim whose own holder was killed is succeeded in the same way.
 * @returns false when another process is doing it, or has done it
 */
function takeOver(aside: string, path: string, dead: Holder): boolean {
  const claims: string[] = []
  for (let last = dead; ; ) {
    const claim = `${path}.after.${last.pid}.${last.started}`
    claims.push(claim)
    if (linkUnlessExists(aside, claim)) break
    const claimant = readHolder(claim)
    if (claimant === null || isHeld(claimant)) return false
    last = claimant
  }
  // A claim that was free because its work is done is worth nothing: the lock names another process by now.
  const now = readHolder(path)
  const isMine = now !== null && Object.is(now.pid, dead.pid) && now.started === dead.started
  if (isMine) renameSync(aside, path)
  for (const claim of claims) unlinkIfExists(claim)
  return isMine
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
