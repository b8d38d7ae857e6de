type Values = Readonly<Record<string, unknown>>

/** What an alerter is given: data alone, so that it can be kept until it is delivered. */
export interface Notification {
  /** The same for the same alert in every run: receivers that know what they have are given it. */
  readonly id: string
  /** The same for the alerts of a condition and the notice that it has cleared; the id where no such notice comes. */
  readonly incident: string
  /** Value of the rule's query_key. */
  readonly key: string | null
  /** Name of the rule. */
  readonly rule: string
  /** `resolved`: the condition of an alert has cleared; the match is that of the alert. */
  readonly state: 'firing' | 'resolved'
  /** ISO 8601 time of the match. */
  readonly timestamp: string
  readonly subject: string
  readonly text: string
  /** The match as ElastAlert's alerters see it, num_hits and num_matches included. */
  readonly match: Values
  /** Every match that the alert tells of: `match` alone, or those that were aggregated, `match` first. */
  readonly matches: readonly Values[]
  /** Each of them apart, its time and what is said of it, for alerters that tell of them one by one. */
  readonly parts?: readonly { readonly time: string; readonly text: string }[]
  /** Around the row of a change event, what else the event says. */
  readonly envelope?: Values | undefined
}

/** How ElastAlert reads fields and writes values: what the options of alerters are in. */
export interface Language {
  /** A field of the match by its dotted name; undefined when there is none. */
  value(notification: Notification, name: string): unknown
  /** As Python's str. */
  text(value: unknown): string
  /** As Python's str.format. @throws when the template is none, or asks for what is not given */
  format(template: string, positions: unknown[], named?: Values): string
  /** A Jinja template. @throws as `format` */
  render(template: string, values: Values): string
}

/** Delivers notifications one way: by a command, to the log. */
export interface Alerter {
  /** As in the rule file: `command`. */
  readonly type: string
  /** Resolves once it is delivered; throws what went wrong: `Refused`, or what another attempt may mend. */
  send(notification: Notification, stop: AbortSignal): Promise<void>
  /** What `send` would send, without secrets. */
  describe(notification: Notification): string
}

/** A notification that no further attempt can deliver. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** The receiver asks for patience. */
export class Busy extends Error {
  override readonly name = 'Busy'
  /** Milliseconds. */
  readonly wait: number

  constructor(message: string, wait: number) {
    super(message)
    this.wait = wait
  }
}
