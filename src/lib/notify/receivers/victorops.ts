import { type ComposeFrom, toEach } from '../http-alerter.ts'

/**
 * Splunk On-Call, formerly VictorOps. Payload: ElastAlert 2.31; where the rule has no entity_id, it is that of the alert, by
 * which a notice that a condition has cleared finds it.
 */
export const victorops: ComposeFrom =
  options =>
  ({ subject, text, match, incident, state }) => {
    const key = encodeURIComponent(options.text('victorops_api_key'))
    const route = encodeURIComponent(options.text('victorops_routing_key'))
    return toEach([`https://alert.victorops.com/integrations/generic/20131114/alert/${key}/${route}`], {
      message_type: state === 'resolved' ? 'RECOVERY' : options.text('victorops_message_type'),
      entity_display_name: options.text('victorops_entity_display_name', subject),
      monitoring_tool: 'ElastAlert',
      state_message: text,
      ...match,
      entity_id: options.text('victorops_entity_id') || incident
    })
  }
