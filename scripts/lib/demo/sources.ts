import { EveningDatabase } from './database.ts'
import { type Evening, eveningBegins, type TableName } from './evening.ts'
import { TableFold } from './files.ts'
import { play } from './player.ts'
import { beforeChanges, type Capture, type Recorded, readCapture, replay } from './replay.ts'
import type { Documents } from './store.ts'
import type { Follower } from './tail.ts'
import { Tally } from './tally.ts'

/** Where the evening's changes come from. */
export interface EveningSource extends AsyncDisposable {
  /** In words. */
  readonly description: string
  /** What a latency is measured from. */
  readonly since: string
  /** Plays the evening, and resolves when the pipeline has all of it, or will have at its end. */
  play(
    pipeline: Follower & { readonly input: string },
    listener: EveningListener,
    stop: AbortSignal
  ): Promise<void>
  /** The rows of a table after the evening. */
  rows(table: TableName): Promise<Documents>
}

export interface EveningListener {
  /** The evening begins; the tally is kept from now on. */
  begins(tally: Tally): void
  /** A row that stays was inserted into contest_joins and committed, at a moment of performance.now(). */
  joined(id: number, at: number): void
}

/** The evening on a running MySQL, followed by cdc-tail. */
export class LiveEvening implements EveningSource {
  readonly description: string
  readonly since = 'commit in MySQL'
  readonly #database: EveningDatabase
  readonly #tailUrl: string
  readonly #evening: Evening

  private constructor(database: EveningDatabase, version: string, tailUrl: string, evening: Evening) {
    this.#database = database
    this.description = `MySQL ${version}`
    this.#tailUrl = tailUrl
    this.#evening = evening
  }

  /** @param tailUrl the server as cdc-tail logs in to it */
  static async create(url: string, tailUrl: string, evening: Evening): Promise<LiveEvening> {
    const database = await EveningDatabase.create(url)
    return new LiveEvening(database, await database.version(), tailUrl, evening)
  }

  async play(follower: Follower, listener: EveningListener, stop: AbortSignal): Promise<void> {
    const { statements, rows } = this.#evening.setup()
    await this.#database.transact(statements)
    follower.follow(this.#tailUrl)
    await follower.reaches(await this.#database.position())
    const tally = new Tally(rows, eveningBegins)
    listener.begins(tally)
    await play(this.#database, this.#evening.transactions(), stop, ({ clock, rows, joins, lasting }, at) => {
      tally.add(clock, rows, joins)
      if (lasting !== undefined) listener.joined(lasting, at)
    })
    await follower.reaches(await this.#database.position())
  }

  rows(table: TableName): Promise<Documents> {
    return this.#database.documents(table)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#database[Symbol.asyncDispose]()
  }
}

/** The evening as it was recorded, without a MySQL. */
export class RecordedEvening implements EveningSource {
  readonly description = 'a recorded evening'
  readonly since = 'replayed event'
  readonly #capture: Capture
  readonly #seconds: number
  readonly #fold = new TableFold()

  constructor(file: string, seconds: number) {
    this.#capture = readCapture(file)
    this.#seconds = seconds
    for (const { event } of [...this.#capture.initial, ...this.#capture.changes]) this.#fold.apply(event)
  }

  async play(
    pipeline: Follower & { readonly input: string },
    listener: EveningListener,
    stop: AbortSignal
  ): Promise<void> {
    const tally = new Tally(this.#capture.initial.length, eveningBegins)
    const ready = async (): Promise<void> => {
      await pipeline.reaches(beforeChanges)
      listener.begins(tally)
    }
    const lasting = this.#fold.rows('contest_joins')
    const written = ({ event: { op, after, source } }: Recorded, at: number): void => {
      const isJoin = source.table === 'contest_joins' && op === 'c'
      // A deletion does not tell when it happened.
      const time = after?.updated_at ?? after?.created_at
      tally.add(time === undefined ? tally.clock : Date.parse(String(time)), 1, isJoin ? 1 : 0)
      const id = String(after?.id)
      if (isJoin && lasting.has(id)) listener.joined(Number(id), at)
    }
    await replay(this.#capture, this.#seconds, pipeline.input, ready, written, stop)
  }

  rows(table: TableName): Promise<Documents> {
    return Promise.resolve(this.#fold.rows(table))
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
