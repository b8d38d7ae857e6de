import type { ByteWriter } from '../stream/index.ts'
import { Envelopes, type Op, type Source } from './envelope.ts'
import { DebeziumEnvelopes } from './envelope-debezium.ts'

/**
 * Tells where transactions begin and end, as Debezium does with `provide.transaction.metadata`: a control line
 * `{"@transaction":{"status":"BEGIN","id":…,"event_count":null,"data_collections":null,"ts_ms":…}}` before the first row
 * of one, `"status":"END"` with the rows counted after the last. A transaction without wanted rows is not told.
 *
 * Source: https://debezium.io/documentation/reference/stable/connectors/mysql.html#mysql-transaction-metadata
 */
export class TransactionLines {
  #id: string | null = null
  #committedMs = 0
  #total = 0
  readonly #byTable = new Map<string, number>()
  #table = ''

  /** Before the rows of an event. */
  rowsOf(w: ByteWriter, source: Source): void {
    this.#table = `${source.database}.${source.table}`
    if (this.#id !== null) return
    this.#id = source.gtid ?? `file=${source.file},pos=${source.position}`
    this.#committedMs = source.committedMs
    this.#write(w, 'BEGIN', null, null)
  }

  /** The `transaction` block of the next row. */
  nextRow(): string {
    const order = (this.#byTable.get(this.#table) ?? 0) + 1
    this.#byTable.set(this.#table, order)
    this.#total++
    return `,"transaction":{"id":${JSON.stringify(this.#id)},"total_order":${this.#total},"data_collection_order":${order}}`
  }

  /** The rows of the transaction come again from the first on. */
  restart(): void {
    this.#total = 0
    this.#byTable.clear()
  }

  end(w: ByteWriter): void {
    if (this.#id === null) return
    const tables = [...this.#byTable].map(([name, count]) => ({ data_collection: name, event_count: count }))
    this.#write(w, 'END', this.#total, tables)
    this.#id = null
    this.restart()
  }

  #write(w: ByteWriter, status: 'BEGIN' | 'END', count: number | null, tables: unknown): void {
    const event = {
      status,
      id: this.#id,
      event_count: count,
      data_collections: tables,
      ts_ms: this.#committedMs
    }
    w.append(Buffer.from(`${JSON.stringify({ '@transaction': event })}\n`))
  }
}

const OP = Buffer.from(',"op":"')

/** Envelopes whose rows tell their place in the transaction. */
export function numberedLines(
  transactions: TransactionLines,
  debezium: boolean
): NumberedEnvelopes | DebeziumEnvelopes {
  return debezium ? new DebeziumEnvelopes(() => transactions.nextRow()) : new NumberedEnvelopes(transactions)
}

class NumberedEnvelopes extends Envelopes {
  readonly #transactions: TransactionLines

  constructor(transactions: TransactionLines) {
    super()
    this.#transactions = transactions
  }

  override end(w: ByteWriter, op: Op, row: number): void {
    super.end(w, op, row)
    const at = w.buffer.lastIndexOf(OP, w.length - OP.length)
    const tail = Buffer.from(w.buffer.subarray(at, w.length))
    w.length = at
    w.append(Buffer.from(this.#transactions.nextRow()))
    w.append(tail)
  }
}
