import type { Rule } from '../rule.ts'
import { Any } from './any.ts'
import { Cardinality } from './cardinality.ts'
import { Change } from './change.ts'
import { Frequency } from './frequency.ts'
import { List } from './list.ts'
import { NewTerm } from './new-term.ts'
import type { RuleType } from './rule-type.ts'
import { SpikeRule } from './spike.ts'

export type { Found, Key, Report, RuleType } from './rule-type.ts'

export function createRuleType(rule: Rule): RuleType {
  const { kind } = rule
  switch (kind.type) {
    case 'any':
      return new Any()
    case 'frequency':
      return new Frequency(kind)
    case 'blacklist':
    case 'whitelist':
      return new List(kind)
    case 'change':
      return new Change(kind)
    case 'spike':
      return new SpikeRule(kind, rule.queryKey !== undefined)
    case 'new_term':
      return new NewTerm(kind)
    case 'cardinality':
      return new Cardinality(kind)
  }
}
