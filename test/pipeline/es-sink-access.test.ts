import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, createHmac, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { Certificates, noOpenssl } from '../support/certificates.ts'
import { allDocuments } from '../support/elastic.ts'
import { unavailable } from '../support/servers.ts'

const BIN = resolve(import.meta.dirname, '../../bin/es-sink.js')

/** Whether a request may pass, by what it shows. */
type Guard = (incoming: IncomingMessage, body: Buffer) => boolean

interface PrivilegesRequest {
  readonly cluster: string[]
  readonly index: [{ names: string[]; privileges: string[] }]
}

describe('es-sink shows who it is', { skip: unavailable('elasticsearch') || noOpenssl }, () => {
  let elastic: BorrowedServer
  let certificates: Certificates
  let gate: Server
  let url: string
  let guard: Guard = () => true
  /** What a secured server says of privileges: Elasticsearch's is no part of what can be installed here. */
  let privileges: ((asked: PrivilegesRequest) => unknown) | null = null
  let index = 0

  before(async () => {
    certificates = new Certificates()
    certificates.sign('here', 'IP:127.0.0.1')
    certificates.sign('client', 'DNS:client.example')
    elastic = await borrowServer('elasticsearch')
    const file = (name: string): Buffer => readFileSync(certificates.path(name))
    const options = { key: file('here-key.pem'), cert: file('here.pem'), ca: file('ca.pem') }
    // As a secured server does: it asks for a certificate and does without one.
    gate = createServer(
      { ...options, requestCert: true, rejectUnauthorized: false },
      (incoming, outgoing) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('end', () => {
          const body = Buffer.concat(chunks)
          if (!guard(incoming, body)) {
            outgoing
              .writeHead(401)
              .end('{"error":{"type":"security_exception","reason":"who are you?"},"status":401}')
            return
          }
          if (privileges !== null && incoming.url === '/_security/user/_has_privileges') {
            outgoing.end(JSON.stringify(privileges(JSON.parse(body.toString()))))
            return
          }
          const { host: _, authorization: __, ...headers } = incoming.headers
          const forward = request(
            elastic.url + incoming.url,
            { method: incoming.method as string, headers },
            answer => {
              outgoing.writeHead(answer.statusCode as number, answer.headers)
              answer.pipe(outgoing)
            }
          )
          forward.end(body)
        })
      }
    )
    gate.listen(0, '127.0.0.1')
    await once(gate, 'listening')
    url = `https://127.0.0.1:${(gate.address() as AddressInfo).port}`
  })
  after(async () => {
    gate?.close()
    gate?.closeAllConnections()
    await elastic?.stop()
    if (certificates) rmSync(certificates.directory, { recursive: true, force: true })
  })

  async function sink(
    args: string[],
    { target = url, env = {} }: { target?: string; env?: NodeJS.ProcessEnv } = {}
  ): Promise<{ status: number; stderr: string; index: string }> {
    const name = `access-${++index}`
    const child = spawn(process.execPath, [BIN, target, '--index', name, '--id', '{id}', ...args], {
      stdio: ['pipe', 'inherit', 'pipe'],
      env: { ...process.env, ...env }
    })
    const stderr: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on('error', () => {})
    child.stdin.end('{"id":"ä","text":"ok"}\n')
    const [status] = await once(child, 'close')
    return { status, stderr: Buffer.concat(stderr).toString(), index: name }
  }

  /** A run that is let in, and one whose way in is another. */
  async function isLetIn(args: string[], env: NodeJS.ProcessEnv = {}, target = url): Promise<void> {
    const run = await sink([...trust(), ...args], { target, env })
    assert.equal(run.status, 0, run.stderr)
    assert.deepEqual([...(await allDocuments(elastic.url, run.index))], [['ä', { id: 'ä', text: 'ok' }]])
    const stranger = await sink(trust())
    assert.equal(stranger.status, 3)
    assert.match(stranger.stderr, /refused: 401 security_exception: who are you\?/)
  }
  const trust = (): string[] => ['--ca', certificates.path('ca.pem')]

  test('by user and password', async () => {
    guard = ({ headers }) =>
      headers.authorization === `Basic ${Buffer.from('jo:p@ss:wörd').toString('base64')}`
    await isLetIn([], { PASSWORD: 'p%40ss:w%C3%B6rd' }, url.replace('//', '//jo:${PASSWORD}@'))
  })

  test('by an API key, encoded or not, from the environment or a file', async () => {
    const encoded = Buffer.from('id:key').toString('base64')
    guard = ({ headers }) => headers.authorization === `ApiKey ${encoded}`
    const file = certificates.path('api-key')
    writeFileSync(file, 'id:key\n')
    await isLetIn(['--api-key', `@${file}`])
    await isLetIn(['--api-key', '${ES_KEY}'], { ES_KEY: encoded })
  })

  test('by a bearer token', async () => {
    guard = ({ headers }) => headers.authorization === 'Bearer t.o.k'
    await isLetIn(['--bearer-token', '${TOKEN}'], { TOKEN: 't.o.k' })
  })

  test('by a client certificate', async () => {
    guard = ({ socket }) =>
      (socket as TLSSocket).authorized && (socket as TLSSocket).getPeerCertificate().subject.CN === 'client'
    await isLetIn(['--cert', certificates.path('client.pem'), '--key', certificates.path('client-key.pem')])
  })

  test('by the signature of AWS over the request and its body', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'se/cr+et', AWS_SESSION_TOKEN: 'session' }
    guard = (incoming, body) =>
      incoming.headers['x-amz-security-token'] === 'session' &&
      incoming.headers.authorization === awsAuthorization(incoming, body, env)
    await isLetIn(['--aws-region', 'eu-central-1'], env)
    const signed = guard
    guard = (incoming, body) =>
      signed(incoming, body) &&
      (body.length === 0 || (incoming.headers['content-encoding'] === 'gzip' && body[0] === 0x1f))
    await isLetIn(['--aws-region', 'eu-central-1', '--compress'], env)
  })

  test('and makes sure of the server, by its authority or the fingerprint of that', async () => {
    guard = () => true
    const ca = new X509Certificate(readFileSync(certificates.path('ca.pem')))
    for (const args of [
      trust(),
      ['--ca-fingerprint', ca.fingerprint256],
      ['--ca-fingerprint', ca.fingerprint256.replaceAll(':', '').toLowerCase()]
    ]) {
      const run = await sink(args)
      assert.equal(run.status, 0, run.stderr)
    }
    const other = new X509Certificate(readFileSync(certificates.path('client.pem'))).fingerprint256
    for (const [args, message] of [
      [[], /certificate/],
      [['--ca-fingerprint', other], /not from the authority of --ca-fingerprint/]
    ] as const) {
      const { status, stderr } = await sink([...args, '--retry-for', '1s'])
      assert.equal(status, 3, stderr)
      assert.match(stderr, message)
    }
  })

  test('--check names the privileges that are missing, and the role that has them', async () => {
    guard = () => true
    const lacking = (...missing: string[]) => {
      privileges = ({ cluster, index: [{ names, privileges: asked }] }) => {
        const held = (all: string[]) => Object.fromEntries(all.map(name => [name, !missing.includes(name)]))
        return {
          username: 'jo',
          has_all_requested: missing.length === 0,
          cluster: held(cluster),
          index: Object.fromEntries(names.map(name => [name, held(asked)]))
        }
      }
    }
    const check = (...args: string[]) => sink([...trust(), '--check', '--map', 't=t-{id}', ...args])
    lacking()
    const able = await check()
    assert.equal(able.status, 0, able.stderr)
    assert.match(able.stderr, /jo has the privileges that a run needs/)
    assert.doesNotMatch(able.stderr, /lacks/)

    lacking('create_index', 'auto_configure', 'manage_index_templates')
    const unable = await check('--policy', 'p')
    assert.equal(unable.status, 3, unable.stderr)
    assert.match(
      unable.stderr,
      /jo lacks the privilege create_index on 't-\*' \(.*create_index on 'access-\d+'/
    )
    assert.match(
      unable.stderr,
      /the cluster privilege manage_index_templates \(no index template can be put\)/
    )
    assert.match(
      unable.stderr,
      /PUT \/_security\/role\/es-sink \{"cluster":\["monitor","manage_index_templates"\],"indices":\[\{"names":\["t-\*","access-\d+"\],"privileges":\["index","create_index","delete"/
    )

    lacking('delete', 'write')
    assert.equal((await check()).status, 3)
    assert.equal((await check('--deletes', 'ignore')).status, 0)
    lacking('read')
    const partial = await check()
    assert.equal(partial.status, 0, partial.stderr)
    assert.match(partial.stderr, /jo lacks the privilege read on 't-\*': rows of which the log has only some/)

    privileges = null
    const open = await check()
    assert.equal(open.status, 0, open.stderr)
    assert.match(open.stderr, /security is off on the server/)
  })

  test('what cannot be right is a usage error', async () => {
    for (const [args, message] of [
      [['--api-key', '${NOT_SET_ANYWHERE}'], /--api-key: \$\{NOT_SET_ANYWHERE\} is not set/],
      [['--api-key', '@/none'], /--api-key \/none: ENOENT/],
      [['--api-key', 'a:b', '--bearer-token', 'c'], /--api-key and --bearer-token/],
      [['--cert', certificates.path('client.pem')], /both --cert and --key/],
      [['--aws-region', 'eu-central-1'], /AWS_ACCESS_KEY_ID/]
    ] as const) {
      const { status, stderr } = await sink([...args], { env: { AWS_ACCESS_KEY_ID: undefined } })
      assert.equal(status, 2, stderr)
      assert.match(stderr, message)
    }
  })
})

/**
 * The Authorization header that a request should have, worked out from what came over the wire.
 * Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function awsAuthorization(incoming: IncomingMessage, body: Buffer, env: Record<string, string>): string {
  const { headers, method, url = '' } = incoming
  const given = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? '')?.[1] ?? ''
  const time = String(headers['x-amz-date'])
  const scope = `${time.slice(0, 8)}/eu-central-1/es/aws4_request`
  const [path, query = ''] = url.split('?')
  const parameters = query
    .split('&')
    .filter(part => part !== '')
    .map(part => {
      const [name = '', value = ''] = part.split('=').map(decodeURIComponent)
      const encode = (text: string): string =>
        encodeURIComponent(text).replace(/[!'()*]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
      return `${encode(name)}=${encode(value)}`
    })
  const canonical = [
    method,
    path,
    parameters.sort().join('&'),
    ...given.split(';').map(name => `${name}:${String(headers[name]).trim()}`),
    '',
    given,
    createHash('sha256').update(body).digest('hex')
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', time, scope, createHash('sha256').update(canonical).digest('hex')].join(
    '\n'
  )
  const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()
  const key = scope
    .split('/')
    .reduce<string | Buffer>((last, part) => hmac(last, part), `AWS4${env.AWS_SECRET_ACCESS_KEY}`)
  return `AWS4-HMAC-SHA256 Credential=${env.AWS_ACCESS_KEY_ID}/${scope}, SignedHeaders=${given}, Signature=${hmac(key, text).toString('hex')}`
}
