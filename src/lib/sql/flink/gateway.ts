import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, redactUrl, ToolError } from '../../cli/index.ts'
import { rootCause } from './root-cause.ts'

/** What Flink says to a statement that it does not take, or whose job failed; the message is one line. */
export class FlinkError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FlinkError'
  }
}

/** A column of a result, with its type as SQL text. */
export type ResultColumn = { readonly name: string }

/** What a statement gave: rows of values as JSON has them, and the job that it started. */
export type StatementResult = {
  readonly columns: readonly ResultColumn[]
  readonly rows: readonly (readonly unknown[])[]
  readonly jobId: string | undefined
}

type ResultPage = {
  resultType: 'NOT_READY' | 'PAYLOAD' | 'EOS'
  jobID?: string
  nextResultUri?: string
  results?: { columns?: ResultColumn[]; data?: { fields: unknown[] }[] }
}

const FIRST_WAIT_MS = 2
const LONGEST_WAIT_MS = 100

/**
 * A session on a Flink SQL gateway: what is declared in it lives as long as the session does.
 * Source: Flink's documentation, SQL Gateway, REST Endpoint (v1)
 */
export class GatewaySession {
  readonly #base: string
  readonly #headers: Record<string, string>
  readonly #name: string
  #path = ''

  private constructor(url: URL) {
    const { username, password } = url
    this.#name = redactUrl(url.href).replace(/\/$/, '')
    this.#headers = { 'content-type': 'application/json' }
    if (username !== '') {
      const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
      this.#headers.authorization = `Basic ${Buffer.from(login).toString('base64')}`
    }
    this.#base = `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/v\d+$/, '')}`
  }

  /**
   * @param url of the gateway, http://host:8083, with user and password where a proxy before it asks for them
   * @param properties Flink's configuration for the session's statements
   * @throws ToolError SERVER when the gateway does not answer; FlinkError when it refuses
   */
  static async open(url: URL, properties: Readonly<Record<string, string>>): Promise<GatewaySession> {
    const session = new GatewaySession(url)
    const { sessionHandle } = (await session.#ask('POST', '/v1/sessions', { properties })) as {
      sessionHandle: string
    }
    session.#path = `/v1/sessions/${sessionHandle}`
    return session
  }

  /** Flink's configuration as the session has it. */
  async properties(): Promise<Readonly<Record<string, string>>> {
    const { properties } = (await this.#ask('GET', this.#path)) as { properties: Record<string, string> }
    return properties
  }

  /**
   * Runs one statement, without a semicolon behind it, to the end of its rows.
   * @throws FlinkError when Flink refuses it or it fails, ToolError SERVER when the gateway does not answer
   */
  async run(statement: string): Promise<StatementResult> {
    const started = (await this.#ask('POST', `${this.#path}/statements`, { statement })) as {
      operationHandle: string
    }
    const operation = `${this.#path}/operations/${started.operationHandle}`
    const rows: unknown[][] = []
    let columns: ResultColumn[] = []
    let jobId: string | undefined
    let wait = FIRST_WAIT_MS
    for (let next: string | undefined = `${operation}/result/0?rowFormat=JSON`; next !== undefined; ) {
      const page = (await this.#ask('GET', next)) as ResultPage
      jobId ??= page.jobID
      columns = page.results?.columns ?? columns
      const data = page.results?.data ?? []
      for (const { fields } of data) rows.push(fields)
      if (page.resultType === 'EOS') break
      wait = data.length > 0 ? FIRST_WAIT_MS : Math.min(LONGEST_WAIT_MS, wait * 1.5)
      if (data.length === 0) await sleep(wait)
      next = page.nextResultUri
    }
    await this.#ask('DELETE', `${operation}/close`)
    return { columns, rows, jobId }
  }

  /** Ends the session, not the jobs that it started. */
  async close(): Promise<void> {
    await this.#ask('DELETE', this.#path)
  }

  async #ask(method: string, path: string, content?: unknown): Promise<unknown> {
    let status: number
    let text: string
    try {
      const body = content === undefined ? null : JSON.stringify(content)
      const response = await fetch(this.#base + path, { method, headers: this.#headers, body })
      status = response.status
      text = await response.text()
    } catch (error) {
      // fetch says no more than that it failed; why is in its cause.
      const reason = error instanceof Error && error.cause !== undefined ? error.cause : error
      throw new ToolError('SERVER', `the SQL gateway ${this.#name} does not answer: ${messageOf(reason)}`)
    }
    const answer = parsed(text)
    if (status >= 200 && status < 300 && answer !== undefined) return answer
    const { errors } = (answer ?? {}) as { errors?: string[] }
    if (errors !== undefined) throw new FlinkError(rootCause(errors.join('\n')))
    throw new ToolError(
      'SERVER',
      `${this.#name} is no SQL gateway of Flink: ${method} ${path} gave status ${status}`
    )
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
