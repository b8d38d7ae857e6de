import { didYouMean } from './did-you-mean.ts'
import { isObject, type JsonObject } from './fields.ts'
import type { MergedSource, Problem, YamlPath } from './source.ts'
import { DURATION_UNITS, durationMicros } from './time.ts'

/** Reads the options of one rule file; what is wrong with one is reported at its place, and the option counts as not set. */
export class OptionReader {
  readonly file: string
  /** Files that have been read for the rule. */
  readonly sources: string[]
  readonly options: JsonObject
  /** True once an error was reported. */
  failed = false
  /** Options of which an error was reported. */
  readonly #wrong = new Set<string>()
  readonly #source: MergedSource
  readonly #report: (p: Problem) => void

  constructor(source: MergedSource, report: (p: Problem) => void) {
    this.file = source.file
    this.sources = [...source.files]
    this.options = source.options
    this.#source = source
    this.#report = report
  }

  error(where: YamlPath, message: string): undefined {
    this.failed = true
    this.#wrong.add(String(where[0]))
    this.#report({ severity: 'error', ...this.#source.at(where), message })
  }

  /** Whether something is wrong with an option. */
  hasFailed(name: string): boolean {
    return this.#wrong.has(name)
  }

  warn(where: YamlPath, message: string, misspelt = false): void {
    this.#report({ severity: 'warning', misspelt, ...this.#source.at(where), message })
  }

  /** Something to know for whoever checks a rule; there is nothing to mend. */
  note(where: YamlPath, message: string): void {
    this.#report({ severity: 'note', ...this.#source.at(where), message })
  }

  /** The value as it stands; undefined also for null. */
  raw(name: string): unknown {
    return this.options[name] ?? undefined
  }

  /** An option that a rule of this type must have; its absence is reported at the type. */
  required<T>(name: string, read: () => T | undefined): T | undefined {
    if (this.raw(name) !== undefined) return read()
    const type = String(this.options.type)
    const article = /^[aeiou]/.test(type) ? 'an' : 'a'
    return this.error(['type'], `${name} is missing: ${article} ${type} rule needs it`)
  }

  string(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'string') return value
    return this.error([name], `${name} is a text, not ${JSON.stringify(value)}`)
  }

  number(name: string): number | undefined {
    const value = this.raw(name)
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value
    return this.error([name], `${name} is a number, not ${JSON.stringify(value)}`)
  }

  boolean(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value
    return this.error([name], `${name} is true or false, not ${JSON.stringify(value)}`)
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.string(name)
    const chosen = choices.find(c => c === value)
    if (value === undefined || chosen !== undefined) return chosen
    return this.error([name], `${name} is ${choices.join(', ')}, not ${value}${didYouMean(value, choices)}`)
  }

  /** Texts; a single one counts as a list of it. */
  strings(name: string): string[] | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    const list: unknown[] = Array.isArray(value) ? value : [value]
    if (list.every(v => typeof v === 'string')) return list
    const wrong = list.findIndex(v => typeof v !== 'string')
    const where = Array.isArray(value) ? [name, wrong] : [name]
    return this.error(where, `${name} holds texts, not ${JSON.stringify(list[wrong])}: put it in quotes`)
  }

  /** Microseconds. */
  duration(name: string): number | undefined {
    const value = this.options[name]
    if (value === undefined) return undefined
    if (!isObject(value))
      return this.error([name], `${name} is an object such as {minutes: 5}, not ${JSON.stringify(value)}`)
    if (Object.hasOwn(value, 'schedule'))
      return this.error(
        [name, 'schedule'],
        `${name} cannot have a schedule, in ElastAlert neither: {minutes: 5}`
      )
    const unknown = Object.keys(value).find(unit => !DURATION_UNITS.includes(unit))
    if (unknown !== undefined)
      return this.error([name, unknown], `unknown unit ${unknown}${didYouMean(unknown, DURATION_UNITS)}`)
    return durationMicros(value) ?? this.error([name], `the amounts of ${name} are numbers: {minutes: 5}`)
  }

  /** Microseconds, more than none. */
  span(name: string): number | undefined {
    const micros = this.duration(name)
    if (micros === undefined || micros > 0) return micros
    return this.error([name], `a ${name} is longer than nothing`)
  }
}
