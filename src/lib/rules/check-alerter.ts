import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { messageOf } from '../cli/index.ts'
import { ALERTER_OPTIONS, type AlerterOption } from './alerter-options.ts'
import { didYouMean } from './did-you-mean.ts'
import { isObject, type JsonObject } from './fields.ts'
import type { OptionReader } from './option-reader.ts'
import { isTruthy } from './python-values.ts'
import type { YamlPath } from './source.ts'

/** Kinds of values, and how one that is none is told. */
const KINDS: Record<string, { holds: (value: unknown) => boolean; is: string }> = {
  text: { holds: isScalar, is: 'a text' },
  scalar: { holds: isScalar, is: 'a text or a number' },
  texts: {
    holds: v => isScalar(v) || (Array.isArray(v) && v.every(isScalar)),
    is: 'a text, or a list of them'
  },
  list: { holds: v => Array.isArray(v) && v.every(isObject), is: 'a list of objects' },
  map: { holds: isObject, is: 'an object' },
  duration: { holds: isObject, is: 'an object such as {minutes: 5}' },
  number: { holds: v => typeof v === 'number', is: 'a number' },
  flag: { holds: v => typeof v === 'boolean', is: 'true or false' },
  file: { holds: v => typeof v === 'string' || typeof v === 'boolean', is: 'a path' },
  any: { holds: () => true, is: 'anything' }
}

function isScalar(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/**
 * Checks the options of one alerter of a rule, its own and those at the top of the file; what is wrong is reported at its
 * place.
 * @param own those that stand below the alerter's name, at `where`
 */
export function checkAlerter(reader: OptionReader, type: string, own: JsonObject, where: YamlPath): void {
  const options = { ...reader.options, ...own }
  for (const option of ALERTER_OPTIONS.get(type) ?? []) {
    const { name, required } = option
    const value = options[name] ?? undefined
    const place = Object.hasOwn(own, name) ? [...where, type, name] : [name]
    if (value !== undefined) checkValue(reader, option, value, place)
    else if (required) reader.error(where, `${name} is missing: alerts by ${type} need it`)
  }
  if (type === 'jira')
    checkJira(reader, options, name => (Object.hasOwn(own, name) ? [...where, type, name] : [name]))
  for (const name of alsoNeeded(type, options)) {
    if (!Object.hasOwn(options, name)) reader.error(where, `${name} is missing: alerts by ${type} need it`)
  }
}

/** An account that cannot be read, and what is asked for tickets of which there can be none. */
function checkJira(reader: OptionReader, options: JsonObject, placeOf: (name: string) => YamlPath): void {
  const { jira_account_file: file, jira_bump_in_statuses: among, jira_bump_not_in_statuses: except } = options
  if (typeof file === 'string') {
    const problem = accountProblem(path.resolve(path.dirname(reader.file), file))
    if (problem !== undefined)
      reader.error(placeOf('jira_account_file'), `jira_account_file ${file}: ${problem}`)
  }
  if (isTruthy(among) && isTruthy(except)) {
    const what = 'jira_bump_in_statuses and jira_bump_not_in_statuses: one of them says it all'
    reader.warn(placeOf('jira_bump_not_in_statuses'), what)
  }
  const isBumped = options.jira_bump_tickets === true
  for (const name of ['jira_bump_only', 'jira_transition_to', 'jira_bump_after_inactivity']) {
    if (isBumped || !isTruthy(options[name])) continue
    const effect = name === 'jira_bump_only' ? 'no ticket is ever made' : 'it does nothing'
    reader.warn(placeOf(name), `${name} without jira_bump_tickets: ${effect}`)
  }
}

function accountProblem(file: string): string | undefined {
  try {
    const account: unknown = parse(readFileSync(file, 'utf8'))
    const has = (...names: string[]): boolean =>
      isObject(account) && names.every(name => Object.hasOwn(account, name))
    return has('apikey') || has('user', 'password')
      ? undefined
      : 'it has neither an apikey, nor a user and a password'
  } catch (error) {
    return messageOf(error).split('\n')[0]
  }
}

/** What an alerter needs by what it was told. */
function alsoNeeded(type: string, options: JsonObject): string[] {
  if (type === 'gelf') return options.gelf_type === 'tcp' ? ['gelf_host', 'gelf_port'] : ['gelf_endpoint']
  if (type === 'indexer') return Object.hasOwn(options, 'indexer_config') ? [] : ['indexer_connection']
  return []
}

function checkValue(
  reader: OptionReader,
  { name, kind }: AlerterOption,
  value: unknown,
  place: YamlPath
): void {
  const known = KINDS[kind]
  if (known !== undefined) {
    if (!known.holds(value)) reader.error(place, `${name} is ${known.is}, not ${JSON.stringify(value)}`)
    return
  }
  const choices = kind.split('|')
  if (choices.includes(String(value))) return
  reader.error(place, `${name} is ${choices.join(', ')}, not ${value}${didYouMean(String(value), choices)}`)
}
