import { join } from 'node:path'
import {
  type CommandSpec,
  commonFlags,
  type Invocation,
  stateFlags,
  usageError
} from '../../lib/cli/index.ts'
import { RequestFolder } from '../../lib/mysql/index.ts'

export const snapshotFlags = {
  signal: {
    kind: 'boolean',
    help: 'ask the pipeline of --state for it (needed: nothing else is done so far)'
  },
  where: { kind: 'string', arg: 'SQL', help: 'only rows that fulfil a condition' },
  stop: { kind: 'boolean', help: 'end what was asked for, of these tables or of all' },
  state: stateFlags.state,
  name: stateFlags.name,
  ...commonFlags
} as const

export const snapshotSpec = {
  name: 'snapshot',
  summary: 'ask a pipeline for the rows of tables while it follows the log',
  synopsis: ['--signal --state DIR TABLE,... [--where SQL]', '--signal --stop --state DIR [TABLE,...]'],
  description: [
    'The run that uses the state directory, or the next one, reads the rows of the tables in chunks between transactions, without a lock, and writes them as op r with snapshot "incremental". Rows that change meanwhile are told from the log. Marks tell how far it is, so it goes on where it was after a crash.',
    'A table that --tables did not name is followed from then on, by later runs as well: each of its rows comes once, and changes of it after that. One that was followed already is told anew. Tables need a primary key; new ones binlog_row_image=FULL. A server without GTIDs that is no MariaDB takes a short lock on the table for each chunk.'
  ],
  operands: [
    { name: 'TABLE,...', required: false, help: "db.table, or a table of the database in the pipeline's URL" }
  ],
  flags: snapshotFlags,
  examples: []
} as const satisfies CommandSpec

export async function requestSnapshot({
  flags,
  operands,
  log
}: Invocation<typeof snapshotFlags>): Promise<number> {
  if (!flags.signal) throw usageError('--signal is missing: a pipeline is asked, by its --state directory')
  if (flags.state === undefined) throw usageError('--state is missing: the state directory of the pipeline')
  const names = operands.flatMap(operand => operand.split(',')).filter(name => name !== '')
  if (names.length === 0 && !flags.stop) throw usageError('TABLE is missing: of which tables?')
  const source = join(flags.state, flags.name === undefined ? 'cdc-tail' : `cdc-tail.${flags.name}`)
  await new RequestFolder(source).put({
    kind: flags.stop ? 'stop' : 'execute',
    tables: names.map(name => ({ name, where: flags.where ?? '' }))
  })
  const what = names.length === 0 ? 'all snapshots' : names.join(', ')
  log.info(
    `${what}: asked for in ${source}; the run that uses it, or the next, ${flags.stop ? 'stops' : 'takes'} it`
  )
  return 0
}
