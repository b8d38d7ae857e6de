import { readFileSync } from 'node:fs'
import { messageOf, usageError } from '../../lib/cli/index.ts'
import { SqlError } from '../../lib/sql/index.ts'

/** The SQL of -f or -e, with what it is called in messages. */
export function sqlOf(file: string | undefined, execute: string | undefined): { name: string; text: string } {
  if (file !== undefined && execute !== undefined) throw usageError('give -f or -e, not both')
  if (execute !== undefined) return { name: '-e', text: execute }
  if (file === undefined)
    throw usageError('no query: give -f FILE or -e SQL', 'e.g. enrich -e "SELECT * FROM contest_joins"')
  try {
    return { name: file, text: readFileSync(file, 'utf8') }
  } catch (error) {
    throw usageError(`-f ${file}: ${messageOf(error)}`)
  }
}

/** What `make` makes of the SQL, or the mistake in it as `q.sql:3:14: …` with the place below. */
export function tellingPlaces<T>(name: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    const frame = error.frame.replaceAll(/^/gm, '  ')
    throw usageError(`${name}:${error.line}:${error.column}: ${error.reason}\n${frame}`)
  }
}
