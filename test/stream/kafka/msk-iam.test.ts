import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { ToolError } from '../../../src/lib/cli/index.ts'
import { mskToken } from '../../../src/lib/stream/kafka/msk-iam.ts'
import { security } from '../../../src/lib/stream/kafka/security.ts'
import { parseKafkaUrl } from '../../../src/lib/stream/kafka/url.ts'

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'testAccessKeyId',
  AWS_SECRET_ACCESS_KEY: 'test/Secret+Key',
  AWS_SESSION_TOKEN: 'testSession/Token+=='
}
const NAMES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const

/**
 * The signature that a URL should have, worked out from what the other parameters say.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function signatureOf(
  url: URL,
  payloadHash: string,
  secret: string,
  unsigned: readonly string[] = []
): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  const parameters = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature' && !unsigned.includes(name))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
  const canonical = [
    'GET',
    url.pathname,
    parameters.join('&'),
    `host:${url.host}`,
    '',
    'host',
    payloadHash
  ].join('\n')
  const scope = (url.searchParams.get('X-Amz-Credential') ?? '').split('/').slice(1)
  const hash = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', url.searchParams.get('X-Amz-Date'), scope.join('/'), hash].join('\n')
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()
  return hmac(scope.reduce<string | Buffer>(hmac, `AWS4${secret}`), text).toString('hex')
}

test('the signatures are worked out here as in the example of the documentation', () => {
  // https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  const url = new URL(
    'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host'
  )
  assert.equal(
    signatureOf(url, 'UNSIGNED-PAYLOAD', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
    'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'
  )
})

describe('the token for Amazon MSK', () => {
  const before = NAMES.map(name => [name, process.env[name]] as const)

  const set = (values: Partial<Record<(typeof NAMES)[number], string | undefined>>): void => {
    for (const name of NAMES) {
      const value = values[name]
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  }
  beforeEach(() => set(CREDENTIALS))
  afterEach(() => set(Object.fromEntries(before)))

  test('is a signed URL with the parameters that the broker looks for', () => {
    const token = mskToken('eu-west-1')
    assert.match(token, /^[\w-]+$/)
    const url = new URL(Buffer.from(token, 'base64url').toString())
    assert.equal(`${url.protocol}//${url.host}${url.pathname}`, 'https://kafka.eu-west-1.amazonaws.com/')
    const {
      'X-Amz-Date': date = '',
      'X-Amz-Signature': signature,
      ...rest
    } = Object.fromEntries(url.searchParams)
    assert.match(date, /^\d{8}T\d{6}Z$/)
    assert.deepEqual(rest, {
      Action: 'kafka-cluster:Connect',
      'User-Agent': 'millrace',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `testAccessKeyId/${date.slice(0, 8)}/eu-west-1/kafka-cluster/aws4_request`,
      'X-Amz-Expires': '900',
      'X-Amz-Security-Token': CREDENTIALS.AWS_SESSION_TOKEN,
      'X-Amz-SignedHeaders': 'host'
    })
    const empty = createHash('sha256').digest('hex')
    assert.equal(signature, signatureOf(url, empty, CREDENTIALS.AWS_SECRET_ACCESS_KEY, ['User-Agent']))
  })

  test('has no session where the credentials have none', () => {
    set({ ...CREDENTIALS, AWS_SESSION_TOKEN: undefined })
    const url = new URL(Buffer.from(mskToken('us-east-1'), 'base64url').toString())
    assert.equal(url.searchParams.get('X-Amz-Security-Token'), null)
    const empty = createHash('sha256').digest('hex')
    assert.equal(
      url.searchParams.get('X-Amz-Signature'),
      signatureOf(url, empty, CREDENTIALS.AWS_SECRET_ACCESS_KEY, ['User-Agent'])
    )
  })

  const login = (parameters: string, user = ''): ReturnType<typeof security> =>
    security(
      parseKafkaUrl(`kafka://${user}b-1.c.kafka.eu-west-1.amazonaws.com:9098/t?${parameters}`, '--in'),
      '--in'
    )

  test('aws-region means OAUTHBEARER over TLS, with a fresh token for each login', () => {
    const { tls, sasl } = login('aws-region=eu-west-1')
    assert.deepEqual(tls, {})
    assert.ok(sasl?.mechanism === 'OAUTHBEARER')
    const token = sasl.token as () => string
    const tokens = [CREDENTIALS.AWS_SESSION_TOKEN, 'another'].map(session => {
      set({ ...CREDENTIALS, AWS_SESSION_TOKEN: session })
      return token()
    })
    assert.notEqual(tokens[0], tokens[1])
  })

  test('what cannot be is refused as usage', () => {
    const refused = (message: RegExp, parameters: string, user?: string): void =>
      assert.throws(
        () => login(parameters, user),
        error => error instanceof ToolError && error.code === 'USAGE' && message.test(error.message)
      )
    refused(/aws-region is a login of its own/, 'aws-region=eu-west-1', 'u:p@')
    refused(/aws-region is a login of its own/, 'aws-region=eu-west-1&sasl=plain')
    refused(/aws-region=evil.com\/: no region/, 'aws-region=evil.com/')
    set({ AWS_ACCESS_KEY_ID: 'only' })
    refused(/aws-region: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set/, 'aws-region=eu-west-1')
  })
})
