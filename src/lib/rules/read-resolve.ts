import type { OptionReader } from './option-reader.ts'
import type { RuleKind } from './rule.ts'

/**
 * The options `resolve` and `resolve_after`, which are not of ElastAlert: microseconds for which a condition must not have held
 * to be told as resolved; undefined where nobody asks for that.
 */
export function readResolveAfter(options: OptionReader, kind: RuleKind | undefined): number | undefined {
  const resolve = options.boolean('resolve')
  const after = options.span('resolve_after')
  if (resolve === false || (resolve === undefined && after === undefined) || kind === undefined)
    return undefined
  if (options.raw('aggregation') !== undefined)
    return options.error(
      ['resolve'],
      'resolve does not go with aggregation: an alert of many keys has no one end'
    )
  const own = after ?? clearsAfter(kind)
  if (own !== undefined) return own
  return options.error(
    ['resolve'],
    `resolve_after is missing: an event decides a ${kind.type} rule, so only time without a match can resolve it`
  )
}

/** When a condition has cleared by itself. */
function clearsAfter(kind: RuleKind): number | undefined {
  switch (kind.type) {
    case 'flatline':
    case 'cardinality':
    case 'metric_aggregation':
    case 'percentage_match':
      return 0
    case 'frequency':
    case 'spike':
    case 'spike_aggregation':
      // a match empties the window: that there were too many still would be another match within the timeframe
      return kind.timeframe
    default:
      return undefined
  }
}
