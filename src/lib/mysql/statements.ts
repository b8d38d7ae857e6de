import { ToolError } from '../cli/index.ts'

/** What a QUERY event means for a reader of rows. */
export type Statement =
  | { readonly kind: 'begin' | 'commit' | 'other' | 'xa-begin' }
  /** Rows were changed by a statement that the log does not show the rows of. */
  | { readonly kind: 'rows' }
  | { readonly kind: 'truncate'; readonly database: string; readonly table: string }
  /** A prepared transaction is over; `xid` is its id as it stands there. */
  | { readonly kind: 'xa'; readonly isCommit: boolean; readonly xid: string }
  /** Definitions may have changed. */
  | { readonly kind: 'ddl' }

const COMMENT = /^(?:\s+|\/\*.*?\*\/|--[^\n]*\n|#[^\n]*\n)+/s
/** Double quotes are those of sql_mode ANSI_QUOTES. */
const NAME = '`(?:[^`]|``)+`|"(?:[^"]|"")+"|[^\\s.`";]+'
const TRUNCATE = new RegExp(`^TRUNCATE\\s+(?:TABLE\\s+)?(?:(${NAME})\\s*\\.\\s*)?(${NAME})`, 'i')
/** MariaDB: variables for one statement. */
const SET_STATEMENT = /^SET\s+STATEMENT\s.*?\sFOR\s+/is

/** @param database the session's, for names without one */
export function classifyStatement(sql: string, database: string): Statement {
  const text = sql.replace(COMMENT, '')
  const word = /^[a-z]+/i.exec(text)?.[0].toUpperCase() ?? ''
  switch (word) {
    case 'BEGIN':
      return { kind: 'begin' }
    case 'COMMIT':
    case 'ROLLBACK':
      return /^ROLLBACK\s+TO/i.test(text) ? { kind: 'other' } : { kind: 'commit' }
    case 'SAVEPOINT':
    case 'RELEASE':
    case 'FLUSH':
    case 'ANALYZE':
    case 'OPTIMIZE':
    case 'GRANT':
    case 'REVOKE':
      return { kind: 'other' }
    case 'XA':
      return classifyXa(text)
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
    case 'REPLACE':
    case 'LOAD':
    case 'WITH':
      return { kind: 'rows' }
    case 'SET':
      return SET_STATEMENT.test(text)
        ? classifyStatement(text.replace(SET_STATEMENT, ''), database)
        : { kind: 'ddl' }
    case 'TRUNCATE': {
      const match = TRUNCATE.exec(text)
      return match === null
        ? { kind: 'ddl' }
        : { kind: 'truncate', database: unquote(match[1]) ?? database, table: unquote(match[2]) ?? '' }
    }
    default:
      return { kind: 'ddl' }
  }
}

function unquote(name: string | undefined): string | undefined {
  const quote = name?.charAt(0) ?? ''
  return quote === '`' || quote === '"' ? name?.slice(1, -1).replaceAll(quote + quote, quote) : name
}

function classifyXa(text: string): Statement {
  const [, verb = '', xid = ''] = /^XA\s+(\w+)\s+([^;]*?)\s*$/i.exec(text) ?? []
  switch (verb.toUpperCase()) {
    case 'START':
    case 'BEGIN':
      return { kind: 'xa-begin' }
    case 'COMMIT':
    case 'ROLLBACK':
      return { kind: 'xa', isCommit: verb.toUpperCase() === 'COMMIT', xid }
    default:
      return { kind: 'other' }
  }
}

/** The error of a statement that changed rows which the log does not show. */
export function statementFormat(sql: string): ToolError {
  const text = sql.length > 100 ? `${sql.slice(0, 97)}…` : sql
  return new ToolError('DATA', `a change was logged as a statement, its rows are not in the log: ${text}`, {
    hint: 'a session used binlog_format=STATEMENT or MIXED; its changes can only be had by a new snapshot'
  })
}
