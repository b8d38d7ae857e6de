/**
 * Runs test files as one run of node:test with one summary: main.ts [--unit] [FOLDER|FILE…]. Files that start no servers
 * run side by side; the others follow two by two, since each of them needs gigabytes of memory, and time to wait.
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { compileOnce } from '../servers/java.ts'
import { findTests, root, startsServers } from './files.ts'
import { joinRuns } from './join-runs.ts'
import { LENDER, LentServers } from './lent-servers.ts'

/** A file that hangs fails after this; the longest take three minutes on a busy machine. */
const FILE_LIMIT_MS = 8 * 60_000
/** Files with servers that run side by side. */
const PAIR = 2

const args = process.argv.slice(2)
const from = process.env.MILLRACE_INVOKED_FROM ?? process.cwd()
const files = findTests(
  args.filter(arg => !arg.startsWith('-')),
  from
)
const unit = files.filter(file => !startsServers(file))
/** The longest are among those of scripts: begun last, they would leave the other processor without work. */
const rank = (file: string): number => (file.includes('/test/scripts/') ? 0 : 1)
const onServers = (args.includes('--unit') ? [] : files.filter(startsServers)).sort(
  (a, b) => rank(a) - rank(b)
)
if (unit.length + onServers.length === 0) {
  console.error('test: no test files there (they end in .test.ts)')
  process.exit(2)
}

const runs = [
  () => run({ files: unit, concurrency: availableParallelism(), timeout: FILE_LIMIT_MS }),
  () => run({ files: onServers, concurrency: PAIR, timeout: FILE_LIMIT_MS })
].filter((_, i) => [unit, onServers][i]?.length)

const servers = await LentServers.open()
process.env[LENDER] = servers.url
// Of the same code in every file's process; npm ci removes the folder.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/compiled')
compileOnce()
const events = joinRuns(runs, failed => {
  process.exitCode = failed ? 1 : 0
})
// Not 0 until the end was reached.
process.exitCode = 1
const printed = Readable.from(events).pipe(new spec())
printed.once('end', () => void servers[Symbol.asyncDispose]())
printed.pipe(process.stdout)
