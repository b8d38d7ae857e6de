import path from 'node:path'
import { ALERTER_OPTIONS, DELIVERED_OPTIONS, isMisspeltAlerterOption } from './alerter-options.ts'
import { checkAlerter } from './check-alerter.ts'
import { checkTexts } from './check-texts.ts'
import { didYouMean } from './did-you-mean.ts'
import { readDiscover } from './discover.ts'
import { readFilter } from './dsl.ts'
import { readEnhancements } from './enhancements.ts'
import { isObject, type JsonObject } from './fields.ts'
import { isModuleName } from './js-module.ts'
import { checkKinds } from './option-kinds.ts'
import { OptionReader } from './option-reader.ts'
import { ALERTERS, KNOWN_OPTIONS, optionKind } from './options.ts'
import { isTruthy } from './python-values.ts'
import { type Query, QueryError } from './query.ts'
import { QUERY_ONLY } from './query-options.ts'
import { readAggregation } from './read-aggregation.ts'
import { readInclude, readTopCounts } from './read-enrichment.ts'
import { readKind } from './read-kind.ts'
import { readResolveAfter } from './read-resolve.ts'
import { readLimit, readTimestamp } from './read-time.ts'
import type { AlerterConfig, Rule } from './rule.ts'
import { type MergedSource, type Problem, readMerged, type YamlPath } from './source.ts'

const MINUTE = 60e6

/**
 * Reads and checks one rule file. Everything wrong with it is reported at its place; a rule is given when no error was, and
 * undefined also for a rule that is switched off (`is_enabled: false`).
 */
export function readRule(file: string, report: (p: Problem) => void): Rule | undefined {
  let failed = false
  const merged = readMerged(file, p => {
    failed ||= p.severity === 'error'
    report(p)
  })
  if (merged === undefined || failed) return undefined
  return new RuleReader(merged, report).read()
}

class RuleReader {
  readonly #in: OptionReader
  readonly #options: JsonObject

  constructor(source: MergedSource, report: (p: Problem) => void) {
    this.#in = new OptionReader(source, report)
    this.#options = source.options
  }

  read(): Rule | undefined {
    const options = this.#options
    // whatever Python takes as true
    if (Object.hasOwn(options, 'is_enabled') && !isTruthy(options.is_enabled)) return undefined
    if (Object.hasOwn(options, 'is_enabled') && typeof options.is_enabled !== 'boolean')
      this.#in.warn(
        ['is_enabled'],
        'is_enabled is true or false: anything else counts as true, in ElastAlert too'
      )
    this.#checkNames()
    for (const name of ['type', 'index', 'alert']) {
      if (!Object.hasOwn(options, name)) this.#in.error([], `${name} is missing`)
    }
    const name = this.#in.string('name') ?? path.basename(this.#in.file).replace(/\.ya?ml$/, '')
    const kind = readKind(this.#in)
    if (kind !== undefined && !('window' in kind) && this.#in.raw('buffer_time') !== undefined)
      this.#in.note(
        ['buffer_time'],
        'buffer_time does nothing here: windows are as long as their timeframe, and only aggregations look at a buffer_time'
      )
    const exponential = this.#in.duration('exponential_realert')
    const resolveAfter = readResolveAfter(this.#in, kind)
    const rule: Omit<Rule, 'kind'> = {
      name,
      file: this.#in.file,
      sources: this.#in.sources,
      filter: this.#filter(),
      timestamp: readTimestamp(this.#in),
      queryKey: this.#queryKey(),
      realert: this.#in.duration('realert') ?? (Object.hasOwn(options, 'aggregation') ? 0 : MINUTE),
      realertKey: this.#in.string('realert_key') ?? name,
      exponentialRealert: exponential,
      runEvery: this.#in.span('run_every'),
      bufferTime: this.#in.span('buffer_time'),
      aggregation: readAggregation(this.#in),
      limit: readLimit(this.#in),
      topCounts: readTopCounts(this.#in),
      include: readInclude(this.#in),
      resolveAfter,
      enhancements: readEnhancements(this.#in),
      discover: readDiscover(this.#in),
      alerters: this.#alerters(),
      options: { ...options, name }
    }
    checkTexts(this.#in, options, [])
    checkKinds(this.#in)
    return this.#in.failed || kind === undefined ? undefined : { ...rule, kind }
  }

  #checkNames(): void {
    for (const name of Object.keys(this.#options)) this.#checkName(name, [name])
  }

  #checkName(name: string, where: YamlPath): void {
    const meaning = QUERY_ONLY.get(name)
    if (meaning !== undefined) this.#in.note(where, `${name} does nothing here: ${meaning}`)
    const kind = optionKind(name)
    if (kind === 'not yet') {
      this.#in.warn(where, `${name} is not carried out by this version`)
      return
    }
    const isMisspelt = isMisspeltAlerterOption(name)
    if (kind !== 'unknown' && !isMisspelt) return
    const suggestion = didYouMean(name, isMisspelt ? DELIVERED_OPTIONS : KNOWN_OPTIONS)
    // a rule module has options that nobody else knows
    if (suggestion === '' && isModuleName(String(this.#options.type))) return
    this.#in.warn(where, `unknown option ${name}${suggestion}`, suggestion !== '')
  }

  #filter(): Query {
    try {
      return readFilter(this.#options.filter, ['filter'])
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      this.#in.error(error.path, error.message)
      return { is: 'none' }
    }
  }

  #queryKey(): Rule['queryKey'] {
    const value = this.#options.query_key
    if (value === undefined || value === null) return undefined
    const fields: unknown[] = Array.isArray(value) ? value : [value]
    if (!fields.every(f => typeof f === 'string')) {
      return this.#in.error(['query_key'], 'query_key is the name of a field, or a list of names')
    }
    return fields.length === 0 ? undefined : { name: fields.join(','), fields }
  }

  #alerters(): AlerterConfig[] {
    const given = this.#options.alert
    if (given === undefined) return []
    const list: unknown[] = Array.isArray(given) ? given : [given]
    return list.flatMap(
      (entry, i) => this.#alerter(entry, Array.isArray(given) ? ['alert', i] : ['alert']) ?? []
    )
  }

  #alerter(entry: unknown, where: YamlPath): AlerterConfig | undefined {
    const [type, own] = isObject(entry) ? (Object.entries(entry)[0] ?? []) : [entry, {}]
    if (typeof type !== 'string' || !(isObject(own) || own === null)) {
      return this.#in.error(where, 'an alert is a name such as debug, or {name: {option: value}}')
    }
    if (!ALERTERS.has(type) && !type.includes('.')) {
      return this.#in.error(where, `unknown alert ${type}${didYouMean(type, ALERTERS)}`)
    }
    const options = { ...this.#options, ...own }
    if (own !== null && Object.keys(own).length > 0) checkTexts(this.#in, options, [...where, type])
    if (!ALERTER_OPTIONS.has(type)) {
      this.#in.warn(where, `alerts by ${type} are not supported here: they go to the output only`)
    } else checkAlerter(this.#in, type, own ?? {}, where)
    for (const name of Object.keys(own ?? {})) this.#checkName(name, [...where, type, name])
    if (type === 'command' && options.command !== undefined) this.#checkCommand(options)
    return { type, options }
  }

  #checkCommand({ command }: JsonObject): void {
    if (
      typeof command !== 'string' &&
      !(Array.isArray(command) && command.length > 0 && command.every(c => typeof c === 'string'))
    ) {
      this.#in.error(['command'], 'command is a list of a program and its arguments, or a text for the shell')
    }
  }
}
