import { Backoff } from '../../lib/cli/index.ts'
import type { ServerQuery, ServerRows } from '../../lib/sql/index.ts'

/** A connector of tables on a server, as a text of SQL may name one. */
const NAMED = /mysql|jdbc/i

/**
 * What the tables on servers that the SQL names are asked with; undefined when it names none: the client of MySQL takes
 * as long to load as everything else here.
 */
export async function serversIn(
  sql: string,
  retryFor: number | undefined,
  stop: AbortSignal,
  warn: (message: string) => void
): Promise<((query: ServerQuery) => ServerRows) | undefined> {
  if (!NAMED.test(sql)) return undefined
  const { lookupTarget, MysqlLookup } = await import('../../lib/mysql/index.ts')
  return ({ url, user, password, table, ...query }) => {
    const target = lookupTarget(url, user, password, `table ${table}`)
    return new MysqlLookup(target, { table, ...query }, new Backoff(retryFor, stop), warn)
  }
}
