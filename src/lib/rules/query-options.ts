/** Options that steer ElastAlert's queries and runs, which a stream does not have, and what is to be known of them here. */

const MEANINGS: [names: string, meaning: string][] = [
  [
    'es_host es_port es_hosts es_username es_password es_bearer es_api_key es_url_prefix es_conn_timeout es_send_get_body_as use_ssl verify_certs ssl_show_warn ca_certs client_cert client_key aws_region profile',
    'events come from the input, or from the index that --from names'
  ],
  [
    'use_strftime_index search_extra_index doc_type _source_enabled',
    'events come from the input, or as --from names their indices'
  ],
  ['include_fields', 'a match is the whole event, or what include leaves of it'],
  [
    'max_query_size max_scrolling max_scrolling_count scroll_keepalive max_threads misfire_grace_time',
    'every event is read, once: nothing is paged or left for the next run'
  ],
  [
    'use_count_query use_terms_query terms_size',
    'events are counted one by one, every key of them, and matches are whole events'
  ],
  ['window_step_size', 'terms are learnt from the events, and from the rows of a snapshot'],
  ['use_keyword_postfix', 'a name ends in .keyword or not: it is the same field'],
  ['allow_buffer_time_overlap', 'each aggregation looks at its own window, whatever the run before it saw'],
  ['query_delay', 'nothing is waited for: late events take their place by their own time'],
  ['scan_entire_timeframe', 'a window holds all of its timeframe in any case'],
  ['replace_dots_in_field_names', 'nothing is written back to an index'],
  ['query_timezone', 'times without a zone are of UTC'],
  ['timestamp_format_expr', 'it writes the times of queries: what is read is read by timestamp_format'],
  [
    'initial_starttime start_date minimum_starttime',
    'the input says where it begins: --in FILE, or what --state acknowledged'
  ],
  [
    'notify_alert notify_all_errors notify_email',
    'errors are said on stderr, and lines that cannot be evaluated go to --dead-letter'
  ],
  [
    'aggregation_alert_time_compared_with_timestamp_field',
    'the time is that of the events: there is no other to compare with'
  ],
  ['kibana_username kibana_password kibana_verify_certs', 'links to Kibana are written, not asked for']
]

/** What each of these options means here. */
export const QUERY_ONLY: ReadonlyMap<string, string> = new Map(
  MEANINGS.flatMap(([names, meaning]) => names.split(' ').map((name): [string, string] => [name, meaning]))
)
