import type { Timestamp } from './event.ts'
import type { JsonObject } from './fields.ts'
import type { Query } from './query.ts'

export interface Spike {
  /** How many times more, or fewer, than in the timeframe before. */
  height: number
  direction: 'up' | 'down' | 'both'
  timeframe: number
  thresholdRef: number
  thresholdCur: number
  alertOnNewData: boolean
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

/** The kind of one type: `KindOf<'spike'>`. */
export type KindOf<T extends RuleKind['type']> = Extract<RuleKind, { type: T }>

/** Where a rule's alerts go, with the rule's options as this alerter sees them. */
export interface AlerterConfig {
  type: string
  options: JsonObject
}

/** One ElastAlert rule file, checked. Durations are microseconds. */
export interface Rule {
  name: string
  file: string
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
  alerters: AlerterConfig[]
  /** Every option of the file, imports included; alert texts may refer to them. */
  options: JsonObject
}
