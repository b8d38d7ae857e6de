import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { root } from './places.ts'

const tools = ['cdc-tail', 'enrich', 'es-sink', 'alert-eval', 'latency-probe']

/** The temporary folder of one run: named pipe, state, logs, files. It goes when the run ends, however that is. */
export class RunFolder implements Disposable {
  readonly path: string
  /** The state directory of the pipeline. */
  readonly state: string
  /** Takes what all tools say on stderr. */
  readonly log: number
  readonly #logFile: string
  readonly #keep: boolean
  readonly #cleaner: ChildProcess

  constructor(keep: boolean) {
    this.path = mkdtempSync(join(tmpdir(), 'millrace-demo-'))
    this.#keep = keep
    // Reads nothing until this process has ended.
    const clean = 'cat >/dev/null; sleep 1; rm -rf "$1"'
    this.#cleaner = spawn('sh', ['-c', keep ? ':' : clean, 'sh', this.path], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore']
    })
    this.#cleaner.unref()
    this.state = this.folder('state')
    this.#logFile = join(this.path, 'tools.log')
    this.log = openSync(this.#logFile, 'a')
    const bin = this.folder('bin')
    for (const tool of tools) symlinkSync(join(root, 'bin', `${tool}.js`), join(bin, tool))
  }

  /** Makes a folder in it. */
  folder(name: string): string {
    const path = join(this.path, name)
    mkdirSync(path)
    return path
  }

  /** This process's environment, with the tools on PATH by their names. */
  get env(): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${join(this.path, 'bin')}${delimiter}${process.env.PATH}` }
  }

  /** What the tools have said. */
  messages(): string[] {
    return readFileSync(this.#logFile, 'utf8')
      .split('\n')
      .filter(line => line !== '')
  }

  [Symbol.dispose](): void {
    this.#cleaner.kill('SIGKILL')
    if (!this.#keep) rmSync(this.path, { recursive: true, force: true })
  }
}
