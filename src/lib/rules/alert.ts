import { alertSubject, alertText } from './alert-text.ts'
import type { Fields, JsonObject } from './fields.ts'
import { FormatError } from './python-format.ts'
import type { Match } from './rule-state.ts'
import { formatIso } from './time.ts'

/** The match with ElastAlert's counts in it, as texts and alerters see it. */
export function matchWithCounts(alert: Match): JsonObject {
  return { ...alert.fields.row, num_hits: alert.numHits, num_matches: 1 }
}

/** A text that cannot be formatted with these values is given as it stands, with the reason: an alert is never lost over it. */
function orReason(template: unknown, format: () => string): string {
  try {
    return format()
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    return `${template} (${error.message})`
  }
}

/** Subject and text under a rule's options, or those of one of its alerters. */
export function alertTexts(alert: Match, options: JsonObject): { subject: string; text: string } {
  const match: Fields = { row: matchWithCounts(alert), envelope: alert.fields.envelope }
  return {
    subject: orReason(options.alert_subject, () => alertSubject(options, match)),
    text: orReason(options.alert_text, () => alertText(alert.rule.kind, options, match, alert.micros))
  }
}

/** The alert as a line of NDJSON, without its end. `key` is null where the rule has no query_key. */
export function alertLine(alert: Match): string {
  const { rule, key, numHits, fields } = alert
  return JSON.stringify({
    '@timestamp': formatIso(alert.micros),
    rule: rule.name,
    type: rule.kind.type,
    state: 'firing',
    key,
    ...alertTexts(alert, rule.options),
    num_hits: numHits,
    match: fields.row
  })
}
