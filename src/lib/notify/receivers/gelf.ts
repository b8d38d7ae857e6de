import { hostname } from 'node:os'
import { type ComposeFrom, toEach } from '../http-alerter.ts'
import type { Alerter, Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import { exchange } from '../tcp.ts'

const TIMEOUT_S = 30

/** A message of GELF 1.1, as ElastAlert 2.31 makes it. */
function messageOf(options: AlerterOptions, { rule, matches }: Notification): unknown {
  const fields = Object.entries(options.map('gelf_payload'))
  const alert: Record<string, unknown> = { Title: rule }
  for (const match of matches) for (const [name, field] of fields) alert[name] = match[String(field)] ?? null
  return {
    version: options.text('gelf_version', '1.1'),
    host: hostname(),
    short_message: JSON.stringify(alert),
    level: options.number('gelf_log_level', 5)
  }
}

/** Graylog, by HTTP. */
export const gelf: ComposeFrom = options => notification => {
  const headers = Object.entries(options.map('gelf_http_headers')).map(([name, v]) => [
    name.toLowerCase(),
    String(v)
  ])
  return toEach(
    [options.text('gelf_endpoint')],
    messageOf(options, notification),
    Object.fromEntries(headers)
  )
}

/** Graylog, by TCP: a message ends with a byte of 0. */
export class GelfTcpAlerter implements Alerter {
  readonly type = 'gelf'
  readonly #options: AlerterOptions

  constructor(options: AlerterOptions) {
    this.#options = options
  }

  async send(notification: Notification, stop: AbortSignal): Promise<void> {
    const options = this.#options
    const ca = options.raw('gelf_ca_cert')
    const to = {
      host: options.text('gelf_host'),
      port: options.number('gelf_port', 12201),
      timeout: options.number('gelf_timeout', TIMEOUT_S) * 1000,
      isAnswered: false,
      ...(typeof ca === 'string' ? { ca } : {})
    }
    await exchange(to, Buffer.from(`${this.describe(notification)}\0`), stop)
  }

  describe(notification: Notification): string {
    return JSON.stringify(messageOf(this.#options, notification))
  }
}
