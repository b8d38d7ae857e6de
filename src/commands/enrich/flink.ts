import { setTimeout as sleep } from 'node:timers/promises'
import { type Log, messageOf, ToolError, usageError } from '../../lib/cli/index.ts'
import { FlinkError, FlinkJob, flinkScript, GatewaySession } from '../../lib/sql/flink/index.ts'
import { tellingPlaces } from './sql-text.ts'

/** Running the SQL on a Flink cluster instead of in this process. */

export const flinkFlags = {
  engine: {
    kind: 'choice',
    choices: ['flink'],
    help: 'run the SQL on a Flink cluster instead of here; see FLINK'
  },
  gateway: {
    kind: 'string',
    arg: 'URL',
    help: 'the SQL gateway of the cluster, http://HOST:8083',
    doc: 'With a user and password before the host where a proxy asks for them.'
  },
  savepoint: {
    kind: 'string',
    arg: 'DIR',
    help: 'stop the job on Flink with a savepoint below DIR, a folder of the cluster'
  },
  'exactly-once': {
    kind: 'boolean',
    help: 'let Flink write to topics in transactions, which it commits with checkpoints'
  },
  'from-savepoint': {
    kind: 'string',
    arg: 'PATH',
    help: 'start the job on Flink where this savepoint was taken'
  }
} as const

export const flinkSection = {
  title: 'FLINK',
  text: [
    '--engine flink --gateway URL submits the SQL to the SQL gateway of a Flink cluster (1.17 or later), names the job, follows it until it runs and then to its end. SIGTERM and SIGINT stop the job, with a savepoint with --savepoint DIR; --from-savepoint goes on there. Status 2: Flink does not take a statement; 3: the gateway cannot be reached, or the job failed. --explain flink prints what would be submitted, without passwords, and needs no cluster.',
    "Every table needs a declaration; for one that is found by name in the events here, the error shows one to begin with. Connectors are put in the place of 'stdin' and 'stdout': the topics of --in (group, from, tls, user, password and sasl in the URL are taken) and the topic, or the index of Elasticsearch (http://HOST:9200/INDEX), of --out, which the cluster needs Flink's connectors for. Other connectors stay as they are written. Topics of --out have to be there: Flink makes none. Names are quoted, for more of them are keywords to Flink.",
    "To Flink all changes of a debezium-json topic are of one table. With several tables --in names their topics as cdc-tail's --out does: kafka://BROKER/dream.{source.db}.{source.table}. A result that only gains rows is written as rows, one that changes as change events of Flink (each update as d and c), or by key with upsert-kafka into a table WITH ('connector' = 'stdout') that has a PRIMARY KEY. --key gives the columns of records' keys, and of documents' ids.",
    "Flink moves the watermark every 200 ms unless SET 'pipeline.auto-watermark-interval' = '0' says otherwise, so that what is late differs. --idle-timeout becomes table.exec.source.idle-timeout, after which Flink leaves a source (also a partition) out; table.exec.state.ttl is the same on both. A table WITH ('connector' = 'mysql') is one of the connector jdbc, with the driver of MySQL; ${VAR} in its URL, user and password is read from the environment here.",
    "Results come at least once, and with checkpoints, the cluster's or SET 'execution.checkpointing.interval', none is lost when a job begins again; documents and records with a key are written over. --exactly-once switches on checkpoints every 10 s, unless SET says otherwise, and writes to topics in transactions that are committed with them: who reads committed records (isolation.level=read_committed) sees each result once, after the checkpoint. The brokers' transaction.max.timeout.ms (15 min unless changed) is the longest that a job may be away then."
  ]
} as const

/** What of the flags concerns a run on Flink. */
export interface FlinkRun {
  readonly flags: {
    readonly in: string
    readonly out: string
    readonly stopAt: string | undefined
    readonly key: string | undefined
    readonly watermarkDelay: number
    readonly idleTimeout: number
    readonly exactlyOnce: boolean
    readonly gateway: string | undefined
    readonly savepoint: string | undefined
    readonly fromSavepoint: string | undefined
    readonly state: string | undefined
    readonly late: string | undefined
    readonly deadLetter: string | undefined
    readonly repartitionBy: readonly string[]
    readonly changelog: boolean
    readonly emit: number
    readonly markTime: boolean
  }
  readonly log: Log
  readonly stop: AbortSignal
  readonly ready: () => Promise<void>
}

const POLL_MS = 500
/** A gateway that does not answer for so long is given up; the job goes on. */
const PATIENCE_MS = 30_000

/** The script that would be submitted. */
export function explainFlink({ flags }: Pick<FlinkRun, 'flags'>, name: string, text: string): string {
  return scriptOf(flags, name, text, true)
    .map(statement => `${statement};\n`)
    .join('\n')
}

/** Submits the SQL, follows its job, and stops it when this process is told to stop. */
export async function runOnFlink(run: FlinkRun, name: string, text: string): Promise<number> {
  const { flags, log, stop, ready } = run
  const statements = scriptOf(flags, name, text, false)
  const session = await GatewaySession.open(gatewayUrl(flags.gateway), {})
  const job = await submit(session, statements)
  log.info(`job ${job.id} is submitted`)
  const status = await follow(job, { log, stop, ready })
  if (status === null) {
    const savepoint = await job.stop(flags.savepoint)
    log.info(`job ${job.id} is stopped${savepoint === undefined ? '' : `, savepoint ${savepoint}`}`)
  } else if (status !== 'FINISHED') {
    const reason = status === 'CANCELED' ? 'it was cancelled' : ((await job.failure()) ?? status)
    throw new ToolError('SERVER', `job ${job.id} failed: ${reason}`)
  } else log.info(`job ${job.id} is finished`)
  await session.close()
  return 0
}

function scriptOf(flags: FlinkRun['flags'], name: string, text: string, hidesSecrets: boolean): string[] {
  refuseOwnFlags(flags)
  const script = tellingPlaces(name, () =>
    flinkScript(text, {
      in: flags.in,
      out: flags.out,
      isBounded: flags.stopAt === 'now',
      key: keyColumns(flags.key),
      watermarkDelay: flags.watermarkDelay,
      idleTimeout: flags.idleTimeout,
      isExactlyOnce: flags.exactlyOnce,
      hidesSecrets
    })
  )
  const { fromSavepoint } = flags
  if (fromSavepoint !== undefined)
    script.unshift(`SET 'execution.state-recovery.path' = '${fromSavepoint.replaceAll("'", "''")}'`)
  return script
}

function refuseOwnFlags(flags: FlinkRun['flags']): void {
  const own = {
    state: flags.state,
    late: flags.late,
    'dead-letter': flags.deadLetter,
    'repartition-by': flags.repartitionBy[0],
    changelog: flags.changelog || undefined,
    emit: flags.emit || undefined,
    'mark-time': flags.markTime || undefined
  }
  if (flags.fromSavepoint !== undefined && flags.stopAt !== undefined)
    throw usageError(
      '--from-savepoint does not go with --stop-at',
      'what a savepoint began to read, Flink reads without end'
    )
  for (const [flag, value] of Object.entries(own)) {
    if (value === undefined) continue
    const hint =
      flag === 'state'
        ? 'Flink keeps its state in checkpoints; --savepoint DIR keeps it beyond the job'
        : undefined
    throw usageError(`--${flag} means nothing to Flink`, hint)
  }
}

function keyColumns(key: string | undefined): string[] {
  if (key?.includes('{')) throw usageError(`--key ${key}: Flink takes columns, not a template`)
  return (key ?? '').split(',').filter(column => column !== '')
}

function gatewayUrl(text: string | undefined): URL {
  if (text === undefined)
    throw usageError('--engine flink needs --gateway', 'e.g. --gateway http://localhost:8083')
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw usageError(`--gateway ${text}: not http://HOST:PORT`)
  return new URL(text)
}

/** Runs the statements; the last one starts the job. */
async function submit(session: GatewaySession, statements: readonly string[]): Promise<FlinkJob> {
  let jobId: string | undefined
  for (const statement of statements) {
    try {
      jobId = (await session.run(statement)).jobId
    } catch (error) {
      if (!(error instanceof FlinkError)) throw error
      const [first = ''] = statement.split('\n')
      const shown = first.length > 60 ? `${first.slice(0, 60)}…` : first
      throw usageError(`Flink does not take "${shown}": ${error.message}`)
    }
  }
  if (jobId === undefined) throw new ToolError('SERVER', 'the gateway named no job for the query')
  return new FlinkJob(session, jobId)
}

/** The status that the job ended with; null when it is to be stopped. */
async function follow(
  job: FlinkJob,
  { log, stop, ready }: Pick<FlinkRun, 'log' | 'stop' | 'ready'>
): Promise<string | null> {
  let shown = ''
  let failingSince: number | undefined
  while (!stop.aborted) {
    try {
      const status = await job.status()
      failingSince = undefined
      if (status !== shown) log.info(`job ${job.id}: ${status}`)
      if (status === 'RUNNING' && shown !== status) await ready()
      shown = status
      if (FlinkJob.hasEnded(status)) return status
    } catch (error) {
      failingSince ??= Date.now()
      if (Date.now() - failingSince > PATIENCE_MS)
        throw new ToolError('SERVER', `job ${job.id} goes on, but cannot be followed: ${messageOf(error)}`)
    }
    await sleep(POLL_MS, undefined, { signal: stop }).catch(() => {}) // stopped: the loop ends
  }
  return null
}
