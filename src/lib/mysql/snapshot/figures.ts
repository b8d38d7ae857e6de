import { formatDuration } from '../../cli/index.ts'
import type { MysqlConnection } from '../connection.ts'
import { sqlString } from '../schema.ts'
import type { TableName } from '../tables.ts'
import { tableId } from './progress.ts'

/** Rows of each table as the server estimates them: for InnoDB a guess from a few pages. */
export async function estimateRows(
  connection: MysqlConnection,
  tables: readonly TableName[]
): Promise<Map<string, number>> {
  if (tables.length === 0) return new Map()
  // MySQL 8.0 shows figures of yesterday otherwise. Elsewhere there is no such variable.
  const isCached =
    (await connection.query("SHOW VARIABLES LIKE 'information_schema_stats_expiry'")).length > 0
  if (isCached) await connection.query('SET SESSION information_schema_stats_expiry = 0')
  const databases = [...new Set(tables.map(({ database }) => database))]
  const rows = await connection.query(
    'SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name, TABLE_ROWS AS estimate FROM information_schema.TABLES ' +
      `WHERE TABLE_SCHEMA IN (${databases.map(sqlString).join(',')})`
  )
  const wanted = new Set(tables.map(tableId))
  return new Map(
    rows
      .map(row => [`${row.db}.${row.name}`, Number(row.estimate ?? 0)] as const)
      .filter(([id]) => wanted.has(id))
  )
}

/** A table that is being read. */
export interface TableFigures {
  readonly table: string
  readonly rows: number
  readonly estimate: number
}

/** How far a snapshot is, for people. */
export interface SnapshotFigures {
  readonly tables: number
  readonly tablesDone: number
  /** Rows given by this run. */
  readonly rows: number
  /** Rows given of all tables, those of earlier runs too, and how many there are, about. */
  readonly given: number
  readonly estimate: number
  readonly reading: readonly TableFigures[]
  readonly elapsedMs: number
}

/** `dream.payments 1,234,000 of about 2,000,000 rows (62%); 3 of 12 tables done, 55% in all, about 40 s left` */
export function describeFigures(figures: SnapshotFigures): string {
  const { tables, tablesDone, rows, given, estimate, reading, elapsedMs } = figures
  const now = reading.map(
    each =>
      `${each.table} ${count(each.rows)} of about ${count(Math.max(each.estimate, each.rows))} rows (${percent(each.rows, each.estimate)})`
  )
  if (tables === 0) return 'brings the rows that were given up to date from the log'
  const left = Math.max(0, estimate - given)
  const eta =
    rows === 0 || elapsedMs === 0
      ? ''
      : `, about ${formatDuration(Math.ceil((left * elapsedMs) / rows / 1000) * 1000)} left`
  const all = `${tablesDone} of ${tables} tables done, ${percent(given, estimate)} in all${eta}`
  return [...now.slice(0, 2), ...(now.length > 2 ? [`${now.length - 2} more`] : []), all].join('; ')
}

function count(rows: number): string {
  return rows.toLocaleString('en-US')
}

/** An estimate may be too low: what is not over is not at 100 %. */
function percent(rows: number, estimate: number): string {
  return `${estimate === 0 ? 0 : Math.min(99, Math.floor((rows / estimate) * 100))}%`
}
