import type { Rule } from '../rule.ts'
import type { Timing } from '../timing.ts'
import { Any } from './any.ts'
import { Cardinality } from './cardinality.ts'
import { Change } from './change.ts'
import { Custom } from './custom.ts'
import { Flatline } from './flatline.ts'
import { Frequency } from './frequency.ts'
import { List } from './list.ts'
import { MetricAggregation } from './metric-aggregation.ts'
import { NewTerm } from './new-term.ts'
import { PercentageMatch } from './percentage-match.ts'
import type { RuleType } from './rule-type.ts'
import { SpikeRule } from './spike.ts'
import { SpikeAggregation } from './spike-aggregation.ts'

export { RuleModuleError } from './custom.ts'
export { type Found, type Key, type Report, type RuleType, wholeOf } from './rule-type.ts'

export function createRuleType(rule: Rule, timing: Timing): RuleType {
  const { kind } = rule
  switch (kind.type) {
    case 'custom':
      return new Custom(rule, kind)
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
    case 'flatline':
      return new Flatline(kind, rule.queryKey !== undefined)
    case 'metric_aggregation':
      return new MetricAggregation(rule, kind, timing)
    case 'spike_aggregation':
      return new SpikeAggregation(rule, kind, timing)
    case 'percentage_match':
      return new PercentageMatch(rule, kind, timing)
  }
}
