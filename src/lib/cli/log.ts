import { styleText } from 'node:util'
import { errnoOf } from './errors.ts'

export type Level = 'info' | 'warn' | 'error'

export interface LogOptions {
  readonly tool: string
  readonly json: boolean
  /** Only warnings and errors, no progress. */
  readonly quiet: boolean
}

const PROGRESS_INTERVAL_MS = 250

/**
 * Messages on stderr: plain lines, or JSON lines with `--log json`. On a terminal one progress line is kept below
 * them and rewritten in place.
 */
export class Log {
  readonly #options: LogOptions
  readonly #terminal: boolean
  #progressShown = false
  #timer: NodeJS.Timeout | undefined
  #plainTimer: NodeJS.Timeout | undefined

  constructor(options: LogOptions) {
    this.#options = options
    this.#terminal = process.stderr.isTTY === true && !options.json
  }

  info(message: string, fields: Record<string, unknown> = {}): void {
    if (!this.#options.quiet) this.#write('info', message, fields)
  }

  warn(message: string, fields: Record<string, unknown> = {}): void {
    this.#write('warn', message, fields)
  }

  error(message: string, fields: Record<string, unknown> = {}): void {
    this.#write('error', message, fields)
  }

  /** Shows `render()` as the progress line, a few times a second, when stderr is a terminal. */
  progress(render: () => string): void {
    if (!this.#terminal || this.#options.quiet) return
    clearInterval(this.#timer)
    this.#timer = setInterval(() => {
      const width = (process.stderr.columns ?? 80) - 1
      this.#print(`\r\x1b[K${`${this.#options.tool}: ${render()}`.slice(0, width)}`)
      this.#progressShown = true
    }, PROGRESS_INTERVAL_MS)
    this.#timer.unref()
  }

  /** For long work, where stderr is no terminal: writes `render()` as a message now and then, while it gives one. */
  plainProgress(everyMs: number, render: () => string | null): void {
    if (this.#terminal || this.#options.quiet) return
    clearInterval(this.#plainTimer)
    this.#plainTimer = setInterval(() => {
      const message = render()
      if (message !== null) this.info(message)
    }, everyMs)
    this.#plainTimer.unref()
  }

  /** Ends the progress line, leaving the cursor on a clean line. */
  close(): void {
    clearInterval(this.#timer)
    clearInterval(this.#plainTimer)
    this.#clearProgress()
  }

  #write(level: Level, message: string, fields: Record<string, unknown>): void {
    const { tool, json } = this.#options
    if (json) {
      const time = new Date().toISOString()
      this.#print(`${JSON.stringify({ time, level, tool, message, ...fields })}\n`)
      return
    }
    this.#clearProgress()
    const colour = level === 'error' ? 'red' : 'yellow'
    const head = level === 'info' ? `${tool}:` : styleText(colour, `${tool}:`, { stream: process.stderr })
    const kind = level === 'warn' ? ' warning:' : ''
    this.#print(`${head}${kind} ${message}\n`)
  }

  #clearProgress(): void {
    if (this.#progressShown) this.#print('\r\x1b[K')
    this.#progressShown = false
  }

  #print(text: string): void {
    try {
      process.stderr.write(text)
    } catch (error) {
      // Nobody reads the messages any more: the work goes on.
      if (errnoOf(error) !== 'EPIPE') throw error
    }
  }
}
