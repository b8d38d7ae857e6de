import { alertSubject, alertText, type Markup, type MatchView, matchText } from './alert-text.ts'
import type { JsonObject } from './fields.ts'
import type { Resolved } from './firing.ts'
import { TemplateError } from './jinja.ts'
import type { Match } from './match.ts'
import { FormatError } from './python-format.ts'
import { typeName } from './rule.ts'
import { formatIso, strftime } from './time.ts'

/** The match with ElastAlert's counts in it, as texts and alerters see it. */
export function matchWithCounts(match: Match): JsonObject {
  return { ...match.fields.row, num_hits: match.numHits, num_matches: 1 }
}

/** The matches that an alert tells of: one, or those that were aggregated. */
export function matchesOf(alert: Match): readonly Match[] {
  return alert.matches ?? [alert]
}

/** The same for alerters; where they are told of both, they see which in a field alert_state. */
export function matchForAlerters(match: Match): JsonObject {
  const document = matchWithCounts(match)
  return match.rule.resolveAfter === undefined ? document : { ...document, alert_state: stateOf(match) }
}

export function stateOf({ resolved }: Match): 'firing' | 'resolved' {
  return resolved === undefined ? 'firing' : 'resolved'
}

/** A text that cannot be formatted with these values is given as it stands, with the reason: an alert is never lost over it. */
function orReason(template: unknown, format: () => string): string {
  try {
    return format()
  } catch (error) {
    if (!(error instanceof FormatError) && !(error instanceof TemplateError)) throw error
    return `${template} (${error.message})`
  }
}

/** ISO 8601 time of a match, as in its line. */
export function matchTime(match: Match): string {
  return formatIso(match.micros)
}

interface Texts {
  subject: string
  text: string
}

function viewsOf(match: Match): MatchView[] {
  return matchesOf(match).map(m => ({
    micros: m.resolved?.last ?? m.micros,
    fields: { row: matchWithCounts(m), envelope: m.fields.envelope }
  }))
}

/** Subject and text under a rule's options, or those of one of its alerters. */
export function alertTexts(match: Match, options: JsonObject, markup: Markup = 'plain'): Texts {
  const { resolved } = match
  const views = viewsOf(match)
  const texts = {
    subject: orReason(options.alert_subject, () => alertSubject(options, views[0]!.fields)),
    text: orReason(options.alert_text, () => alertText(match.rule.kind, options, views, markup))
  }
  return resolved === undefined ? texts : resolvedTexts(match, texts, resolved)
}

/** The same of each match apart, and its time as people read it. */
export function alertParts(
  match: Match,
  options: JsonObject,
  markup: Markup
): { time: string; text: string }[] {
  return viewsOf(match).map(view => ({
    time: strftime(view.micros, '%Y-%m-%d %H:%M %Z', options.use_local_time === true),
    text: orReason(options.alert_text, () => matchText(match.rule.kind, options, view, markup))
  }))
}

function resolvedTexts(match: Match, alert: Texts, { since }: Resolved): Texts {
  return {
    subject: `Resolved: ${alert.subject}`,
    text: `Resolved at ${matchTime(match)}, alerted since ${formatIso(since)}.\n\n${alert.text}`
  }
}

/** The alert as a line of NDJSON, without its end. `key` is null where the rule has no key; `matches` is there when it aggregates. */
export function alertLine(match: Match): string {
  const { rule, key, numHits, silenced, resolved, fields, matches } = match
  return JSON.stringify({
    '@timestamp': matchTime(match),
    rule: rule.name,
    type: typeName(rule.kind),
    state: stateOf(match),
    ...(silenced ? { silenced } : {}),
    key,
    ...(resolved === undefined ? {} : { since: formatIso(resolved.since) }),
    ...alertTexts(match, rule.options),
    num_hits: numHits,
    match: fields.row,
    ...(matches === undefined ? {} : { matches: matches.map(m => m.fields.row) })
  })
}
