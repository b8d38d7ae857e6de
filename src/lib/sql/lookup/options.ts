import type { CreateTable } from '../ast.ts'
import { milliseconds } from '../settings.ts'

/** What is kept of a table on a server. */
export type CacheOptions = {
  /** Keys; the ones unused for longest go first. */
  readonly maxRows: number
  /** ms since the rows of a key were read, since they were last used. */
  readonly expireAfterWrite: number
  readonly expireAfterAccess: number
  /** Whether it is kept that a key has no rows. */
  readonly keepsMissing: boolean
}

export type FileOptions = {
  readonly kind: 'file'
  readonly path: string
  readonly format: 'json' | 'csv'
  readonly delimiter: string
  /** The text of a CSV field that is NULL. */
  readonly nullText: string | undefined
}

export type ServerOptions = {
  readonly kind: 'mysql'
  /** mysql://… or jdbc:mysql://…, with ${VARIABLES} as they were written. */
  readonly url: string
  readonly user: string | undefined
  readonly password: string | undefined
  /** `table` or `database.table`. */
  readonly table: string
  /** undefined: every block of lines reads what it needs anew. */
  readonly cache: CacheOptions | undefined
}

/** Where the rows of a table are that is looked up. */
export type LookupOptions = FileOptions | ServerOptions

const server = [
  'connector',
  'url',
  'table-name',
  'username',
  'password',
  'driver',
  'connection.max-retry-timeout',
  'lookup.cache',
  'lookup.max-retries',
  'lookup.partial-cache.max-rows',
  'lookup.partial-cache.expire-after-write',
  'lookup.partial-cache.expire-after-access',
  'lookup.partial-cache.cache-missing-key'
]

/** The options of each connector. Those of jdbc that change only how Flink works are taken and left. */
export const lookupConnectors: Record<string, string[]> = {
  filesystem: ['connector', 'path', 'format', 'csv.field-delimiter', 'csv.null-literal'],
  mysql: server,
  jdbc: server
}

/**
 * Reads the options of a table that is looked up.
 * @param fail throws; its second argument is the option at fault, without one the table itself is
 */
export function lookupOptions(
  { options, columns }: CreateTable,
  connector: string,
  fail: (reason: string, name?: string) => never
): LookupOptions {
  const option = (name: string): string | undefined => options.get(name)?.value
  const need = (name: string, example: string): string =>
    option(name) ?? fail(`connector '${connector}' needs '${name}', such as ${example}`)
  if (connector === 'filesystem') {
    const path = need('path', "'customers.csv'")
    const format = option('format') ?? fail("connector 'filesystem' needs 'format', json or csv")
    if (format !== 'json' && format !== 'csv')
      return fail(`format '${format}' is not in the subset; files are json or csv`, 'format')
    const delimiter = option('csv.field-delimiter') ?? ','
    if (delimiter.length !== 1 || /["\r\n]/.test(delimiter))
      fail('a field delimiter is one character', 'csv.field-delimiter')
    const nested = columns.find(c => c.kind === 'physical' && ['ROW', 'ARRAY', 'MAP'].includes(c.type.kind))
    if (format === 'csv' && nested !== undefined)
      fail(`a CSV file has no nested values, ${nested.name.name} is one`, 'format')
    return { kind: 'file', path, format, delimiter, nullText: option('csv.null-literal') }
  }
  const url = need('url', connector === 'jdbc' ? "'jdbc:mysql://db/shop'" : "'mysql://reader@db/shop'")
  const wanted = connector === 'jdbc' ? /^jdbc:(mysql|mariadb):\/\// : /^(mysql|mariadb):\/\//
  if (!wanted.test(url))
    fail(
      `the url of connector '${connector}' is MySQL's, ${connector === 'jdbc' ? 'jdbc:' : ''}mysql://…`,
      'url'
    )
  const table = need('table-name', "'customers'")
  return {
    kind: 'mysql',
    url,
    user: option('username'),
    password: option('password'),
    table,
    cache: cacheOptions(option, fail)
  }
}

function cacheOptions(
  option: (name: string) => string | undefined,
  fail: (reason: string, name?: string) => never
): CacheOptions | undefined {
  const prefix = 'lookup.partial-cache.'
  const of = <T>(name: string, read: (text: string) => T | undefined, otherwise: T): T => {
    const text = option(prefix + name)
    return text === undefined ? otherwise : (read(text) ?? fail(`'${text}' is no value of it`, prefix + name))
  }
  const cache = {
    maxRows: of(
      'max-rows',
      text => (/^\d+$/.test(text) ? Number(text) : undefined),
      Number.POSITIVE_INFINITY
    ),
    expireAfterWrite: of('expire-after-write', milliseconds, Number.POSITIVE_INFINITY),
    expireAfterAccess: of('expire-after-access', milliseconds, Number.POSITIVE_INFINITY),
    keepsMissing: of('cache-missing-key', text => ({ true: true, false: false })[text], true)
  }
  const kind = option('lookup.cache') ?? 'NONE'
  if (kind !== 'NONE' && kind !== 'PARTIAL') fail(`lookup.cache is NONE or PARTIAL here`, 'lookup.cache')
  if (kind === 'NONE') return undefined
  if (
    [cache.maxRows, cache.expireAfterWrite, cache.expireAfterAccess].every(
      limit => limit === Number.POSITIVE_INFINITY
    )
  )
    fail(
      `a cache without '${prefix}max-rows' and '${prefix}expire-after-write' would keep old rows for ever`,
      'lookup.cache'
    )
  return cache
}
