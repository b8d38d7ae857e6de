import { setTimeout as sleep } from 'node:timers/promises'
import { Backoff, messageOf } from '../cli/index.ts'
import { type Alerter, Busy, type Notification, Refused } from './notification.ts'

/** A notification on its way, and since when (milliseconds since 1970). */
export interface Pending {
  readonly notification: Notification
  readonly since: number
}

export interface ReceiverHooks {
  /** Runs an attempt when there is a place for it. */
  attempt(send: () => Promise<void>): Promise<void>
  delivered(pending: Pending): void
  givenUp(pending: Pending, reason: string): void
}

/** Many small steps would be a load on a receiver that is away, long ones a delay when it is back. */
const LONGEST_DELAY_MS = 30_000
const LONGEST_PATIENCE_MS = 300_000

/**
 * The notifications for one alerter of one rule, delivered one after the other: what is told first arrives first, and a
 * receiver that does not answer holds up nothing but what is meant for it.
 */
export class Receiver {
  /** The same in every run. */
  readonly name: string
  alerter: Alerter
  /** True from a failed attempt to the next that succeeds. */
  isFailing = false
  readonly #hooks: ReceiverHooks
  readonly #deliverFor: number
  readonly #stop: AbortSignal
  readonly #backoff: Backoff
  #waiting: Pending[] = []
  #running: Promise<void> | undefined

  /** @param deliverFor milliseconds for which one notification is tried */
  constructor(name: string, alerter: Alerter, deliverFor: number, hooks: ReceiverHooks, stop: AbortSignal) {
    this.name = name
    this.alerter = alerter
    this.#hooks = hooks
    this.#deliverFor = deliverFor
    this.#stop = stop
    this.#backoff = new Backoff(Number.POSITIVE_INFINITY, stop, LONGEST_DELAY_MS)
  }

  get waiting(): readonly Pending[] {
    return this.#waiting
  }

  add(pending: Pending): void {
    this.#waiting.push(pending)
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when nothing waits any more, or it was stopped. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { notification } = next
      try {
        await this.#hooks.attempt(() => this.alerter.send(notification, this.#stop))
        this.isFailing = false
        this.#backoff.succeeded()
      } catch (error) {
        if (this.#stop.aborted) return
        if (!(error instanceof Refused)) {
          this.isFailing = true
          if (Date.now() - next.since < this.#deliverFor) {
            if (await this.#patience(error)) continue
            return
          }
        }
        this.#waiting.shift()
        this.#hooks.givenUp(next, messageOf(error))
        continue
      }
      this.#waiting.shift()
      this.#hooks.delivered(next)
    }
  }

  async #patience(error: unknown): Promise<boolean> {
    if (error instanceof Busy) {
      const wait = Math.min(error.wait, LONGEST_PATIENCE_MS)
      await sleep(wait, undefined, { signal: this.#stop }).catch(() => {})
    }
    return this.#backoff.wait(this.name, messageOf(error))
  }
}
