import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface GuardedOptions {
  readonly env: NodeJS.ProcessEnv
  /** Files or named pipes. Nothing is read from, and nothing written to, what is not given. */
  readonly stdin?: string
  readonly stdout?: string
  /** A descriptor. */
  readonly stderr: number
}

/**
 * The watcher reads from a pipe that only this process has the other end of. When that is closed, however this process
 * ends, the watcher kills its whole process group. The command takes the place of the shell, so a signal to its pid
 * reaches the command itself.
 */
const guard = `
(exec >/dev/null 2>&1; cat <&3; kill -KILL 0) &
in=$1 out=$2; shift 2
exec 3<&- "$@" <"$in" >"$out"`

/**
 * A command in a process group of its own, out of reach of the terminal's Ctrl-C: all that it starts ends with it, or
 * with this process, even by SIGKILL.
 */
export class GuardedCommand {
  readonly name: string
  readonly #child: ChildProcess
  readonly #exit: Promise<string | number>

  constructor(name: string, command: readonly string[], options: GuardedOptions) {
    const { env, stdin = '/dev/null', stdout = '/dev/null', stderr } = options
    this.name = name
    this.#child = spawn('sh', ['-c', guard, name, stdin, stdout, ...command], {
      env,
      detached: true,
      stdio: ['ignore', 'ignore', stderr, 'pipe']
    })
    this.#exit = once(this.#child, 'exit').then(([code, signal]) => signal ?? code)
    // Thrown where it is waited for.
    this.#exit.catch(() => {})
  }

  /** Resolves to the exit status, or the signal, of the command. */
  ended(): Promise<string | number> {
    return this.#exit
  }

  /** Asks the command to end in order. */
  terminate(): void {
    this.#child.kill('SIGTERM')
  }

  /** Ends the command and all that it has started. */
  async kill(): Promise<void> {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    await this.#exit
  }
}
