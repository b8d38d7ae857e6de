import { readFileSync } from 'node:fs'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import type { SASLOptions } from '@platformatic/kafka'
import { messageOf, needAwsCredentials, usageError } from '../../cli/index.ts'
import { mskToken } from './msk-iam.ts'
import { checkAnswer, clientCredentials } from './oauth.ts'
import type { KafkaUrl } from './url.ts'

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'] as const

/**
 * How to get in, from the parameters of a URL:
 * - `tls=true`, or any of `ca`, `cert`, `key` (PEM files; the last two are the client's own certificate)
 * - `sasl=plain|scram-sha-256|scram-sha-512` with user and password of the URL; PLAIN when there is a user and no `sasl`
 * - `sasl=oauthbearer` with `token`, or with `token-url`, `client-id`, `client-secret` and `scope` (client credentials)
 * - `aws-region=REGION` for Amazon MSK with IAM, over TLS, with the credentials of the environment
 * @throws ToolError USAGE
 */
export function security(
  url: KafkaUrl,
  what: string
): { readonly tls: TlsOptions | undefined; readonly sasl: SASLOptions | undefined } {
  return { tls: tlsOf(url, what), sasl: saslOf(url, what) }
}

function tlsOf({ parameters, display }: KafkaUrl, what: string): TlsOptions | undefined {
  const wanted = parameters.choice('tls', ['true', 'false'])
  const file = (name: string): Buffer | undefined => {
    const path = parameters.get(name)
    if (path === undefined) return undefined
    try {
      return readFileSync(path)
    } catch (error) {
      throw usageError(`${what} ${display}: ${name}=${path}: ${messageOf(error)}`)
    }
  }
  const ca = file('ca')
  const cert = file('cert')
  const key = file('key')
  if ((cert === undefined) !== (key === undefined))
    throw usageError(`${what} ${display}: cert and key go together`)
  const isNamed = ca !== undefined || cert !== undefined
  if (wanted === 'false' && isNamed)
    throw usageError(`${what} ${display}: tls=false, and certificates are given`)
  const isWanted = isNamed || parameters.get('aws-region') !== undefined
  if (wanted === 'false' || (wanted === undefined && !isWanted)) return undefined
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key })
  }
}

function saslOf(url: KafkaUrl, what: string): SASLOptions | undefined {
  const { parameters, display, user, password } = url
  const named = parameters.choice('sasl', MECHANISMS)
  const oauth = {
    token: parameters.get('token'),
    tokenUrl: parameters.get('token-url'),
    clientId: parameters.get('client-id'),
    clientSecret: parameters.get('client-secret'),
    scope: parameters.get('scope')
  }
  const region = parameters.get('aws-region')
  if (region !== undefined) {
    if (user !== undefined || (named ?? 'oauthbearer') !== 'oauthbearer' || oauth.token !== undefined)
      throw usageError(`${what} ${display}: aws-region is a login of its own`)
    if (!/^[a-z0-9-]+$/.test(region)) throw usageError(`${what} ${display}: aws-region=${region}: no region`)
    needAwsCredentials(`${what} ${display}: aws-region`)
    return bearer(() => mskToken(region))
  }
  const mechanism = named ?? (user === undefined ? undefined : 'plain')
  if (mechanism === undefined) return undefined
  if (mechanism === 'oauthbearer') {
    const { token, tokenUrl, clientId, clientSecret, scope } = oauth
    if (token !== undefined) return bearer(token)
    if (tokenUrl === undefined || clientId === undefined || clientSecret === undefined) {
      throw usageError(
        `${what} ${display}: sasl=oauthbearer needs token, or token-url, client-id and client-secret`
      )
    }
    return bearer(clientCredentials({ tokenUrl, clientId, clientSecret, scope }))
  }
  if (user === undefined || password === undefined) {
    throw usageError(
      `${what} ${display}: sasl=${mechanism} needs user and password`,
      'write kafka://user:${PASSWORD}@broker/topic'
    )
  }
  const names = {
    plain: 'PLAIN',
    'scram-sha-256': 'SCRAM-SHA-256',
    'scram-sha-512': 'SCRAM-SHA-512'
  } as const
  return { mechanism: names[mechanism], username: user, password }
}

/** @param token a function is called for each login */
function bearer(token: string | (() => string | Promise<string>)): SASLOptions {
  return { mechanism: 'OAUTHBEARER', token, authBytesValidator: checkAnswer }
}
