import { type ComposeFrom, toEach } from '../http-alerter.ts'
import type { Language, Notification } from '../notification.ts'
import type { AlerterOptions } from '../options.ts'

/** A template that takes fields of the match, else options of the rule, by `NAME_args`. */
function filled(
  name: string,
  otherwise: string,
  options: AlerterOptions,
  language: Language,
  notification: Notification
): string {
  const template = options.text(name, otherwise)
  const args = options.texts(`${name}_args`)
  if (args.length === 0) return template
  const missing = options.text('alert_missing_value', '<MISSING VALUE>')
  const values = args.map(arg => language.value(notification, arg) ?? (options.raw(arg) || missing))
  return language.format(template, values)
}

/**
 * PagerDuty's Events API v1 and v2. Payload: ElastAlert 2.31; where the rule has no incident key, it is that of the alert, by
 * which PagerDuty knows what it has, and what a notice that a condition has cleared resolves.
 */
export const pagerduty: ComposeFrom = (options, language) => notification => {
  const of = (name: string, otherwise = ''): string =>
    filled(`pagerduty_${name}`, otherwise, options, language, notification)
  const event =
    notification.state === 'resolved' ? 'resolve' : options.text('pagerduty_event_type', 'trigger')
  const incident = of('incident_key') || notification.incident
  const client = options.text('pagerduty_client_name')
  const { subject, text } = notification
  if (options.text('pagerduty_api_version', 'v1') !== 'v2') {
    return toEach(['https://events.pagerduty.com/generic/2010-04-15/create_event.json'], {
      service_key: options.text('pagerduty_service_key'),
      description: subject,
      event_type: event,
      incident_key: incident,
      client,
      details: { information: text }
    })
  }
  const details: Record<string, unknown> = {}
  if (options.flag('pagerduty_v2_payload_include_all_info', true)) details.information = text
  for (const match of notification.matches) {
    for (const [name, field] of Object.entries(options.map('pagerduty_v2_payload_custom_details'))) {
      details[name] = language.value({ ...notification, match }, String(field)) || field
    }
  }
  const time = language.value(notification, options.text('timestamp_field', '@timestamp'))
  return toEach(['https://events.pagerduty.com/v2/enqueue'], {
    routing_key: options.text('pagerduty_service_key'),
    event_action: event,
    dedup_key: incident,
    client,
    payload: {
      class: of('v2_payload_class'),
      component: of('v2_payload_component'),
      group: of('v2_payload_group'),
      severity: options.text('pagerduty_v2_payload_severity', 'critical'),
      source: of('v2_payload_source', 'ElastAlert'),
      summary: subject,
      custom_details: details,
      ...(time ? { timestamp: time } : {})
    }
  })
}
