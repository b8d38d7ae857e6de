import { usageError } from '../../cli/index.ts'
import { decoded, UrlParameters } from '../../stream/index.ts'
import type { ConnectionOptions } from '../connection.ts'

/** Where documents are, and how they are asked for. */
export interface DocumentsUrl {
  /** Of the nodes, http(s)://user:password@host:9200. */
  readonly nodes: readonly string[]
  /** Names and patterns with commas between. */
  readonly index: string
  readonly access: ConnectionOptions
  /** For messages: without user and parameters. */
  readonly display: string
}

const DEFAULT_PORT = 9200
const FORM = 'write es://user:${PASSWORD}@host:9200/index'

/**
 * Reads `es://[user:password@]host[:port][,host…]/index[,index…][?parameter=value&…]`. Several hosts make it no URL in the
 * sense of RFC 3986, so `URL` cannot read it.
 * @param what the flag, for messages
 * @throws ToolError USAGE
 */
export function parseDocumentsUrl(url: string, what: string): DocumentsUrl {
  const match = /^es:\/\/(?:([^/?]*)@)?([^@/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(url)
  if (match === null) throw usageError(`${what}: not a URL of Elasticsearch or OpenSearch`, FORM)
  const [, login, hosts = '', path = '', query = ''] = match
  const index = decoded(path).replace(/\/$/, '')
  const display = `es://${hosts}/${index}`
  if (index === '' || index.includes('/')) throw usageError(`${what} ${display}: an index is missing`, FORM)
  const parameters = new UrlParameters(`${what} ${display}`, query)
  const access = accessOf(parameters)
  const scheme = parameters.choice('tls', ['true', 'false']) === 'true' || usesTls(access) ? 'https' : 'http'
  parameters.finish()
  const user = login === undefined ? '' : `${login.split(':').map(escaped).join(':')}@`
  const nodes = hosts.split(',').map(host => {
    const parts = /^(\[[0-9a-f:.]+\]|[^:]+)(?::(\d{1,5}))?$/i.exec(host)
    if (parts === null) throw usageError(`${what} ${display}: '${host}' is not a host`, FORM)
    return `${scheme}://${user}${parts[1]}:${parts[2] ?? (access.awsRegion === undefined ? DEFAULT_PORT : 443)}`
  })
  return { nodes, index, access, display }
}

function accessOf(parameters: UrlParameters): ConnectionOptions {
  return {
    // in a query a plus sign is a space, and a key has none
    apiKey: parameters.get('api-key')?.replaceAll(' ', '+'),
    bearerToken: parameters.get('bearer-token')?.replaceAll(' ', '+'),
    awsRegion: parameters.get('aws-region'),
    awsService: parameters.choice('aws-service', ['es', 'aoss']),
    ca: parameters.get('ca'),
    caFingerprint: parameters.get('ca-fingerprint'),
    cert: parameters.get('cert'),
    key: parameters.get('key'),
    sniff: parameters.choice('sniff', ['true', 'false']) === 'true'
  }
}

function usesTls({ awsRegion, ca, caFingerprint, cert }: ConnectionOptions): boolean {
  return [awsRegion, ca, caFingerprint, cert].some(option => option !== undefined)
}

/** Of user or password, as `URL` takes it. */
function escaped(part: string): string {
  return encodeURIComponent(decoded(part))
}
