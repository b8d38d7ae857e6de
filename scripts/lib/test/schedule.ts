import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { join, relative } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { root, startsServers } from './files.ts'
import type { TestEvent } from './join-runs.ts'

/** A test that hangs fails after this. */
const TEST_LIMIT_MS = 8 * 60_000
/** A file is ended after this, whatever hangs, such as a hook; the longest take three minutes on a busy machine. */
const FILE_LIMIT_MS = 10 * 60_000
/** Files with servers wait for a third of their time at least, and need up to 3 GB of memory each. */
const hasRoom = totalmem() >= 16e9
/** Files more than processors, as there are always some that wait. */
const AT_A_TIME = availableParallelism() + (hasRoom ? 2 : 1)
/** Files with servers that run side by side. */
const ON_SERVERS = hasRoom ? { besideOthers: 3, alone: 4 } : { besideOthers: 2, alone: 2 }

const giveWay = fileURLToPath(new URL('give-way.ts', import.meta.url))

/**
 * Runs test files, each as a run of node:test of its own, the longest first, so that no processor is without work at the end.
 * While files with servers are left, the others run beside them, one at a time, in what they leave of the processors.
 * @returns the events of a file when it has ended
 */
export async function* runFiles(files: readonly string[]): AsyncGenerator<readonly TestEvent[], void, void> {
  const sorted = longestFirst(files)
  const onServers = sorted.filter(startsServers)
  const others = sorted.filter(file => !startsServers(file))
  const running = new Map<string, Promise<[file: string, events: TestEvent[]]>>()

  const next = (): string | undefined => {
    const servers = [...running.keys()].filter(startsServers).length
    const isBeside = running.size > servers
    const most = isBeside || others.length > 0 ? ON_SERVERS.besideOthers : ON_SERVERS.alone
    if (onServers.length > 0 && servers < most) return onServers.shift()
    return onServers.length + servers === 0 || !isBeside ? others.shift() : undefined
  }

  for (;;) {
    for (let file: string | undefined; running.size < AT_A_TIME && (file = next()) !== undefined; )
      running.set(file, runFile(file))
    if (running.size === 0) return
    const [file, events] = await Promise.race(running.values())
    running.delete(file)
    yield events
  }
}

async function runFile(file: string): Promise<[string, TestEvent[]]> {
  const execArgv = startsServers(file) ? [] : ['--import', giveWay]
  const limit = AbortSignal.timeout(FILE_LIMIT_MS)
  return [file, await run({ files: [file], timeout: TEST_LIMIT_MS, signal: limit, execArgv }).toArray()]
}

/** By the seconds that a run has taken, in `test/seconds.json`; files that are not in there count as short. */
function longestFirst(files: readonly string[]): string[] {
  const seconds = JSON.parse(readFileSync(join(root, 'test/seconds.json'), 'utf8')) as Record<string, number>
  const of = (file: string): number => seconds[relative(root, file)] ?? 0
  return [...files].sort((a, b) => of(b) - of(a))
}
