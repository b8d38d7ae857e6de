import {
  type CommandSpec,
  commonFlags,
  type Invocation,
  stateFlags,
  usageError
} from '../../lib/cli/index.ts'
import { forgetMember } from '../../lib/stream/index.ts'

export const forgetFlags = { state: stateFlags.state, ...commonFlags } as const

export const forgetSpec = {
  name: 'forget',
  summary: 'take a tool out of a pipeline that no longer has it',
  synopsis: ['TOOL --state DIR'],
  description: [
    'Every tool that acknowledges marks (es-sink, alert-eval, a file as output) registers in the state directory when it starts, and the pipeline resumes no later than what the slowest of them has acknowledged. One that has left is taken out with this command.'
  ],
  operands: [
    { name: 'TOOL', required: true, help: 'as its folder in DIR is called: es-sink, es-sink.archive' }
  ],
  flags: forgetFlags,
  examples: []
} as const satisfies CommandSpec

export async function forget({ flags, operands, log }: Invocation<typeof forgetFlags>): Promise<number> {
  if (flags.state === undefined) throw usageError('--state is missing: the state directory of the pipeline')
  await forgetMember(flags.state, operands[0] as string)
  log.info(`${operands[0]} is forgotten`)
  return 0
}
