/** Runs test files, in the order of `runFiles`, as one run of node:test with one summary: main.ts [--unit] [FOLDER|FILE…]. */
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'
import { compileOnce } from '../servers/java.ts'
import { findTests, root, startsServers } from './files.ts'
import { joinRuns } from './join-runs.ts'
import { LENDER, LentServers } from './lent-servers.ts'
import { runFiles } from './schedule.ts'

const args = process.argv.slice(2)
const from = process.env.MILLRACE_INVOKED_FROM ?? process.cwd()
const files = findTests(
  args.filter(arg => !arg.startsWith('-')),
  from
)
const wanted = args.includes('--unit') ? files.filter(file => !startsServers(file)) : files
if (wanted.length === 0) {
  console.error('test: no test files there (they end in .test.ts)')
  process.exit(2)
}

const servers = await LentServers.open()
process.env[LENDER] = servers.url
// Of the same code in every file's process; npm ci removes the folder.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compiled')
compileOnce()
const events = joinRuns(runFiles(wanted), failed => {
  process.exitCode = failed ? 1 : 0
})
// Not 0 until the end was reached.
process.exitCode = 1
const printed = Readable.from(events).pipe(new spec())
printed.once('end', () => void servers[Symbol.asyncDispose]())
printed.pipe(process.stdout)
