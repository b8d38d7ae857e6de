/**
 * Options of ElastAlert 2 and what becomes of them here. Source: ElastAlert 2.31, schema, loader and rule classes.
 */

import { QUERY_ONLY } from './query-options.ts'

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** Options that do here what they do in ElastAlert. */
export const SUPPORTED = new Set(
  words(`
  name type index alert import is_enabled description owner priority category
  filter query_key timestamp_field timestamp_type timestamp_format
  timestamp_to_datetime_format_expr limit_execution limit_execution_coverage
  match_enhancements run_enhancements_first num_events timeframe attach_related
  include top_count_keys top_count_number raw_count_keys realert realert_key exponential_realert
  aggregation aggregation_key aggregate_by_match_time
  summary_table_fields summary_table_type summary_table_max_rows summary_prefix summary_suffix
  alert_subject alert_subject_args alert_subject_max_len alert_text alert_text_args alert_text_kw alert_text_type
  jinja_root_name jinja_template_path jinja_filters
  alert_missing_value use_local_time custom_pretty_ts_format include_rule_params_in_matches
  blacklist whitelist compare_key ignore_null filter_by_list spike_height spike_type threshold_ref threshold_cur field_value
  alert_on_new_data fields terms_window_size alert_on_missing_field cardinality_field max_cardinality min_cardinality
  threshold forget_keys metric_agg_key metric_agg_type metric_agg_script max_threshold min_threshold percentile_range
  min_doc_count bucket_interval sync_bucket_interval metric_format_string match_bucket_filter min_percentage
  max_percentage min_denominator percentage_format_string use_run_every_query_size
  resolve resolve_after
  generate_kibana_discover_url generate_opensearch_discover_url kibana_url opensearch_url
  run_every buffer_time include_rule_params_in_first_match_only command pipe_match_json pipe_alert_text fail_on_non_zero_exit
`)
)

/** Options that change what is alerted or said, and that this version does not carry out: named in a warning. */
export const NOT_YET = new Set(
  words(`
  sns_aws_profile sqs_aws_profile ses_aws_profile
  slack_attach_jira_ticket_url slack_jira_ticket_color slack_jira_ticket_title
  shorten_kibana_discover_url
`)
)

export const RULE_TYPES = new Set(
  words(`
  any blacklist whitelist change frequency spike flatline new_term cardinality metric_aggregation spike_aggregation
  percentage_match
`)
)

export const ALERTERS = new Set(
  words(`
  alerta alertmanager chatwork command datadog debug dingtalk discord email exotel flashduty gelf gitter googlechat
  hivealerter indexer iris jira lark line matrixhookshot mattermost ms_power_automate opsgenie pagerduty pagertree post
  post2 rocketchat servicenow ses slack smseagle sns sqs stomp telegram tencent_sms twilio victorops webex_webhook
  workwechat yzj zabbix
`)
)

/** Every alerter's own options begin with one of these, or are one of the names below. */
const ALERTER_PREFIX = new RegExp(
  `^(?:${words(`
  alerta alertmanager chatwork datadog dingtalk discord email exotel flashduty gelf gitter googlechat hive indexer iris jira
  kibana_discover lark line matrixhookshot mattermost ms_power_automate opensearch_discover opsgenie pagerduty pagertree
  http_post http_post2 rocket_chat service_?now ses slack smseagle smtp sns sqs stomp telegram tencent_sms twilio
  victorops webex work_wechat yzj zbx
`).join('|')})_`
)
const ALERTER_NAMES = new Set(
  words(`
  email from_addr cc bcc assets_dir username password short_description comments assignment_group subcategory cmdb_ci
  caller_id
`)
)

export type OptionKind = 'supported' | 'query only' | 'not yet' | 'alerter' | 'unknown'

export function optionKind(name: string): OptionKind {
  if (SUPPORTED.has(name)) return 'supported'
  if (QUERY_ONLY.has(name)) return 'query only'
  if (NOT_YET.has(name)) return 'not yet'
  return ALERTER_NAMES.has(name) || ALERTER_PREFIX.test(name) ? 'alerter' : 'unknown'
}

export const KNOWN_OPTIONS = [...SUPPORTED, ...QUERY_ONLY.keys(), ...NOT_YET]
