import { readFileSync } from 'node:fs'
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici'
import { messageOf } from '../cli/index.ts'
import { Busy, Refused } from './notification.ts'
import type { AlerterOptions } from './options.ts'

/** What is sent to a receiver by HTTP. */
export interface HttpRequest {
  readonly url: string
  /** POST unless set. */
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** Sends a request, and gives an answer of 2xx. @throws Refused, Busy, and what another attempt may mend */
export type Transport = (request: HttpRequest, stop: AbortSignal) => Promise<HttpAnswer>

const TIMEOUT_S = 10
const SHOWN_BODY = 200

/** HTTP as the options `…_proxy`, `…_ca_certs`, `…_ignore_ssl_errors`, `…_timeout` (seconds) of an alerter say. */
export function createTransport(options: AlerterOptions, prefix: string): Transport {
  const timeout = options.number(`${prefix}_timeout`, TIMEOUT_S) * 1000
  const dispatchers = new Map<string, Dispatcher>()
  const dispatcherOf = (url: URL): Dispatcher => {
    const dispatcher = dispatchers.get(url.protocol) ?? createDispatcher(options, prefix, url.protocol)
    dispatchers.set(url.protocol, dispatcher)
    return dispatcher
  }
  return async ({ url: address, method = 'POST', headers, body }, stop) => {
    const url = parseUrl(address)
    const answer = await request(url, {
      method,
      headers: { ...basicAuth(url), ...headers },
      body: method === 'GET' ? null : body,
      dispatcher: dispatcherOf(url),
      signal: AbortSignal.any([stop, AbortSignal.timeout(timeout)])
    }).catch((error: unknown) => {
      throw new Error(`${url.origin}: ${messageOf(error)}`)
    })
    const text = await answer.body.text()
    if (answer.statusCode >= 200 && answer.statusCode < 300) return { status: answer.statusCode, body: text }
    throw failure(url, answer.statusCode, text, answer.headers['retry-after'])
  }
}

/** Of a webhook the path is the secret: messages name its origin. */
export function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : 'an address that is no URL'
}

function parseUrl(address: string): URL {
  if (!/^https?:/i.test(address) || !URL.canParse(address)) {
    throw new Refused('the address of the receiver is no URL that begins with https:// or http://')
  }
  return new URL(address)
}

function basicAuth(url: URL): Record<string, string> {
  if (url.username === '') return {}
  const { username, password } = url
  url.username = url.password = ''
  return { authorization: basic(decodeURIComponent(username), decodeURIComponent(password)) }
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

function failure(url: URL, status: number, body: string, retryAfter: unknown): Error {
  const message = `${url.origin} answers with status ${status}${body === '' ? '' : `: ${body.slice(0, SHOWN_BODY)}`}`
  const isTemporary = status >= 500 || status === 408 || status === 429
  if (!isTemporary) return new Refused(message)
  const seconds = Number(retryAfter)
  return seconds > 0 ? new Busy(message, seconds * 1000) : new Error(message)
}

/** As in ElastAlert, only https goes through the proxy. */
function createDispatcher(options: AlerterOptions, prefix: string, protocol: string): Dispatcher {
  const ca = options.raw(`${prefix}_ca_certs`) ?? options.raw(`${prefix}_ca_cert`)
  const ignores = ['ignore_ssl_errors', 'http_ignore_ssl_errors'].some(n => options.flag(`${prefix}_${n}`))
  const tls = {
    ...(typeof ca === 'string' ? { ca: readFileSync(ca) } : {}),
    rejectUnauthorized: typeof ca === 'string' || !ignores
  }
  const proxy = options.text(`${prefix}_proxy`)
  if (proxy === '' || protocol !== 'https:') return new Agent({ connect: tls })
  const login = options.text(`${prefix}_proxy_login`)
  const password = options.text(`${prefix}_proxy_pass`, options.text(`${prefix}_proxy_password`))
  return new ProxyAgent({
    uri: /^[a-z]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`,
    requestTls: tls,
    ...(login === '' ? {} : { token: basic(login, password) })
  })
}
