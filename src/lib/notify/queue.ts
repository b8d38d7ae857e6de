import type { Journal } from './journal.ts'
import type { Alerter, Notification } from './notification.ts'
import { type Pending, Receiver } from './receiver.ts'

export interface QueueOptions {
  /** Milliseconds for which one notification is tried. */
  readonly deliverFor: number
  /** Where what is not delivered yet outlives the process; null: nowhere. */
  readonly journal: Journal | null
  /** Is told of each notification that is not delivered. */
  readonly givenUp: (receiver: string, pending: Pending, reason: string) => void
}

/** Attempts that go on at the same time. */
const AT_A_TIME = 32
/** So many may wait: alerts are rare, a flood of them must not fill the memory. */
const WAITING_MOST = 10_000
const WAITING_LEAST = 100

/** Delivers notifications beside the evaluation: a line for each receiver, of which none waits for another. */
export class NotificationQueue {
  readonly #options: QueueOptions
  readonly #left: Map<string, Pending[]>
  readonly #receivers: Receiver[] = []
  readonly #stop = new AbortController()
  readonly #begins: (() => void)[] = []
  #progress = Promise.withResolvers<void>()
  #running = 0

  constructor(options: QueueOptions) {
    this.#options = options
    this.#left = Map.groupBy(options.journal?.left ?? [], pending => pending.to)
  }

  /** A receiver to add notifications for. `name` is the same in every run: what is kept for it goes on with that. */
  receiver(name: string, alerter: Alerter): Receiver {
    const { deliverFor, journal, givenUp } = this.#options
    const known = this.#receivers.find(r => r.name === name)
    if (known !== undefined) {
      // its rule was read again
      known.alerter = alerter
      return known
    }
    const receiver = new Receiver(
      name,
      alerter,
      deliverFor,
      {
        attempt: send => this.#attempt(send),
        delivered: pending => {
          journal?.done(name, pending.notification.id)
          this.#progressed()
        },
        givenUp: (pending, reason) => {
          givenUp(name, pending, reason)
          journal?.done(name, pending.notification.id)
          this.#progressed()
        }
      },
      this.#stop.signal
    )
    this.#receivers.push(receiver)
    for (const pending of this.#left.get(name) ?? []) receiver.add(pending)
    this.#left.delete(name)
    return receiver
  }

  /** Gives up what earlier runs have left for receivers that are not there any more, the rules having changed. */
  dropOrphans(): void {
    for (const [name, pendings] of this.#left) {
      for (const pending of pendings) {
        this.#options.givenUp(name, pending, 'the rules have no such alerter any more')
        this.#options.journal?.done(name, pending.notification.id)
      }
    }
    this.#left.clear()
  }

  /** Takes a notification, unless an earlier run has taken it. */
  add(receiver: Receiver, notification: Notification): void {
    const { journal, givenUp } = this.#options
    if (journal?.isKnown(receiver.name, notification.id) === true) return
    const pending = { notification, since: Date.now() }
    if (receiver.isFailing && receiver.waiting.length >= this.#most) {
      givenUp(receiver.name, pending, `${receiver.waiting.length} notifications wait for it already`)
      return
    }
    journal?.add(receiver.name, pending)
    receiver.add(pending)
  }

  /** How many are not delivered yet. */
  get waiting(): number {
    return this.#receivers.reduce((sum, r) => sum + r.waiting.length, 0)
  }

  /** Resolves when there is room for more. A receiver that fails is not waited for. */
  async room(): Promise<void> {
    while (this.#receivers.some(r => !r.isFailing && r.waiting.length >= this.#most)) {
      await this.#progress.promise
    }
  }

  /** Resolves when everything that was added outlives the process and the machine, where there is a journal. */
  async kept(): Promise<void> {
    await this.#options.journal?.sync()
  }

  /**
   * Ends: waits until everything is delivered or given up, at most so many milliseconds.
   * @returns what is left
   */
  async finish(limit: number): Promise<{ receiver: string; pending: Pending }[]> {
    const timer = setTimeout(() => this.#stop.abort(), limit)
    try {
      await Promise.all(this.#receivers.map(r => r.idle()))
    } finally {
      clearTimeout(timer)
    }
    return this.#receivers.flatMap(receiver =>
      receiver.waiting.map(pending => ({ receiver: receiver.name, pending }))
    )
  }

  get #most(): number {
    return Math.max(WAITING_LEAST, Math.floor(WAITING_MOST / this.#receivers.length))
  }

  async #attempt(send: () => Promise<void>): Promise<void> {
    if (this.#running >= AT_A_TIME) await new Promise<void>(resolve => this.#begins.push(resolve))
    else this.#running++
    try {
      await send()
    } catch (error) {
      this.#progressed()
      throw error
    } finally {
      const next = this.#begins.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  #progressed(): void {
    this.#progress.resolve()
    this.#progress = Promise.withResolvers()
  }
}
