import { spawn } from 'node:child_process'
import { errnoOf } from '../cli/index.ts'
import { type Alerter, type Language, type Notification, Refused } from './notification.ts'
import { fillReferences, fillShellReferences } from './references.ts'

export interface CommandOptions {
  /** A program and its arguments, or a text for `/bin/sh`. */
  readonly command: string | readonly string[]
  /** What the program finds on its standard input. */
  readonly input: 'nothing' | 'match' | 'text'
  /** Whether another exit status than 0 is a failure. */
  readonly failOnStatus: boolean
}

/** A program that has not ended by then is ended, so that it cannot hold up the acknowledgement of marks. */
const TIME_LIMIT_MS = 60_000

/** Runs a program for each notification. What it prints goes to stderr: stdout carries data only. */
export class CommandAlerter implements Alerter {
  readonly type = 'command'
  readonly #options: CommandOptions
  readonly #language: Language

  constructor(options: CommandOptions, language: Language) {
    this.#options = options
    this.#language = language
  }

  send(notification: Notification, stop: AbortSignal): Promise<void> {
    const [program = '', ...args] = this.#command(notification)
    return this.#run(program, args, this.#input(notification), stop)
  }

  describe(notification: Notification): string {
    return this.#command(notification).join(' ')
  }

  #command(notification: Notification): string[] {
    const { command } = this.#options
    const { value, text } = this.#language
    const field = (name: string): string | undefined => {
      const found = value(notification, name)
      return found === undefined || found === null ? undefined : text(found)
    }
    return typeof command === 'string'
      ? ['/bin/sh', '-c', fillShellReferences(command, field)]
      : command.map(part => fillReferences(part, field))
  }

  #input({ matches, text }: Notification): string {
    switch (this.#options.input) {
      case 'match':
        return `${JSON.stringify(matches)}\n`
      case 'text':
        return text
      case 'nothing':
        return ''
    }
  }

  #run(program: string, args: string[], input: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        stdio: ['pipe', 2, 2],
        timeout: TIME_LIMIT_MS,
        killSignal: 'SIGKILL',
        signal
      })
      // a program that is not there will not be there at the next attempt either
      child.on('error', error => reject(new Refused(`cannot run ${program}: ${error.message}`)))
      child.on('close', (status, signal) => {
        if (signal !== null) reject(new Error(`${program} was ended by ${signal}`))
        else if (status !== 0 && this.#options.failOnStatus)
          reject(new Error(`${program} ended with status ${status}`))
        else resolve()
      })
      child.stdin?.on('error', error => {
        // a program need not read its input
        if (errnoOf(error) !== 'EPIPE' && errnoOf(error) !== 'ECONNRESET') reject(error)
      })
      child.stdin?.end(input)
    })
  }
}
