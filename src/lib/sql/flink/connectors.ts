import { usageError } from '../../cli/index.ts'
import { type KafkaUrl, parseKafkaUrl, parseTime } from '../../stream/index.ts'

/** Options of a table's WITH clause; those in `secret` are not shown. */
export type TableOptions = {
  readonly options: Readonly<Record<string, string>>
  readonly secret: readonly string[]
}

export type Format = 'json' | 'debezium-json'

/** Times as enrich writes them; DECIMALs in figures, not as 1E+2. */
const formatOptions = (format: Format, prefix = ''): Record<string, string> => ({
  [`${prefix}format`]: format,
  [`${prefix}${format}.timestamp-format.standard`]: 'ISO-8601'
})

const plainDecimals = (format: Format, prefix = ''): Record<string, string> => ({
  ...formatOptions(format, prefix),
  [`${prefix}${format}.encode.decimal-as-plain-number`]: 'true'
})

/** What a source is read for: whose changes, or every row. */
export type SourceOf = {
  readonly format: Format
  readonly database: string | undefined
  readonly table: string
}

/**
 * The topic of `--in` as Flink's source.
 * @param isBounded up to the records that the topic has at the start (`--stop-at now`)
 * @throws ToolError USAGE
 */
export function sourceOptions(port: string, source: SourceOf, isBounded: boolean): TableOptions {
  if (!port.startsWith('kafka://')) {
    const what = port === '-' ? 'standard input' : port
    throw usageError(
      `Flink cannot read ${what}: a cluster reads topics`,
      'give --in kafka://BROKER/TOPIC, or declare the table with a connector of Flink'
    )
  }
  const url = parseKafkaUrl(port, '--in')
  const { options, secret } = connection(url, '--in')
  const group = url.parameters.get('group')
  const from = url.parameters.get('from')
  url.parameters.finish()
  const topic = topicOf(url, source)
  const isPattern = topic.startsWith('^')
  return {
    options: {
      connector: 'kafka',
      [isPattern ? 'topic-pattern' : 'topic']: isPattern ? topic : topic.replaceAll(',', ';'),
      ...options,
      ...(group === undefined ? {} : { 'properties.group.id': group }),
      ...startup(group, from),
      ...(isBounded ? { 'scan.bounded.mode': 'latest-offset' } : {}),
      ...formatOptions(source.format)
    },
    secret
  }
}

/** `dream.{source.db}.{source.table}`, as cdc-tail writes it, for one table. */
function topicOf({ topic, display }: KafkaUrl, { format, database, table }: SourceOf): string {
  return topic.replaceAll(/\{([^{}]*)\}/g, (place, field: string) => {
    if (format === 'debezium-json' && field === 'source.table') return table
    if (format === 'debezium-json' && field === 'source.db') {
      if (database !== undefined) return database
      throw usageError(
        `--in ${display}: the database of ${table} is not known`,
        "declare it: 'table' = 'db.name'"
      )
    }
    throw usageError(`--in ${display}: ${place} is not known here; there are {source.db} and {source.table}`)
  })
}

function startup(group: string | undefined, from = 'earliest'): Record<string, string> {
  if (group !== undefined && (from === 'earliest' || from === 'latest'))
    return { 'scan.startup.mode': 'group-offsets', 'properties.auto.offset.reset': from }
  if (from === 'earliest' || from === 'latest') return { 'scan.startup.mode': `${from}-offset` }
  const time = parseTime(from)
  if (time === undefined)
    throw usageError(`--in: from=${from}: earliest, latest, or a time such as 2026-11-24T10:00:00Z`)
  return { 'scan.startup.mode': 'timestamp', 'scan.startup.timestamp-millis': String(time.getTime()) }
}

/** A result that goes out: whether rows are only added, the columns of its key, and those of the records' key. */
export type SinkOf = {
  readonly appendOnly: boolean
  readonly primaryKey: readonly string[]
  /** Of `--key`. */
  readonly recordKey: readonly string[]
  /** Where results go out in transactions, what the ids of those begin with, before the topic's name. */
  readonly transactions: string | undefined
}

/** The topic or index of `--out` as Flink's sink. @throws ToolError USAGE */
export function sinkOptions(port: string, sink: SinkOf): TableOptions {
  if (port.startsWith('kafka://')) return topicSink(parseKafkaUrl(port, '--out'), sink)
  if (/^https?:\/\//.test(port)) return indexSink(new URL(port), sink)
  const what = port === '-' ? 'standard output' : port
  throw usageError(
    `Flink cannot write to ${what}: a cluster writes topics and indices`,
    'give --out kafka://BROKER/TOPIC or --out http://ELASTICSEARCH:9200/INDEX, or declare the table with a connector of Flink'
  )
}

/** The longest that brokers let a transaction take, unless told otherwise; Flink's own is longer, and refused. */
const TRANSACTION_TIMEOUT_MS = 900_000

function topicSink(url: KafkaUrl, { appendOnly, primaryKey, recordKey, transactions }: SinkOf): TableOptions {
  const { options, secret } = connection(url, '--out')
  url.parameters.finish()
  if (url.topic.includes('{'))
    throw usageError(`--out ${url.display}: Flink writes to one topic, not to a template`)
  const delivery =
    transactions === undefined
      ? {}
      : {
          'sink.delivery-guarantee': 'exactly-once',
          'sink.transactional-id-prefix': `${transactions}-${url.topic}`,
          'properties.transaction.timeout.ms': String(TRANSACTION_TIMEOUT_MS)
        }
  const topic = { topic: url.topic, ...options, ...delivery }
  if (!appendOnly && primaryKey.length > 0) {
    const formats = { ...plainDecimals('json', 'key.'), ...plainDecimals('json', 'value.') }
    return { options: { connector: 'upsert-kafka', ...topic, ...formats }, secret }
  }
  const format = appendOnly ? 'json' : 'debezium-json'
  const key =
    recordKey.length === 0 ? {} : { ...plainDecimals('json', 'key.'), 'key.fields': recordKey.join(';') }
  return { options: { connector: 'kafka', ...topic, ...key, ...plainDecimals(format) }, secret }
}

function indexSink(url: URL, { appendOnly, primaryKey, transactions }: SinkOf): TableOptions {
  if (transactions !== undefined)
    throw usageError(
      '--exactly-once: an index has no transactions',
      'with --key a document that is written again is the same one'
    )
  const index = decodeURIComponent(url.pathname.replace(/^\/+|\/+$/g, ''))
  if (index === '') throw usageError(`--out ${url.origin}: no index`, 'write http://host:9200/INDEX')
  if (!appendOnly && primaryKey.length === 0) {
    throw usageError(
      `--out ${url.origin}/${index}: the result changes, and its documents have no key`,
      'give --key COLUMN,..., or a table with PRIMARY KEY (…) NOT ENFORCED'
    )
  }
  const login: Record<string, string> =
    url.username === ''
      ? {}
      : { username: decodeURIComponent(url.username), password: decodeURIComponent(url.password) }
  return {
    options: { connector: 'elasticsearch-7', hosts: url.origin, index, ...login, ...plainDecimals('json') },
    secret: ['password']
  }
}

/** How Flink gets to the brokers. @throws ToolError USAGE for a login that only enrich knows */
function connection(url: KafkaUrl, what: string): TableOptions {
  const { brokers, parameters, user, password, display } = url
  const servers = brokers
    .map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`)
    .join(',')
  const tls = parameters.choice('tls', ['true', 'false']) === 'true'
  const sasl = parameters.choice('sasl', ['plain', 'scram-sha-256', 'scram-sha-512'])
  if (sasl !== undefined && user === undefined)
    throw usageError(`${what} ${display}: sasl=${sasl} needs user and password`)
  const options: Record<string, string> = { 'properties.bootstrap.servers': servers }
  if (user === undefined)
    return { options: tls ? { ...options, 'properties.security.protocol': 'SSL' } : options, secret: [] }
  const quoted = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`
  const module = sasl === undefined || sasl === 'plain' ? 'plain.PlainLoginModule' : 'scram.ScramLoginModule'
  const jaas = 'properties.sasl.jaas.config'
  return {
    options: {
      ...options,
      'properties.security.protocol': tls ? 'SASL_SSL' : 'SASL_PLAINTEXT',
      'properties.sasl.mechanism': (sasl ?? 'plain').toUpperCase(),
      [jaas]: `org.apache.kafka.common.security.${module} required username=${quoted(user)} password=${quoted(password ?? '')};`
    },
    secret: [jaas]
  }
}
