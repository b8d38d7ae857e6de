import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import {
  AlerterOptions,
  Busy,
  createTransport,
  HttpAlerter,
  NotificationQueue,
  Refused
} from '../../src/lib/notify/index.ts'
import { Certificates, noOpenssl } from '../support/certificates.ts'
import { notification } from './notifications.ts'
import { localReceiver } from './receiver.ts'

const never = new AbortController().signal

test('4xx is final, 408, 429 and 5xx are not, and a receiver says for how long it is busy', async t => {
  let status = 0
  const { url } = await localReceiver(t, () => ({
    status,
    headers: status === 429 ? { 'retry-after': '7' } : {}
  }))
  const send = createTransport(new AlerterOptions({}), 'x')
  const failure = async (answer: number): Promise<unknown> => {
    status = answer
    return send({ url: `${url}/secret`, body: '{}' }, never).then(
      () => undefined,
      (error: unknown) => error
    )
  }
  assert.equal(await failure(204), undefined)
  for (const refused of [301, 400, 401, 404])
    assert.ok((await failure(refused)) instanceof Refused, String(refused))
  for (const later of [408, 500, 503]) {
    const error = await failure(later)
    assert.ok(error instanceof Error && !(error instanceof Refused), String(later))
    assert.doesNotMatch(error.message, /secret/)
  }
  const busy = await failure(429)
  assert.ok(busy instanceof Busy && busy.wait === 7000)
})

test('a receiver that does not answer in time, or is not there, is tried again later', async t => {
  const { url } = await localReceiver(t, () => 200)
  const silent = createServer(() => {})
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    silent.closeAllConnections()
    silent.close()
  })
  const impatient = createTransport(new AlerterOptions({ x_timeout: 0.05 }), 'x')
  const send = createTransport(new AlerterOptions({}), 'x')
  const address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
  await assert.rejects(impatient({ url: address, body: '{}' }, never), error => !(error instanceof Refused))
  await assert.rejects(
    send({ url: 'http://127.0.0.1:1', body: '' }, never),
    error => !(error instanceof Refused)
  )
  await assert.rejects(send({ url: 'no url', body: '' }, never), Refused)
  await send({ url, body: '{}' }, never)
})

test('https goes through the proxy of the rule, with its login', async t => {
  const asked: string[] = []
  const proxy = createServer()
  proxy.on('connect', (request, socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization']}`)
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  t.after(() => proxy.close())
  const { port } = proxy.address() as AddressInfo
  const options = { x_proxy: `127.0.0.1:${port}`, x_proxy_login: 'u', x_proxy_pass: 'p' }
  const send = createTransport(new AlerterOptions(options), 'x')
  await assert.rejects(send({ url: 'https://receiver.invalid/hook', body: '{}' }, never))
  assert.deepEqual(asked, ['receiver.invalid:443 Basic dTpw'])
  connect(port, '127.0.0.1').destroy()
})

test('a certificate is checked, against ca_certs where they are given, unless ignore_ssl_errors', {
  skip: noOpenssl
}, async t => {
  const certificates = new Certificates()
  certificates.sign('receiver', 'IP:127.0.0.1')
  const file = (name: string): Buffer => readFileSync(certificates.path(name))
  const server = createTlsServer(
    { cert: file('receiver.pem'), key: file('receiver-key.pem') },
    (request, response) => request.resume().on('end', () => response.end())
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const send = (options: Record<string, unknown>): Promise<unknown> =>
    createTransport(new AlerterOptions(options), 'x')({ url, body: '{}' }, never)
  await assert.rejects(send({}), /certificate/)
  await send({ x_ca_certs: certificates.path('ca.pem') })
  await send({ x_ignore_ssl_errors: true })
})

test('of several requests, another attempt goes on behind those that were answered', async t => {
  const { url, received } = await localReceiver(t, (_, n) => (n === 2 ? 503 : 200))
  const alerter = new HttpAlerter(
    'test',
    () => ['a', 'b', 'c'].map(path => ({ url: `${url}/${path}`, body: '{}' })),
    createTransport(new AlerterOptions({}), 'x')
  )
  const queue = new NotificationQueue({
    deliverFor: 60_000,
    journal: null,
    givenUp: (_, __, reason) => assert.fail(reason)
  })
  queue.add(queue.receiver('r', alerter), notification('n'))
  assert.deepEqual(await queue.finish(20_000), [])
  assert.deepEqual(
    received.map(r => r.path),
    ['/a', '/b', '/b', '/c']
  )
  assert.equal(new Set(received.map(r => r.headers['idempotency-key'])).size, 1)
})
