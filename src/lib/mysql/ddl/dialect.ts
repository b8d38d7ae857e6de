/** What the text of a statement depends on: who wrote it, and in which mode. */
export interface Dialect {
  readonly isMariadb: boolean
  /** 80015 for 8.0.15, 101118 for 10.11.18. */
  readonly version: number
  /** sql_mode: double quotes are around names. */
  readonly ansiQuotes: boolean
  /** sql_mode: a backslash in a string is one. */
  readonly plainBackslashes: boolean
  /** sql_mode: REAL is FLOAT. */
  readonly realIsFloat: boolean
  /** MariaDB's sql_mode ORACLE: its names of types. */
  readonly oracle: boolean
  /** lower_case_table_names=1: names of databases and tables are kept in small letters. */
  readonly lowerCaseNames: boolean
}

/** Bits of sql_mode as the log has it (mysql: sql/system_variables.h; MariaDB: sql/sql_class.h). */
const MODE = {
  realAsFloat: 1,
  ansiQuotes: 4,
  oracle: 512,
  noBackslashEscapes: 1 << 20
}

/** @param serverVersion `8.0.15-log`, `10.11.18-MariaDB-…`, also with the prefix `5.5.5-` of old MariaDBs */
export function dialectOf(serverVersion: string, sqlMode: number, lowerCaseNames = false): Dialect {
  const isMariadb = /mariadb/i.test(serverVersion)
  const digits = /(\d+)\.(\d+)\.(\d+)/.exec(serverVersion.replace(/^5\.5\.5-(?=1\d\.)/, ''))
  const [major = 0, minor = 0, patch = 0] = (digits ?? []).slice(1).map(Number)
  const has = (bit: number): boolean => (sqlMode & bit) !== 0
  return {
    isMariadb,
    version: major * 10_000 + minor * 100 + patch,
    ansiQuotes: has(MODE.ansiQuotes),
    plainBackslashes: has(MODE.noBackslashEscapes),
    realIsFloat: has(MODE.realAsFloat),
    oracle: isMariadb && has(MODE.oracle),
    lowerCaseNames
  }
}
