import { FlinkError, type GatewaySession } from './gateway.ts'
import { quoteText } from './quote.ts'
import { rootCause } from './root-cause.ts'

/** As Flink names them: CREATED, RUNNING, FINISHED, FAILED, CANCELED, … */
export type JobStatus = string

const ENDED: readonly JobStatus[] = ['FINISHED', 'FAILED', 'CANCELED']

/** A job that runs on the cluster behind a gateway, whether or not it is followed. */
export class FlinkJob {
  readonly id: string
  readonly #session: GatewaySession

  constructor(session: GatewaySession, id: string) {
    this.#session = session
    this.id = id
  }

  /** @throws FlinkError when the cluster does not know the job any more */
  async status(): Promise<JobStatus> {
    const { rows } = await this.#session.run('SHOW JOBS')
    const row = rows.find(([id]) => id === this.id)
    if (row === undefined) throw new FlinkError(`the cluster does not know job ${this.id} any more`)
    return String(row[2])
  }

  static hasEnded(status: JobStatus): boolean {
    return ENDED.includes(status)
  }

  /**
   * Stops it, with a savepoint below a folder that the cluster can write, if one is given.
   * @returns the savepoint's path
   */
  async stop(savepointFolder: string | undefined): Promise<string | undefined> {
    const job = `STOP JOB ${quoteText(this.id)}`
    if (savepointFolder === undefined) {
      await this.#session.run(job)
      return undefined
    }
    await this.#session.run(`SET 'execution.checkpointing.savepoint-dir' = ${quoteText(savepointFolder)}`)
    const { rows } = await this.#session.run(`${job} WITH SAVEPOINT`)
    return String(rows[0]?.[0])
  }

  /** Why it failed, from the cluster's own REST interface, where that can be reached from here. */
  async failure(): Promise<string | undefined> {
    try {
      const properties = await this.#session.properties()
      const [host, port] = [properties['rest.address'], properties['rest.port'] ?? '8081']
      const response = await fetch(`http://${host}:${port}/jobs/${this.id}/exceptions`)
      const answer = (await response.json()) as {
        'root-exception'?: string | null
        exceptionHistory?: { entries?: { stacktrace?: string }[] }
      }
      const trace = answer.exceptionHistory?.entries?.[0]?.stacktrace ?? answer['root-exception']
      return typeof trace === 'string' ? rootCause(trace) : undefined
    } catch {
      return undefined // only the gateway is known to be reachable
    }
  }
}
