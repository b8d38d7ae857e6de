import type { Fields } from '../fields.ts'
import { eventMatch, type Key, type Report, type RuleType } from './rule-type.ts'

/** Every event is a match. */
export class Any implements RuleType {
  add(key: Key, micros: number, event: Fields, report: Report): void {
    eventMatch(key, micros, event, report)
  }
  readonly size = 0
  forget(): void {}
  save(): void {}
  restore(): void {}
}
