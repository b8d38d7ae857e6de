import {
  Backoff,
  type CommandSpec,
  commonFlags,
  formatDuration,
  type Invocation,
  inputFlags,
  kafkaInputTexts,
  kafkaSecurityText,
  runTool,
  serverFlags,
  stateFlags,
  type ToolError,
  usageError
} from '../lib/cli/index.ts'
import {
  check,
  checkPrivileges,
  type Deletes,
  DerivedTemplates,
  Documents,
  ElasticConnection,
  ElasticSink,
  parseIndexRules,
  putTemplates,
  type ServerInfo,
  setUp,
  TableMappings,
  TemplateMaker,
  wildcards
} from '../lib/elastic/index.ts'
import {
  BadLines,
  type Mark,
  openDeadLetters,
  openInputPort,
  parseTemplate,
  runStage,
  StateDirectory
} from '../lib/stream/index.ts'

const flags = {
  index: {
    kind: 'string',
    arg: 'TEMPLATE',
    help: 'index to write to',
    doc: "A template: 'joins-{created_at:GGGG.[w]WW}' gives an index a week, {source.table} one a table."
  },
  map: {
    kind: 'strings',
    arg: 'TABLE=TEMPLATE',
    help: "index of a table's rows, in place of --index",
    doc: 'A table is name, db.name or a pattern such as dream.log_*. Repeatable; the first that fits counts.'
  },
  id: {
    kind: 'string',
    arg: 'TEMPLATE',
    help: "document id, as '{contest_id}@{window_end}'",
    doc: "Default with upsert: the key of the row's table, as cdc-tail --emit-schema tells it: its value, or the values of several columns joined by / (%2F and %25 for / and % in them). Rows of which no key is known need the flag. With append, an id makes a replay write nothing twice: of changes as cdc-tail writes them, {source.file}:{source.pos}:{source.row} is one."
  },
  mode: {
    kind: 'choice',
    choices: ['upsert', 'update', 'append'],
    default: 'upsert',
    help: 'keep the newest version of each id, its newest fields, or every event',
    doc: 'upsert: c, r and u events index their row, d events delete it, plain rows are indexed. update: the fields of a row are set in its document, which keeps the others (see DESCRIPTION for when that is safe). append: every event but d is created.'
  },
  mappings: {
    kind: 'string',
    arg: 'FILE',
    help: 'mappings and settings of new indices, JSON or YAML',
    complete: 'file',
    doc: 'Mappings alone ({"properties": ...}) or {"mappings": ..., "settings": ...}. They are put as an index template, millrace-NAME, before the first write; indices that are there already stay as they are.'
  },
  'dynamic-mappings': {
    kind: 'boolean',
    help: 'derive no mappings from the columns of tables',
    doc: 'See MAPPINGS.'
  },
  policy: {
    kind: 'string',
    arg: 'NAME',
    help: 'lifecycle policy of new indices (ILM, or ISM of OpenSearch)'
  },
  'data-stream': {
    kind: 'boolean',
    help: 'new names are data streams; documents have an @timestamp, and --mode is append'
  },
  'setup-only': {
    kind: 'boolean',
    help: 'put the index templates and end',
    doc: 'Those of tables that the input tells of, too: cdc-tail --emit-schema --snapshot schema-only --stop-at now tells of all.'
  },
  check: {
    kind: 'boolean',
    help: 'write nothing: test the connection, and print what would become of the first events',
    doc: 'Prints the bulk operations of the first ten lines of input, if there are some, and the index templates that would be put. Asks Elasticsearch whether the user has the privileges for it, and ends with status 3 when one is missing; OpenSearch tells the roles of the user only.'
  },
  deletes: {
    kind: 'string',
    arg: 'delete|ignore|FIELD',
    default: 'delete',
    help: 'what a deleted row does: deletes its document, nothing, or sets this field of it to true',
    doc: 'Marked documents hold the row as it was before. A row that is there again later replaces it. Not for append, which keeps every event.'
  },
  'batch-bytes': { kind: 'bytes', default: 4 * 1024 * 1024, help: 'size of a bulk request' },
  'batch-docs': { kind: 'integer', default: 5000, help: 'documents in a bulk request' },
  'batch-age': { kind: 'duration', default: 50, help: 'how long a document waits for others' },
  'in-flight': { kind: 'integer', default: 3, help: 'bulk requests at a time' },
  'request-timeout': {
    kind: 'duration',
    default: 120_000,
    help: 'how long an answer may take before the request is sent again'
  },
  sniff: {
    kind: 'boolean',
    help: 'find the other nodes of the cluster, and spread requests over them',
    doc: 'At the start, and again when a node does not answer. They must be reachable at the addresses that they publish, so not through a proxy, a load balancer or a managed service. The user needs the privilege monitor. Scheme, user and path of the first URL hold for all.'
  },
  compress: {
    kind: 'boolean',
    help: 'send requests compressed by gzip',
    doc: 'A seventh of the bytes for half as much CPU time again, on another thread: for a slow or charged line, not beside the server.'
  },
  refresh: {
    kind: 'choice',
    choices: ['true', 'false', 'wait'],
    help: 'whether documents are searchable when a mark is acknowledged'
  },
  'api-key': {
    kind: 'string',
    arg: 'KEY',
    help: "key of the server's to log in with",
    doc: 'ID:KEY, or encoded as Elasticsearch gives it. ${VAR} is read from the environment, @FILE from a file. User and password stand in the URL.'
  },
  'bearer-token': { kind: 'string', arg: 'TOKEN', help: 'token to log in with, as --api-key gives it' },
  'aws-region': {
    kind: 'string',
    arg: 'REGION',
    help: 'sign requests for Amazon OpenSearch Service in this region',
    doc: 'Signature Version 4, with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment.'
  },
  'aws-service': {
    kind: 'choice',
    choices: ['es', 'aoss'],
    default: 'es',
    help: 'a managed domain, or OpenSearch Serverless'
  },
  ca: { kind: 'string', arg: 'FILE', help: "certificates of the server's authority", complete: 'file' },
  'ca-fingerprint': {
    kind: 'string',
    arg: 'HEX',
    help: 'SHA-256 of its certificate, in place of the file'
  },
  cert: { kind: 'string', arg: 'FILE', help: 'client certificate to show', complete: 'file' },
  key: { kind: 'string', arg: 'FILE', help: 'its private key', complete: 'file' },
  ...inputFlags,
  ...stateFlags,
  ...serverFlags,
  ...commonFlags
} as const

export const spec = {
  name: 'es-sink',
  summary: 'write events to Elasticsearch or OpenSearch',
  synopsis: ['URL[,URL...] --index TEMPLATE [--id TEMPLATE] [FLAG...]'],
  description: [
    'es-sink reads change events and plain rows, one JSON object a line, and keeps an index in step with them: rows are indexed under their id, deleted rows are deleted.',
    'Change events carry their position in the binlog, and documents get it as their external version: however often events are replayed, the newest state wins. Where the log goes on on another server, source.epoch keeps the order. A pipeline that begins anew, without its --state, on a server whose log files have lower numbers needs an empty index: the documents there would count as newer. What the server cannot take now is tried again without end (see --retry-for); what it refuses for good goes to --dead-letter, or stops the tool.',
    'An update of which the log has only some columns (binlog_row_image=MINIMAL or NOBLOB) changes those fields of its document and keeps the others, for which the document is read first. One that changes the id or the index is refused, as the log does not have the whole row.',
    'With --mode update several streams may each write their own fields of one document. The server takes no versions then: what one es-sink writes to a document keeps its order, but events that come again after a crash set their fields once more, older values before the newest, and where a request timed out that the server still does, its values may come last. So upsert is the surer way for documents that one stream writes whole. A deleted row takes the whole document along, even when its event comes again: of several streams, one should delete, and the others have --deletes ignore. With --deletes FIELD, the field is false in rows that are there.',
    'Dead letters, piped in from their file or read from their topic (--in), are read as the lines that they hold. A run that reads the topic to which it refuses lines needs --stop-at now, or it reads them again and again.',
    'A mark is acknowledged in --state once everything before it is durable on the server.'
  ],
  operands: [
    { name: 'URL', required: true, help: 'http[s]://[user:password@]host[:port]; several nodes by commas' }
  ],
  flags,
  sections: [
    { title: 'KAFKA', text: [...kafkaInputTexts, kafkaSecurityText] },
    {
      title: 'MAPPINGS',
      text: [
        "Where cdc-tail tells of its tables (--emit-schema), the indices of a table get mappings of its columns' types: an index template, millrace-NAME, before the first row, which new indices are made with, and the fields that indices lack which are there. When a column is added or changed, both follow before the next row is written. A field that is there keeps its type.",
        'TINYINT to BIGINT: byte, short, integer, long, the unsigned ones the next larger, BIGINT UNSIGNED unsigned_long. DECIMAL without a fraction, up to 18 digits: long; up to 15 digits: scaled_float; others: double, with a field .keyword in which they are exact. FLOAT, DOUBLE: the same. BIT: an integer; YEAR: short. DATE, DATETIME, TIMESTAMP: date, which tells milliseconds apart; a DATE or DATETIME that is in no calendar is not indexed. TIME, ENUM, SET: keyword.',
        'CHAR, and VARCHAR up to 255: keyword, which unlike most collations heeds case. Longer ones and TEXT: text with .keyword. BINARY, and VARBINARY up to 255: keyword, of base64; longer ones and BLOB: binary, which cannot be searched. JSON: flattened, with OpenSearch flat_object, which searches in the values of all keys as keywords, and takes objects and lists of them. A column of other JSON needs a mapping of its own in --mappings, {"type":"keyword"} for lists of strings. Geometries: geo_shape; what is not on the earth is not indexed. VECTOR: dense_vector of its declared length, with OpenSearch numbers that are not indexed.',
        'A type that the server does not have is exchanged: scaled_float and unsigned_long for double, with .keyword where digits would be lost, dense_vector for numbers that are not indexed, the others for a field that is kept and not searched.',
        'Fields that --mappings has are mapped as it says, and all others as derived; with dynamic false or strict in it, or in an index that is there, nothing is derived. Tables of one index share a template; of a column that differs in them, the first that comes counts, with a warning. A template needs names that begin with a text of their own: there is none for an --index that begins with a field of the row. Templates of a higher priority than 199 come before these.'
      ]
    }
  ],
  examples: [
    {
      text: 'the current rows of a table, one document each',
      code: "cdc-tail mysql://cdc@db/dream --tables payments --state run | es-sink http://localhost:9200 --index payments --id '{id}' --state run"
    },
    {
      text: 'all tables, an index each, under their own keys',
      code: "cdc-tail mysql://cdc@db/dream --emit-schema --state run | es-sink http://localhost:9200 --index '{source.table}' --state run"
    },
    {
      text: 'one index a week, keeping what the server refuses',
      code: "es-sink http://localhost:9200 --index 'joins-{window_end:GGGG.[w]WW}' --id '{contest_id}@{window_end}' --dead-letter refused.ndjson"
    }
  ]
} as const satisfies CommandSpec

export async function main(): Promise<void> {
  await runTool<typeof flags>(spec, sink)
}

/** `delete`, `ignore`, or a field's name. @throws ToolError USAGE */
function parseDeletes(text: string): Deletes {
  if (text === 'delete' || text === 'ignore') return text
  if (text === '' || text.includes('.'))
    throw usageError(`--deletes '${text}': delete, ignore or the name of a field`)
  return { field: text }
}

async function sink({ flags, operands, log, stop, ready }: Invocation<typeof spec.flags>): Promise<number> {
  if (flags.index === undefined && flags.map.length === 0)
    throw usageError('--index is missing', "e.g. --index 'payments-{created_at:YYYY.MM}'")
  if (flags.inFlight < 1 || flags.batchDocs < 1)
    throw usageError('--in-flight and --batch-docs are at least 1')
  if (flags.dataStream && flags.mode !== 'append')
    throw usageError('--data-stream: documents of one are never replaced', 'give --mode append')
  const index = flags.index === undefined ? undefined : parseTemplate(flags.index, '--index')
  const rules = parseIndexRules(flags.map)
  const documents = new Documents({
    index,
    rules,
    id: flags.id === undefined ? undefined : parseTemplate(flags.id, '--id'),
    mode: flags.mode,
    deletes: parseDeletes(flags.deletes)
  })
  const connection = new ElasticConnection((operands[0] as string).split(','), flags.inFlight + 1, flags)
  const names = [...rules.map(rule => rule.index), ...(index === undefined ? [] : [index])]
  const options = { ...flags, derive: !flags.dynamicMappings }
  const newBackoff = (): Backoff => {
    const backoff = new Backoff(flags.retryFor, stop)
    backoff.succeeded()
    return backoff
  }
  const mappingsOf = (maker: TemplateMaker, distribution: ServerInfo['distribution']): TableMappings => {
    const templates = new DerivedTemplates({ index, rules }, maker, message => log.warn(message))
    return new TableMappings(connection, templates, distribution, newBackoff, log)
  }
  const kafka = {
    ...flags,
    clientId: 'es-sink',
    stop,
    warn: (message: string) => log.warn(message)
  }
  if (flags.check || flags.setupOnly) {
    const server = await connection.connect(new Backoff(flags.retryFor, stop))
    const maker = new TemplateMaker(options, server.distribution)
    const templates = maker.all(names)
    const mappings = mappingsOf(maker, server.distribution)
    const isTyped = flags.in === '-' && process.stdin.isTTY
    const input = isTyped ? null : await openInputPort(flags.in, flags, kafka)
    let lack: ToolError | null = null
    if (flags.setupOnly && !flags.check) {
      await putTemplates(connection, templates)
      const count = templates.length + (input === null ? 0 : await setUp(input, mappings, stop))
      log.info(`${count} index templates are in place`)
    } else {
      log.info(`${connection.name} is ${server.distribution} ${server.version}`)
      if (flags.sniff) log.info(`nodes of the cluster: ${connection.nodes.join(', ')}`)
      lack = await checkPrivileges(
        connection,
        server.distribution,
        {
          patterns: [...new Set(names.map(name => wildcards(name)))],
          mode: flags.mode,
          deletes: parseDeletes(flags.deletes),
          putsTemplates: templates.length > 0,
          derives: maker.takesMore
        },
        log
      )
      await check(templates, mappings, documents, input, log, stop)
    }
    await connection.close()
    if (lack !== null) throw lack
    return 0
  }
  const input = await openInputPort(flags.in, { maxLine: flags.maxLine, holdsMemory: true }, kafka)
  const badLines = new BadLines('es-sink', input, await openDeadLetters(flags.deadLetter, kafka))
  const state =
    flags.state === undefined ? null : await StateDirectory.open(flags.state, 'es-sink', flags.name)
  await state?.register()
  const server = await connection.connect(new Backoff(flags.retryFor, stop))
  const maker = new TemplateMaker(options, server.distribution)
  await putTemplates(connection, maker.all(names))
  const mappings = mappingsOf(maker, server.distribution)
  const elastic = new ElasticSink(connection, documents, badLines, newBackoff, log, {
    lanes: flags.inFlight,
    batchBytes: flags.batchBytes,
    batchDocuments: flags.batchDocs,
    batchAgeMs: flags.batchAge,
    refresh: flags.refresh
  })
  const { counts } = elastic
  await ready([
    { name: 'events_total', help: 'Lines read', kind: 'counter', read: () => counts.lines },
    {
      name: 'documents_total',
      help: 'Documents written or deleted',
      kind: 'counter',
      read: () => counts.written
    },
    { name: 'stale_total', help: 'Writes older than the index', kind: 'counter', read: () => counts.stale },
    { name: 'rejected_total', help: 'Lines refused for good', kind: 'counter', read: () => counts.rejected }
  ])
  const startedAt = performance.now()
  log.progress(() => `${counts.written} documents, ${counts.stale} stale, ${counts.rejected} refused`)

  // Reading goes on while the documents before a mark become durable; acknowledgements keep their order.
  let acknowledged: Promise<void> = Promise.resolve()
  const acknowledge = (mark: Mark): void => {
    const before = Promise.all([acknowledged, elastic.flushed()])
    acknowledged = before
      .then(() => badLines.sync())
      .then(() => state?.acknowledge(mark))
      .then(() => input.acknowledge?.(mark.n))
    // A failure is thrown where the end waits for it; the sink's own failures are thrown by its next write too.
    acknowledged.catch(() => {})
  }
  await runStage(
    input,
    null,
    {
      async begin(resume) {
        // What comes begins here: a tool that is new to the pipeline has nothing to ask for before it.
        if (resume !== null) await state?.acknowledge(resume)
      },
      async schema(schema) {
        documents.describe(schema)
        await mappings.apply(schema)
      },
      lines: part => elastic.write(part),
      mark: async mark => {
        // Letters that cannot be kept end the work, though no more lines come.
        await badLines.room()
        acknowledge(mark)
      },
      acknowledges: true,
      async end() {
        await elastic.flushed()
        await badLines.sync()
        await acknowledged
      }
    },
    stop
  )
  elastic.end()
  await badLines.close()
  state?.close()
  await connection.close()
  const seconds = performance.now() - startedAt
  const stale = counts.stale === 0 ? '' : `, ${counts.stale} already there`
  const rejected = counts.rejected === 0 ? '' : `, ${counts.rejected} refused (kept in ${badLines.keptIn})`
  log.info(`${counts.written} documents in ${formatDuration(seconds)}${stale}${rejected}`)
  return 0
}
