import { Command, CommanderError, Option } from 'commander'
import { readConfig } from './config.ts'
import { convertFlag } from './convert.ts'
import { expandEnv } from './env.ts'
import { usageError } from './errors.ts'
import { type CommandSpec, camelCase, type Flag, type FlagSet, type FlagValues } from './flags.ts'
import { suggest } from './suggest.ts'

export interface Parsed<S extends FlagSet> {
  readonly flags: FlagValues<S>
  readonly operands: string[]
}

/**
 * Reads the arguments against the declaration; values from `--config` fill in what the command line leaves out.
 * @throws ToolError USAGE
 */
export function parseArguments<S extends FlagSet>(spec: CommandSpec<S>, argv: readonly string[]): Parsed<S> {
  const program = buildProgram(spec)
  try {
    program.parse(withoutWords(spec.flags, argv), { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) throw asUsageError(error, spec)
    throw error
  }
  const given = withNegations(spec.flags, program.opts())
  let operands = program.args
  if (typeof given.config === 'string') {
    const config = readConfig(given.config, spec)
    for (const [name, value] of Object.entries(config.flags)) {
      given[camelCase(name)] ??= value
    }
    if (operands.length === 0) operands = config.operands
  }
  checkOperands(spec, operands)
  return { flags: completeFlags(spec.flags, given) as FlagValues<S>, operands: operands.map(expandOperand) }
}

/** The arguments without the words that may stand before a value: `--emit every 1s` is `--emit 1s`. */
function withoutWords(flags: FlagSet, argv: readonly string[]): string[] {
  return argv.filter((argument, i) => {
    const [, name = ''] = /^--(.+)$/.exec(argv[i - 1] ?? '') ?? []
    return !Object.hasOwn(flags, name) || flags[name]?.word !== argument
  })
}

/** Commander takes `--no-x` as x set to false; here it is a flag like any other. */
function withNegations(flags: FlagSet, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result = { ...given }
  for (const name of Object.keys(flags)) {
    if (name.startsWith('no-') && given[camelCase(name.slice(3))] === false) result[camelCase(name)] = true
  }
  return result
}

function buildProgram(spec: CommandSpec): Command {
  const program = new Command(spec.name)
  program
    .exitOverride()
    .helpOption(false)
    .allowExcessArguments(true)
    .configureOutput({ writeOut: () => {}, writeErr: () => {} })
  for (const operand of spec.operands ?? []) {
    program.argument(operand.many ? `[${operand.name}...]` : `[${operand.name}]`)
  }
  for (const [name, flag] of Object.entries(spec.flags)) program.addOption(toOption(name, flag))
  return program
}

function toOption(name: string, flag: Flag): Option {
  const value = flag.kind === 'boolean' ? '' : flag.alone === undefined ? ' <value>' : ' [value]'
  const long = `--${name}${value}`
  const option = new Option(flag.short === undefined ? long : `-${flag.short}, ${long}`, flag.help)
  if (flag.alone !== undefined) option.preset(flag.alone)
  if (flag.kind !== 'boolean') {
    option.argParser((text: string, previous: unknown) => convertFlag(name, flag, text, previous))
  }
  return option
}

function completeFlags(flags: FlagSet, given: Record<string, unknown>): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, flag] of Object.entries(flags)) {
    const key = camelCase(name)
    const absent =
      flag.kind === 'boolean' ? false : flag.kind === 'list' || flag.kind === 'strings' ? [] : undefined
    values[key] = given[key] ?? flag.default ?? absent
  }
  return values
}

function checkOperands(spec: CommandSpec, operands: readonly string[]): void {
  const declared = spec.operands ?? []
  const required = declared.filter(operand => operand.required)
  if (operands.length < required.length) {
    const missing = required[operands.length]
    throw usageError(`${missing?.name} is missing: ${missing?.help}`, usageHint(spec))
  }
  if (operands.length > declared.length && !declared.at(-1)?.many) {
    throw usageError(`unexpected argument '${operands[declared.length]}'`, usageHint(spec))
  }
}

function expandOperand(text: string): string {
  return expandEnv(text, text.includes('://') ? 'URL' : text)
}

function asUsageError(error: CommanderError, spec: CommandSpec): Error {
  const text = error.message.replace(/^error: /, '').split('\n')[0] as string
  if (error.code === 'commander.unknownOption') {
    const word = /'(-[^']*)'/.exec(text)?.[1] ?? ''
    const near = suggest(word.replace(/^-+/, ''), Object.keys(spec.flags))
    return usageError(
      `unknown flag ${word}${near === undefined ? '' : ` (did you mean --${near}?)`}`,
      usageHint(spec)
    )
  }
  return usageError(
    text.replace(/option '([^']*)' argument missing/, 'flag $1 needs its value'),
    usageHint(spec)
  )
}

function usageHint(spec: CommandSpec): string {
  return `usage: ${spec.name} ${spec.synopsis[0] ?? ''}; all flags: ${spec.name} --help`
}
