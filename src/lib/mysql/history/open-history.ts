import { dirname } from 'node:path'
import type { Log } from '../../cli/index.ts'
import { type MarkWriter, oldestAcknowledged, type StateDirectory } from '../../stream/index.ts'
import type { MysqlConnection } from '../connection.ts'
import type { LogPosition } from '../position.ts'
import type { ServerInfo } from '../server.ts'
import type { TableFilter } from '../tables.ts'
import { holdingTables, readCatalog } from './begin-history.ts'
import { HistoryFile, hasHistory, historyMissing } from './history-file.ts'
import { type HistoryOptions, SchemaHistory } from './schema-history.ts'

/** What a history of a server's tables is made from. */
export interface HistorySetting {
  readonly connection: MysqlConnection
  readonly server: ServerInfo
  readonly tables: TableFilter
  readonly marks: MarkWriter
  /** Null: the history lives in memory. */
  readonly state: StateDirectory | null
  readonly log: Log
}

/** Begins with the tables as they are now, for a log that is read from a place on; what was kept is given up. */
export async function beginHistory(setting: HistorySetting, from: LogPosition): Promise<SchemaHistory> {
  return (await beginHistoryHere(setting, from)).history
}

/** @param from null: from the position on that comes back, at which the tables are as they are read */
export async function beginHistoryHere(
  setting: HistorySetting,
  from: LogPosition | null
): Promise<{ history: SchemaHistory; position: LogPosition }> {
  const { connection, server, tables, marks, state, log } = setting
  const read = (): ReturnType<typeof readCatalog> =>
    readCatalog(connection, server, from, name => tables.mayBeIn(name))
  // A snapshot has its own lock, which a transaction would end.
  const { catalog, position, isLater } =
    from === null ? await holdingTables(connection, await tables.present(connection), read) : await read()
  if (isLater && !server.fullMetadata) {
    log.warn(
      `the log is read from ${position.file}:${position.position} on, and does not name columns: ` +
        'until a CREATE TABLE in it says more, tables are taken to have had the columns that they have now'
    )
  }
  const file = state === null ? null : await HistoryFile.create(state.path, marks.lastNumber, catalog)
  return { history: new SchemaHistory(catalog, file, optionsOf(setting)), position }
}

/**
 * The history as it was at the mark that a run resumes at.
 * @throws ToolError STATE when it is missing or damaged, and the log does not do without
 */
export async function resumeHistory(setting: HistorySetting, from: LogPosition): Promise<SchemaHistory> {
  const { server, marks, state } = setting
  if (state === null) return beginHistory(setting, from)
  const file = await HistoryFile.resume(state.path, marks.resume.n)
  if (file !== null) return new SchemaHistory(file.catalog(), file, optionsOf(setting))
  if (!server.fullMetadata && !(await hasHistory(state.path))) throw historyMissing(state.path)
  return beginHistory(setting, from)
}

/**
 * The history of a snapshot that was begun, and of which no mark was acknowledged: as it was where it began.
 * @param after the last mark before it
 */
export async function restartHistory(
  setting: HistorySetting,
  from: LogPosition,
  after: number | null
): Promise<SchemaHistory> {
  const { state } = setting
  const file = state === null || after === null ? null : await HistoryFile.restart(state.path, after)
  if (file === null) return beginHistory(setting, from)
  return new SchemaHistory(file.catalog(), file, optionsOf(setting))
}

function optionsOf({ server, tables, marks, state, log }: HistorySetting): HistoryOptions {
  return {
    serverVersion: server.version,
    charsetOf: server.charsetOf,
    lowerCaseNames: server.lowerCaseNames,
    explicitTimestamps: server.explicitTimestamps,
    isWanted: (database, table) => tables.includes(database, table),
    warn: message => log.warn(message),
    lastMark: () => marks.lastNumber,
    oldestMark: async () =>
      state === null ? null : ((await oldestAcknowledged(dirname(state.path)))?.n ?? null)
  }
}
