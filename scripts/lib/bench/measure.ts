/**
 * Wall time, CPU time and peak memory of a process, as the operating system counts them, so that a program in any
 * language is measured alike and its start counts.
 *
 * - Wall and CPU time (user and system, of the process and those it has waited for) come from the `time` of bash, which
 *   reads getrusage(2) to the millisecond. /usr/bin/time is not on every machine.
 * - Peak memory is VmHWM of /proc/PID/status (proc(5)), the kernel's own high-water mark of the resident set, read every
 *   few milliseconds until the process ends; growth after the last reading is missed. ru_maxrss is not used: it is
 *   inherited through exec, so a small program would seem as large as the process that started it. Null where there is
 *   no /proc.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { tiedToParent } from '../servers/tools.ts'
import type { Command } from './case.ts'

export interface Figures {
  readonly wallMs: number
  readonly cpuMs: number
  readonly peakBytes: number | null
  /** How late each of what was waited for came, where that is what is measured. */
  readonly delaysMs?: readonly number[]
}

/** Writes the command's pid and then its times to descriptor 3; the command gets the descriptors 0 to 2 as they are. */
const MEASURED = `
  exec 4>&2 5<&0
  TIMEFORMAT='%R %U %S'
  { time { "$@" <&5 2>&4 3>&- 4>&- 5<&- & echo "$!" >&3; wait "$!"; status=$?; }; } 2>&3
  exit "$status"`

const READING_EVERY_MS = 10

/**
 * Runs a command to its end. Its stdout goes to /dev/null, or to `consume` where that is given.
 * @throws Error when it does not end with status 0, with what it wrote to stderr
 */
export async function measure(
  { argv, stdin }: Command,
  consume?: (stdout: Readable) => Promise<void>
): Promise<Figures> {
  const input = openSync(stdin ?? '/dev/null', 'r')
  const [program, ...args] = tiedToParent(['bash', '-c', MEASURED, 'measure', ...tiedToParent(argv)])
  const shell = spawn(program, args, {
    stdio: [input, consume === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']
  })
  closeSync(input)
  const status = ended(shell)
  const report = shell.stdio[3] as Readable
  let times = ''
  let stderr = ''
  shell.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  let peakBytes: number | null = null
  const reading = setInterval(() => {
    const pid = /^(\d+)\n/.exec(times)?.[1]
    if (pid !== undefined) peakBytes = highWaterMark(pid) ?? peakBytes
  }, READING_EVERY_MS)
  report.setEncoding('utf8').on('data', (text: string) => {
    times += text
  })
  try {
    const [code] = await Promise.all([status, shell.stdout === null ? undefined : consume?.(shell.stdout)])
    const [, ...seconds] = /\n([\d.,]+) ([\d.,]+) ([\d.,]+)\n$/.exec(times) ?? []
    const [wall, user, system] = seconds.map(text => Number(text.replace(',', '.')) * 1000)
    if (code !== 0 || wall === undefined || user === undefined || system === undefined) {
      throw new Error(`${argv.join(' ')}\nended with ${code}:\n${stderr}`)
    }
    return { wallMs: wall, cpuMs: user + system, peakBytes }
  } finally {
    clearInterval(reading)
  }
}

function ended(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal))
  })
}

/** Kernel and user time of a running process, in ms, to a clock tick of 10 (proc(5); Linux shows 100 ticks a second). */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

/** The most memory that a process has had, in bytes; null when it has ended, or there is no /proc. */
export function highWaterMark(pid: string | number): number | null {
  return statusOf(pid, /^VmHWM:\s+(\d+) kB$/m)
}

/** The memory that a process has now, in bytes; null when it has ended, or there is no /proc. */
export function residentSet(pid: string | number): number | null {
  return statusOf(pid, /^VmRSS:\s+(\d+) kB$/m)
}

function statusOf(pid: string | number, field: RegExp): number | null {
  try {
    const kib = field.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? null : Number(kib) * 1024
  } catch {
    return null
  }
}
