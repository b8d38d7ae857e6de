import { type Invocation, type Log, messageOf, suggest, usageError } from '../../lib/cli/index.ts'
import {
  formatProblem,
  type Label,
  loadRules,
  type Problem,
  type Rule,
  readLabels,
  SilenceFile
} from '../../lib/rules/index.ts'
import type { flags } from './flags.ts'
import { silencesFile } from './silence.ts'

type Flags = Invocation<typeof flags>['flags']

/** The flags, with those of a test put into the places that any run takes them from. */
export function withCapture(flags: Flags, [capture]: readonly string[]): Flags {
  if (flags.test.length === 0) {
    if (capture !== undefined) throw usageError(`unexpected argument '${capture}': a capture needs --test`)
    if (flags.labels !== undefined) throw usageError('--labels needs --test')
    return flags
  }
  if (flags.rules.length > 0) throw usageError('--test and --rules both name rules: leave --rules out')
  if (flags.clock === 'wall') throw usageError('--test is by event time: leave --clock out')
  if (flags.state !== undefined) throw usageError('--test keeps no state: leave --state out')
  if (capture !== undefined && (flags.in !== '-' || flags.from !== undefined)) {
    throw usageError('CAPTURE and --in or --from both name the events')
  }
  return { ...flags, rules: flags.test, in: capture ?? flags.in }
}

export function silencesOf(flags: Parameters<typeof silencesFile>[0], log: Log): SilenceFile | null {
  const file = silencesFile(flags)
  if (file === undefined) return null
  return new SilenceFile(file, error => log.error(`${messageOf(error)}; the silences before it go on`))
}

/** What should have been raised; null where that is not known. A rule in it that is not there is named in a warning. */
export function labelsOf(rules: readonly Rule[], file: string | undefined, log: Log): Label[] | null {
  if (file === undefined) return null
  const labels = readLabels(file)
  const names = rules.map(({ name }) => name)
  for (const name of new Set(labels.map(({ rule }) => rule))) {
    if (name === undefined || names.includes(name)) continue
    const near = suggest(name, names)
    log.warn(`${file}: no rule is named ${name}${near === undefined ? '' : `: did you mean ${near}?`}`)
  }
  return labels
}

/** The rules, without errors; warnings are said. With `check`, a misspelt option is an error too. */
export function checkedRules(paths: string[], check: boolean, log: Log): Rule[] {
  const { rules, problems } = loadRules(paths)
  const isError = (p: Problem): boolean => p.severity === 'error' || (check && p.misspelt === true)
  for (const problem of problems) {
    if (problem.severity === 'note') {
      // what a rule asks of queries is to be known to who checks it, not to each run
      if (check) log.info(formatProblem(problem))
    } else if (!isError(problem)) log.warn(formatProblem(problem))
  }
  const errors = problems.filter(isError)
  if (errors.length > 0) throw usageError(errors.map(formatProblem).join('\n  '))
  if (rules.length === 0)
    throw usageError(
      `no rules in ${paths.join(', ')}`,
      'a rule file ends in .yaml or .yml and has is_enabled true'
    )
  if (check) log.info(`no errors in ${count(rules.length, 'rule')}`)
  return rules
}

export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
