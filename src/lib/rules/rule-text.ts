import type { JsonObject } from './fields.ts'
import { pythonFormat, pythonStr } from './python-format.ts'
import type { RuleKind } from './rule.ts'
import { strftime } from './time.ts'

type Pretty = (micros: number) => string

/** A timeframe as Python writes a timedelta: `0:05:00`, `1 day, 0:00:00`, `0:00:01.500000`. */
export function pythonTimedelta(micros: number): string {
  const days = Math.floor(micros / 86400e6)
  const rest = micros - days * 86400e6
  const pad = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  const fraction = rest % 1e6 === 0 ? '' : `.${String(rest % 1e6).padStart(6, '0')}`
  const clock = `${Math.floor(rest / 3600e6)}:${pad((rest / 60e6) % 60)}:${pad((rest / 1e6) % 60)}${fraction}`
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`
}

function fixed(value: unknown, digits: number): string {
  return pythonFormat(`{:.${digits}f}`, [value])
}

function whole(value: unknown): string {
  return String(Math.trunc(Number(value)))
}

/** A figure that is a float in Elasticsearch's answer: whole ones have a fraction of 0; counts are whole numbers. */
function asFloat(value: unknown, type?: string): string {
  const isCount = type === 'cardinality' || type === 'value_count'
  return Number.isInteger(value) && !isCount ? `${value}.0` : pythonStr(value)
}

function rounded(value: unknown): number {
  return Math.round(Number(value) * 100) / 100
}

/** What ElastAlert says of a match of this type, below the rule's own text. @param micros time of the match */
export function ruleText(kind: RuleKind, options: JsonObject, row: JsonObject, micros: number): string {
  const local = options.use_local_time === true
  const format = options.custom_pretty_ts_format
  const pretty: Pretty = at => strftime(at, typeof format === 'string' ? format : '%Y-%m-%d %H:%M %Z', local)
  switch (kind.type) {
    case 'frequency':
      return `At least ${kind.numEvents} events occurred between ${pretty(micros - kind.timeframe)} and ${pretty(micros)}\n\n`
    case 'spike': {
      const { spike_count: now, reference_count: before } = row
      const frame = pythonTimedelta(kind.timeframe)
      if (kind.fieldValue !== undefined)
        return `An abnormal average value (${fixed(now, 2)}) of field '${kind.fieldValue}' occurred around ${pretty(micros)}.\nPreceding that time, the field had an average value of (${fixed(before, 2)}) within ${frame}\n\n`
      return `An abnormal number (${whole(now)}) of events occurred around ${pretty(micros)}.\nPreceding that time, there were only ${whole(before)} events within ${frame}\n\n`
    }
    case 'cardinality': {
      const how = kind.max === undefined ? 'Less than' : 'A maximum of'
      const bound = whole(kind.max ?? kind.min)
      return `${how} ${bound} unique ${pythonStr(options.cardinality_field)}(s) occurred since last alert or between ${pretty(micros - kind.timeframe)} and ${pretty(micros)}\n\n`
    }
    case 'flatline':
      return `An abnormally low number of events occurred around ${pretty(micros)}.\nBetween ${pretty(micros - kind.timeframe)} and ${pretty(micros)}, there were less than ${pythonStr(kind.threshold)} events.\n\n`
    case 'metric_aggregation': {
      const { field, type } = kind.metric
      const value = row[`metric_${field}_${type}`]
      const shown = row[`metric_${field}_${type}_formatted`] ?? asFloat(value, type)
      return `Threshold violation, ${type}:${field} ${shown} (min: ${pythonStr(options.min_threshold)} max : ${pythonStr(options.max_threshold)}) \n\n`
    }
    case 'spike_aggregation': {
      const { field, type } = kind.metric
      const [now, before] = [row.spike_count, row.reference_count].map(v => asFloat(rounded(v), type))
      return `An abnormal ${type} of ${field} (${now}) occurred around ${pretty(micros)}.\nPreceding that time, there was a ${type} of ${field} of (${before}) within ${pythonTimedelta(kind.timeframe)}\n\n`
    }
    case 'percentage_match': {
      const shown = row.percentage_formatted ?? asFloat(row.percentage)
      return `Percentage violation, value: ${shown} (min: ${pythonStr(options.min_percentage)} max : ${pythonStr(options.max_percentage)}) of ${pythonStr(row.denominator)} items\n\n`
    }
    case 'custom': {
      const text = kind.matchText(row)
      return text === '' ? '' : `${text}\n\n`
    }
    default:
      return ''
  }
}
