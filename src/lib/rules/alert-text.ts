/**
 * Subject and text of an alert, word for word as ElastAlert writes them. One thing differs: times are in UTC unless the rule
 * says `use_local_time: true`, so that a text does not depend on the machine.
 */

import { type Fields, isObject, type JsonObject, lookup } from './fields.ts'
import { renderTemplate, templateFile } from './jinja.ts'
import { pythonFormat, pythonJson, pythonStr } from './python-format.ts'
import { isTruthy } from './python-values.ts'
import type { RuleKind } from './rule.ts'
import { ruleText } from './rule-text.ts'
import { isNoTime, ruleValues } from './rule-values.ts'
import { summaryText } from './summary.ts'
import { byCount } from './top-counts.ts'

const SUBJECT_MAX = 2048

/** How what is set in columns is marked in a text: not at all, or as in Jira's wiki. */
export type Markup = 'plain' | 'jira'
const TOP_EVENTS = 'top_events_'

/**
 * The value of a field in the match, else the rule's option of that name, else alert_missing_value.
 * @param takes options that are taken: those that are true to Python, or all that are set
 */
function valueFor(match: Fields, options: JsonObject, name: string, takes: 'true' | 'set' = 'true'): unknown {
  const found = lookup(match, name)
  if (found !== undefined && found !== null) return found
  const option = ruleValues(options)[name]
  const isSet =
    takes === 'true' ? isTruthy(option) && !isNoTime(option) : option !== undefined && option !== null
  return isSet ? option : (options.alert_missing_value ?? '<MISSING VALUE>')
}

/** `match` holds the fields of the match in its row, and around them the envelope of a change event. */
export function alertSubject(options: JsonObject, match: Fields): string {
  if (!Object.hasOwn(options, 'alert_subject')) return pythonStr(options.name)
  let subject = pythonStr(options.alert_subject)
  const args = options.alert_subject_args
  if (Array.isArray(args))
    subject = pythonFormat(
      subject,
      args.map(a => valueFor(match, options, String(a)))
    )
  else if (options.alert_text_type === 'alert_text_jinja') subject = rendered(subject, options, match)
  const most = options.alert_subject_max_len
  return [...subject].slice(0, typeof most === 'number' ? most : SUBJECT_MAX).join('')
}

/** `{{ field }}`, `{{ _data['a.b'] }}`: fields of the match before options of the rule. */
function rendered(template: string, options: JsonObject, match: Fields): string {
  const values = { ...ruleValues(options), ...match.row }
  return renderTemplate(template, { ...values, [pythonStr(options.jinja_root_name ?? '_data')]: values })
}

/** The template of a rule with alert_text_jinja: of its file, else its alert_text. */
export function jinjaText(options: JsonObject, again = false): string {
  const file = options.jinja_template_path
  return typeof file === 'string' ? templateFile(file, again) : pythonStr(options.alert_text ?? '')
}

function customText(options: JsonObject, match: Fields): string {
  if (options.alert_text_type === 'alert_text_jinja') return rendered(jinjaText(options), options, match)

  const { alert_text: text = '', alert_text_args: args, alert_text_kw: kw } = options
  const template = pythonStr(text)
  if (Array.isArray(args))
    return pythonFormat(
      template,
      args.map(a => valueFor(match, options, String(a)))
    )
  if (!isObject(kw)) return template
  const named = Object.entries(kw).map(([field, name]) => [
    String(name),
    valueFor(match, options, field, 'set')
  ])
  return pythonFormat(template, [], Object.fromEntries(named))
}

function matchItems(match: JsonObject): string {
  return Object.keys(match)
    .filter(key => !key.startsWith(TOP_EVENTS))
    .sort()
    .map(key => {
      const value = match[key]
      const structured = Array.isArray(value) || isObject(value)
      return `${key}: ${structured ? pythonJson(value) : pythonStr(value)}\n`
    })
    .join('')
}

/** The same as Jira shows code. */
function matchCode(match: JsonObject): string {
  const items = Object.entries(match).filter(([key]) => !key.startsWith(TOP_EVENTS))
  return `{code}${pythonJson(Object.fromEntries(items))}{code}`
}

function topCounts(options: JsonObject, match: JsonObject): string {
  if (!isTruthy(options.top_count_keys)) return ''
  return Object.entries(match)
    .filter(([key]) => key.startsWith(TOP_EVENTS))
    .map(([key, counts]) => {
      const lines = byCount(Object.entries(counts as Record<string, number>)).map(([t, n]) => `${t}: ${n}\n`)
      return `${key.slice(TOP_EVENTS.length)}:\n${lines.join('') || 'No events found.\n'}\n`
    })
    .join('')
}

function endParagraph(text: string): string {
  return text.endsWith('\n\n') ? text : text.endsWith('\n') ? `${text}\n` : `${text}\n\n`
}

/** A match in an alert, and its time in microseconds. */
export interface MatchView {
  fields: Fields
  micros: number
}

/** The text for each match below the summary of all. */
export function alertText(
  kind: RuleKind,
  options: JsonObject,
  matches: readonly MatchView[],
  markup: Markup = 'plain'
): string {
  const table = summaryText(
    options,
    matches.map(m => m.fields)
  )
  const summary = markup === 'jira' && table !== '' ? `{noformat}${table}{noformat}` : table
  if (options.alert_text_type === 'aggregation_summary_only') return summary
  const end = matches.length > 1 ? `\n${'-'.repeat(40)}\n` : ''
  return summary + matches.map(m => matchText(kind, options, m, markup) + end).join('')
}

/** What is said of one match. */
export function matchText(
  kind: RuleKind,
  options: JsonObject,
  { fields: match, micros }: MatchView,
  markup: Markup
): string {
  const type = options.alert_text_type
  const head = Object.hasOwn(options, 'alert_text') ? '' : `${pythonStr(options.name)}\n\n`
  const text = endParagraph(head + customText(options, match))
  if (type === 'alert_text_only' || type === 'alert_text_jinja') return text
  const described =
    endParagraph(text + ruleText(kind, options, match.row, micros)) + topCounts(options, match.row)
  if (type === 'exclude_fields') return described
  return described + (markup === 'jira' ? matchCode(match.row) : matchItems(match.row))
}
