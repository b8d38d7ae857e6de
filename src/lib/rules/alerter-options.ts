/**
 * The options of the alerters that are delivered. Source: ElastAlert 2.31, schema and alerter classes.
 *
 * Each is a name, `:` and what its value is, a text where nothing is said: `texts` a text or a list of them, `list` a list,
 * `map` an object, `number`, `flag`, `duration`, or one of the words that `|` parts. `!` at the end: it must be there.
 */

import { didYouMean } from './did-you-mean.ts'

const HTTPS = (prefix: string): string => `${prefix}_ca_certs:file ${prefix}_ignore_ssl_errors:flag`
const DISCOVER = (prefix: string): string =>
  ['kibana', 'opensearch']
    .map(
      w =>
        `${prefix}_attach_${w}_discover_url:flag ${prefix}_${w}_discover_color ${prefix}_${w}_discover_title`
    )
    .join(' ')
const DECORATED = (prefix: string): string =>
  'title title_link footer footer_icon image_url thumb_url author_name author_link author_icon msg_pretext'
    .split(' ')
    .map(name => `${prefix}_${name}`)
    .join(' ')

const TABLE: Record<string, string> = {
  debug: '',
  command: 'command:any! pipe_match_json:flag pipe_alert_text:flag fail_on_non_zero_exit:flag',
  post: `http_post_url:texts! http_post_payload:map http_post_static_payload:map http_post_all_values:flag
    http_post_headers:map http_post_proxy http_post_timeout:number ${HTTPS('http_post')}`,
  post2: `http_post2_url:texts! http_post2_payload:any http_post2_raw_fields:map http_post2_all_values:flag
    http_post2_headers:any http_post2_proxy http_post2_timeout:number ${HTTPS('http_post2')}`,
  slack: `slack_webhook_url:texts! slack_username_override slack_channel_override:texts slack_emoji_override
    slack_icon_url_override slack_msg_color:good|warning|danger slack_parse_override:none|full slack_text_string
    slack_proxy slack_alert_fields:list slack_timeout:number ${HTTPS('slack')} ${DISCOVER('slack')} ${DECORATED('slack')}`,
  mattermost: `mattermost_webhook_url:texts! mattermost_username_override mattermost_channel_override:texts
    mattermost_emoji_override mattermost_icon_url_override mattermost_msg_color:good|warning|danger
    mattermost_msg_fields:list mattermost_proxy mattermost_ignore_ssl_errors:flag ${DISCOVER('mattermost')}
    ${DECORATED('mattermost')}`,
  rocketchat: `rocket_chat_webhook_url:texts! rocket_chat_username_override rocket_chat_channel_override:texts
    rocket_chat_emoji_override rocket_chat_msg_color:good|warning|danger rocket_chat_text_string
    rocket_chat_alert_fields:list rocket_chat_proxy rocket_chat_timeout:number ${HTTPS('rocket_chat')}
    ${DISCOVER('rocket_chat')}`,
  discord: `discord_webhook_url! discord_emoji_title discord_proxy discord_proxy_login discord_proxy_password
    discord_embed_color:number discord_embed_footer discord_embed_icon_url`,
  googlechat: `googlechat_webhook_url:texts! googlechat_format:basic|card googlechat_header_title
    googlechat_header_subtitle googlechat_header_image googlechat_footer_kibanalink googlechat_proxy`,
  ms_power_automate: `ms_power_automate_webhook_url:texts! ms_power_automate_webhook_url_from_field
    ms_power_automate_alert_summary ms_power_automate_summary_text_size:default|small|medium|large|extraLarge
    ms_power_automate_body_text_size:default|small|medium|large|extraLarge ms_power_automate_alert_facts:list
    ms_power_automate_proxy ms_power_automate_teams_card_width_full:flag ${HTTPS('ms_power_automate')}
    ${['kibana', 'opensearch']
      .map(
        w => `ms_power_automate_${w}_discover_attach_url:flag ms_power_automate_${w}_discover_title
      ms_power_automate_${w}_discover_color:default|positive|destructive`
      )
      .join(' ')}`,
  telegram: `telegram_bot_token! telegram_room_id:scalar! telegram_api_url telegram_proxy telegram_proxy_login
    telegram_proxy_pass telegram_parse_mode:markdown|markdownV2|html telegram_thread_id:number`,
  alertmanager: `alertmanager_hosts:texts! alertmanager_api_version:v1|v2 alertmanager_alertname
    alertmanager_labels:map alertmanager_annotations:map alertmanager_fields:map
    alertmanager_alert_subject_labelname alertmanager_alert_text_labelname alertmanager_proxy
    alertmanager_timeout:number alertmanager_resolve_time:duration alertmanager_basic_auth_login
    alertmanager_basic_auth_password ${HTTPS('alertmanager')}`,
  pagerduty: `pagerduty_service_key! pagerduty_client_name! pagerduty_event_type:none|trigger|resolve|acknowledge
    pagerduty_incident_key pagerduty_incident_key_args:texts pagerduty_proxy pagerduty_api_version:v1|v2
    pagerduty_v2_payload_class pagerduty_v2_payload_class_args:texts pagerduty_v2_payload_component
    pagerduty_v2_payload_component_args:texts pagerduty_v2_payload_group pagerduty_v2_payload_group_args:texts
    pagerduty_v2_payload_severity:critical|error|warning|info pagerduty_v2_payload_source
    pagerduty_v2_payload_source_args:texts pagerduty_v2_payload_custom_details:map
    pagerduty_v2_payload_include_all_info:flag ${HTTPS('pagerduty')}`,
  opsgenie: `opsgenie_key! opsgenie_account opsgenie_addr opsgenie_alias opsgenie_default_recipients:texts
    opsgenie_default_teams:texts opsgenie_description opsgenie_details:map opsgenie_entity opsgenie_message
    opsgenie_priority opsgenie_proxy opsgenie_recipients:texts opsgenie_recipients_args:map opsgenie_source
    opsgenie_subject opsgenie_subject_args:texts opsgenie_tags:texts opsgenie_teams:texts opsgenie_teams_args:map`,
  victorops: `victorops_api_key! victorops_routing_key!
    victorops_message_type:INFO|WARNING|ACKNOWLEDGEMENT|CRITICAL|RECOVERY! victorops_entity_id
    victorops_entity_display_name victorops_proxy`,
  servicenow: `servicenow_rest_url! username! password! short_description! comments! assignment_group! category!
    subcategory! cmdb_ci! caller_id! servicenow_proxy servicenow_impact:number servicenow_urgency:number
    service_now_additional_fields:map`,
  jira: `jira_server! jira_project! jira_issuetype! jira_account_file! jira_assignee jira_component:texts
    jira_components:texts jira_description jira_label:texts jira_labels:texts jira_priority:number jira_watchers:texts
    jira_parent jira_bump_tickets:flag jira_ignore_in_title jira_max_age:number jira_bump_in_statuses:texts
    jira_bump_not_in_statuses:texts jira_bump_only:flag jira_transition_to jira_bump_after_inactivity:number`,
  datadog: 'datadog_api_key! datadog_app_key! datadog_api_url',
  gelf: `gelf_type:http|tcp! gelf_endpoint gelf_host gelf_port:number gelf_payload:map gelf_version gelf_log_level:number
    gelf_http_headers:map gelf_ca_cert:file gelf_http_ignore_ssl_errors:flag gelf_timeout:number`,
  zabbix: 'zbx_host! zbx_key! zbx_sender_host zbx_sender_port:number zbx_host_from_field:flag',
  indexer: 'indexer_alert_config:map! indexer_connection:map indexer_config',
  sns: 'sns_topic_arn! sns_aws_access_key_id sns_aws_secret_access_key sns_aws_region',
  sqs: 'sqs_queue_url! sqs_aws_access_key_id sqs_aws_secret_access_key sqs_aws_region',
  ses: `ses_email:texts! ses_from_addr! ses_aws_access_key_id ses_aws_secret_access_key ses_aws_access_key
    ses_aws_secret_key ses_aws_region ses_email_reply_to:texts ses_cc:texts ses_bcc:texts ses_email_from_field
    ses_email_add_domain`,
  email: `email:texts! email_from_field email_add_domain email_reply_to email_format email_image_keys:texts
    email_image_values:texts smtp_host smtp_port:number smtp_ssl:flag smtp_auth_file smtp_cert_file smtp_key_file
    from_addr cc:texts bcc:texts assets_dir`
}

export interface AlerterOption {
  name: string
  /** As in the table. */
  kind: string
  required: boolean
}

/** The options of each alerter that is delivered. */
export const ALERTER_OPTIONS: ReadonlyMap<string, readonly AlerterOption[]> = new Map(
  Object.entries(TABLE).map(([type, text]) => [type, text.split(/\s+/).filter(Boolean).map(optionOf)])
)

/** How the options of a type begin, its own name where nothing else is said. */
const PREFIXES: Record<string, string> = {
  post: 'http_post_',
  post2: 'http_post2_',
  rocketchat: 'rocket_chat_',
  servicenow: 'servicenow_',
  zabbix: 'zbx_'
}

const NAMES = new Set([...ALERTER_OPTIONS.values()].flatMap(options => options.map(o => o.name)))

/** Whether an option would be one of a delivered alerter, and is none: it is misspelt. */
export function isMisspeltAlerterOption(name: string): boolean {
  if (NAMES.has(name)) return false
  // Any other field of Jira's is named like that, too.
  if (name.startsWith('jira_')) return didYouMean(name, DELIVERED_OPTIONS) !== ''
  return [...ALERTER_OPTIONS.keys()].some(type => name.startsWith(PREFIXES[type] ?? `${type}_`))
}

export const DELIVERED_OPTIONS: readonly string[] = [...NAMES]

function optionOf(text: string): AlerterOption {
  const required = text.endsWith('!')
  const [name = '', kind = 'text'] = (required ? text.slice(0, -1) : text).split(':')
  return { name, kind, required }
}
