import type { Alerter, Notification } from './notification.ts'

interface Pending {
  alerter: Alerter
  notification: Notification
  settled: () => void
}

const AT_A_TIME = 8
/** So many may wait before whoever brings more waits too: alerts are rare, a flood of them must not fill the memory. */
const WAITING_MOST = 1000

/** Delivers notifications beside the evaluation, begun in the order they came. */
export class NotificationQueue {
  readonly #failed: (alerter: Alerter, notification: Notification, error: unknown) => void
  readonly #waiting: Pending[] = []
  readonly #unsettled = new Set<Promise<void>>()
  #running = 0

  /** `failed` is told of each notification that could not be delivered. */
  constructor(failed: (alerter: Alerter, notification: Notification, error: unknown) => void) {
    this.#failed = failed
  }

  add(alerter: Alerter, notification: Notification): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#unsettled.add(promise)
    const settled = (): void => {
      this.#unsettled.delete(promise)
      resolve()
    }
    this.#waiting.push({ alerter, notification, settled })
    this.#start()
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#waiting.length > WAITING_MOST) await Promise.race(this.#unsettled)
  }

  /** Resolves when every notification that was added so far has been delivered or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.#unsettled)
  }

  #start(): void {
    while (this.#running < AT_A_TIME) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#running++
      next.alerter
        .send(next.notification)
        .catch((error: unknown) => this.#failed(next.alerter, next.notification, error))
        .finally(() => {
          this.#running--
          next.settled()
          this.#start()
        })
    }
  }
}
