import aws4 from 'aws4'
import type { ComposeFrom } from '../http-alerter.ts'
import type { Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import type { HttpRequest } from '../transport.ts'
import { titleWithKey } from './titles.ts'

type Service = 'sns' | 'sqs' | 'ses'

/** Where a service is: AWS_ENDPOINT_URL_SNS and AWS_ENDPOINT_URL name another place than AWS, as for its own tools. */
function endpoint(service: Service, host: string): URL {
  const { env } = process
  const other = env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL
  return new URL(other ?? `https://${host}`)
}

/** A request, signed with the keys of the rule or of the environment. @throws when there are none */
function signed(
  service: Service,
  region: string,
  url: URL,
  options: AlerterOptions,
  headers: Record<string, string>,
  body: string
): HttpRequest {
  const { env } = process
  const own = (name: string): string | undefined =>
    options.text(`${service}_aws_${name}`) ||
    options.text(`${service}_aws_${name.replace(/_id$/, '')}`) ||
    undefined
  const key = own('access_key_id')
  const accessKeyId = key ?? env.AWS_ACCESS_KEY_ID
  const secretAccessKey =
    key === undefined
      ? env.AWS_SECRET_ACCESS_KEY
      : (own('secret_access_key') ?? options.text(`${service}_aws_secret_key`))
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set')
  }
  const session = key === undefined ? env.AWS_SESSION_TOKEN : undefined
  const request = {
    service,
    region,
    host: url.host,
    path: url.pathname,
    method: 'POST',
    headers: { ...headers },
    body
  }
  aws4.sign(request, {
    accessKeyId,
    secretAccessKey,
    ...(session === undefined ? {} : { sessionToken: session })
  })
  // the client writes these two itself, as they were signed
  const all = Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), String(value)])
  const sent = Object.fromEntries(all.filter(([name]) => name !== 'host' && name !== 'content-length'))
  return { url: url.href, headers: sent, body }
}

const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

/** A title of an alert that a rule gives, else ElastAlert's own for the service. */
function subjectOf(options: AlerterOptions, { subject }: Notification, otherwise: () => string): string {
  return options.has('alert_subject') ? subject : otherwise()
}

/** Amazon SNS: Publish. A FIFO topic is given the id of the alert. */
export const sns: ComposeFrom = options => notification => {
  const region = options.text('sns_aws_region', 'us-east-1')
  const topic = options.text('sns_topic_arn')
  const form = new URLSearchParams({
    Action: 'Publish',
    Version: '2010-03-31',
    TopicArn: topic,
    Message: notification.text,
    Subject: subjectOf(options, notification, () => `ElastAlert: ${notification.subject}`)
  })
  if (topic.endsWith('.fifo')) {
    form.set('MessageDeduplicationId', notification.id)
    form.set('MessageGroupId', notification.rule.replace(/[^\w.-]/g, '_').slice(0, 128))
  }
  return [
    signed('sns', region, endpoint('sns', `sns.${region}.amazonaws.com`), options, FORM, form.toString())
  ]
}

const MOST_TEXT = 800_000

/** Amazon SQS: SendMessage. A FIFO queue is given the id of the alert. */
export const sqs: ComposeFrom = options => notification => {
  const queue = options.text('sqs_queue_url')
  const { host, hostname } = new URL(queue)
  const inferred = /^sqs\.([^.]+)\./.exec(hostname)?.[1] ?? 'us-east-1'
  const region = options.text('sqs_aws_region', inferred)
  const { rule, matches, text, id } = notification
  const cut =
    text.length > MOST_TEXT
      ? `${text.slice(0, MOST_TEXT)}\n*message was cropped according to SQS limits!*`
      : text
  const body = JSON.stringify({
    QueueUrl: queue,
    MessageBody: JSON.stringify({ rule_name: rule, matches, text: cut }),
    ...(queue.endsWith('.fifo')
      ? { MessageDeduplicationId: id, MessageGroupId: rule.replace(/[^\w.-]/g, '_').slice(0, 128) }
      : {})
  })
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.SendMessage' }
  return [signed('sqs', region, endpoint('sqs', host), options, headers, body)]
}

/** Amazon SES: SendEmail. */
export const ses: ComposeFrom = (options, language) => notification => {
  const region = options.text('ses_aws_region', 'us-east-1')
  const found = options.has('ses_email_from_field')
    ? language.value(notification, options.text('ses_email_from_field'))
    : undefined
  const suffix = options.text('ses_email_add_domain').replace(/^(?=[^@])/, '@')
  const named = (Array.isArray(found) ? found : typeof found === 'string' ? [found] : []).map(String)
  const to = named.map(name => (name.includes('@') ? name : name + suffix)).filter(name => name.includes('@'))
  const form = new URLSearchParams({
    Action: 'SendEmail',
    Version: '2010-12-01',
    Source: options.text('ses_from_addr'),
    'Message.Subject.Charset': 'UTF-8',
    'Message.Subject.Data': subjectOf(options, notification, () =>
      titleWithKey('ElastAlert 2', options, language, notification)
    ),
    'Message.Body.Text.Charset': 'UTF-8',
    'Message.Body.Text.Data': notification.text
  })
  const lists: [string, string[]][] = [
    ['Destination.ToAddresses', to.length > 0 ? to : options.texts('ses_email')],
    ['Destination.CcAddresses', options.texts('ses_cc')],
    ['Destination.BccAddresses', options.texts('ses_bcc')],
    ['ReplyToAddresses', options.texts('ses_email_reply_to')]
  ]
  for (const [name, addresses] of lists) {
    for (const [i, address] of addresses.entries()) form.set(`${name}.member.${i + 1}`, address)
  }
  return [
    signed('ses', region, endpoint('ses', `email.${region}.amazonaws.com`), options, FORM, form.toString())
  ]
}
