import { setTimeout as sleep } from 'node:timers/promises'

const FIRST_START_LIMIT_MS = 10_000
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 15_000
/** A server that is away for longer is worth a word. */
const TELL_AFTER_MS = 2000

type Tell = (message: string) => void
let tell: Tell = () => {}

/** Where attempts that go on for a while are told: once when they have begun to, once when they have succeeded. */
export function tellRetries(to: Tell): void {
  tell = to
}

/**
 * Waits between attempts to reach a server: exponential with full jitter (so that many clients do not come back at
 * once), 100 ms to 15 s, up to the limit that `--retry-for` sets.
 */
export class Backoff {
  readonly #limit: number | undefined
  readonly #stop: AbortSignal
  readonly #longestDelay: number
  #connected = false
  #failingSince: number | undefined
  #attempt = 0
  /** What is waited for, once that has been told. */
  #told: string | null = null

  /**
   * @param limit milliseconds; undefined: 10 s until the first success, then without end
   * @param longestDelay milliseconds between attempts
   */
  constructor(limit: number | undefined, stop: AbortSignal, longestDelay = LONGEST_DELAY_MS) {
    this.#limit = limit
    this.#longestDelay = longestDelay
    this.#stop = stop
  }

  /** The server has answered. */
  succeeded(): void {
    if (this.#told !== null) tell(`${this.#told} answers again`)
    this.#told = null
    this.#connected = true
    this.#failingSince = undefined
    this.#attempt = 0
  }

  /** How long the server has been failing, milliseconds. */
  get failingFor(): number {
    return this.#failingSince === undefined ? 0 : Date.now() - this.#failingSince
  }

  /** Whether the tool is to stop. */
  get isStopped(): boolean {
    return this.#stop.aborted
  }

  get attempt(): number {
    return this.#attempt
  }

  /**
   * Waits for the next attempt.
   * @param server its name, and why it failed, for a message when it goes on failing
   * @returns false when the limit has passed or the tool is to stop
   */
  async wait(server?: string, reason?: string): Promise<boolean> {
    this.#failingSince ??= Date.now()
    const limit = this.#limit ?? (this.#connected ? Number.POSITIVE_INFINITY : FIRST_START_LIMIT_MS)
    const left = limit - this.failingFor
    if (left <= 0 || this.#stop.aborted) return false
    if (server !== undefined && this.#told === null && this.failingFor > TELL_AFTER_MS) {
      this.#told = server
      tell(`${server} cannot be reached, tries on: ${reason}`)
    }
    const longest = Math.min(this.#longestDelay, FIRST_DELAY_MS * 2 ** this.#attempt++)
    const delay = Math.min(left, FIRST_DELAY_MS / 2 + Math.random() * longest)
    try {
      await sleep(delay, undefined, { signal: this.#stop })
    } catch {
      // Only the stop signal ends the sleep early.
      return false
    }
    return true
  }
}
