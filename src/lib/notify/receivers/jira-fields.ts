import { type Language, type Notification, Refused } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import type { JiraField } from './jira-client.ts'

/** Options that are no fields by their names. */
const KNOWN = new Set(
  [
    ...[
      'server',
      'project',
      'issuetype',
      'account_file',
      'assignee',
      'component',
      'components',
      'description'
    ],
    ...['label', 'labels', 'priority', 'watchers', 'parent', 'ignore_in_title', 'max_age', 'transition_to'],
    ...['bump_tickets', 'bump_in_statuses', 'bump_not_in_statuses', 'bump_only', 'bump_after_inactivity']
  ].map(name => `jira_${name}`)
)

/** Types of fields whose values are chosen from a list, though their schema calls them texts. */
const CHOSEN = new Set(
  ['multicheckboxes', 'multiselect', 'radiobuttons'].map(
    type => `com.atlassian.jira.plugin.system.customfieldtypes:${type}`
  )
)
const TEXTS = new Set(['string', 'date', 'datetime'])

/** The options that are fields by their names, with their values: `#who.name` is a field of the match. */
export function otherFields(
  options: AlerterOptions,
  language: Language,
  notification: Notification
): [option: string, value: unknown][] {
  return options.others('jira_', KNOWN).map(([option, value]) => {
    const isOfMatch = typeof value === 'string' && value.startsWith('#')
    return [option, isOfMatch ? (language.value(notification, value.slice(1)) ?? null) : value]
  })
}

/**
 * A field of an issue and its value, in the form that its schema asks for, as ElastAlert 2.31 has it.
 * @throws Refused when Jira has no such field, or it cannot be set so
 */
export function fieldOf(
  option: string,
  value: unknown,
  fields: readonly JiraField[]
): [id: string, value: unknown] {
  const name = plain(option.slice('jira_'.length))
  const field =
    fields.find(field => plain(field.name) === name) ?? fields.find(({ id }) => plain(id) === name)
  if (field === undefined) throw new Refused(`${option}: Jira has no field of this name`)
  const { schema } = field
  if (schema === undefined) throw new Refused(`${option}: Jira does not say how this field is set`)
  const isList = schema.type === 'array'
  const type = (isList ? schema.items : schema.type) ?? ''
  const wrapped = (one: unknown): unknown => {
    if (TEXTS.has(type)) return CHOSEN.has(schema.custom ?? '') ? { value: one } : one
    if (type === 'number') return whole(option, one)
    return type === 'option' ? { value: one } : { name: one }
  }
  if (!isList) return [field.id, wrapped(value)]
  return [field.id, (Array.isArray(value) ? value : [value]).map(wrapped)]
}

function plain(name: string): string {
  return name.replaceAll('_', ' ').toLowerCase()
}

function whole(option: string, value: unknown): number {
  const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value ?? Number.NaN)
  if (Number.isFinite(number)) return Math.trunc(number)
  throw new Refused(`${option} is a number for Jira, not ${JSON.stringify(value)}`)
}
