import { type ComposeFrom, toEach } from '../http-alerter.ts'
import { basic } from '../transport.ts'
import { durationMs } from './durations.ts'

/**
 * Prometheus' Alertmanager, which takes alerts with the same labels for one. Payload: ElastAlert 2.31; a notice that a
 * condition has cleared ends the alert.
 */
export const alertmanager: ComposeFrom = (options, language) => notification => {
  const { rule, subject, text, match, state } = notification
  const root = options.text('jinja_root_name', '_data')
  const rendered = (name: string): [string, unknown][] =>
    Object.entries(options.map(name)).map(([label, template]) => [
      label,
      language.render(String(template), { ...match, [root]: match })
    ])
  const fields = Object.entries(options.map('alertmanager_fields')).map(([label, field]) => {
    const value = language.value(notification, String(field)) ?? null
    return [label, typeof value === 'string' ? value : spacedJson(value)]
  })
  const stays = options.raw('alertmanager_resolve_time')
  const ends = state === 'resolved' ? 0 : stays === undefined ? undefined : durationMs(stays)
  const login = options.text('alertmanager_basic_auth_login')
  const alert = {
    annotations: Object.fromEntries([
      ...rendered('alertmanager_annotations'),
      [options.text('alertmanager_alert_subject_labelname', 'summary'), subject],
      [options.text('alertmanager_alert_text_labelname', 'description'), text]
    ]),
    labels: Object.fromEntries([
      ...rendered('alertmanager_labels'),
      ...fields,
      ['alertname', options.text('alertmanager_alertname', rule)],
      ['elastalert_rule', rule]
    ]),
    ...(ends === undefined ? {} : { endsAt: new Date(Date.now() + ends).toISOString() })
  }
  const version = options.text('alertmanager_api_version', 'v1')
  return toEach(
    options.texts('alertmanager_hosts').map(host => `${host}/api/${version}/alerts`),
    [alert],
    login === ''
      ? undefined
      : { authorization: basic(login, options.text('alertmanager_basic_auth_password')) }
  )
}

/** JSON with the spaces that Python puts in it: a label that differs in them would be another alert. */
function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(', ')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, v]) => `${JSON.stringify(name)}: ${spacedJson(v)}`)
  return `{${members.join(', ')}}`
}
