import { Backoff, type CommandSpec, commonFlags, type Invocation, serverFlags } from '../../lib/cli/index.ts'
import { examine, parseMysqlUrl, TableFilter } from '../../lib/mysql/index.ts'
import { flags } from './flags.ts'

export const doctorFlags = {
  tables: flags.tables,
  'exclude-tables': flags['exclude-tables'],
  json: { kind: 'boolean', help: 'print the findings as JSON lines' },
  ...serverFlags,
  ...commonFlags
} as const

export const doctorSpec = {
  name: 'doctor',
  summary: 'tell whether a server can be read, and what to change',
  synopsis: ['URL [--tables NAME,...]'],
  description: [
    'Prints a line for each thing that a run depends on: ok, warn or fail, what was found, and what to change, as SQL where it can be done so. Nothing on the server is changed or locked. The status is 3 when something fails.'
  ],
  operands: [{ name: 'URL', required: true, help: 'as for cdc-tail itself' }],
  flags: doctorFlags,
  examples: []
} as const satisfies CommandSpec

export async function doctor({ flags, operands, stop }: Invocation<typeof doctorFlags>): Promise<number> {
  const target = parseMysqlUrl(operands[0] as string)
  const tables = new TableFilter(flags.tables, target.database, flags.excludeTables)
  const findings = await examine(target, tables, new Backoff(flags.retryFor, stop))
  for (const finding of findings) {
    const { state, check, message, fix } = finding
    const text = `${state.padEnd(4)} ${check}: ${message}${fix === undefined ? '' : `; to change it: ${fix}`}`
    process.stdout.write(`${flags.json ? JSON.stringify(finding) : text}\n`)
  }
  return findings.some(({ state }) => state === 'fail') ? 3 : 0
}
