import { setTimeout as sleep } from 'node:timers/promises'
import { Backoff, ToolError } from '../../cli/index.ts'
import {
  ByteWriter,
  formatMark,
  formatResume,
  type Input,
  type Lines,
  MarkNumbers,
  type Part
} from '../../stream/index.ts'
import { type ElasticConnection, networkReason, type ServerInfo, unreachable } from '../connection.ts'
import { Unavailable } from './answers.ts'
import { findTimeField, type TimeField } from './field.ts'
import type { Hit } from './page.ts'
import { PointInTime } from './point-in-time.ts'
import { placeOf, SeenDocuments } from './seen.ts'

export interface DocumentInputOptions {
  /** For messages. */
  readonly name: string
  /** Names and patterns with commas between. */
  readonly index: string
  readonly timeField: string
  /** Of a field of numbers: 1 for milliseconds, 1000 for seconds; null when there are none. */
  readonly timeScale: number | null
  /** Where a run begins that does not go on with another, milliseconds; null: with the first document. */
  readonly start: number | null
  readonly pollEveryMs: number
  /** How long after its time a document may come to be found. */
  readonly overlapMs: number
  readonly markEveryMs: number
  readonly stopAtNow: boolean
  /** Whether it tells that time has passed without documents; else only what comes does. */
  readonly tellsTime: boolean
  /** The pipeline's state directory, if there is one. */
  readonly root: string | null
  /** Milliseconds, as of `--retry-for`. */
  readonly retryFor: number | undefined
  readonly stop: AbortSignal
  readonly warn: (message: string) => void
}

/**
 * The documents of an index as an input: those that are there, in the order of their time, then those that come, asked
 * for every so often. It is a source: it puts marks among the lines, each with the place at which a run goes on that was
 * resumed from it, and an idle one tells that time has passed, as far as no document of that time is to come.
 */
export class DocumentInput implements Input {
  readonly name: string
  readonly #connection: ElasticConnection
  readonly #options: DocumentInputOptions
  #distribution: ServerInfo['distribution'] = 'elasticsearch'
  #field: TimeField | null = null
  readonly #out = new ByteWriter()
  #seen: SeenDocuments
  #numbers: MarkNumbers | null = null
  #line = 1
  /** The documents of the block that was given last. */
  #keys: string[] = []
  #firstLine = 1
  #dueAt = 0
  #areUnmarked = false
  #isStopped = false
  #warned = false

  constructor(connection: ElasticConnection, options: DocumentInputOptions) {
    this.name = options.name
    this.#connection = connection
    this.#options = options
    this.#seen = new SeenDocuments(options.overlapMs, { time: null, from: options.start, seen: '' })
  }

  stop(): void {
    this.#isStopped = true
  }

  locate(line: number): string | undefined {
    return this.#keys[line - this.#firstLine]
  }

  get #isOver(): boolean {
    return this.#isStopped || this.#options.stop.aborted
  }

  async *parts(): AsyncGenerator<Part, void, void> {
    try {
      yield* this.#read()
      yield { kind: 'end' }
    } finally {
      await this.#connection.close()
    }
  }

  async *#read(): AsyncGenerator<Part, void, void> {
    const { root, overlapMs, pollEveryMs, stopAtNow, tellsTime, stop } = this.#options
    this.#numbers = await MarkNumbers.open(root)
    const { resume } = this.#numbers
    if (root !== null) {
      await this.#numbers.begin()
      yield { kind: 'resume', mark: resume, bytes: formatResume(resume) }
    }
    const place = placeOf(resume.at)
    if (place !== null) this.#seen = new SeenDocuments(overlapMs, place)
    else if (resume.at !== null) {
      throw new ToolError('STATE', `${root}: its marks are of another source than ${this.name}`, {
        hint: 'give the pipeline a --state directory of its own'
      })
    }
    const backoff = new Backoff(this.#options.retryFor, stop)
    const server = await this.#connected(backoff)
    if (server === null) return
    this.#distribution = server.distribution
    for (;;) {
      const now = Date.now()
      yield* this.#pass(now, backoff)
      const isLast = stopAtNow || this.#isOver
      // behind lines a mark tells of no time
      if (isLast && this.#areUnmarked) yield await this.#mark(this.#seen.time ?? 0)
      // what is left of a pass that was broken off may be of any time
      if (!this.#isOver && (isLast || Date.now() >= this.#dueAt)) {
        yield await this.#mark(tellsTime ? now - overlapMs : (this.#seen.time ?? 0))
      }
      if (isLast) return
      await sleep(Math.max(0, now + pollEveryMs - Date.now()), undefined, { signal: stop }).catch(() => {})
    }
  }

  /** Null when the tool is to stop before that. */
  async #connected(backoff: Backoff): Promise<ServerInfo | null> {
    try {
      return await this.#connection.connect(backoff)
    } catch (error) {
      if (this.#isOver && error instanceof ToolError && error.code === 'SERVER') return null
      throw error
    }
  }

  /** Reads all that is there and was not read, up to a time; goes on where it was while the server is away for a time. */
  async *#pass(now: number, backoff: Backoff): AsyncGenerator<Part, void, void> {
    while (!this.#isOver) {
      try {
        yield* this.#documents(now, backoff)
        backoff.succeeded()
        return
      } catch (error) {
        if (error instanceof ToolError) throw error
        const reason = error instanceof Unavailable ? error.message : networkReason(error)
        const { name } = this.#connection
        if (!(await backoff.wait(name, reason)) && !this.#isOver) throw unreachable(name, reason)
      }
    }
  }

  async *#documents(now: number, backoff: Backoff): AsyncGenerator<Part, void, void> {
    const { index, timeField, timeScale } = this.#options
    this.#field ??= await findTimeField(this.#connection, index, timeField, timeScale)
    if (this.#field === null) {
      this.#warnOfMissing()
      return
    }
    const pit = await PointInTime.open(this.#connection, this.#distribution, index, this.#field)
    try {
      const range = { from: (await this.#firstUnread(pit)) ?? undefined, to: now }
      for await (const hits of pit.pages(range, true)) {
        backoff.succeeded()
        const lines = this.#lines(hits, pit)
        if (lines !== null) {
          yield lines
          this.#line += this.#keys.length
          this.#areUnmarked = true
        }
        if (this.#isOver) return
        // as far as this there is nothing that was not given
        if (this.#areUnmarked && Date.now() >= this.#dueAt) yield await this.#mark(this.#seen.time ?? 0)
      }
    } finally {
      await pit.close()
    }
  }

  /** Looks through the stretch that was read before, by names alone, for what has come late. @returns null: from the first on */
  async #firstUnread(pit: PointInTime): Promise<number | null> {
    const { from, time } = this.#seen
    if (time === null || this.#seen.isEmpty) return from
    const range = { from: from ?? undefined, to: time }
    for await (const hits of pit.pages(range, false)) {
      // they come in the order of time
      const unread = hits.find(({ key }) => !this.#seen.has(key))
      if (unread !== undefined) return Math.min(time, Math.floor(pit.timeOf(unread)))
    }
    return time
  }

  /** Those of a page that were not read before; null when all were. */
  #lines(hits: readonly Hit[], pit: PointInTime): Lines | null {
    const out = this.#out
    out.clear()
    this.#keys = []
    this.#firstLine = this.#line
    for (const hit of hits) {
      const { key } = hit
      if (!this.#seen.add(key, pit.timeOf(hit))) continue
      this.#keys.push(key)
      if (!hit.writeTo(out)) throw this.#withoutSource(hit)
    }
    this.#seen.forget()
    const count = this.#keys.length
    return count === 0 ? null : { kind: 'lines', bytes: out.written(), firstLine: this.#line, count }
  }

  /** @param passed no document of an earlier time is to come, unless it comes too late to be found */
  async #mark(passed: number): Promise<Part> {
    const numbers = this.#numbers as MarkNumbers
    const mark = { ...(await numbers.next({ documents: this.#seen.place })), ts_ms: passed }
    this.#dueAt = Date.now() + this.#options.markEveryMs
    this.#areUnmarked = false
    return { kind: 'mark', mark, bytes: formatMark(mark) }
  }

  #warnOfMissing(): void {
    if (this.#warned) return
    this.#warned = true
    const { timeField, warn } = this.#options
    warn(`${this.name}: no document has '${timeField}' yet, and those without it are not read`)
  }

  #withoutSource({ key, index }: Hit): ToolError {
    return new ToolError('INPUT', `${this.name}: ${key} has no _source: ${index} does not keep documents`)
  }
}
