import { parseArgs } from 'node:util'
import type { BenchCase } from './case.ts'
import { cases } from './cases/index.ts'
import { runCase } from './contest.ts'
import { resultAsJson } from './report.ts'
import { formatResult } from './table.ts'

const usage = `usage: scripts/bench [NAME...] [--rows N] [--runs N] [--json]
       scripts/bench --list

Measures the tools against their peers, in turns in one run, and prints a table
a case: figures of each, and ratios. Machines differ and are noisy; the ratios
are what counts. Without a NAME all cases run.

--rows N  work on N rows (lines, documents) instead of the case's own number
--runs N  measured runs of each, after a warm-up (5; 21 of what is short)
--json    one line of JSON a case instead of the table
--list    the cases, and those that cannot run on this machine
`

const DEFAULT_RUNS = 5

class UsageError extends Error {}

const log = (message: string): void => {
  process.stderr.write(`bench: ${message}\n`)
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rows: { type: 'string' },
        runs: { type: 'string' },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false }
      }
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function positive(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1)
    throw new UsageError(`${flag} ${text}: takes a number from 1`)
  return value
}

function chosen(names: readonly string[]): readonly BenchCase[] {
  if (names.length === 0) return cases
  return names.map(name => {
    const found = cases.find(bench => bench.name === name)
    if (found === undefined)
      throw new UsageError(`no case '${name}'; there are ${cases.map(bench => bench.name).join(', ')}`)
    return found
  })
}

function list(): void {
  const width = Math.max(...cases.map(({ name }) => name.length))
  for (const bench of cases) {
    const missing = bench.missing?.() ?? null
    process.stdout.write(
      `${bench.name.padEnd(width)}  ${bench.measures}${missing === null ? '' : ` (not here: ${missing})`}\n`
    )
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parse()
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  if (values.list) {
    list()
    return 0
  }
  const runs = positive('--runs', values.runs)
  const rows = positive('--rows', values.rows)
  let failed = false
  for (const bench of chosen(positionals)) {
    const missing = bench.missing?.() ?? null
    if (missing !== null) {
      log(`${bench.name}: cannot run here: ${missing}`)
      failed ||= positionals.length > 0 // asked for by name
      continue
    }
    const result = await runCase(bench, runs ?? bench.runs ?? DEFAULT_RUNS, {
      rows: bench.unit === null ? bench.rows : (rows ?? bench.rows),
      log
    })
    process.stdout.write(values.json ? `${resultAsJson(result)}\n` : `${formatResult(result)}\n`)
  }
  return failed ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  const wrongUse = error instanceof UsageError
  process.stderr.write(`bench: ${(error as Error).message}\n${wrongUse ? `\n${usage}` : ''}`)
  process.exitCode = wrongUse ? 2 : 1
}
