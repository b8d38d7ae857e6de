import { type ByteWriter, writeUint } from '../stream/index.ts'
import type { PollTable } from './database.ts'

export type PollOp = 'c' | 'u' | 'd' | 'r'

/** Writes plain rows in the place of envelopes: what it adds stands behind the row's own fields. */
export interface FlatWriter {
  begin(source: unknown, nowMs: number): void
  end(w: ByteWriter, op: PollOp, row: number): void
}

/** Writes the lines of polled rows: Debezium's envelope, whose source has no place in a log. */
export class PollLines {
  readonly #head: string
  readonly #flat: FlatWriter | null
  #source: Buffer = Buffer.alloc(0)
  #place: Buffer = Buffer.alloc(0)
  #nowMs = 0

  /** @param name the pipeline's for the database */
  constructor(version: string, connector: string, name: string, flat: FlatWriter | null) {
    this.#head =
      `,"source":{"version":${JSON.stringify(version)},"connector":"${connector}",` +
      `"name":${JSON.stringify(name)},"ts_ms":`
    this.#flat = flat
  }

  /** Sets what the next rows share. */
  begin({ source, name }: PollTable, isSnapshot: boolean, nowMs: number): void {
    const { db, schema } = source
    this.#flat?.begin(null, nowMs)
    this.#nowMs = nowMs
    this.#source = Buffer.from(this.#head)
    this.#place = Buffer.from(
      `,"snapshot":"${isSnapshot}","db":${JSON.stringify(db)},` +
        `${schema === null ? '' : `"schema":${JSON.stringify(schema)},`}"table":${JSON.stringify(name)}},"op":"`
    )
  }

  /**
   * Writes one line.
   * @param ms when the row was changed
   * @param before the row as JSON, null when that is not known
   * @param after null when it is gone
   */
  write(w: ByteWriter, op: PollOp, ms: number, before: string | null, after: Buffer | null): void {
    if (this.#flat !== null) {
      if (after !== null) w.append(after)
      else w.text(before ?? '{}')
      this.#flat.end(w, op, 0)
      return
    }
    w.text('{"before":')
    w.text(before ?? 'null')
    w.text(',"after":')
    if (after === null) w.text('null')
    else w.append(after)
    w.append(this.#source)
    w.ensure(20)
    w.length = writeUint(w.buffer, w.length, ms)
    w.append(this.#place)
    w.text(`${op}","ts_ms":${this.#nowMs}}\n`)
  }
}
