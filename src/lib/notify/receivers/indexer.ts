import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { ComposeFrom } from '../http-alerter.ts'
import type { Language, Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import { basic } from '../transport.ts'

type Values = Readonly<Record<string, unknown>>

function isMap(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function flat(value: Values, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, v]) =>
    isMap(v) ? flat(v, `${prefix}${name}.`) : [[prefix + name, v] as [string, unknown]]
  )
}

function nested(entries: [string, unknown][]): Values {
  const root: Record<string, unknown> = {}
  for (const [name, value] of entries) {
    const path = name.split('.')
    let at = root
    for (const step of path.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>
    at[path.at(-1)!] = value
  }
  return root
}

/** A text is a field of the match, else an option of the rule, else itself; a list gives fields. */
function resolved(
  value: unknown,
  options: AlerterOptions,
  language: Language,
  notification: Notification
): unknown {
  if (typeof value === 'string') return language.value(notification, value) ?? options.raw(value) ?? value
  if (!Array.isArray(value)) return value
  return fieldsOf(value as Values[], options, language, notification)
}

/** Those of a list of `{name, value}`, where a value of `filter` is the text of the rule's query; other members have lists below. */
function fieldsOf(
  list: Values[],
  options: AlerterOptions,
  language: Language,
  notification: Notification
): Values {
  const of = (value: unknown): unknown => resolved(value, options, language, notification)
  const entries = list.flatMap(entry => {
    const { name, value } = entry
    if (!value) return Object.entries(entry).map(([key, below]) => [key, of(below)])
    const own = value === 'filter' ? (queryText(options.raw('filter')) ?? of(value)) : value
    return [[String(name), typeof own === 'string' && value !== 'filter' ? of(own) : own]]
  })
  return Object.fromEntries(entries)
}

/** The text of the first filter, where that is a query_string. */
function queryText(filters: unknown): unknown {
  let query = Array.isArray(filters) ? filters[0] : undefined
  if (isMap(query) && isMap(query.query)) query = query.query
  const [inner] = isMap(query) ? Object.values(query) : []
  return isMap(inner) ? inner.query : undefined
}

function connectionOf(options: AlerterOptions): Values {
  const given = options.map('indexer_connection')
  if (Object.keys(given).length > 0) return given
  return parse(readFileSync(options.text('indexer_config'), 'utf8')) as Values
}

/** A document in Elasticsearch or OpenSearch, as of ElastAlert 2.31; its _id is that of the alert, its @timestamp the alert's. */
export const indexer: ComposeFrom = (options, language) => notification => {
  const connection = connectionOf(options)
  const config = flat({ '@timestamp': notification.timestamp, ...options.map('indexer_alert_config') })
  const document = Object.fromEntries(
    config.map(([name, value]) => [name, resolved(value, options, language, notification)])
  )
  const body = JSON.stringify(nested(flat(document).filter(([name, value]) => name !== value)))
  const scheme = connection.use_ssl === true ? 'https' : 'http'
  const prefix = connection.es_url_prefix ? `/${connection.es_url_prefix}` : ''
  const base = `${scheme}://${connection.es_host}:${connection.es_port ?? 9200}${prefix}`
  const index = encodeURIComponent(String(connection.indexer_alerts_name))
  const { es_username: user, es_password: password, es_api_key: key, es_bearer: bearer } = connection
  const authorization = bearer
    ? `Bearer ${bearer}`
    : key
      ? `ApiKey ${key}`
      : user
        ? basic(String(user), String(password))
        : undefined
  return [
    {
      method: 'PUT',
      url: `${base}/${index}/_doc/${notification.id}?refresh=true`,
      body,
      ...(authorization === undefined ? {} : { headers: { authorization } })
    }
  ]
}
