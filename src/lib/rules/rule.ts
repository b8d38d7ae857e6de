import type { Cron } from './cron.ts'
import type { DiscoverLink } from './discover.ts'
import type { Timestamp } from './event.ts'
import type { JsonObject } from './fields.ts'
import type { Query } from './query.ts'
import type { CustomRule } from './rule-module.ts'

export interface Spike {
  /** How many times more, or fewer, than in the timeframe before. */
  height: number
  direction: 'up' | 'down' | 'both'
  timeframe: number
  thresholdRef: number
  thresholdCur: number
  alertOnNewData: boolean
}

export const METRICS = ['min', 'max', 'avg', 'sum', 'cardinality', 'value_count', 'percentiles'] as const

export interface Metric {
  field: string
  type: (typeof METRICS)[number]
  /** From 0 to 100. */
  percentile: number
}

/** What an evaluation looks at; by itself bufferTime before it. */
export interface AggregationWindow {
  /** Only what came since the evaluation before. */
  sinceLast: boolean
  /** Parts of the window that are looked at one by one, from its start or from a multiple of their length (sync). */
  bucket: { length: number; sync: boolean } | undefined
  /** Keys with fewer events are left out. */
  minDocCount: number
}

/** What decides a rule, and with what figures. Durations are microseconds. */
export type RuleKind =
  | { type: 'any' }
  | { type: 'frequency'; numEvents: number; timeframe: number; attachRelated: boolean }
  | { type: 'blacklist'; compareKey: string; list: ReadonlySet<string> }
  | { type: 'whitelist'; compareKey: string; list: ReadonlySet<string>; ignoreNull: boolean }
  | { type: 'change'; compareKeys: string[]; ignoreNull: boolean; timeframe: number | undefined }
  | ({ type: 'spike'; fieldValue: string | undefined } & Spike)
  | { type: 'new_term'; fields: (string | string[])[]; remembered: number; alertOnMissingField: boolean }
  | {
      type: 'cardinality'
      field: string
      timeframe: number
      max: number | undefined
      min: number | undefined
    }
  | { type: 'flatline'; threshold: number; timeframe: number; forgetKeys: boolean }
  | {
      type: 'metric_aggregation'
      metric: Metric
      window: AggregationWindow
      max: number | undefined
      min: number | undefined
      format: string | undefined
    }
  | ({ type: 'spike_aggregation'; metric: Metric; window: AggregationWindow } & Spike)
  | {
      /** A class of a JavaScript module. */
      type: 'custom'
      module: string
      create: (options: JsonObject) => CustomRule
      matchText: (match: JsonObject) => string
    }
  | {
      type: 'percentage_match'
      bucket: Query
      window: AggregationWindow
      max: number | undefined
      min: number | undefined
      minDenominator: number
      format: string | undefined
    }

/** The type as the rule file names it. */
export function typeName(kind: RuleKind): string {
  return kind.type === 'custom' ? kind.module : kind.type
}

/** The kind of one type: `KindOf<'spike'>`. */
export type KindOf<T extends RuleKind['type']> = Extract<RuleKind, { type: T }>

/** Where a rule's alerts go, with the rule's options as this alerter sees them. */
export interface AlerterConfig {
  type: string
  options: JsonObject
}

/** What is counted for a match beside it. */
export interface TopCountOptions {
  fields: string[]
  /** How many values of each. */
  number: number
  /** How far back, in microseconds. */
  window: number
}

/** What may change a match, or drop it. */
export interface Enhancements {
  list: { name: string; run: (match: JsonObject, options: JsonObject) => unknown }[]
  /** When it is found, not when it goes out. */
  first: boolean
}

/** When and by what matches are put together to one alert. */
export interface Aggregation {
  /** How long, in microseconds, or until which time matches wait for others. */
  when: number | Cron
  /** The wait begins at the time of the first match, not when it was found. */
  byMatchTime: boolean
  /** Fields whose values part the matches; the name of several is `a,b`. */
  key: { name: string; fields: string[] } | undefined
}

/** One ElastAlert rule file, checked. Durations are microseconds. */
export interface Rule {
  name: string
  file: string
  /** All that it was read from: the file, what it imports, lists that it names. */
  sources: string[]
  kind: RuleKind
  filter: Query
  timestamp: Timestamp
  /** Fields whose values part the events into groups; the name of several is `a,b`. */
  queryKey: { name: string; fields: string[] } | undefined
  /** Time for which an alert silences its key; 0 for never. */
  realert: number
  realertKey: string
  /** The longest such time when it doubles with every alert that comes soon again. */
  exponentialRealert: number | undefined
  /** The rule's own evaluation interval and length of its aggregations, where it has them. */
  runEvery: number | undefined
  bufferTime: number | undefined
  /** Matches wait to go out together. */
  aggregation: Aggregation | undefined
  /** The minutes in which the rule is at work; with `covers` it does not look at what happens outside. */
  limit: { cron: Cron; covers: boolean } | undefined
  topCounts: TopCountOptions | undefined
  /** Names of what a match keeps of its document; undefined for all of it. */
  include: string[] | undefined
  /** Time for which a condition must not hold to be told as resolved, 0 for one evaluation; undefined for no such notices. */
  resolveAfter: number | undefined
  enhancements: Enhancements
  /** Links that its alerts get. */
  discover: DiscoverLink[]
  alerters: AlerterConfig[]
  /** Every option of the file, imports included; alert texts may refer to them. */
  options: JsonObject
}
