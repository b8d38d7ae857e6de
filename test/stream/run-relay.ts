import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { TestContext } from 'node:test'

const script = resolve(import.meta.dirname, 'relay.ts')

/** The relay as a word of a shell command. */
export const relay = `"${process.execPath}" "${script}"`

export interface Finished {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the relay to the end with this on its standard input. */
export function runRelay(args: readonly string[], input: string | Buffer = ''): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    input,
    encoding: 'utf8',
    timeout: 60_000
  })
  return { status, stdout, stderr }
}

/** Runs a bash command to the end; `$?` of a pipe's part is in PIPESTATUS. */
export function bash(command: string): Finished {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 60_000 })
  return { status, stdout, stderr }
}

/** A relay whose input stays open, with what it has written so far. */
export class RunningRelay {
  readonly child: ChildProcess
  readonly #texts = { stdout: '', stderr: '' }

  constructor(t: TestContext, args: readonly string[] = []) {
    this.child = spawn(process.execPath, [script, ...args], { stdio: 'pipe' })
    t.after(() => this.child.kill('SIGKILL'))
    for (const name of ['stdout', 'stderr'] as const) {
      this.child[name]?.setEncoding('utf8').on('data', text => {
        this.#texts[name] += text
      })
    }
    // A tool that has ended does not take its input any more; what it says and its status are what counts.
    this.child.stdin?.on('error', () => {})
  }

  write(text: string): void {
    this.child.stdin?.write(text)
  }

  /** Waits until the text on stdout or stderr matches. */
  async until(name: 'stdout' | 'stderr', pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#texts[name])) {
      if (this.child.exitCode !== null)
        throw new Error(`ended with ${this.child.exitCode}: ${this.#texts.stderr}`)
      await once(this.child[name] as NodeJS.ReadableStream, 'data')
    }
    return this.#texts[name]
  }

  /** Waits for the end. */
  async finished(): Promise<Finished & { readonly signal: NodeJS.Signals | null }> {
    const [status, signal] = (await once(this.child, 'close')) as [number | null, NodeJS.Signals | null]
    return { status, signal, ...this.#texts }
  }
}
