import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** The path of a program on PATH, or null. */
export function findProgram(name: string): string | null {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    if (dir === '') continue
    const path = join(dir, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return null
}

/** Names the first of the programs that is not on PATH, with what it is for; null when all are there. */
export function missingProgram(programs: Readonly<Record<string, string>>): string | null {
  for (const [name, purpose] of Object.entries(programs)) {
    if (findProgram(name) === null) return `${name} is not on PATH (needed ${purpose})`
  }
  return null
}

/** Options that a process and its children need to run in another way than this one. */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Runs a program to its end and returns what it printed on stdout.
 * A non-zero exit rejects with the last lines of its output. The program is killed when this process dies.
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program, ...args] = tiedToParent(command)
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let all = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    all += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    all += text
  })
  const status = await new Promise<string | number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown status'))
  })
  if (status === 0) return stdout
  throw new Error(`${command[0]} failed (${status}): ${command.join(' ')}\n${lastLines(all, 20)}`)
}

/** Runs a program with text on its stdin. A non-zero exit rejects with the last lines of its output. */
export async function feed(command: readonly string[], text: string): Promise<void> {
  const [program, ...args] = tiedToParent(command)
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  child.stdin.on('error', () => {}) // it ended early; its status tells
  child.stdin.end(text)
  const status = await new Promise<string | number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown status'))
  })
  if (status !== 0) throw new Error(`${command[0]} failed (${status})\n${lastLines(output, 20)}`)
}

/**
 * The command, changed so that the kernel kills it when the process that starts it dies (prctl PR_SET_PDEATHSIG), by
 * util-linux's setpriv. It keeps its pid: setpriv replaces itself. Without setpriv the command as it is.
 */
export function tiedToParent(command: readonly string[]): [string, ...string[]] {
  const [program, ...args] = command
  if (program === undefined) throw new TypeError('empty command')
  const setpriv = findProgram('setpriv')
  return setpriv === null ? [program, ...args] : [setpriv, '--pdeathsig', 'KILL', '--', program, ...args]
}

/** The last lines of a log, without the frames of Java stack traces and with overlong lines cut. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').filter(line => line.trim() !== '' && !line.startsWith('\tat '))
  return lines
    .slice(-count)
    .map(line => (line.length > 400 ? `${line.slice(0, 400)}…` : line))
    .join('\n')
}
