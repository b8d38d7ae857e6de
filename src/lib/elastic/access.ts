import { readFileSync } from 'node:fs'
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls'
import aws4 from 'aws4'
import { buildConnector } from 'undici'
import { expandEnv, messageOf, needAwsCredentials, usageError } from '../cli/index.ts'

/** How the tool shows the server who it is, and makes sure of the server. Texts as the flags give them. */
export interface AccessOptions {
  /** `${VAR}`, `@FILE`, or the secret itself. */
  readonly apiKey?: string | undefined
  readonly bearerToken?: string | undefined
  /** Sign requests for AWS (Signature Version 4) with the credentials in the environment. */
  readonly awsRegion?: string | undefined
  readonly awsService?: string | undefined
  /** Files in PEM. */
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** SHA-256 of the authority's certificate, in hex, as Elasticsearch prints it at its first start. */
  readonly caFingerprint?: string | undefined
}

export interface Request {
  readonly method: string
  readonly path: string
  readonly body: Buffer | string | null
  readonly headers: Readonly<Record<string, string>>
}

/** Makes the headers of requests and the connections that they go over. */
export class Access {
  readonly #authorization: string | null
  readonly #options: AccessOptions

  /** @throws ToolError USAGE for secrets that are not there, and for ways in that exclude each other */
  constructor(options: AccessOptions = {}) {
    this.#options = options
    const { apiKey, bearerToken, awsRegion, cert, key } = options
    const ways = Object.entries({
      '--api-key': apiKey,
      '--bearer-token': bearerToken,
      '--aws-region': awsRegion
    })
    const [first, second] = ways.filter(([, value]) => value !== undefined).map(([flag]) => flag)
    if (second !== undefined) throw usageError(`${first} and ${second}: only one of them says who asks`)
    if ((cert === undefined) !== (key === undefined))
      throw usageError('a client certificate needs both --cert and --key')
    if (awsRegion !== undefined) needAwsCredentials('--aws-region')
    this.#authorization =
      apiKey !== undefined
        ? `ApiKey ${encodedApiKey(secret(apiKey, '--api-key'))}`
        : bearerToken !== undefined
          ? `Bearer ${secret(bearerToken, '--bearer-token')}`
          : null
  }

  /** The headers of a request to a node, by whose URL a user may be named. */
  headers(url: URL, request: Request): Record<string, string> {
    const { awsRegion, awsService = 'es' } = this.#options
    if (awsRegion !== undefined) return this.#sign(url, request, awsRegion, awsService)
    const authorization = this.#authorization ?? (url.username === '' ? null : basic(url))
    return authorization === null ? { ...request.headers } : { ...request.headers, authorization }
  }

  #sign(
    url: URL,
    { method, path, body, headers }: Request,
    region: string,
    service: string
  ): Record<string, string> {
    const signed = aws4.sign({
      host: url.host,
      method,
      path,
      service,
      region,
      // aws4 hashes buffers as they are.
      body: (body ?? '') as string,
      headers: { ...headers, ...(service === 'aoss' ? { 'x-amz-content-sha256': 'required' } : {}) }
    })
    // undici gives these itself.
    const { Host, 'Content-Length': length, ...rest } = signed.headers as Record<string, string>
    return rest
  }

  /** Makes connections of undici's pools. @throws ToolError USAGE for files that cannot be read */
  connector(): buildConnector.connector {
    const { ca, cert, key, caFingerprint } = this.#options
    const files = {
      ...(ca === undefined ? {} : { ca: pem(ca, '--ca') }),
      ...(cert === undefined ? {} : { cert: pem(cert, '--cert') }),
      ...(key === undefined ? {} : { key: pem(key, '--key') })
    }
    if (caFingerprint === undefined) return buildConnector(files)
    const expected = caFingerprint.replaceAll(':', '').toUpperCase()
    // The chain need not lead to an authority that the machine knows: that it leads to this one is checked here.
    const connect = buildConnector({ ...files, rejectUnauthorized: false })
    return (options, callback) => {
      connect(options, (...result) => {
        const [error, socket] = result
        if (error !== null || !(socket instanceof TLSSocket) || isIssuedBy(expected, socket))
          callback(...result)
        else {
          socket.destroy()
          const wrong = Object.assign(
            new Error('the certificate is not from the authority of --ca-fingerprint'),
            {
              code: 'CERTIFICATE_REFUSED'
            }
          )
          callback(wrong, null)
        }
      })
    }
  }
}

function isIssuedBy(fingerprint: string, socket: TLSSocket): boolean {
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  for (const seen = new Set<unknown>(); certificate?.fingerprint256 !== undefined; ) {
    if (certificate.fingerprint256.replaceAll(':', '') === fingerprint) return true
    // The authority is its own issuer.
    if (seen.has(certificate.fingerprint256)) return false
    seen.add(certificate.fingerprint256)
    certificate = certificate.issuerCertificate
  }
  return false
}

function secret(text: string, flag: string): string {
  return text.startsWith('@') ? pem(text.slice(1), flag).trim() : expandEnv(text, flag)
}

function pem(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw usageError(`${flag} ${path}: ${messageOf(error)}`)
  }
}

/** `ID:KEY` is encoded; what has no colon is as Elasticsearch gave it. */
function encodedApiKey(key: string): string {
  return key.includes(':') ? Buffer.from(key).toString('base64') : key
}

function basic(url: URL): string {
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return `Basic ${Buffer.from(user).toString('base64')}`
}
