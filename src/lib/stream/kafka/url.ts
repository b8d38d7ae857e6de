import { usageError } from '../../cli/index.ts'

export interface Broker {
  readonly host: string
  readonly port: number
}

/** A `kafka://` port, read. */
export interface KafkaUrl {
  readonly brokers: readonly Broker[]
  /** A name, a template, or names and patterns with commas between; '' when there is none. */
  readonly topic: string
  readonly user: string | undefined
  readonly password: string | undefined
  /** For messages: without user and parameters. */
  readonly display: string
  /** Takes a parameter; what has not been taken when `finish` is called is unknown. */
  readonly parameters: Parameters
}

const DEFAULT_PORT = 9092

/** The parameters of a URL: `?group=a&from=earliest`. */
export class Parameters {
  readonly #url: string
  readonly #values: URLSearchParams
  readonly #known = new Set<string>()

  constructor(url: string, query: string) {
    this.#url = url
    this.#values = new URLSearchParams(query)
  }

  get(name: string): string | undefined {
    this.#known.add(name)
    return this.#values.get(name) ?? undefined
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.get(name)
    if (value === undefined || choices.includes(value as T)) return value as T | undefined
    throw usageError(`${this.#url}: ${name}=${value} is not one of ${choices.join(', ')}`)
  }

  /** @throws ToolError USAGE for parameters that nobody asked for */
  finish(): void {
    for (const name of this.#values.keys()) {
      if (this.#known.has(name)) continue
      const known = [...this.#known].sort().join(', ')
      throw usageError(`${this.#url}: unknown parameter '${name}'`, `known are: ${known}`)
    }
  }
}

/**
 * Reads `kafka://[user:password@]broker[:port][,broker…]/topic[?parameter=value&…]`. Several brokers make it no URL in the
 * sense of RFC 3986, so `URL` cannot read it.
 * @param what the flag, for messages
 * @throws ToolError USAGE
 */
export function parseKafkaUrl(url: string, what: string): KafkaUrl {
  const match = /^kafka:\/\/(?:([^@/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(url)
  if (match === null) throw usageError(`${what} ${url}: not kafka://broker[,broker…]/topic`)
  const [, login, hosts = '', topic = '', query = ''] = match
  const display = `kafka://${hosts}/${topic}`
  const brokers = hosts.split(',').map(broker => {
    const parts = /^(\[[0-9a-f:.]+\]|[^:]+)(?::(\d{1,5}))?$/i.exec(broker)
    if (parts === null) throw usageError(`${what} ${display}: '${broker}' is not a broker`, 'write host:port')
    const [, host = '', port] = parts
    return { host: host.replace(/^\[|\]$/g, ''), port: port === undefined ? DEFAULT_PORT : Number(port) }
  })
  const colon = login?.indexOf(':') ?? -1
  const part = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : decoded(text)
  return {
    brokers,
    topic: decoded(topic),
    user: part(colon < 0 ? login : login?.slice(0, colon)),
    password: part(colon < 0 ? undefined : login?.slice(colon + 1)),
    display,
    parameters: new Parameters(`${what} ${display}`, query)
  }
}

/** A password that ought to have been escaped is taken as it stands. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
