import { ToolError } from '../../cli/index.ts'
import { type Fields, isObject, type JsonObject, lookup } from '../fields.ts'
import { pythonStr } from '../python-format.ts'
import type { KindOf, Rule } from '../rule.ts'
import type { SnapshotReader, SnapshotWriter } from '../state/snapshot.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

/** What a rule module's code raised for an event. */
export class RuleModuleError extends Error {
  constructor(rule: Rule, module: string, error: unknown) {
    super(`rule "${rule.name}": ${module}: ${error instanceof Error ? error.message : String(error)}`)
    this.name = 'RuleModuleError'
  }
}

/** A rule whose memory is a class of a JavaScript module: see CustomRule for what it is asked. */
export class Custom implements RuleType {
  /** What a module keeps is its own. */
  readonly size = 0
  readonly evaluate: RuleType['evaluate']
  readonly #own: Rule
  readonly #kind: KindOf<'custom'>
  readonly #rule: ReturnType<KindOf<'custom'>['create']>

  constructor(rule: Rule, kind: KindOf<'custom'>) {
    this.#own = rule
    this.#kind = kind
    this.#rule = kind.create(structuredClone(rule.options))
    if (this.#rule.garbageCollect !== undefined) this.evaluate = this.#collect
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    const document = report.document(event, micros)
    for (const match of this.#ask(() => this.#rule.addEvent(document, new Date(micros / 1000), key)))
      eventMatch(key, micros, event, report, match, hits(match))
  }

  #collect(micros: number, report: Report): void {
    const { queryKey } = this.#own
    let matches: JsonObject[]
    try {
      matches = this.#ask(() => this.#rule.garbageCollect?.(new Date(micros / 1000)))
    } catch (error) {
      // no line is to blame that could be put aside
      throw error instanceof RuleModuleError ? new ToolError('DATA', error.message, { cause: error }) : error
    }
    for (const match of matches) {
      const row = { ...report.evaluation(undefined, micros), ...match }
      const value = queryKey && lookup({ row, envelope: undefined }, queryKey.name)
      const key = value === undefined || value === null ? null : pythonStr(value)
      report.match({ key, micros, numHits: hits(match), row, envelope: undefined })
    }
  }

  /** The matches of an answer: one, a list, or nothing. */
  #ask(question: () => unknown): JsonObject[] {
    try {
      const answer = question()
      const matches = answer === undefined || answer === null ? [] : Array.isArray(answer) ? answer : [answer]
      if (matches.every(m => isObject(m) && !(m instanceof Promise))) return matches
      throw new Error('a match is an object')
    } catch (error) {
      throw new RuleModuleError(this.#own, this.#kind.module, error)
    }
  }

  forget(): void {}

  save(out: SnapshotWriter): void {
    out.json(this.#rule.snapshot?.() ?? null)
  }

  restore(saved: SnapshotReader): void {
    const snapshot = saved.json()
    if (snapshot !== null) this.#rule.restore?.(snapshot)
  }
}

/** num_hits where the module says it, else 1. */
function hits({ num_hits: own }: JsonObject): number {
  return typeof own === 'number' ? own : 1
}
