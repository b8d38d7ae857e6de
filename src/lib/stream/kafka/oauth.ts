import { ToolError } from '../../cli/index.ts'

export interface ClientCredentials {
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope: string | undefined
}

/**
 * A broker that does not take a token says so in an answer that the protocol counts as a success, and waits.
 *
 * Source: RFC 7628, section 3.2.2
 */
export function checkAnswer(answer: Buffer, done: (error: Error | null, answer: Buffer) => void): void {
  if (answer.length === 0) done(null, answer)
  else
    done(
      new ToolError('SERVER', `the broker does not take the token: ${answer.toString().slice(0, 200)}`),
      answer
    )
}

/** A token is asked for anew so long before it runs out. */
const EARLY_MS = 60_000

/**
 * Tokens by the client credentials grant.
 *
 * Source: RFC 6749, section 4.4
 */
export function clientCredentials({
  tokenUrl,
  clientId,
  clientSecret,
  scope
}: ClientCredentials): () => Promise<string> {
  let token = ''
  let validUntil = 0
  return async () => {
    if (Date.now() < validUntil - EARLY_MS) return token
    const login = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString(
      'base64'
    )
    const response = await fetch(tokenUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${login}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(scope === undefined ? {} : { scope })
      }).toString()
    })
    const text = await response.text()
    if (!response.ok) throw new ToolError('SERVER', `${tokenUrl}: ${response.status} ${text.slice(0, 200)}`)
    const { access_token, expires_in } = JSON.parse(text) as { access_token?: unknown; expires_in?: unknown }
    if (typeof access_token !== 'string')
      throw new ToolError('SERVER', `${tokenUrl}: no access_token in the answer`)
    token = access_token
    validUntil = Date.now() + (typeof expires_in === 'number' ? expires_in : 300) * 1000
    return token
  }
}
