import { readFileSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { messageOf, redactUrl, usageError } from '../cli/index.ts'

export interface PostgresTarget {
  readonly kind: 'postgresql'
  /** A name or address, or the folder of a Unix socket. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** As node:tls takes them; null: without TLS. */
  readonly tls: PostgresTls | null
  /** For messages: without the password. */
  readonly display: string
}

export interface PostgresTls {
  readonly rejectUnauthorized: boolean
  /** Its host name is checked, too. */
  readonly verifiesHost: boolean
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

export interface SqliteTarget {
  readonly kind: 'sqlite'
  readonly path: string
  /** The file's name without its extension. */
  readonly database: string
  readonly display: string
}

const PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'host']
const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full']
const FORM = 'write postgres://user:${PASSWORD}@host:5432/database'

/** Whether a source can only be polled. */
export function isPollUrl(text: string): boolean {
  return /^(postgres(ql)?|sqlite):/.test(text)
}

/**
 * Reads `postgres://user:password@host:port/database?sslmode=verify-full` (parameters are libpq's) or `sqlite:PATH`.
 * @throws ToolError USAGE
 */
export function parsePollUrl(text: string): PostgresTarget | SqliteTarget {
  if (!text.startsWith('sqlite:')) return parsePostgresUrl(text)
  const path = text.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')
  if (path === '') throw usageError('sqlite:: a path is missing', 'write sqlite:shop.db')
  return { kind: 'sqlite', path: resolve(path), database: basename(path, extname(path)), display: path }
}

function parsePostgresUrl(text: string): PostgresTarget {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw usageError(`'${redactUrl(text)}' is not a URL`, FORM)
  }
  const unknown = [...url.searchParams.keys()].find(key => !PARAMETERS.includes(key))
  if (unknown !== undefined) {
    throw usageError(
      `${redactUrl(text)}: unknown parameter '${unknown}'`,
      `parameters are ${PARAMETERS.join(', ')}`
    )
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
  const database = decode(url.pathname.replace(/^\//, ''))
  if (database === '') throw usageError(`${redactUrl(text)}: which database?`, FORM)
  return {
    kind: 'postgresql',
    host: url.searchParams.get('host') ?? decode(url.hostname || 'localhost').replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 5432 : Number(url.port),
    user: decode(url.username),
    password: decode(url.password),
    database,
    tls: parseTls(url.searchParams),
    display: `postgres://${url.username === '' ? '' : `${url.username}@`}${url.host}/${url.pathname.slice(1)}`
  }
}

function parseTls(parameters: URLSearchParams): PostgresTls | null {
  const mode = parameters.get('sslmode') ?? (parameters.has('sslrootcert') ? 'verify-ca' : 'disable')
  if (!SSL_MODES.includes(mode)) throw usageError(`sslmode '${mode}' is not one of ${SSL_MODES.join(', ')}`)
  if (mode === 'disable') return null
  const file = (name: string): string | undefined => {
    const path = parameters.get(name)
    if (path === null) return undefined
    try {
      return readFileSync(path, 'utf8')
    } catch (error) {
      throw usageError(`${name} ${path}: ${messageOf(error)}`)
    }
  }
  const ca = file('sslrootcert')
  const cert = file('sslcert')
  const key = file('sslkey')
  return {
    rejectUnauthorized: mode !== 'require',
    verifiesHost: mode === 'verify-full',
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key })
  }
}
