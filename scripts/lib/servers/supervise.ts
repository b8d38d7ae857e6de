import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type GuardianNotice, type GuardianOptions, type GuardianRequest, stopPatience } from './guardian.ts'
import type { Place, ServerKind } from './kind.ts'
import { lastLines } from './tools.ts'

const guardianFile = fileURLToPath(new URL('guardian.ts', import.meta.url))
const outputFile = 'output.log'

/** How long a server may take until it answers, in ms: Java servers on a busy machine need up to half a minute. */
const startPatience = 180_000

/** One server at its place, which can be started and ended many times, and the guardian that watches it. */
export class SupervisedServer {
  readonly kind: ServerKind
  place: Place
  /** The process of the server, or null while there is none. */
  pid: number | null = null
  readonly #guardian: ChildProcess
  /** How the server ended, while it does not run. */
  #ended = 'not started'

  private constructor(kind: ServerKind, place: Place, guardian: ChildProcess) {
    this.kind = kind
    this.place = place
    this.#guardian = guardian
    guardian.on('message', (notice: GuardianNotice) => this.#hear(notice))
    guardian.once('exit', (code, signal) => {
      this.pid = null
      this.#ended = `its guardian ended (${signal ?? code})`
    })
    // Neither keeps this process alive: a program that forgets its servers ends, and they with it.
    guardian.unref()
    guardian.channel?.unref()
  }

  static async create(kind: ServerKind, place: Place, options: GuardianOptions): Promise<SupervisedServer> {
    await mkdir(place.dataDir, { recursive: true })
    const output = openSync(join(place.dataDir, outputFile), 'a')
    try {
      const guardian = fork(guardianFile, [JSON.stringify(options)], {
        detached: true,
        execArgv: [],
        cwd: '/',
        stdio: ['ignore', output, output, 'ipc']
      })
      return new SupervisedServer(kind, place, guardian)
    } finally {
      closeSync(output)
    }
  }

  get guardianPid(): number {
    const { pid } = this.#guardian
    if (pid === undefined) throw new Error(`the guardian of ${this.kind.name} did not start`)
    return pid
  }

  /** Starts the server and waits until it answers. Rejects with the end of its log when it does not. */
  async start(): Promise<void> {
    await this.kind.prepare(this.place)
    this.#ended = ''
    this.#request({ do: 'start', command: this.kind.command(this.place), cwd: this.place.dataDir })
    const deadline = Date.now() + startPatience
    while (this.#ended === '' && Date.now() < deadline) {
      if (this.pid !== null && (await this.kind.answers(this.place)) && this.pid !== null) return
      await delay(50)
    }
    const what =
      this.#ended === '' ? `does not answer after ${startPatience / 1000} s` : `did not start: ${this.#ended}`
    throw new Error(`${this.kind.name} on port ${this.place.port} ${what}\n${this.logTail()}`)
  }

  /** Ends the server by a signal, at last by SIGKILL, and waits for that; nothing happens when it does not run. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.pid !== null) this.#request({ do: 'signal', signal })
    const deadline = Date.now() + stopPatience
    while (this.pid !== null) {
      await delay(10)
      if (Date.now() > deadline) this.#request({ do: 'signal', signal: 'SIGKILL' })
    }
  }

  /** Ends the server in order, and then the guardian, which removes what it was told to. */
  async close(): Promise<void> {
    const guardian = this.#guardian
    if (guardian.exitCode !== null || guardian.signalCode !== null) return
    guardian.ref()
    const exit = once(guardian, 'exit')
    guardian.kill('SIGTERM')
    await exit
  }

  /** Lets the server live on when this process ends; its guardian then ends it at a SIGTERM. */
  detach(): void {
    this.#request({ do: 'detach' })
    this.#guardian.disconnect()
  }

  /** The last lines of the server's log. */
  logTail(): string {
    const files = [this.kind.logFile, outputFile].filter(name => name !== undefined)
    const logs = files.map(name => join(this.place.dataDir, name)).filter(path => existsSync(path))
    return lastLines(logs.map(path => readFileSync(path, 'utf8')).find(text => text !== '') ?? '', 25)
  }

  #request(request: GuardianRequest): void {
    this.#guardian.send(request)
  }

  #hear(notice: GuardianNotice): void {
    if (notice.event === 'started') {
      this.pid = notice.pid
      return
    }
    this.pid = null
    this.#ended = notice.event === 'failed' ? notice.reason : notice.status
  }
}
