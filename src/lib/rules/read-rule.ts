import path from 'node:path'
import { didYouMean } from './did-you-mean.ts'
import { readFilter } from './dsl.ts'
import type { TimestampType } from './event.ts'
import { isObject, type JsonObject } from './fields.ts'
import { ALERTERS, KNOWN_OPTIONS, optionKind, RULE_TYPES } from './options.ts'
import { type FormatError, formatFields } from './python-format.ts'
import { type Query, QueryError } from './query.ts'
import type { AlerterConfig, Rule, RuleKind } from './rule.ts'
import { type MergedSource, type Problem, readMerged, type YamlPath } from './source.ts'
import { DURATION_UNITS, durationMicros } from './time.ts'

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
  readonly #source: MergedSource
  readonly #options: JsonObject
  readonly #report: (p: Problem) => void
  #failed = false

  constructor(source: MergedSource, report: (p: Problem) => void) {
    this.#source = source
    this.#options = source.options
    this.#report = report
  }

  read(): Rule | undefined {
    const options = this.#options
    if (options.is_enabled === false) return undefined
    this.#checkNames()
    for (const name of ['type', 'index', 'alert']) {
      if (!Object.hasOwn(options, name)) this.#error([], `${name} is missing`)
    }
    const name = this.#string('name') ?? path.basename(this.#source.file).replace(/\.ya?ml$/, '')
    const kind = this.#kind()
    const exponential = this.#duration('exponential_realert')
    const rule: Omit<Rule, 'kind'> = {
      name,
      file: this.#source.file,
      filter: this.#filter(),
      timestamp: { field: this.#string('timestamp_field') ?? '@timestamp', type: this.#timestampType() },
      queryKey: this.#queryKey(),
      realert: this.#duration('realert') ?? (Object.hasOwn(options, 'aggregation') ? 0 : MINUTE),
      realertKey: this.#string('realert_key') ?? name,
      exponentialRealert: exponential,
      alerters: this.#alerters(),
      options: { ...options, name }
    }
    this.#checkTexts(options, [])
    return this.#failed || kind === undefined ? undefined : { ...rule, kind }
  }

  #error(where: YamlPath, message: string): undefined {
    this.#failed = true
    this.#report({ severity: 'error', ...this.#source.at(where), message })
  }

  #warn(where: YamlPath, message: string, misspelt = false): void {
    this.#report({ severity: 'warning', misspelt, ...this.#source.at(where), message })
  }

  #checkNames(): void {
    for (const name of Object.keys(this.#options)) {
      const kind = optionKind(name)
      if (kind === 'not yet') this.#warn([name], `${name} is not carried out by this version`)
      if (kind !== 'unknown') continue
      const suggestion = didYouMean(name, KNOWN_OPTIONS)
      this.#warn([name], `unknown option ${name}${suggestion}`, suggestion !== '')
    }
  }

  #string(name: string): string | undefined {
    const value = this.#options[name]
    if (value === undefined || value === null) return undefined
    if (typeof value === 'string') return value
    return this.#error([name], `${name} is a text, not ${JSON.stringify(value)}`)
  }

  #duration(name: string): number | undefined {
    const value = this.#options[name]
    if (value === undefined) return undefined
    if (!isObject(value)) {
      return this.#error([name], `${name} is an object such as {minutes: 5}, not ${JSON.stringify(value)}`)
    }
    if (Object.hasOwn(value, 'schedule')) {
      return this.#error([name, 'schedule'], `a ${name} by schedule is not supported yet`)
    }
    const unknown = Object.keys(value).find(unit => !DURATION_UNITS.includes(unit))
    if (unknown !== undefined) {
      return this.#error([name, unknown], `unknown unit ${unknown}${didYouMean(unknown, DURATION_UNITS)}`)
    }
    return durationMicros(value) ?? this.#error([name], `the amounts of ${name} are numbers: {minutes: 5}`)
  }

  #kind(): RuleKind | undefined {
    const type = this.#string('type')
    if (type === undefined) return undefined
    if (type === 'any') return { type }
    if (type === 'frequency') return this.#frequency()
    if (RULE_TYPES.has(type) || type.includes('.'))
      return this.#error(['type'], `type ${type} is not supported yet`)
    return this.#error(['type'], `unknown type ${type}${didYouMean(type, RULE_TYPES)}`)
  }

  #frequency(): RuleKind | undefined {
    const { num_events: numEvents, attach_related: attachRelated = false } = this.#options
    const timeframe = this.#duration('timeframe')
    if (!Object.hasOwn(this.#options, 'timeframe'))
      this.#error(['type'], 'timeframe is missing: a frequency rule needs it')
    if (numEvents === undefined)
      return this.#error(['type'], 'num_events is missing: a frequency rule needs it')
    if (typeof numEvents !== 'number' || !Number.isInteger(numEvents) || numEvents < 1) {
      return this.#error(
        ['num_events'],
        `num_events is a whole number from 1, not ${JSON.stringify(numEvents)}`
      )
    }
    if (timeframe === undefined) return undefined
    if (timeframe <= 0) return this.#error(['timeframe'], 'a timeframe is longer than nothing')
    return { type: 'frequency', numEvents, timeframe, attachRelated: attachRelated === true }
  }

  #filter(): Query {
    try {
      return readFilter(this.#options.filter, ['filter'])
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      this.#error(error.path, error.message)
      return { is: 'none' }
    }
  }

  #timestampType(): TimestampType {
    const type = (this.#string('timestamp_type') ?? 'iso').trim().toLowerCase()
    if (type === 'iso' || type === 'unix' || type === 'unix_ms') return type
    this.#error(
      ['timestamp_type'],
      type === 'custom'
        ? 'timestamp_type custom is not supported yet'
        : 'timestamp_type is iso, unix or unix_ms'
    )
    return 'iso'
  }

  #queryKey(): Rule['queryKey'] {
    const value = this.#options.query_key
    if (value === undefined || value === null) return undefined
    const fields: unknown[] = Array.isArray(value) ? value : [value]
    if (!fields.every(f => typeof f === 'string')) {
      return this.#error(['query_key'], 'query_key is the name of a field, or a list of names')
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
      return this.#error(where, 'an alert is a name such as debug, or {name: {option: value}}')
    }
    if (!ALERTERS.has(type) && !type.includes('.')) {
      return this.#error(where, `unknown alert ${type}${didYouMean(type, ALERTERS)}`)
    }
    const options = { ...this.#options, ...own }
    if (own !== null && Object.keys(own).length > 0) this.#checkTexts(options, [...where, type])
    if (type === 'command') this.#checkCommand(options, where)
    else if (type !== 'debug')
      this.#warn(where, `alerts by ${type} are not delivered by this version: they go to the output only`)
    return { type, options }
  }

  #checkCommand(options: JsonObject, where: YamlPath): void {
    const { command } = options
    if (command === undefined) this.#error(where, 'command is missing: alerts by command need it')
    else if (
      typeof command !== 'string' &&
      !(Array.isArray(command) && command.length > 0 && command.every(c => typeof c === 'string'))
    ) {
      this.#error(['command'], 'command is a list of a program and its arguments, or a text for the shell')
    }
  }

  /** The format strings of an alert and what they are given: what Python would find out at the first alert. */
  #checkTexts(options: JsonObject, within: YamlPath): void {
    const type = options.alert_text_type
    if (type === 'alert_text_jinja')
      this.#error([...within, 'alert_text_type'], 'alert_text_jinja is not supported yet')
    else if (
      type !== undefined &&
      !['alert_text_only', 'exclude_fields', 'aggregation_summary_only'].includes(String(type))
    ) {
      this.#error(
        [...within, 'alert_text_type'],
        'alert_text_type is alert_text_only, exclude_fields, alert_text_jinja or aggregation_summary_only'
      )
    }
    for (const text of ['alert_subject', 'alert_text']) {
      const template = options[text]
      const args = options[`${text}_args`]
      const kw = text === 'alert_text' ? options.alert_text_kw : undefined
      if (args !== undefined && !(Array.isArray(args) && args.every(a => typeof a === 'string'))) {
        this.#error([...within, `${text}_args`], `${text}_args is a list of fields`)
      } else if (kw !== undefined && !isObject(kw)) {
        this.#error([...within, 'alert_text_kw'], 'alert_text_kw is an object: {field: name in the text}')
      } else if (typeof template === 'string' && (args !== undefined || kw !== undefined)) {
        this.#checkFormat(
          [...within, text],
          template,
          args?.length ?? 0,
          Object.values(args === undefined ? (kw ?? {}) : {})
        )
      }
    }
  }

  #checkFormat(where: YamlPath, template: string, positions: number, names: unknown[]): void {
    try {
      const used = formatFields(template)
      if (used.positions >= positions)
        this.#error(where, `{${used.positions}} has no value: ${positions} given`)
      const missing = used.names.find(n => !names.includes(n))
      if (missing !== undefined) this.#error(where, `{${missing}} has no value`)
    } catch (error) {
      if ((error as FormatError).name !== 'FormatError') throw error
      this.#error(where, (error as FormatError).message)
    }
  }
}
