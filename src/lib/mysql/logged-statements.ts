import { type MysqlConnection, serverErrorCode } from './connection.ts'
import type { LogPosition } from './position.ts'

/** Events of the log that are looked at. */
const MOST_EVENTS = 50_000

/**
 * The statements in the log between two places, without those around rows.
 * @returns null where it cannot be told: over the end of a file, too far apart, or without the privilege
 */
export async function statementsBetween(
  connection: MysqlConnection,
  from: LogPosition,
  to: LogPosition
): Promise<string[] | null> {
  if (from.file !== to.file) return null
  try {
    const events = await connection.query(
      `SHOW BINLOG EVENTS IN '${from.file}' FROM ${from.position} LIMIT ${MOST_EVENTS}`
    )
    if (events.length === MOST_EVENTS && Number(events.at(-1)?.Pos) < to.position) return null
    return events
      .filter(({ Pos, Event_type: type }) => Number(Pos) < to.position && type?.startsWith('Query'))
      .map(({ Info }) => Info ?? '')
      .filter(sql => !/^(BEGIN|COMMIT|SAVEPOINT|XA)\b/i.test(sql))
  } catch (error) {
    if (!serverErrorCode(error)?.includes('ACCESS_DENIED')) throw error
    return null
  }
}
