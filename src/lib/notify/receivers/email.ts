import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import path from 'node:path'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { parse } from 'yaml'
import { type Alerter, type Language, type Notification, Refused } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import { titleWithKey } from './titles.ts'

const TIMEOUT_MS = 10_000

/**
 * Mail by SMTP, as of ElastAlert 2.31. TLS is used where the server offers it; its certificate is checked where the
 * connection begins with TLS (smtp_ssl) or a password is sent. The id of the alert is in the Message-ID.
 */
export class EmailAlerter implements Alerter {
  readonly type = 'email'
  readonly #options: AlerterOptions
  readonly #language: Language
  readonly #folder: string

  /** @param folder that of the rule file, from which smtp_auth_file is named */
  constructor(options: AlerterOptions, language: Language, folder: string) {
    this.#options = options
    this.#language = language
    this.#folder = folder
  }

  async send(notification: Notification): Promise<void> {
    const options = this.#options
    const auth = this.#account()
    const secure = options.flag('smtp_ssl')
    const file = (name: string): string | undefined => options.text(name) || undefined
    const cert = file('smtp_cert_file')
    const key = file('smtp_key_file')
    const transport = createTransport({
      host: options.text('smtp_host', 'localhost'),
      port: options.number('smtp_port', secure ? 465 : 25),
      secure,
      ...(auth === undefined ? {} : { auth }),
      tls: {
        rejectUnauthorized: secure || auth !== undefined,
        ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
        ...(key === undefined ? {} : { key: readFileSync(key) })
      },
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS
    })
    try {
      await transport.sendMail(this.#message(notification))
    } catch (error) {
      const { code, responseCode = 0, message } = error as Error & { code?: string; responseCode?: number }
      if (code === 'EAUTH' || responseCode >= 500) throw new Refused(message)
      throw error
    } finally {
      transport.close()
    }
  }

  describe(notification: Notification): string {
    const { to, subject, text, html } = this.#message(notification)
    return `to ${to}: ${subject}\n${text ?? html}`
  }

  #message(notification: Notification): SendMailOptions {
    const options = this.#options
    const to = this.#recipients(notification)
    const isHtml = options.text('email_format') === 'html'
    const images = options.texts('email_image_values')
    const given = options.text('from_addr', 'ElastAlert')
    return {
      from: given.includes('@') ? given : { name: given, address: `elastalert@${hostname()}` },
      to: to.join(', '),
      cc: options.texts('cc'),
      bcc: options.texts('bcc'),
      replyTo: options.text('email_reply_to', to.join(', ')),
      subject: options.has('alert_subject')
        ? notification.subject
        : titleWithKey('ElastAlert', options, this.#language, notification),
      ...(isHtml ? { html: notification.text } : { text: notification.text }),
      messageId: `<${notification.id}@${hostname()}>`,
      attachments: isHtml
        ? options.texts('email_image_keys').map((cid, i) => ({
            cid,
            path: path.join(options.text('assets_dir', '/tmp'), images[i] ?? '')
          }))
        : []
    }
  }

  #recipients(notification: Notification): string[] {
    const options = this.#options
    const field = options.text('email_from_field')
    const found = field === '' ? undefined : this.#language.value(notification, field)
    const domain = options.text('email_add_domain').replace(/^(?=[^@])/, '@')
    const names = (Array.isArray(found) ? found : typeof found === 'string' ? [found] : []).map(String)
    const to = names
      .map(name => (name.includes('@') ? name : name + domain))
      .filter(name => name.includes('@'))
    return to.length > 0 ? to : options.texts('email')
  }

  /** @throws Refused when the file cannot be read */
  #account(): { user: string; pass: string } | undefined {
    const file = this.#options.text('smtp_auth_file')
    if (file === '') return undefined
    try {
      const { user, password } = parse(readFileSync(path.resolve(this.#folder, file), 'utf8'))
      return { user: String(user), pass: String(password) }
    } catch (error) {
      throw new Refused(`smtp_auth_file ${file}: ${(error as Error).message}`)
    }
  }
}
