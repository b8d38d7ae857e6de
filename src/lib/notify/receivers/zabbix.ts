import { type Alerter, type Language, type Notification, Refused } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import { exchange } from '../tcp.ts'

const TIMEOUT_MS = 10_000
const HEADER_BYTES = 13

/** A packet of Zabbix: ZBXD, flags, the length in 4 bytes, 4 reserved ones, JSON. Source: Zabbix manual, header. */
function packet(json: string): Buffer {
  const data = Buffer.from(json)
  const head = Buffer.alloc(HEADER_BYTES)
  head.write('ZBXD\x01')
  head.writeUInt32LE(data.length, 5)
  return Buffer.concat([head, data])
}

/** Zabbix' trapper: the value 1 for an item, at the time of the match, as of ElastAlert 2.31. */
export class ZabbixAlerter implements Alerter {
  readonly type = 'zabbix'
  readonly #options: AlerterOptions
  readonly #language: Language

  constructor(options: AlerterOptions, language: Language) {
    this.#options = options
    this.#language = language
  }

  async send(notification: Notification, stop: AbortSignal): Promise<void> {
    const host = this.#options.text('zbx_sender_host', 'localhost')
    const port = this.#options.number('zbx_sender_port', 10051)
    const to = { host, port, timeout: TIMEOUT_MS, isAnswered: true }
    const answer = await exchange(to, packet(this.describe(notification)), stop)
    const json = answer.subarray(HEADER_BYTES).toString()
    if (!/"response"\s*:\s*"success"/.test(json))
      throw new Error(`${host}:${port} answers ${json.slice(0, 200)}`)
    const failed = /failed: (\d+)/.exec(json)?.[1]
    if (failed !== undefined && failed !== '0') {
      throw new Refused(`Zabbix has no such host, or no item ${this.#options.text('zbx_key')} of it`)
    }
  }

  describe(notification: Notification): string {
    const name = this.#options.text('zbx_host')
    const data = notification.matches.map(match => {
      const within = { ...notification, match }
      const fromField = this.#options.flag('zbx_host_from_field')
      const host = fromField ? this.#language.text(this.#language.value(within, name) ?? '') : name
      const time = this.#language.value(within, this.#options.text('timestamp_field', '@timestamp'))
      return { host, key: this.#options.text('zbx_key'), value: '1', clock: seconds(time, notification) }
    })
    return JSON.stringify({ request: 'sender data', data })
  }
}

function seconds(time: unknown, { timestamp }: Notification): number {
  if (typeof time === 'number') return Math.floor(time)
  const parsed = Date.parse(String(time))
  return Math.floor((Number.isNaN(parsed) ? Date.parse(timestamp) : parsed) / 1000)
}
