import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { language, notificationOf } from '../../src/commands/alert-eval/notifier.ts'
import {
  AlerterOptions,
  createAlerter,
  HTTP_RECEIVERS,
  type Notification
} from '../../src/lib/notify/index.ts'
import { rules } from '../rules/rules.ts'
import { matchOf } from './notifications.ts'

type Values = Record<string, unknown>

/** What ElastAlert 2.31 sent: record-elastalert-others.py. */
interface Case {
  type: 'email' | 'zabbix' | 'gelf' | 'indexer'
  options: Values
  match: Values
  sent: unknown
}

const cases: Case[] = readFileSync(new URL('elastalert-others.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line))

/** The text of a header, some of whose words may be encoded. */
function decoded(header: string): string {
  return header.replace(/=\?utf-8\?([BQ])\?([^?]*)\?=(?:\s+(?==\?))?/gi, (_, form: string, word: string) =>
    /b/i.test(form) ? Buffer.from(word, 'base64').toString() : unquoted(word.replaceAll('_', ' '))
  )
}

function unquoted(text: string): string {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

/** A mail of one part, as the recording has it. */
function read(mail: string, recipients: string[]): unknown {
  const end = mail.indexOf('\r\n\r\n')
  const lines = mail
    .slice(0, end)
    .replace(/\r\n\s+/g, ' ')
    .split('\r\n')
  const headers = Object.fromEntries(
    lines.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)])
  )
  const body = mail.slice(end + 4)
  const encoding = headers['content-transfer-encoding']
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString()
      : encoding === 'quoted-printable'
        ? unquoted(body)
        : body
  const names = ['subject', 'to', 'from', 'reply-to', 'cc'].filter(name => name in headers)
  return {
    recipients,
    headers: Object.fromEntries(names.map(name => [name, decoded(headers[name] ?? '')])),
    type: headers['content-type']?.split(';')[0],
    body: text.replaceAll('\r\n', '\n')
  }
}

async function mailed(t: TestContext, options: Values, notification: Notification): Promise<unknown> {
  const mails: unknown[] = []
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('end', () => {
        mails.push(
          read(
            Buffer.concat(chunks).toString(),
            envelope.rcptTo.map(r => r.address)
          )
        )
        done()
      })
    }
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  t.after(() => new Promise<void>(closed => server.close(() => closed())))
  const where = { smtp_host: '127.0.0.1', smtp_port: (server.server.address() as AddressInfo).port }
  await alerterOf('email', { ...options, ...where })?.send(notification, new AbortController().signal)
  return mails[0]
}

const alerterOf = (type: string, options: Values): ReturnType<typeof createAlerter> =>
  createAlerter(type, options, { log: undefined as never, language, folder: '.' })

const composed = (
  type: string,
  options: Values,
  notification: Notification
): { url: string; body: string; headers?: Values } =>
  HTTP_RECEIVERS[type]!.compose(new AlerterOptions(options), language)(notification)[0]!

/** What each is sent here, in the form of the recording. */
const SENT: Record<
  Case['type'],
  (t: TestContext, options: Values, n: Notification, theirs: unknown) => unknown
> = {
  email: async (t, options, notification, theirs) => {
    const mail = (await mailed(t, options, notification)) as { headers: Values; body: string }
    // A name alone is no address: here it is the name of one.
    mail.headers.from = String(mail.headers.from).replace(/^ElastAlert <elastalert@.*>$/, 'ElastAlert')
    mail.headers.cc = (mail.headers.cc as string | undefined)?.replaceAll(', ', ',')
    if (mail.headers.cc === undefined) delete mail.headers.cc
    const { body } = theirs as { body: string }
    return { ...mail, body: mail.body.trimEnd() === body.trimEnd() ? body : mail.body }
  },
  zabbix: (_, options, notification) => JSON.parse(alerterOf('zabbix', options)!.describe(notification)).data,
  gelf: (_, options, notification, theirs) => {
    const { url, headers, body } = composed('gelf', options, notification)
    const { host: __, short_message, ...message } = JSON.parse(body)
    const their = theirs as { body: { short_message: string; host: string } }
    assert.deepEqual(JSON.parse(short_message), JSON.parse(their.body.short_message))
    return {
      url,
      headers: { 'Content-Type': 'application/json', ...(headers?.['x-a'] ? { 'X-A': headers['x-a'] } : {}) },
      body: { ...message, short_message: their.body.short_message, host: their.body.host }
    }
  },
  indexer: (_, options, notification, theirs) => {
    const { url, body } = composed('indexer', options, notification)
    const [, , , index] = url.split('/')
    const document = JSON.parse(body)
    assert.equal(document['@timestamp'], notification.timestamp)
    // ElastAlert's is that of the moment.
    return { index, body: { ...document, '@timestamp': (theirs as { body: Values }).body['@timestamp'] } }
  }
}

for (const [i, { type, options, match, sent }] of cases.entries()) {
  test(`${type} is sent what ElastAlert sends (${i + 1}, ${Object.keys(options).length} options)`, async t => {
    const given = {
      name: 'gateway down',
      type: 'any',
      index: 'x',
      realert: { minutes: 0 },
      alert: type,
      ...options
    }
    const [rule] = rules(t, JSON.stringify(given))
    const config = rule?.alerters[0]
    assert.ok(rule !== undefined && config !== undefined)
    const notification = notificationOf(matchOf(rule, match), config.options)
    assert.deepEqual(await SENT[type](t, config.options, notification, sent), sent)
  })
}
