import path from 'node:path'
import type { JsonObject } from './fields.ts'
import { loadExport } from './js-module.ts'
import type { OptionReader } from './option-reader.ts'
import type { KindOf } from './rule.ts'

/**
 * What the default export of a rule module is a class of, in place of ElastAlert's RuleType. It is given the rule's options;
 * a static `requiredOptions` lists those that it cannot do without. A match is an object; none, one or a list may be given.
 */
export interface CustomRule {
  /** Takes an event that passed the filter, its time, and the value of the query_key (null where there is none). */
  addEvent(event: JsonObject, time: Date, key: string | number | boolean | null): unknown
  /** Called every run_every of event time, after all events up to it. */
  garbageCollect?(time: Date): unknown
  /** What the alert's text says of a match. */
  matchText?(match: JsonObject): string
  /** State as JSON, and its way back. */
  snapshot?(): unknown
  restore?(state: unknown): void
}

interface RuleClass {
  new (options: JsonObject): CustomRule
  requiredOptions?: unknown
}

/** A rule type that a JavaScript module brings: `type: ./late.mjs`. */
export function readRuleModule(module: string, options: OptionReader): KindOf<'custom'> | undefined {
  try {
    const RuleClass = loadExport(module, path.dirname(options.file)) as RuleClass
    if (typeof RuleClass.prototype?.addEvent !== 'function')
      throw new Error(`${module} exports no class with a method addEvent(event, time, key)`)
    const required = Array.isArray(RuleClass.requiredOptions) ? RuleClass.requiredOptions : []
    for (const name of required) options.required(String(name), () => true)
    if (options.failed) return undefined
    const create = (given: JsonObject): CustomRule => new RuleClass(given)
    const example = create(structuredClone(options.options))
    return { type: 'custom', module, create, matchText: match => String(example.matchText?.(match) ?? '') }
  } catch (error) {
    return options.error(['type'], (error as Error).message)
  }
}
