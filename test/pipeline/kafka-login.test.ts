import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { kinds } from '../../scripts/lib/servers/index.ts'
import { prefixOf } from '../../scripts/lib/servers/install.ts'
import { freePorts } from '../../scripts/lib/servers/ports.ts'
import { run } from '../../scripts/lib/servers/tools.ts'
import { Certificates, noOpenssl } from '../support/certificates.ts'
import { Pipeline, type PipelineResult } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const PASSWORD = 'p@ss:w/ord'
const JAAS = 'org.apache.kafka.common.security'

describe('logging in to Kafka', { skip: unavailable('kafka') || noOpenssl }, () => {
  const certificates = noOpenssl === false ? new Certificates() : null
  let kafka: RunningServer
  let tokens: Server
  let asked = ''
  let saslPort = 0
  let mutualPort = 0
  let ca = ''

  before(async () => {
    if (certificates === null) return
    certificates.sign('broker', 'IP:127.0.0.1')
    certificates.sign('client', 'DNS:client')
    ca = certificates.path('ca.pem')
    const [port = 0, sasl = 0, mutual = 0] = await freePorts(3)
    saslPort = sasl
    mutualPort = mutual
    const { readFileSync } = await import('node:fs')
    writeFileSync(
      certificates.path('broker-all.pem'),
      ['broker-key.pem', 'broker.pem'].map(file => readFileSync(certificates.path(file), 'utf8')).join('')
    )
    const listeners = (host: string): string =>
      `PLAINTEXT://127.0.0.1:${port},SASL_SSL://${host}:${sasl},SSL://${host}:${mutual}`
    const jaas = (mechanism: string, module: string): string =>
      `listener.name.sasl_ssl.${mechanism}.sasl.jaas.config=${JAAS}.${module} required`
    const [controller = 0] = await freePorts(1)
    kafka = await startServer('kafka', {
      port,
      args: [
        `listeners=${listeners('127.0.0.1')},CONTROLLER://127.0.0.1:${controller}`,
        `controller.quorum.voters=1@127.0.0.1:${controller}`,
        `advertised.listeners=${listeners('127.0.0.1')}`,
        'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL',
        'ssl.keystore.type=PEM',
        `ssl.keystore.location=${certificates.path('broker-all.pem')}`,
        'ssl.truststore.type=PEM',
        `ssl.truststore.location=${ca}`,
        'listener.name.ssl.ssl.client.auth=required',
        'listener.name.sasl_ssl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
        `${jaas('plain', 'plain.PlainLoginModule')} user_app="${PASSWORD}";`,
        `${jaas('scram-sha-256', 'scram.ScramLoginModule')};`,
        `${jaas('scram-sha-512', 'scram.ScramLoginModule')};`,
        `${jaas('oauthbearer', 'oauthbearer.OAuthBearerLoginModule')} unsecuredLoginStringClaim_sub="broker";`,
        `listener.name.sasl_ssl.oauthbearer.sasl.server.callback.handler.class=${JAAS}.oauthbearer.internals.unsecured.OAuthBearerUnsecuredValidatorCallbackHandler`,
        'auto.create.topics.enable=true'
      ]
    })
    for (const size of ['256', '512']) {
      const credential = `SCRAM-SHA-${size}=[password=${PASSWORD}]`
      const alter = [
        'configs',
        '--alter',
        '--add-config',
        credential,
        '--entity-type',
        'users',
        '--entity-name',
        'app'
      ]
      await run((await kinds.kafka.client?.(prefixOf('kafka'), port, alter)) ?? [])
    }
    // A token of the broker's test handler: a JWT that nobody has signed.
    tokens = createServer((request, response) => {
      asked = request.headers.authorization ?? ''
      const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
      const now = Math.floor(Date.now() / 1000)
      const token = `${part({ alg: 'none' })}.${part({ sub: 'app', iat: now, exp: now + 3600 })}.`
      response.end(JSON.stringify({ access_token: token, expires_in: 3600, token_type: 'Bearer' }))
    }).listen(0, '127.0.0.1')
    await once(tokens, 'listening')
  })

  after(async () => {
    tokens?.close()
    await kafka?.stop()
    if (certificates !== null) rmSync(certificates.directory, { recursive: true })
  })

  /** Writes a line to a topic and reads it back, both through this login. */
  async function roundTrip(login: string, port: number, parameters: string): Promise<void> {
    const topic = `t${Math.random().toString(36).slice(2)}`
    const url = `kafka://${login}127.0.0.1:${port}/${topic}?${parameters}`
    const env = { KAFKA_PASSWORD: encodeURIComponent(PASSWORD) }
    const sql = (text: string): readonly string[] => ['-e', text, '--retry-for', '8s']
    const wrote = await enrich(
      [...sql('SELECT id FROM events'), '--in', certificates?.path('line') ?? '', '--out', url],
      env
    )
    assert.deepEqual(wrote.statuses, [0], wrote.stderr)
    const read = await enrich([...sql('SELECT id FROM events'), '--in', url, '--stop-at', 'now'], env)
    assert.deepEqual(read.statuses, [0], read.stderr)
    assert.match(read.stdout, /^\{"id":7\}$/m)
    assert.doesNotMatch(wrote.stderr + read.stderr, /p%40ss|p@ss/)
  }

  async function enrich(args: readonly string[], env: NodeJS.ProcessEnv): Promise<PipelineResult> {
    writeFileSync(certificates?.path('line') ?? '', '{"id":7}\n')
    return new Pipeline([['enrich', ...args]], env).wait()
  }

  const USER = 'app:${KAFKA_PASSWORD}@'

  test('SASL PLAIN over TLS', () => roundTrip(USER, saslPort, `ca=${ca}`))

  test('SCRAM-SHA-256 and SCRAM-SHA-512', async () => {
    await roundTrip(USER, saslPort, `ca=${ca}&sasl=scram-sha-256`)
    await roundTrip(USER, saslPort, `ca=${ca}&sasl=scram-sha-512`)
  })

  test('OAUTHBEARER with client credentials', async () => {
    const url = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}/token`
    const oauth = `sasl=oauthbearer&token-url=${url}&client-id=id&client-secret=se%26cret`
    await roundTrip('', saslPort, `ca=${ca}&${oauth}`)
    assert.equal(Buffer.from(asked.replace('Basic ', ''), 'base64').toString(), 'id:se%26cret')
  })

  test('a certificate of the client', async () => {
    const own = `cert=${certificates?.path('client.pem')}&key=${certificates?.path('client-key.pem')}`
    await roundTrip('', mutualPort, `ca=${ca}&${own}`)
  })

  test('a wrong password or token, a missing certificate and an unknown authority end with status 3', async () => {
    const refused = async (url: string, message: RegExp): Promise<void> => {
      const args = ['-e', 'SELECT id FROM events', '--in', url, '--retry-for', '2s']
      const { statuses, stderr } = await enrich(args, {})
      assert.deepEqual(statuses, [3], stderr)
      assert.match(stderr, message)
    }
    await refused(`kafka://app:wrong@127.0.0.1:${saslPort}/t?ca=${ca}`, /[Aa]uthentication failed/)
    await refused(`kafka://app:x@127.0.0.1:${saslPort}/t?tls=true`, /certificate/)
    const token = `kafka://127.0.0.1:${saslPort}/t?ca=${ca}&sasl=oauthbearer&token=no.token`
    await refused(token, /the broker does not take the token: .*invalid_token/)
    await refused(`kafka://127.0.0.1:${mutualPort}/t?ca=${ca}`, /certificate|alert|closed/i)
  })
})
