import { ByteWriter } from '../stream/index.ts'
import type { PollDatabase, PollTable } from './database.ts'
import type { PollLines, PollOp } from './lines.ts'
import { NOTHING, type Offset } from './offsets.ts'
import type { Order } from './order.ts'
import type { PollRun, TablePoll } from './table-poll.ts'

/**
 * Reads a whole table with each poll and tells what differs from the poll before, deleted rows included. The rows are kept
 * in memory. A row is known by its key; without one by its content, and an update is then a delete and a create.
 */
export class BulkPoll implements TablePoll {
  rows = 0
  newestMs = 0
  revision = 0
  readonly #db: PollDatabase
  readonly #lines: PollLines
  readonly #condition: string | null
  readonly #image = new ByteWriter(4096)
  /** Rows as JSON, by key. */
  readonly #known = new Map<string, string>()
  #isBegun = false

  constructor(db: PollDatabase, lines: PollLines, condition: string | null) {
    this.#db = db
    this.#lines = lines
    this.#condition = condition
  }

  get offset(): Offset {
    return { ...NOTHING, isBegun: this.#isBegun }
  }

  save(): string[] {
    return [...this.#known].map(entry => JSON.stringify(entry))
  }

  load(offset: Offset, lines: readonly string[]): void {
    this.#isBegun = offset.isBegun
    this.#known.clear()
    for (const line of lines) this.#known.set(...(JSON.parse(line) as [string, string]))
  }

  async poll(table: PollTable, order: Order, run: PollRun): Promise<boolean> {
    const db = this.#db
    const { ms } = await db.clock(table, null, 0)
    const met = new Set<string>()
    const isSilent = !this.#isBegun && !run.tellsFirst
    const tell = (op: PollOp, before: string | null, after: Buffer | null): void => {
      if (isSilent || !run.ops.has(op)) return
      this.#lines.write(run.bytes(), op, ms, before, after)
      this.rows++
      this.newestMs = ms
    }
    const row = (values: readonly (string | null)[], image: (w: ByteWriter) => void): void => {
      this.#image.clear()
      image(this.#image)
      const content = this.#image.written()
      const text = content.toString()
      let key = order.terms.length === 0 ? text : JSON.stringify(values)
      // Rows without a key may be alike.
      while (met.has(key)) key += '+'
      met.add(key)
      const before = this.#known.get(key)
      if (before === text) return
      this.#known.set(key, text)
      this.revision++
      if (before === undefined) tell(this.#isBegun ? 'c' : 'r', null, content)
      else tell('u', before, content)
    }
    run.rowsOf(table)
    this.#lines.begin(table, !this.#isBegun, Date.now())
    const where = this.#condition === null ? '' : ` WHERE (${this.#condition})`
    const extras = order.terms.map(term => db.text(term))
    if (!(await db.select(table, extras, where, { row, pause: () => run.pause() }))) return false
    for (const [key, text] of this.#known) {
      if (met.has(key)) continue
      this.#known.delete(key)
      this.revision++
      tell('d', text, null)
      if (!(await run.pause())) return false
    }
    this.#isBegun = true
    return true
  }
}
