import { readFileSync } from 'node:fs'
import { messageOf, redactUrl, usageError } from '../cli/index.ts'

export interface MysqlTarget {
  readonly host: string
  readonly port: number
  readonly socketPath: string | undefined
  readonly user: string
  readonly password: string
  /** The database of the URL's path, '' when it names none. */
  readonly database: string
  readonly tls: TlsOptions | undefined
  /** For messages: without the password. */
  readonly display: string
}

export interface TlsOptions {
  /** Do without where the server has none. */
  readonly optional: boolean
  /** Check the server's certificate against `ca` (or the system's authorities). */
  readonly verifyCertificate: boolean
  /** Check its host name as well. */
  readonly verifyIdentity: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

const PARAMETERS = ['ssl-mode', 'ssl-ca', 'ssl-cert', 'ssl-key', 'socket']
const SSL_MODES = ['disabled', 'preferred', 'required', 'verify-ca', 'verify-identity']

/**
 * Reads `mysql://user:password@host:port/database?ssl-mode=verify-ca&ssl-ca=FILE`; parameters are those of the mysql
 * client.
 * @throws ToolError USAGE
 */
export function parseMysqlUrl(text: string): MysqlTarget {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw usageError(`'${redactUrl(text)}' is not a URL`, 'write mysql://user:${PASSWORD}@host:3306/database')
  }
  if (url.protocol !== 'mysql:' && url.protocol !== 'mariadb:') {
    throw usageError(
      `${redactUrl(text)}: the scheme is mysql://`,
      'write mysql://user:${PASSWORD}@host:3306/database'
    )
  }
  for (const key of url.searchParams.keys()) {
    if (!PARAMETERS.includes(key)) {
      throw usageError(
        `${redactUrl(text)}: unknown parameter '${key}'`,
        `parameters are ${PARAMETERS.join(', ')}`
      )
    }
  }
  const decode = (part: string): string => {
    try {
      return decodeURIComponent(part)
    } catch {
      throw usageError(
        `${redactUrl(text)}: a percent sign encodes nothing`,
        'write %25 for a percent sign itself'
      )
    }
  }
  return {
    host: decode(url.hostname || 'localhost').replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 3306 : Number(url.port),
    socketPath: url.searchParams.get('socket') ?? undefined,
    user: decode(url.username),
    password: decode(url.password),
    database: decode(url.pathname.replace(/^\//, '')),
    tls: parseTls(url.searchParams),
    display: `${url.protocol}//${url.username === '' ? '' : `${url.username}@`}${url.host}`
  }
}

function parseTls(parameters: URLSearchParams): TlsOptions | undefined {
  const given = ['ssl-ca', 'ssl-cert', 'ssl-key'].filter(name => parameters.has(name))
  const fallback = given.includes('ssl-ca') ? 'verify-ca' : given.length > 0 ? 'required' : 'disabled'
  const mode = parameters.get('ssl-mode') ?? fallback
  if (!SSL_MODES.includes(mode)) {
    throw usageError(`ssl-mode '${mode}' is not one of ${SSL_MODES.join(', ')}`)
  }
  if (mode === 'disabled') {
    if (given.length > 0) throw usageError(`${given[0]} says nothing with ssl-mode=disabled`)
    return undefined
  }
  if (given.includes('ssl-cert') !== given.includes('ssl-key')) {
    throw usageError('a client certificate needs both ssl-cert and ssl-key')
  }
  const file = (name: string): string | undefined => {
    const path = parameters.get(name)
    if (path === null) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw usageError(`${name} ${path}: ${messageOf(error)}`)
    }
  }
  const ca = file('ssl-ca')
  const cert = file('ssl-cert')
  const key = file('ssl-key')
  return {
    optional: mode === 'preferred',
    verifyCertificate: mode === 'verify-ca' || mode === 'verify-identity',
    verifyIdentity: mode === 'verify-identity',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key })
  }
}
