import { usageError } from '../../cli/index.ts'
import { decoded, UrlParameters } from '../url-parameters.ts'

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
  readonly parameters: UrlParameters
}

const DEFAULT_PORT = 9092

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
    parameters: new UrlParameters(`${what} ${display}`, query)
  }
}
