import { usageError } from '../cli/index.ts'
import { GtidSet } from './gtid-set.ts'
import { MariadbGtids } from './mariadb-gtids.ts'
import type { PreparedFiles } from './prepared.ts'

/** What has been executed, as MySQL or MariaDB tell it. */
export type Gtids = GtidSet | MariadbGtids

/** A place in a server's log, between two transactions. */
export interface LogPosition {
  readonly file: string
  readonly position: number
  /** Everything that has been executed up to here; null where the server has no GTIDs. */
  readonly gtids: Gtids | null
  /** XA transactions that are prepared here, and where their rows are held. */
  readonly prepared?: PreparedFiles
}

/** As it stands in marks: `{"gtid":"…","file":"binlog.000003","pos":1534}`. */
export function formatPosition(position: LogPosition): Record<string, unknown> {
  const { file, gtids, prepared } = position
  return {
    ...(gtids === null ? {} : { gtid: gtids.toString() }),
    file,
    pos: position.position,
    ...(prepared === undefined ? {} : { xa: prepared })
  }
}

/** @throws ToolError USAGE when a mark's `at` is not of this form */
export function parsePosition(at: Readonly<Record<string, unknown>>): LogPosition {
  const { gtid, file, pos, xa } = at
  if (typeof file !== 'string' || typeof pos !== 'number') {
    throw usageError(`the mark to resume from has no log position: ${JSON.stringify(at)}`)
  }
  return {
    file,
    position: pos,
    gtids: typeof gtid === 'string' ? parseGtids(gtid) : null,
    ...(xa !== null && typeof xa === 'object' ? { prepared: xa as PreparedFiles } : {})
  }
}

/** @throws ToolError USAGE */
export function parseGtids(text: string): Gtids {
  return MARIADB_GTID.test(text) ? MariadbGtids.parse(text) : GtidSet.parse(text)
}

const MARIADB_GTID = /^\s*\d+-\d+-\d+\s*(,|$)/

/** Whether all of `b` has been executed by `a`. */
export function includesGtids(a: Gtids, b: Gtids): boolean {
  if (a instanceof GtidSet && b instanceof GtidSet) return a.includes(b)
  if (a instanceof MariadbGtids && b instanceof MariadbGtids) return a.includes(b)
  return b.isEmpty
}

/** What `--start` and `--stop-at` may name. */
export type PositionOption =
  | { readonly kind: 'earliest' | 'latest' | 'now' }
  | { readonly kind: 'gtids'; readonly gtids: Gtids }
  | { readonly kind: 'file'; readonly file: string; readonly position: number }
  /** The first transaction committed at or after a moment, milliseconds since the epoch. */
  | { readonly kind: 'time'; readonly ms: number }

/** @throws ToolError USAGE */
export function parsePositionOption(
  text: string,
  flag: string,
  words: readonly ('earliest' | 'latest' | 'now')[]
): PositionOption {
  const word = words.find(candidate => candidate === text)
  if (word !== undefined) return { kind: word }
  const file = /^([^:,\s]+\.\d+):(\d+)$/.exec(text)
  if (file !== null) return { kind: 'file', file: file[1] as string, position: Number(file[2]) }
  if (text.startsWith('time:') && words.includes('earliest'))
    return { kind: 'time', ms: parseTime(text, flag) }
  const set = text.replace(/^gtid:/, '')
  if (MARIADB_GTID.test(set) || /^[0-9a-f]{8}-/i.test(set)) return { kind: 'gtids', gtids: parseGtids(set) }
  throw usageError(
    `${flag}: '${text}' is not a position`,
    `write ${words.join(', ')}, FILE:POS (binlog.000003:154) or a GTID set`
  )
}

/** ISO 8601 with its zone: what a time without one means depends on who reads it. */
function parseTime(text: string, flag: string): number {
  const iso = text.slice('time:'.length)
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(iso)
    ? Date.parse(iso)
    : Number.NaN
  if (Number.isNaN(ms)) {
    throw usageError(`${flag}: '${iso}' is not a time with its zone`, 'write time:2026-11-24T10:00:00Z')
  }
  return ms
}

/** Whether `position` is at or past `goal`. */
export function hasReached(position: LogPosition, goal: PositionOption | LogPosition): boolean {
  if ('kind' in goal) {
    if (goal.kind === 'gtids') return position.gtids !== null && includesGtids(position.gtids, goal.gtids)
    if (goal.kind === 'file') return compareFiles(position, goal) >= 0
    return false
  }
  if (position.gtids !== null && goal.gtids !== null) return includesGtids(position.gtids, goal.gtids)
  return compareFiles(position, goal) >= 0
}

interface FilePosition {
  readonly file: string
  readonly position: number
}

function compareFiles(a: FilePosition, b: FilePosition): number {
  if (a.file === b.file) return a.position - b.position
  return numberOf(a.file) - numberOf(b.file)
}

/** The files that were compared last: positions of a run lie in few of them. */
const numbers = new Map<string, number>()
const FEW_FILES = 16

/** `binlog.000123` → 123 */
function numberOf(file: string): number {
  let number = numbers.get(file)
  if (number === undefined) {
    number = Number(/\.(\d+)$/.exec(file)?.[1] ?? 0)
    if (numbers.size >= FEW_FILES) numbers.clear()
    numbers.set(file, number)
  }
  return number
}
