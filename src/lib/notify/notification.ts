/** What an alerter is given. */
export interface Notification {
  /** Name of the rule. */
  readonly rule: string
  /** `resolved`: the condition of an alert has cleared; the match is that of the alert. */
  readonly state: 'firing' | 'resolved'
  /** ISO 8601 time of the match. */
  readonly timestamp: string
  readonly subject: string
  readonly text: string
  /** The match as ElastAlert's alerters see it, num_hits and num_matches included. */
  readonly match: Readonly<Record<string, unknown>>
  /** Every match that the alert tells of: `match` alone, or those that were aggregated, `match` first. */
  readonly matches: readonly Readonly<Record<string, unknown>>[]
  /** A field of the match by its dotted name, as text; undefined when there is none. */
  readonly field: (name: string) => string | undefined
}

/** Delivers notifications one way: by a command, to the log. */
export interface Alerter {
  /** As in the rule file: `command`. */
  readonly type: string
  /** Resolves once it is delivered; throws what went wrong. */
  send(notification: Notification): Promise<void>
}
