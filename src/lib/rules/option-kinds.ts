import type { OptionReader } from './option-reader.ts'

/** What an option holds, by its name; nothing holds null. Source: ElastAlert 2.31, `schema.yaml`. */
type Kind = keyof typeof KINDS

const isText = (value: unknown): boolean => typeof value === 'string'
const isWhole = (value: unknown): boolean => Number.isInteger(value)

const KINDS = {
  text: { holds: isText, is: 'a text' },
  whole: { holds: isWhole, is: 'a whole number' },
  number: { holds: (v: unknown) => typeof v === 'number', is: 'a number' },
  flag: { holds: (v: unknown) => typeof v === 'boolean', is: 'true or false' },
  texts: { holds: (v: unknown) => Array.isArray(v) && v.every(isText), is: 'a list of texts' },
  names: {
    holds: (v: unknown) => isText(v) || (Array.isArray(v) && v.every(isText)),
    is: 'a text, or a list of them'
  },
  list: { holds: Array.isArray, is: 'a list' },
  time: { holds: () => true, is: 'an object such as {minutes: 5}' }
}

/** Options of links to Kibana and to OpenSearch. */
function discover(names: string): string {
  const all = names.split(' ')
  return ['kibana', 'opensearch'].flatMap(place => all.map(name => `${place}_discover_${name}`)).join(' ')
}

/** Of rules of every type. */
const COMMON: Record<Kind, string> = {
  text: `es_host index name es_username es_password es_bearer realert_key owner kibana_url kibana_username kibana_password
    opensearch_url ${discover('app_url version index_pattern_id')} kibana_discover_security_tenant custom_pretty_ts_format alert_text alert_missing_value timestamp_field
    summary_prefix summary_suffix summary_table_type`,
  whole:
    'es_port max_query_size max_scrolling max_threads misfire_grace_time priority top_count_number summary_table_max_rows',
  number: '',
  flag: `use_ssl verify_certs use_strftime_index aggregation_alert_time_compared_with_timestamp_field
    include_rule_params_in_first_match_only raw_count_keys kibana_verify_certs use_local_time replace_dots_in_field_names
    scan_entire_timeframe notify_all_errors generate_kibana_discover_url generate_opensearch_discover_url
    shorten_kibana_discover_url`,
  texts: `es_hosts include include_rule_params_in_matches top_count_keys match_enhancements jinja_filters
    alert_text_args ${discover('columns')}`,
  names: 'import query_key',
  list: 'filter summary_table_fields include_fields',
  time: `realert exponential_realert buffer_time query_delay ${discover('from_timedelta to_timedelta')}`
}

const QUERIES = { flag: 'use_count_query use_terms_query', whole: 'terms_size' }
const WINDOWS = 'use_run_every_query_size allow_buffer_time_overlap sync_bucket_interval'

const BY_TYPE: Record<string, Partial<Record<Kind, string>>> = {
  blacklist: { texts: 'blacklist' },
  whitelist: { texts: 'whitelist', flag: 'ignore_null' },
  change: { flag: 'ignore_null' },
  frequency: { flag: `attach_related ${QUERIES.flag}`, whole: `num_events ${QUERIES.whole}` },
  spike: {
    flag: `alert_on_new_data ${QUERIES.flag}`,
    whole: `threshold_ref threshold_cur ${QUERIES.whole}`,
    number: 'spike_height',
    text: 'field_value'
  },
  spike_aggregation: {
    flag: `alert_on_new_data ${QUERIES.flag}`,
    whole: `min_doc_count percentile_range ${QUERIES.whole}`,
    number: 'spike_height threshold_ref threshold_cur'
  },
  flatline: { flag: `forget_keys ${QUERIES.flag}`, whole: `threshold ${QUERIES.whole}` },
  new_term: {
    flag: 'alert_on_missing_field use_terms_query use_keyword_postfix',
    whole: 'terms_size',
    time: 'window_step_size'
  },
  cardinality: { whole: 'max_cardinality min_cardinality', text: 'cardinality_field' },
  metric_aggregation: {
    flag: WINDOWS,
    whole: 'min_doc_count percentile_range',
    number: 'max_threshold min_threshold',
    text: 'metric_format_string'
  },
  percentage_match: {
    flag: WINDOWS,
    whole: 'min_denominator',
    number: 'max_percentage min_percentage',
    text: 'percentage_format_string'
  }
}

/** Names options that hold something else than ElastAlert lets them, unless something was wrong with them before. */
export function checkKinds(options: OptionReader): void {
  for (const kinds of [COMMON, BY_TYPE[String(options.options.type)] ?? {}]) {
    for (const [kind, names] of Object.entries(kinds) as [Kind, string][]) {
      for (const name of names.split(/\s+/)) {
        if (!Object.hasOwn(options.options, name) || options.hasFailed(name)) continue
        checkKind(options, name, KINDS[kind], kind === 'time')
      }
    }
  }
  const { use_terms_query, scan_entire_timeframe } = options.options
  if (use_terms_query === true) options.required('query_key', () => true)
  if (scan_entire_timeframe === true) options.required('timeframe', () => true)
}

function checkKind(
  options: OptionReader,
  name: string,
  { holds, is }: { holds: (value: unknown) => boolean; is: string },
  isTime: boolean
): void {
  const value = options.options[name]
  if (value === null) options.error([name], `${name} has no value: it is ${is}`)
  else if (isTime) options.duration(name)
  else if (!holds(value)) options.error([name], `${name} is ${is}, not ${JSON.stringify(value)}`)
}
