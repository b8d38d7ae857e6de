import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { language } from '../../src/commands/alert-eval/notifier.ts'
import {
  type Alerter,
  AlerterOptions,
  createAlerter,
  HTTP_RECEIVERS,
  type Notification,
  Refused
} from '../../src/lib/notify/index.ts'
import { folder } from '../rules/rules.ts'
import { notification } from './notifications.ts'
import { localReceiver } from './receiver.ts'

const never = new AbortController().signal
const MATCH = { '@timestamp': '2026-11-24T10:00:00Z', gateway: 'paytm', host: 'web1', who: { name: 'ß' } }
const ALERT: Notification = notification('gateway down', {
  id: '0123456789abcdef0123456789abcdef',
  rule: 'gateway down',
  text: 'It is down.\n',
  match: MATCH,
  matches: [MATCH]
})

function alerterOf(type: string, options: Record<string, unknown>, directory = '.'): Alerter {
  // none of these writes messages
  const log = undefined as never
  const alerter = createAlerter(
    type,
    { name: 'gateway down', ...options },
    { log, language, folder: directory }
  )
  assert.ok(alerter !== undefined)
  return alerter
}

/** A TCP server on loopback: what it has received, once its clients have said all. */
async function tcpReceiver(
  t: TestContext,
  answer: Buffer
): Promise<{ port: number; received: Promise<Buffer> }> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    const chunks: Buffer[] = []
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('end', () => {
      socket.end(answer)
      resolve(Buffer.concat(chunks))
    })
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, received: promise }
}

test('gelf sends a message by HTTP and, with a byte of 0 behind it, by TCP', async t => {
  const { url, received } = await localReceiver(t)
  const options = { gelf_payload: { g: 'gateway', none: 'nothing' }, gelf_log_level: 3 }
  await alerterOf('gelf', { ...options, gelf_type: 'http', gelf_endpoint: `${url}/gelf` }).send(ALERT, never)
  const tcp = await tcpReceiver(t, Buffer.alloc(0))
  await alerterOf('gelf', {
    ...options,
    gelf_type: 'tcp',
    gelf_host: '127.0.0.1',
    gelf_port: tcp.port
  }).send(ALERT, never)
  const bytes = await tcp.received
  assert.equal(bytes.at(-1), 0)
  assert.equal(bytes.subarray(0, -1).toString(), received[0]?.body)
  const { version, level, short_message } = JSON.parse(received[0]!.body)
  assert.deepEqual([version, level], ['1.1', 3])
  assert.deepEqual(JSON.parse(short_message), { Title: 'gateway down', g: 'paytm', none: null })
})

test('zabbix is sent the value 1 for the item, and an item that it has not is refused', async t => {
  const answer = (failed: number): Buffer => {
    const json = `{"response":"success","info":"processed: ${1 - failed}; failed: ${failed}; total: 1"}`
    const head = Buffer.from('ZBXD\x01\0\0\0\0\0\0\0\0', 'latin1')
    head.writeUInt32LE(json.length, 5)
    return Buffer.concat([head, Buffer.from(json)])
  }
  const send = async (failed: number): Promise<Buffer> => {
    const { port, received } = await tcpReceiver(t, answer(failed))
    const options = { zbx_host: 'host', zbx_host_from_field: true, zbx_key: 'down', zbx_sender_port: port }
    await alerterOf('zabbix', { ...options, zbx_sender_host: '127.0.0.1' }).send(ALERT, never)
    return received
  }
  const bytes = await send(0)
  assert.equal(bytes.subarray(0, 5).toString('latin1'), 'ZBXD\x01')
  assert.equal(bytes.readUInt32LE(5), bytes.length - 13)
  assert.deepEqual(JSON.parse(bytes.subarray(13).toString()), {
    request: 'sender data',
    data: [{ host: 'web1', key: 'down', value: '1', clock: Date.UTC(2026, 10, 24, 10) / 1000 }]
  })
  await assert.rejects(send(1), Refused)
})

test('indexer writes a document with the id of the alert', async t => {
  const { url, received } = await localReceiver(t, () => 201)
  const { hostname, port } = new URL(url)
  await alerterOf('indexer', {
    indexer_connection: {
      es_host: hostname,
      es_port: Number(port),
      es_username: 'u',
      es_password: 'p',
      indexer_alerts_name: 'alerts'
    },
    indexer_alert_config: {
      'event.gateway': 'gateway',
      rule: { title: 'name', severity: 3 },
      lost: 'lost',
      fields: [{ name: 'who', value: 'who.name' }]
    }
  }).send(ALERT, never)
  const [one] = received
  assert.equal(`${one?.method} ${one?.path}`, `PUT /alerts/_doc/${ALERT.id}?refresh=true`)
  assert.equal(one?.headers.authorization, 'Basic dTpw')
  assert.deepEqual(JSON.parse(one?.body ?? ''), {
    '@timestamp': ALERT.timestamp,
    event: { gateway: 'paytm' },
    rule: { title: 'gateway down', severity: 3 },
    fields: { who: 'ß' }
  })
})

test('sns, sqs and ses are sent signed requests', async t => {
  const { url, received } = await localReceiver(t)
  process.env.AWS_ENDPOINT_URL = url
  t.after(() => delete process.env.AWS_ENDPOINT_URL)
  const keys = (service: string): Record<string, string> => ({
    [`${service}_aws_access_key_id`]: 'AKID',
    [`${service}_aws_secret_access_key`]: 'secret'
  })
  const topic = 'arn:aws:sns:eu-west-1:1:alerts.fifo'
  await alerterOf('sns', { sns_topic_arn: topic, sns_aws_region: 'eu-west-1', ...keys('sns') }).send(
    ALERT,
    never
  )
  const queue = 'https://sqs.eu-north-1.amazonaws.com/1/alerts'
  await alerterOf('sqs', { sqs_queue_url: queue, ...keys('sqs') }).send(ALERT, never)
  const mail = {
    ses_email: ['a@x.org', 'b@x.org'],
    ses_from_addr: 'c@x.org',
    ses_cc: 'd@x.org',
    query_key: 'gateway'
  }
  await alerterOf('ses', { ...mail, ...keys('ses') }).send(ALERT, never)
  const [published, sent, mailed] = received
  const scope = (n: number): string =>
    /Credential=AKID\/\d+\/([^,]+)/.exec(received[n]!.headers.authorization ?? '')?.[1] ?? ''
  assert.deepEqual([0, 1, 2].map(scope), [
    'eu-west-1/sns/aws4_request',
    'eu-north-1/sqs/aws4_request',
    'us-east-1/ses/aws4_request'
  ])
  const form = new URLSearchParams(published?.body)
  assert.equal(form.get('Subject'), 'ElastAlert: gateway down')
  assert.equal(form.get('Message'), ALERT.text)
  assert.equal(form.get('MessageDeduplicationId'), ALERT.id)
  assert.equal(sent?.headers['x-amz-target'], 'AmazonSQS.SendMessage')
  const { QueueUrl, MessageBody } = JSON.parse(sent?.body ?? '')
  assert.equal(QueueUrl, queue)
  assert.deepEqual(JSON.parse(MessageBody), { rule_name: 'gateway down', matches: [MATCH], text: ALERT.text })
  const letter = new URLSearchParams(mailed?.body)
  assert.equal(letter.get('Message.Subject.Data'), 'ElastAlert 2: gateway down - paytm')
  assert.equal(letter.get('Destination.ToAddresses.member.2'), 'b@x.org')
  assert.equal(letter.get('Destination.CcAddresses.member.1'), 'd@x.org')
})

test('email is sent with a password and to whom the match names; one that is refused is not tried again', async t => {
  const mails: { from: string; to: string[]; user: string | undefined; text: string }[] = []
  const server = new SMTPServer({
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    onAuth: ({ username, password }, _, done) =>
      password === 'secret' ? done(null, { user: username ?? '' }) : done(new Error('no')),
    onData(stream, { envelope, user }, done) {
      const chunks: Buffer[] = []
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        mails.push({
          from,
          to: envelope.rcptTo.map(r => r.address),
          user,
          text: Buffer.concat(chunks).toString()
        })
        done()
      })
    }
  })
  server.on('error', () => {})
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  t.after(() => new Promise<void>(closed => server.close(() => closed())))
  const directory = folder(t, { 'smtp.yaml': 'user: u\npassword: secret\n' })
  const options = {
    email: 'nobody@x.org',
    email_from_field: 'gateway',
    email_add_domain: 'x.org',
    cc: ['cc@x.org'],
    bcc: 'bcc@x.org',
    from_addr: 'alerts@x.org',
    smtp_host: '127.0.0.1',
    smtp_port: (server.server.address() as AddressInfo).port,
    smtp_auth_file: 'smtp.yaml',
    query_key: 'gateway'
  }
  await alerterOf('email', options, directory).send(ALERT, never)
  const [mail] = mails
  assert.deepEqual([mail?.from, mail?.user], ['alerts@x.org', 'u'])
  assert.deepEqual(mail?.to, ['paytm@x.org', 'cc@x.org', 'bcc@x.org'])
  assert.match(mail?.text ?? '', /^Subject: ElastAlert: gateway down - paytm\r$/m)
  assert.match(mail?.text ?? '', /^Reply-To: paytm@x.org\r$/m)
  assert.match(mail?.text ?? '', /^Message-ID: <0123456789abcdef0123456789abcdef@/m)
  assert.match(mail?.text ?? '', /It is down\./)
  writeFileSync(path.join(directory, 'smtp.yaml'), 'user: u\npassword: wrong\n')
  await assert.rejects(alerterOf('email', options, directory).send(ALERT, never), Refused)
})

test('a notice that a condition has cleared ends what its alert has begun', () => {
  const incident = 'fedcba9876543210fedcba9876543210'
  const sent = (type: string, state: Notification['state'], options = {}): { url: string; body: never } => {
    const compose = HTTP_RECEIVERS[type]!.compose(new AlerterOptions(options), language)
    const [request] = compose({ ...ALERT, incident, state })
    return { url: request!.url, body: JSON.parse(request!.body) as never }
  }
  const pagerduty = (['firing', 'resolved'] as const).map(state => {
    const { event_action, dedup_key } = sent('pagerduty', state, { pagerduty_api_version: 'v2' }).body
    return [event_action, dedup_key]
  })
  assert.deepEqual(pagerduty, [
    ['trigger', incident],
    ['resolve', incident]
  ])
  assert.equal((sent('opsgenie', 'firing').body as { alias: string }).alias, incident)
  assert.equal(
    sent('opsgenie', 'resolved').url,
    `https://api.opsgenie.com/v2/alerts/${incident}/close?identifierType=alias`
  )
  const recovery: Record<string, unknown> = sent('victorops', 'resolved').body
  assert.deepEqual([recovery.message_type, recovery.entity_id], ['RECOVERY', incident])
  const hosts = { alertmanager_hosts: ['http://a'] }
  const [ended]: { endsAt: string }[] = sent('alertmanager', 'resolved', hosts).body
  assert.ok(Date.parse(ended!.endsAt) <= Date.now())
  const [fires]: object[] = sent('alertmanager', 'firing', hosts).body
  assert.equal('endsAt' in fires!, false)
})
