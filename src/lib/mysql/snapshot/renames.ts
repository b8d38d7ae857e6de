import type { MysqlConnection } from '../connection.ts'
import { statementsBetween } from '../logged-statements.ts'
import type { LogPosition } from '../position.ts'
import { currentPosition, type ServerInfo } from '../server.ts'

/**
 * Tells whether tables may have got other names since views were opened. A view is of rows and not of names: a table that
 * got its name later shows, under that name, rows that had another one at the view's moment.
 */
export class Renames {
  readonly #count: number
  #position: LogPosition | null = null

  private constructor(count: number) {
    this.#count = count
  }

  /** Before views are opened. */
  static async begin(connection: MysqlConnection): Promise<Renames> {
    return new Renames(await countStatements(connection))
  }

  /** The views are of this place in the log. */
  viewedAt(position: LogPosition): void {
    this.#position = position
  }

  /** Whether a table that cannot be altered from now on may have got its name since. */
  async mayHaveHappened(connection: MysqlConnection, server: ServerInfo): Promise<boolean> {
    if ((await countStatements(connection)) === this.#count) return false
    if (this.#position === null || !server.logsChanges) return true
    // Nearly all are about columns and partitions.
    const now = await currentPosition(connection, server)
    const statements = await statementsBetween(connection, this.#position, now)
    if (statements === null || statements.some(sql => /rename|exchange/i.test(sql))) return true
    // The count stays: a statement is counted when it begins, and may be in the log only later.
    this.#position = now
    return false
  }
}

/** How many statements that may give tables other names the server has taken, of all users. */
async function countStatements(connection: MysqlConnection): Promise<number> {
  const rows = await connection.query(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_rename_table', 'Com_alter_table')"
  )
  return rows.reduce((sum, row) => sum + Number(row.Value), 0)
}
