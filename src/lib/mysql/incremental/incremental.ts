import { messageOf } from '../../cli/index.ts'
import { ByteWriter, type OutputWriter } from '../../stream/index.ts'
import type { BinlogReader } from '../binlog-reader.ts'
import { isLost } from '../connection.ts'
import type { BetweenTransactions } from '../follow.ts'
import { Choice, type Rows, type RowsWatch } from '../row-event.ts'
import { estimateRows, type SnapshotFigures } from '../snapshot/figures.ts'
import { tableId } from '../snapshot/progress.ts'
import type { MappedTable } from '../table-cache.ts'
import type { TableFilter } from '../tables.ts'
import { parseSignal, type Request, type RequestFolder } from './requests.ts'
import type { IncrementalState, Wanted } from './state.ts'
import { TableTaking, type TakingContext } from './table-taking.ts'

const LOOK_EVERY_MS = 500

export interface IncrementalOptions {
  readonly tables: TableFilter
  /** The URL's database, for tables without one. */
  readonly database: string
  /** `db.table` that requests are put into as rows; undefined: none. */
  readonly signalTable: string | undefined
  readonly requests: RequestFolder | null
}

/**
 * Snapshots of tables that are asked for while the log is followed, by a file in the state directory or by a row in a
 * signal table. They go on between transactions; the log never stops for longer than it takes to open a view.
 */
export class IncrementalSnapshots implements RowsWatch, BetweenTransactions {
  readonly #options: IncrementalOptions
  readonly #context: TakingContext
  readonly #queue: Wanted[]
  readonly #followed: Set<string>
  readonly #taken: Set<string>
  /** Signals that have been seen in the transaction that is being read. */
  #inbox: Request[] = []
  #resumed: IncrementalState['taking']
  #taking: TableTaking | null = null
  #estimate = 0
  #startedMs = 0
  #rowsAtStart = 0
  #rowsEnded = 0
  #nextLook = 0
  #wake = (): void => {}

  /** @param state of the mark that the run resumes from, whose tables beside `--tables` are followed from now on */
  constructor(context: Omit<TakingContext, 'wake'>, options: IncrementalOptions, state: IncrementalState) {
    this.#options = options
    this.#context = { ...context, wake: () => this.#wake() }
    this.#queue = [...state.queue]
    this.#followed = new Set(state.followed)
    this.#resumed = state.taking
    for (const table of this.#followed) options.tables.follow(table)
    if (options.signalTable !== undefined) options.tables.readSignalsOf(options.signalTable)
    // What the mark tells of needs no request any more.
    for (const id of state.taken) options.requests?.remove(id)
    this.#taken = new Set()
  }

  /** Rows written so far. */
  get rows(): number {
    return this.#rowsEnded + (this.#taking === null ? 0 : this.#taking.rows - this.#rowsAtStart)
  }

  /** Null while no table is taken. */
  get figures(): SnapshotFigures | null {
    if (this.#taking === null) return null
    const { id, rows } = this.#taking
    return {
      tables: this.#queue.length + 1,
      tablesDone: 0,
      rows: rows - this.#rowsAtStart,
      given: rows,
      estimate: Math.max(this.#estimate, rows),
      reading: [{ table: id, rows, estimate: this.#estimate }],
      elapsedMs: Date.now() - this.#startedMs
    }
  }

  /** Forgets what was asked for: a whole snapshot has been taken. */
  clear(): void {
    this.#queue.length = 0
    this.#resumed = null
  }

  /** What marks say; undefined when there is nothing to say. */
  get state(): IncrementalState | undefined {
    const taking = this.#taking?.state ?? this.#resumed
    const known = this.#options.requests?.ids() ?? []
    const taken = [...this.#taken].filter(id => known.includes(id))
    if (taking === null && this.#queue.length + this.#followed.size + taken.length === 0) return undefined
    return { taking, queue: [...this.#queue], followed: [...this.#followed], taken }
  }

  get isActive(): boolean {
    return (
      this.#taking !== null ||
      this.#queue.length > 0 ||
      this.#resumed !== null ||
      this.#options.signalTable !== undefined
    )
  }

  choose(rows: Rows, mapped: MappedTable): Uint8Array | number | Promise<Uint8Array | number> {
    const id = tableId(mapped.table)
    if (id === this.#options.signalTable) {
      if (rows.op === 'c') this.#takeSignals(rows)
      return this.#options.tables.includes(mapped.table.database, mapped.table.name) ? Choice.GIVEN : 0
    }
    if (id === this.#taking?.id) return this.#taking.choose(rows, mapped)
    return this.#queue.some(({ table, isNew }) => isNew && table === id) ? Choice.NOT_GIVEN : Choice.GIVEN
  }

  truncated(database: string, table: string): void {
    if (this.#taking?.id === tableId({ database, name: table })) this.#taking.truncated()
  }

  /** Whether `step` has something to do. */
  get isWaiting(): boolean {
    if (this.#inbox.length > 0 || Date.now() >= this.#nextLook) return true
    return this.#taking === null ? this.#queue.length > 0 || this.#resumed !== null : this.#taking.isReady
  }

  get isUnfinished(): boolean {
    if (this.#taking !== null || this.#resumed !== null || this.#queue.length + this.#inbox.length > 0)
      return true
    return (this.#options.requests?.ids() ?? []).some(id => !this.#taken.has(id))
  }

  /** Goes on between two transactions. */
  async step(reader: BinlogReader, writer: OutputWriter): Promise<void> {
    await this.#look(reader)
    if (this.#taking === null) await this.#beginNext()
    const taking = this.#taking
    if (taking === null) return
    try {
      await taking.step(reader.position, writer)
    } catch (error) {
      if (isLost(error)) throw error
      this.#context.log.warn(`snapshot of ${taking.id}: ${messageOf(error)}`)
      this.#end(taking, `given up after ${taking.rows} rows`)
      return
    }
    if (!taking.isOver) return
    const { file, position } = reader.position
    this.#end(taking, `${taking.rows} rows, as of ${file}:${position}`)
  }

  onWake(wake: () => void): void {
    this.#wake = wake
  }

  close(): void {
    this.#taking?.close()
  }

  #end(taking: TableTaking, outcome: string): void {
    taking.close()
    this.#rowsEnded += taking.rows - this.#rowsAtStart
    this.#taking = null
    this.#context.log.info(`snapshot of ${taking.id}: ${outcome}`)
  }

  async #beginNext(): Promise<void> {
    const { log, ask } = this.#context
    const next = this.#resumed ?? this.#queue.shift()
    if (next === undefined) return
    const wanted = { key: '', after: null, rows: 0, also: [], ...next }
    const taking = await TableTaking.begin(wanted, this.#context)
    this.#resumed = null
    if (typeof taking === 'string') {
      log.warn(`snapshot of ${next.table}: given up: ${taking}`)
      return
    }
    this.#taking = taking
    this.#startedMs = Date.now()
    this.#rowsAtStart = taking.rows
    this.#estimate = (await ask(connection => estimateRows(connection, [taking.name]))).get(taking.id) ?? 0
    log.info(`snapshot of ${taking.id}: ${taking.rows > 0 ? 'goes on' : 'begins'}`)
  }

  /** Takes new requests: from here on in the log. */
  async #look(reader: BinlogReader): Promise<void> {
    const { requests } = this.#options
    const found = this.#inbox
    this.#inbox = []
    if (Date.now() >= this.#nextLook) {
      this.#nextLook = Date.now() + LOOK_EVERY_MS
      for (const id of requests?.ids() ?? []) {
        if (this.#taken.has(id)) continue
        const request = await requests?.read(id)
        if (request == null) continue
        this.#taken.add(id)
        found.push(request)
      }
    }
    for (const request of found) {
      if (request.kind === 'stop') this.#stop(request)
      else for (const { name, where } of request.tables) await this.#want(name, where, reader)
    }
  }

  async #want(name: string, where: string, reader: BinlogReader): Promise<void> {
    const { tables, database } = this.#options
    const { log } = this.#context
    const table = name.includes('.') ? name : `${database}.${name}`
    const at = table.indexOf('.')
    if (table === this.#taking?.id || this.#queue.some(each => each.table === table)) {
      log.info(`snapshot of ${table}: is asked for already`)
      return
    }
    const isNew = !tables.includes(table.slice(0, at), table.slice(at + 1))
    const wanted = { table, where, isNew, key: '', after: null, rows: 0, also: [] }
    const reason = await this.#refusal(wanted)
    if (reason !== null) {
      log.warn(`snapshot of ${table}: refused: ${reason}`)
      return
    }
    this.#queue.push({ table, where, isNew })
    if (!isNew) return
    this.#followed.add(table)
    tables.follow(table)
    reader.forgetTables()
  }

  async #refusal(wanted: Parameters<typeof TableTaking.begin>[0]): Promise<string | null> {
    if (!this.#context.shape.ops.has('r')) return '--op leaves out rows that are read'
    const taking = await TableTaking.begin(wanted, this.#context)
    return typeof taking === 'string' ? taking : null
  }

  #stop({ tables }: Request): void {
    const names = tables.map(({ name }) => (name.includes('.') ? name : `${this.#options.database}.${name}`))
    const isMeant = (table: string): boolean => names.length === 0 || names.includes(table)
    this.#queue.splice(0, this.#queue.length, ...this.#queue.filter(({ table }) => !isMeant(table)))
    if (this.#taking !== null && isMeant(this.#taking.id)) {
      this.#end(this.#taking, `stopped after ${this.#taking.rows} rows`)
    }
  }

  #takeSignals({ buffer, first, at, end }: Rows): void {
    const image = new ByteWriter(4096)
    for (let from = at; from < end; ) {
      image.clear()
      from = first.decode(buffer, from, image)
      try {
        const request = parseSignal(JSON.parse(image.written().toString()) as Record<string, unknown>)
        if (request !== null) this.#inbox.push(request)
      } catch (error) {
        this.#context.log.warn(messageOf(error))
      }
    }
  }
}
