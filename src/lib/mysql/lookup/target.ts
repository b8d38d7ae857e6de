import { expandEnv, usageError } from '../../cli/index.ts'
import { type MysqlTarget, parseMysqlUrl } from '../url.ts'

/** Parameters of JDBC's URLs that change nothing here: text is UTF-8, times are UTC, values come as they are. */
const WITHOUT_EFFECT = new Set(
  'useUnicode characterEncoding connectionCollation serverTimezone connectionTimeZone zeroDateTimeBehavior tinyInt1isBit yearIsDateType allowPublicKeyRetrieval autoReconnect rewriteBatchedStatements useServerPrepStmts cachePrepStmts useCursorFetch'.split(
    ' '
  )
)

const SSL_MODES: Record<string, string> = {
  DISABLED: 'disabled',
  PREFERRED: 'preferred',
  REQUIRED: 'required',
  VERIFY_CA: 'verify-ca',
  VERIFY_IDENTITY: 'verify-identity'
}

/**
 * The server of a table: `mysql://…`, or `jdbc:mysql://…` with JDBC's parameters; ${VARIABLES} are read from the
 * environment. @throws ToolError USAGE
 */
export function lookupTarget(
  url: string,
  user: string | undefined,
  password: string | undefined,
  what: string
): MysqlTarget {
  const expanded = expandEnv(url, `${what}: url`)
  const target = parseMysqlUrl(expanded.startsWith('jdbc:') ? fromJdbc(expanded) : expanded)
  const name = user === undefined ? target.user : expandEnv(user, `${what}: username`)
  const display =
    user === undefined ? target.display : target.display.replace(/\/\/(?:[^/@]*@)?/, `//${name}@`)
  const secret = password === undefined ? target.password : expandEnv(password, `${what}: password`)
  return { ...target, user: name, password: secret, display }
}

function fromJdbc(text: string): string {
  const [address = '', parameters = ''] = text.replace(/^jdbc:/, '').split(/\?(.*)/s)
  const kept = new URLSearchParams()
  for (const [key, value] of new URLSearchParams(parameters)) {
    if (WITHOUT_EFFECT.has(key)) continue
    if (key === 'useSSL') kept.set('ssl-mode', value === 'true' ? 'required' : 'disabled')
    else if (key === 'sslMode') {
      const mode = SSL_MODES[value.toUpperCase()]
      if (mode === undefined)
        throw usageError(`sslMode '${value}' is not one of ${Object.keys(SSL_MODES).join(', ')}`)
      kept.set('ssl-mode', mode)
    } else kept.set(key, value)
  }
  return kept.size === 0 ? address : `${address}?${kept}`
}
