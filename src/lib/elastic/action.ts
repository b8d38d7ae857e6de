import { ByteWriter } from '../stream/index.ts'

export type Verb = 'index' | 'create' | 'delete'

const HEADS: Record<Verb, Buffer> = {
  index: Buffer.from('{"index":{"_index":"'),
  create: Buffer.from('{"create":{"_index":"'),
  delete: Buffer.from('{"delete":{"_index":"')
}
const ID = Buffer.from('","_id":"')
const VERSION = Buffer.from('","version_type":"external","version":')
const END = Buffer.from('}}\n')
const END_TEXT = Buffer.from('"}}\n')

/** An action line of a bulk request in the making: begin, index, id, version, end are written in this order. */
export class Action {
  readonly line = new ByteWriter(4096)
  #indexStart = 0
  idStart = 0
  idEnd = 0

  begin(verb: Verb): ByteWriter {
    this.line.clear()
    this.line.append(HEADS[verb])
    this.#indexStart = this.line.length
    this.idStart = this.line.length
    this.idEnd = this.line.length
    return this.line
  }

  beginId(): void {
    this.line.append(ID)
    this.idStart = this.line.length
  }

  endId(): void {
    this.idEnd = this.line.length
  }

  /** Before the digits of a version. */
  beginVersion(): void {
    this.line.append(VERSION)
  }

  end(hasVersion: boolean): void {
    this.line.append(hasVersion ? END : END_TEXT)
  }

  /** Whether another action is on the same document: of the same id in the same index. */
  isOnSameAs(other: Action): boolean {
    return (
      this.line.buffer.compare(
        other.line.buffer,
        other.#indexStart,
        other.idEnd,
        this.#indexStart,
        this.idEnd
      ) === 0
    )
  }
}
