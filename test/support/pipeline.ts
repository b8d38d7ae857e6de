import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const BIN = resolve(import.meta.dirname, '../../bin')

/** One stage: the tool's name and its arguments. */
export type StageCommand = readonly [tool: string, ...args: string[]]

export interface PipelineResult {
  /** Exit code of each stage; 137 for SIGKILL. */
  readonly statuses: number[]
  readonly stdout: string
  readonly stderr: string
}

/** Stages joined by real pipes of a real shell, each with a pid that can be killed. */
export class Pipeline {
  readonly #directory = mkdtempSync(join(tmpdir(), 'millrace-pipeline-'))
  readonly #stages: readonly StageCommand[]
  readonly #finished: Promise<PipelineResult>
  #hasEnded = false

  constructor(stages: readonly StageCommand[], env: NodeJS.ProcessEnv = {}) {
    this.#stages = stages
    const quoted = stages.map(([tool, ...args], i) => {
      const node = [process.execPath, '--import', tellsHandler(this.#handlerFile(i))]
      const command = [...node, join(BIN, `${tool}.js`), ...args].map(quote).join(' ')
      return `{ bash -c 'echo $$ > "$0"; exec "$@"' ${quote(join(this.#directory, String(i)))} ${command}; }`
    })
    const script = join(this.#directory, 'run.sh')
    writeFileSync(
      script,
      `${quoted.join(' |\n')}\necho "\${PIPESTATUS[@]}" > ${quote(join(this.#directory, 'statuses'))}\n`
    )
    this.#finished = this.#run(script, env)
  }

  async #run(script: string, env: NodeJS.ProcessEnv): Promise<PipelineResult> {
    const shell = spawn('bash', [script], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env }
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    shell.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    shell.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    await once(shell, 'close')
    this.#hasEnded = true
    const statuses = readFileSync(join(this.#directory, 'statuses'), 'utf8').trim().split(' ').map(Number)
    rmSync(this.#directory, { recursive: true })
    return { statuses, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }
  }

  /** The stage's process, once it has started. Rejects when all stages have ended. */
  async pid(stage: number): Promise<number> {
    const file = join(this.#directory, String(stage))
    for (;;) {
      if (this.#hasEnded) throw new Error('the pipeline has ended')
      const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
      if (text !== '') return Number(text)
      await sleep(2)
    }
  }

  /**
   * Sends a signal, SIGTERM not before the stage has a handler for it: starting takes seconds on a busy machine.
   * @returns false when the stage was gone already
   */
  async kill(stage: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<boolean> {
    try {
      const pid = await this.pid(stage)
      const isThere = (): boolean => !this.#hasEnded && process.kill(pid, 0)
      if (signal === 'SIGTERM') while (isThere() && !existsSync(this.#handlerFile(stage))) await sleep(5)
      return isThere() && process.kill(pid, signal)
    } catch {
      return false
    }
  }

  #handlerFile(stage: number): string {
    return join(this.#directory, `handler-${stage}`)
  }

  /** Resolves when all stages have ended. */
  wait(): Promise<PipelineResult> {
    return this.#finished
  }

  get length(): number {
    return this.#stages.length
  }
}

/** Runs stages to their end. */
export function runPipeline(...stages: StageCommand[]): Promise<PipelineResult> {
  return new Pipeline(stages).wait()
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** What a stage loads first: it makes a file when the stage gets a handler for SIGTERM, without which it would end at once. */
function tellsHandler(file: string): string {
  const code = `import { writeFileSync } from 'node:fs'
    process.on('newListener', event => { if (event === 'SIGTERM') writeFileSync(${JSON.stringify(file)}, '') })`
  return `data:text/javascript,${encodeURIComponent(code)}`
}
