import { messageOf } from '../cli/index.ts'
import { type Alerter, type Language, type Notification, Refused } from './notification.ts'
import type { AlerterOptions } from './options.ts'
import { type HttpRequest, originOf, type Transport } from './transport.ts'

/** The requests that tell a receiver of a notification. */
export type Compose = (notification: Notification) => HttpRequest[]

/** Makes a receiver's `Compose` of the options of a rule. */
export type ComposeFrom = (options: AlerterOptions, language: Language) => Compose

/** Sends requests by HTTP. */
export class HttpAlerter implements Alerter {
  readonly type: string
  readonly #compose: Compose
  readonly #transport: Transport
  /** Of several requests, how many have been answered: another attempt goes on behind them. */
  readonly #sent = new WeakMap<Notification, number>()

  constructor(type: string, compose: Compose, transport: Transport) {
    this.type = type
    this.#compose = compose
    this.#transport = transport
  }

  async send(notification: Notification, stop: AbortSignal): Promise<void> {
    const requests = this.#requests(notification)
    for (let i = this.#sent.get(notification) ?? 0; i < requests.length; i++) {
      const { headers, ...request } = requests[i]!
      const known = { 'content-type': 'application/json', 'idempotency-key': notification.id, ...headers }
      await this.#transport({ ...request, headers: known }, stop)
      this.#sent.set(notification, i + 1)
    }
  }

  describe(notification: Notification): string {
    return this.#requests(notification)
      .map(({ method = 'POST', url, body }) => `${method} ${originOf(url)} ${body}`)
      .join('\n')
  }

  /** @throws Refused when the options ask for what the match has not */
  #requests(notification: Notification): HttpRequest[] {
    try {
      return this.#compose(notification)
    } catch (error) {
      throw new Refused(messageOf(error))
    }
  }
}

/** A body to one or several addresses. */
export function toEach(
  urls: readonly string[],
  body: unknown,
  headers?: Record<string, string>
): HttpRequest[] {
  const text = JSON.stringify(body)
  return urls.map(url => ({ url, body: text, ...(headers === undefined ? {} : { headers }) }))
}

/** A field of the match, null where there is none, as it stands in JSON. */
export function valueOrNull(language: Language, notification: Notification, name: unknown): unknown {
  return language.value(notification, String(name)) ?? null
}

/** A text of at most so many characters, else its beginning and a word about that. */
export function cropped(text: string, most: number, kept: number, said: string): string {
  if (text.length <= most) return text
  const characters = [...text]
  return characters.length <= most ? text : characters.slice(0, kept).join('') + said
}
