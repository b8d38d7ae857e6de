import { expandEnv, usageError } from '../../cli/index.ts'
import type { TableOptions } from './connectors.ts'

/** Options that stand in the URL of 'mysql', or are the connector's own. */
const OWN = ['connector', 'url', 'table-name', 'username', 'password']

/**
 * A table of a MySQL or MariaDB server that is looked up ('connector' = 'mysql', or 'jdbc') as Flink's connector jdbc has it.
 * @param expands whether `${VAR}` is read from the environment. @throws ToolError USAGE for what only enrich understands
 */
export function jdbcOptions(
  table: string,
  given: Readonly<Record<string, string>>,
  expands: boolean
): TableOptions {
  const expanded = (text: string): string => (expands ? expandEnv(text, `table ${table}`) : text)
  const rest = Object.entries(given).filter(([name]) => !OWN.includes(name))
  const isMysql = given.connector === 'mysql'
  const { url, user, password, tableName } = isMysql ? fromMysql(table, given) : fromJdbc(given)
  const login = { username: user, password }
  return {
    options: {
      connector: 'jdbc',
      url: expanded(url),
      'table-name': tableName,
      ...Object.fromEntries(
        Object.entries(login).flatMap(([key, value]) => (value === undefined ? [] : [[key, expanded(value)]]))
      ),
      ...Object.fromEntries(rest)
    },
    secret: ['password']
  }
}

type Target = { url: string; user: string | undefined; password: string | undefined; tableName: string }

const fromJdbc = (given: Readonly<Record<string, string>>): Target => ({
  url: given.url ?? '',
  user: given.username,
  password: given.password,
  tableName: given['table-name'] ?? ''
})

/** The driver of MySQL, which speaks to MariaDB too. To it a database is part of the URL, not of the table's name. */
function fromMysql(table: string, given: Readonly<Record<string, string>>): Target {
  const url = new URL(given.url ?? '')
  const [parameter] = [...url.searchParams].filter(([name, value]) => name !== 'tls' || value !== 'true')
  if (parameter !== undefined)
    throw usageError(
      `table ${table}: ${parameter.join('=')} in its URL means nothing to Flink`,
      "declare it WITH ('connector' = 'jdbc', 'url' = 'jdbc:mysql://…'), with the parameters of the driver"
    )
  const part = (text: string): string | undefined => (text === '' ? undefined : decodeURIComponent(text))
  const [tableName = '', database = url.pathname.slice(1)] = (given['table-name'] ?? '').split('.').reverse()
  const tls = url.searchParams.has('tls') ? '?sslMode=VERIFY_IDENTITY' : ''
  return {
    url: `jdbc:mysql://${decodeURIComponent(url.host)}/${decodeURIComponent(database)}${tls}`,
    user: part(url.username) ?? given.username,
    password: part(url.password) ?? given.password,
    tableName
  }
}
