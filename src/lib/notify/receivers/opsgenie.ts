import { type ComposeFrom, toEach } from '../http-alerter.ts'
import type { Language, Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'
import { titleWithKey } from './titles.ts'

const PRIORITIES = ['P1', 'P2', 'P3', 'P4', 'P5']

function titleOf(options: AlerterOptions, language: Language, notification: Notification): string {
  const template = options.text('opsgenie_subject')
  if (template === '') return titleWithKey('ElastAlert', options, language, notification)
  const args = options.texts('opsgenie_subject_args')
  if (args.length === 0) return template
  return language.format(
    template,
    args.map(arg => language.value(notification, arg) ?? (options.raw(arg) || '<MISSING VALUE>'))
  )
}

/** Recipients or teams, templates of fields of the match; those that cannot be filled are left to the default. */
function responders(
  kind: 'recipients' | 'teams',
  options: AlerterOptions,
  language: Language,
  notification: Notification
): string[] {
  const given = options.texts(`opsgenie_${kind}`)
  const args = Object.entries(options.map(`opsgenie_${kind}_args`))
  const values = Object.fromEntries(
    args.flatMap(([name, field]) => {
      const value = language.value(notification, String(field))
      return value ? [[name, value]] : []
    })
  )
  const filled = given.flatMap(template => {
    try {
      return [language.format(template, [], values)]
    } catch {
      // a field that the match has not: the default is notified
      return []
    }
  })
  if (filled.length > 0 || given.length === 0) return filled
  const others = options.texts(`opsgenie_default_${kind}`)
  return others.length > 0 ? others : given
}

function detailsOf(options: AlerterOptions, language: Language, notification: Notification): unknown {
  const details = Object.entries(options.map('opsgenie_details')).flatMap(([name, value]) => {
    if (typeof value === 'string') return [[name, value]]
    const found = language.value(notification, String((value as { field?: unknown }).field))
    return found === undefined || found === null ? [] : [[name, language.text(found)]]
  })
  return details.length === 0 ? undefined : Object.fromEntries(details)
}

/**
 * Opsgenie. Payload: ElastAlert 2.31; where the rule has no alias, it is that of the alert, by which Opsgenie knows what it
 * has, and what a notice that a condition has cleared closes.
 */
export const opsgenie: ComposeFrom = (options, language) => notification => {
  const of = (name: string, otherwise = ''): string =>
    language.format(options.text(`opsgenie_${name}`, otherwise), [], notification.match)
  const url = of('addr', 'https://api.opsgenie.com/v2/alerts')
  const headers = { authorization: `GenieKey ${options.text('opsgenie_key')}` }
  const alias = of('alias') || notification.incident
  const source = of('source', 'ElastAlert')
  if (notification.state === 'resolved') {
    const close = `${url}/${encodeURIComponent(alias)}/close?identifierType=alias`
    return toEach([close], { source, note: notification.text }, headers)
  }
  const recipients = responders('recipients', options, language, notification)
  const teams = responders('teams', options, language, notification)
  const priority = of('priority')
  const tags = [...options.texts('opsgenie_tags'), 'ElastAlert', notification.rule]
  const body = {
    message: options.has('opsgenie_message') ? of('message') : titleOf(options, language, notification),
    user: options.text('opsgenie_account') || undefined,
    responders: recipients.length > 0 ? recipients.map(username => ({ username, type: 'user' })) : undefined,
    teams: teams.length > 0 ? teams.map(name => ({ name, type: 'team' })) : undefined,
    description: of('description') || notification.text,
    entity: of('entity') || undefined,
    source: source || undefined,
    tags: tags.map(tag => language.format(tag, [], notification.match)),
    priority: priority === '' ? null : PRIORITIES.includes(priority) ? priority : undefined,
    alias,
    details: detailsOf(options, language, notification)
  }
  return toEach([url], body, headers)
}
