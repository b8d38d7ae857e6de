import type { MysqlConnection } from './connection.ts'
import { sqlString } from './schema.ts'

interface Grant {
  readonly privileges: ReadonlySet<string>
  /** `*` for all. */
  readonly database: string
  readonly table: string
}

/** Names that say the same, or more. MariaDB 10.5 renamed REPLICATION CLIENT. */
const INCLUDED_IN: Record<string, readonly string[]> = {
  'REPLICATION CLIENT': ['BINLOG MONITOR', 'SUPER']
}

/** The privileges of the connection's user, those of its active roles among them. */
export class Grants {
  /** As GRANT takes it: `'cdc'@'%'`. */
  readonly user: string
  readonly #grants: readonly Grant[]

  constructor(user: string, statements: readonly string[]) {
    this.user = user
    this.#grants = statements.map(parseGrant).filter(grant => grant !== null)
  }

  static async read(connection: MysqlConnection): Promise<Grants> {
    const account = (await connection.value('SELECT CURRENT_USER()')) ?? ''
    const at = account.lastIndexOf('@')
    const user = `${sqlString(account.slice(0, at))}@${sqlString(account.slice(at + 1))}`
    // MySQL resolves roles only when they are named; MariaDB does by itself, and MySQL 5.7 has none.
    const roles = await connection
      .query("SELECT IF(VERSION() LIKE '%MariaDB%' OR VERSION() LIKE '5.%', 'no', 'yes') AS named")
      .then(rows => (rows[0]?.named === 'yes' ? connection.value('SELECT CURRENT_ROLE()') : null))
    const using =
      roles === null || roles === 'NONE' || roles === '' ? '' : ` FOR CURRENT_USER() USING ${roles}`
    const rows = await connection.query(`SHOW GRANTS${using}`)
    return new Grants(
      user,
      rows.map(row => Object.values(row)[0] ?? '')
    )
  }

  hasGlobal(privilege: string): boolean {
    return this.#has(privilege, ({ database, table }) => database === '*' && table === '*')
  }

  /** On all tables of a database. */
  hasOn(privilege: string, database: string): boolean {
    return this.#has(
      privilege,
      grant => grant.table === '*' && (grant.database === '*' || likeMatches(grant.database, database))
    )
  }

  #has(privilege: string, covers: (grant: Grant) => boolean): boolean {
    const names = [privilege, 'ALL PRIVILEGES', ...(INCLUDED_IN[privilege] ?? [])]
    return this.#grants.some(grant => covers(grant) && names.some(name => grant.privileges.has(name)))
  }
}

/** ``GRANT SELECT, INSERT (`a`, `b`) ON `db`.* TO …``; null for grants of roles and proxies. */
function parseGrant(statement: string): Grant | null {
  const match = /^GRANT (.+?) ON (\*|`(?:[^`]|``)+`)\.(\*|`(?:[^`]|``)+`) TO /s.exec(statement)
  if (match === null) return null
  const [, privileges = '', database = '', table = ''] = match
  // A privilege on some columns is none on the table.
  const whole = privileges.replace(/[A-Z ]+ \([^)]*\)/g, '')
  return {
    privileges: new Set(whole.split(',').map(name => name.trim().toUpperCase())),
    database: unquote(database),
    table: unquote(table)
  }
}

function unquote(name: string): string {
  return name.startsWith('`') ? name.slice(1, -1).replaceAll('``', '`') : name
}

/** Databases in grants are patterns of LIKE. */
function likeMatches(pattern: string, name: string): boolean {
  const source = pattern.replace(
    /\\(.)|([%_])|(.)/gs,
    (_: string, escaped?: string, wild?: string, other = '') => {
      if (wild === '%') return '.*'
      if (wild === '_') return '.'
      return (escaped ?? other).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&')
    }
  )
  return new RegExp(`^${source}$`, 's').test(name)
}
