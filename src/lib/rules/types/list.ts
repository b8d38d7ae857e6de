import { FieldFinder } from '../field-finder.ts'
import type { Fields } from '../fields.ts'
import type { KindOf } from '../rule.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

/**
 * blacklist and whitelist: an event is a match when the value of its compare_key is on the list, or is not. A list holds
 * texts, so a number is on none.
 */
export class List implements RuleType {
  readonly size = 0
  readonly #kind: KindOf<'blacklist'> | KindOf<'whitelist'>
  readonly #field: FieldFinder

  constructor(kind: KindOf<'blacklist'> | KindOf<'whitelist'>) {
    this.#kind = kind
    this.#field = new FieldFinder(kind.compareKey)
  }

  add(key: Key, micros: number, event: Fields, report: Report): void {
    if (this.#matches(this.#field.of(event))) eventMatch(key, micros, event, report)
  }

  #matches(value: unknown): boolean {
    const kind = this.#kind
    const listed = typeof value === 'string' && kind.list.has(value)
    if (kind.type === 'blacklist') return listed
    return value === undefined || value === null ? !kind.ignoreNull : !listed
  }

  forget(): void {}
  save(): void {}
  restore(): void {}
}
