import {
  commonFlags,
  inputFlags,
  kafkaOutHelp,
  kafkaOutputFlags,
  outputFlags,
  repartitionFlags,
  serverFlags,
  stateFlags
} from '../../lib/cli/index.ts'
import { documentFlags } from './documents.ts'

export const flags = {
  rules: {
    kind: 'strings',
    short: 'r',
    arg: 'DIR|FILE',
    complete: 'file',
    help: 'ElastAlert 2 rule file, or folder of them',
    doc: 'Repeatable. A folder gives every .yaml and .yml file in it and below.'
  },
  check: {
    kind: 'boolean',
    help: 'only check the rules, read nothing',
    doc: 'Errors and warnings are printed as file:line:column, and what options that only steer queries mean here. The status is 2 when there is an error or a misspelt option.'
  },
  test: {
    kind: 'strings',
    arg: 'DIR|FILE',
    complete: 'file',
    help: 'try rules on a capture: nobody is told',
    doc: 'In the place of --rules. Alerts are written as a run over the same events would write them, byte for byte, and a timeline of them to stderr. See BACKTEST.'
  },
  labels: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'with --test: when there should have been alerts',
    doc: 'Precision, recall and delay are printed too. See BACKTEST.'
  },
  explain: {
    kind: 'boolean',
    help: 'say why rules have fired or not',
    doc: 'At the end, and on SIGUSR2, stderr has for each rule and each of its keys: how many events came, which parts of the filter let how many not through, how many matches there were and what became of them (alerted, silenced, held back by realert, until when), and how its window stands. Every line is parsed for it, which takes its time. Of a rule, the twenty keys with most matches are printed. What is told is of this run alone.'
  },
  'run-every': {
    kind: 'duration',
    default: 60_000,
    help: 'evaluation interval of rules that time decides',
    doc: 'In event time; a rule may have a run_every of its own. What an event decides waits for nothing.'
  },
  'buffer-time': {
    kind: 'duration',
    default: 15 * 60_000,
    help: 'how far back aggregations look',
    doc: 'For metric_aggregation, spike_aggregation and percentage_match; a rule may have a buffer_time of its own.'
  },
  silences: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'silences, instead of those in --state',
    doc: 'For a replay with the silences of a run, and for members of a group that have no --state.'
  },
  'dry-run': {
    kind: 'boolean',
    help: 'notify nobody, only say who would be',
    doc: 'Alerts are written as always; what each alerter would have sent is told on stderr, without secrets.'
  },
  'deliver-for': {
    kind: 'duration',
    default: 3_600_000,
    help: 'how long a notification is tried',
    doc: 'A receiver that cannot be reached, answers with 5xx, 408 or 429 or takes too long is tried again, after 0.1 to 30 s. Another 4xx is final.'
  },
  undelivered: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'append notifications that were given up to FILE',
    doc: 'A line of JSON each: receiver, reason, id, subject, text, match.'
  },
  clock: {
    kind: 'choice',
    choices: ['event', 'wall'],
    default: 'event',
    help: 'whose time it is where events tell none',
    doc: "wall is for plain logs as they are written: an event without timestamp_field happens when it is read, and while none come, time passes by the machine's clock, one second behind it, so that a flatline is found in a log that has gone silent. What is raised then depends on when it is read: a replay of a capture is by event time."
  },
  'fail-on-alert': { kind: 'boolean', help: 'end with status 4 when there was an alert' },
  ...inputFlags,
  'stop-at': {
    ...inputFlags['stop-at'],
    help: 'end behind what topics or an index have at the start; files and pipes end by themselves'
  },
  ...documentFlags,
  out: { ...outputFlags.out, help: kafkaOutHelp, doc: `${outputFlags.out.doc} For topics see KAFKA.` },
  ...repartitionFlags,
  ...kafkaOutputFlags,
  key: {
    kind: 'string',
    arg: 'COLUMN,...|TEMPLATE',
    default: 'rule,key',
    help: 'key of alerts in topics: fields of the alert (a,b), or a template',
    doc: 'Columns give an object as of Debezium, {"id":7}, and a deletion a tombstone; a template, as {contest_id}@{window_end}, its text.'
  },
  ...stateFlags,
  ...serverFlags,
  ...commonFlags,
  config: {
    ...commonFlags.config,
    doc: "Keys are the long names of flags. ElastAlert's own config.yaml is understood too: rules_folder, run_every and buffer_time are taken from it."
  }
} as const
