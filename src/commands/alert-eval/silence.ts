import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CommandSpec,
  commonFlags,
  type Invocation,
  stateFlags,
  suggest,
  ToolError,
  usageError
} from '../../lib/cli/index.ts'
import {
  changeSilences,
  formatIso,
  lifted,
  parseIso,
  readSilences,
  rulesOf,
  type Silence
} from '../../lib/rules/index.ts'
import { StateDirectory } from '../../lib/stream/index.ts'

export const silenceFlags = {
  key: {
    kind: 'strings',
    arg: 'KEY',
    help: 'only alerts of this key, as it stands in them',
    doc: 'Repeatable. Without it the whole rule is silenced.'
  },
  for: { kind: 'duration', help: 'how long, in the time of the events' },
  from: {
    kind: 'string',
    arg: 'TIME',
    help: 'event time from which on, ISO 8601',
    doc: "Now by the machine's clock unless given, which is where the events of a pipeline without a backlog are."
  },
  list: { kind: 'boolean', help: 'print the silences that are not over, one JSON object a line' },
  lift: { kind: 'boolean', help: 'end the silences of the rule, or of the keys given' },
  silences: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'the file of silences, where there is no --state'
  },
  ...stateFlags,
  ...commonFlags
} as const

export const silenceSpec = {
  name: 'silence',
  summary: 'have a rule, or some of its keys, notify nobody for a while',
  synopsis: [
    'RULE --for TIME [--key KEY]... --state DIR',
    'RULE --lift [--key KEY]... --state DIR',
    '--list --state DIR'
  ],
  description: [
    'A silence holds for a stretch of event time, from now on unless --from is given, and is kept in the state directory, where a running alert-eval sees it with the next lines that it reads and a later one finds it. Its alerts are still written, with "silenced":true, and count for nothing else: no alerter is told, --fail-on-alert is not concerned, and realert begins with the first alert after it.',
    'Since its bounds are times of events, a replay with the same file of silences (--silences) gives the same alerts, whenever it is run. So that this holds for what was silenced before, --lift ends a silence and does not remove it. The events of a backlog are older than a silence that begins now: give --from for them.'
  ],
  operands: [{ name: 'RULE', help: 'name of the rule, as it stands in its alerts' }],
  flags: silenceFlags,
  examples: [
    {
      text: 'two hours of maintenance at one gateway',
      code: "alert-eval silence 'gateway down' --key paytm --for 2h --state run"
    }
  ]
} as const satisfies CommandSpec

/** Where silences are kept: in the tool's part of the state directory, unless a file is named. */
export function silencesFile(flags: {
  readonly silences: string | undefined
  readonly state: string | undefined
  readonly name: string | undefined
}): string | undefined {
  if (flags.silences !== undefined) return flags.silences
  return flags.state === undefined ? undefined : join(folderOf(flags.state, flags.name), 'silences.json')
}

function folderOf(state: string, name: string | undefined): string {
  return join(state, name === undefined ? 'alert-eval' : `alert-eval.${name}`)
}

export async function silence({ flags, operands, log }: Invocation<typeof silenceFlags>): Promise<number> {
  const file = silencesFile(flags)
  if (file === undefined) throw usageError('--state is missing: the state directory of the pipeline')
  if (
    flags.silences === undefined &&
    flags.state !== undefined &&
    !existsSync(folderOf(flags.state, flags.name))
  ) {
    throw usageError(
      `no alert-eval${flags.name === undefined ? '' : ` named ${flags.name}`} has kept state in ${flags.state}`,
      'give the --state, and the --name, that it runs with'
    )
  }
  checkTogether(flags, operands)
  const now = Date.now() * 1000
  if (flags.list) {
    for (const entry of readSilences(file)) {
      if (parseIso(entry.until)! > now) process.stdout.write(`${JSON.stringify(entry)}\n`)
    }
    return 0
  }
  const [rule] = operands
  if (rule === undefined) throw usageError('RULE is missing: the name of the rule')
  const keys = flags.key.length === 0 ? [null] : flags.key
  if (flags.lift) {
    await changeSilences(file, silences => liftEach(silences, rule, flags.key, now))
    log.info(`${said(rule, flags.key)} is not silenced any more`)
    return 0
  }
  if (flags.for === undefined) throw usageError('--for is missing: how long the rule is silenced, as 2h')
  const from = flags.from === undefined ? now : parseIso(flags.from)
  if (from === undefined)
    throw usageError(`--from: '${flags.from}' is not a time (write 2026-11-24T10:00:00Z)`)
  const bounds = { from: formatIso(from), until: formatIso(from + flags.for * 1000) }
  const known = await knownRules(flags)
  if (known !== null && !known.includes(rule)) {
    const near = suggest(rule, known)
    const suggestion = near === undefined ? '' : `: did you mean ${near}?`
    log.warn(`no rule named ${rule} was there at the last mark in ${flags.state}${suggestion}`)
  }
  await changeSilences(file, silences => [...silences, ...keys.map(key => ({ rule, key, ...bounds }))])
  log.info(`${said(rule, flags.key)} is silenced from ${bounds.from} until ${bounds.until}, in event time`)
  return 0
}

function liftEach(silences: Silence[], rule: string, keys: string[], now: number): Silence[] {
  let left = silences
  for (const key of keys.length === 0 ? [undefined] : keys) {
    const next = lifted(left, rule, key, now)
    if (next.length === left.length && next.every((entry, i) => entry === left[i])) {
      const whole = left.some(s => s.rule === rule && s.key === null && parseIso(s.until)! > now)
      throw new ToolError('DATA', `${said(rule, key === undefined ? [] : [key])} has no silence to lift`, {
        hint: whole
          ? 'the whole rule is silenced: leave --key out'
          : 'alert-eval silence --list prints those there are'
      })
    }
    left = next
  }
  return left
}

/** @throws ToolError USAGE for what cannot be meant together, or would have no effect */
function checkTogether(flags: Invocation<typeof silenceFlags>['flags'], operands: readonly string[]): void {
  const refuse = (one: string, others: Record<string, boolean>): void => {
    const other = Object.keys(others).find(name => others[name])
    if (other !== undefined) throw usageError(`${one} goes without ${other}`)
  }
  const times = { '--for': flags.for !== undefined, '--from': flags.from !== undefined }
  const isOfOne = { RULE: operands.length > 0, '--key': flags.key.length > 0 }
  if (flags.list) refuse('--list, which prints all,', { '--lift': flags.lift, ...isOfOne, ...times })
  if (flags.lift) refuse('--lift, which ends what there is now,', times)
}

/** The rules that were evaluated at the last mark; null where that is not known. */
async function knownRules(flags: {
  readonly state: string | undefined
  readonly name: string | undefined
}): Promise<string[] | null> {
  if (flags.state === undefined) return null
  const newest = await StateDirectory.newest(flags.state, 'alert-eval', flags.name)
  return newest === null ? null : rulesOf(newest.content, newest.file)
}

function said(rule: string, keys: readonly string[]): string {
  return keys.length === 0 ? `"${rule}"` : `"${rule}" of ${keys.join(', ')}`
}
