import { type FlagSet, type FlagValues, type Log, usageError } from '../../lib/cli/index.ts'
import type { Rule } from '../../lib/rules/index.ts'
import { type Input, parseTime } from '../../lib/stream/index.ts'

/** Flags of events that are read from an index. */
export const documentFlags = {
  from: {
    kind: 'string',
    arg: 'es://HOST[,HOST...]/INDEX',
    help: 'read the documents of an index, in the place of --in',
    doc: 'Of Elasticsearch or OpenSearch; see ELASTICSEARCH.'
  },
  start: {
    kind: 'string',
    arg: 'TIME|earliest|latest',
    help: 'time of the first document that --from reads',
    doc: 'A time such as 2026-11-24T10:00:00Z. Default: --buffer-time ago, with --test earliest. A resumed run goes on where it was left, whatever this says.'
  },
  'time-field': {
    kind: 'string',
    arg: 'FIELD',
    help: 'field whose order --from reads documents in',
    doc: 'Default: the timestamp_field of the rules.'
  },
  'poll-every': {
    kind: 'duration',
    default: 1000,
    help: 'how often --from asks for new documents'
  },
  'poll-overlap': {
    kind: 'duration',
    default: 5000,
    help: 'how long after its time a document may come to be found',
    doc: 'One that an index shows later than documents that are later by this is not read. An index shows what was written a second before (its refresh_interval), and --poll-overlap has to be longer. Rules that time decides wait for it when nothing comes.'
  }
} as const satisfies FlagSet

/** What the man page says of them. */
export const documentTexts = [
  '--from es://[USER:PASSWORD@]HOST[:PORT][,HOST...]/INDEX[,INDEX...] reads what is in an index already, as ElastAlert does, each document as a line with its _id and _index. INDEX may be a pattern (logs-*), an alias or a data stream. Documents are read once, in the order of --time-field, by pages as of a point in time; then the index is asked for new ones every --poll-every, from --poll-overlap before the last one on, so that those are found, too, that it shows late. With --stop-at now the run ends after what is there. Documents without the field are not read, and those of a time to come when it has come.',
  'Every rule sees every document; the option index of a rule is not looked at, but a filter may: wildcard: {_index: logs-*}. So a rule folder for several indices goes with a pattern for all of them.',
  'With --state a run goes on behind the last document of the mark that it resumes at, and reads none twice. A server that goes away is waited for (--retry-for).',
  'Parameters of the URL: tls=true, with ca=FILE or ca-fingerprint=HEX for an authority of your own, and cert=FILE and key=FILE for a certificate to show; api-key=ID:KEY, bearer-token=TOKEN, or aws-region=REGION (with aws-service=aoss for Serverless) and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment; sniff=true to find the other nodes of the cluster. ${VAR} is read from the environment: es://app:${PASSWORD}@search/logs-*?tls=true. The user needs read and view_index_metadata. Elasticsearch from 7.12, OpenSearch from 3.3.'
] as const

interface Run {
  readonly flags: FlagValues<typeof documentFlags> & {
    readonly in: string
    readonly repartitionBy: readonly string[]
    readonly bufferTime: number
    readonly test: readonly string[]
    readonly stopAt: 'now' | undefined
    readonly state: string | undefined
    readonly retryFor: number | undefined
  }
  readonly rules: readonly Rule[]
  readonly stop: AbortSignal
  readonly log: Log
}

const MARK_EVERY_MS = 1000

/** Opens what --from names; null when it is not given. @throws ToolError USAGE */
export async function openFrom({ flags, rules, stop, log }: Run): Promise<Input | null> {
  if (flags.from === undefined) {
    if (flags.start !== undefined) throw usageError('--start is for --from')
    if (flags.in.startsWith('es://')) throw usageError('--in es://…: an index is read with --from')
    return null
  }
  if (flags.in !== '-') throw usageError('--from and --in both name the events')
  if (flags.repartitionBy.length > 0) throw usageError('--repartition-by is for topics, not for --from')
  const { openDocuments } = await import('../../lib/elastic/index.ts')
  return openDocuments(flags.from, '--from', {
    ...timeOf(flags.timeField, rules),
    start: startOf(flags.start ?? (flags.test.length > 0 ? 'earliest' : undefined), flags.bufferTime),
    pollEveryMs: flags.pollEvery,
    overlapMs: flags.pollOverlap,
    markEveryMs: MARK_EVERY_MS,
    stopAtNow: flags.stopAt === 'now',
    // a test is of what was written, whenever it is run
    tellsTime: flags.test.length === 0,
    root: flags.state ?? null,
    retryFor: flags.retryFor,
    stop,
    warn: message => log.warn(message)
  })
}

function startOf(text: string | undefined, bufferTimeMs: number): number | null {
  if (text === undefined) return Date.now() - bufferTimeMs
  if (text === 'earliest') return null
  if (text === 'latest') return Date.now()
  const time = parseTime(text)
  if (time === undefined) {
    throw usageError(`--start ${text}: earliest, latest, or a time such as 2026-11-24T10:00:00Z`)
  }
  return time.getTime()
}

function timeOf(
  given: string | undefined,
  rules: readonly Rule[]
): { timeField: string; timeScale: number | null } {
  const fields = [...new Set(rules.map(rule => rule.timestamp.field))]
  if (given === undefined && fields.length > 1) {
    throw usageError(
      `rules take the time from ${fields.join(' and ')}`,
      '--time-field names the one by which documents are read'
    )
  }
  const timeField = given ?? fields[0] ?? '@timestamp'
  const type = rules.find(rule => rule.timestamp.field === timeField)?.timestamp.type
  return { timeField, timeScale: type === 'unix' ? 1000 : type === 'unix_ms' ? 1 : null }
}
