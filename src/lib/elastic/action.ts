import { ByteWriter, Constant } from '../stream/index.ts'

export type Verb = 'index' | 'create' | 'delete' | 'update'

const HEADS: Record<Verb, string> = {
  index: '{"index":{"_index":"',
  create: '{"create":{"_index":"',
  delete: '{"delete":{"_index":"',
  update: '{"update":{"_index":"'
}
const HEAD: Record<Verb, Constant> = {
  index: new Constant(HEADS.index),
  create: new Constant(HEADS.create),
  delete: new Constant(HEADS.delete),
  update: new Constant(HEADS.update)
}
const ID_KEY = '","_id":"'
const ID = new Constant(ID_KEY)
const VERSION = new Constant('","version_type":"external","version":')
const END = new Constant('}}\n')
const END_TEXT = new Constant('"}}\n')
/** The server tries again when another has written the document in between; the document follows. */
const END_UPDATE = new Constant('","retry_on_conflict":5}}\n{"doc":')

/** An action line of a bulk request in the making: begin, index, id, version, end are written in this order. */
export class Action {
  readonly line = new ByteWriter(4096)
  #indexStart = 0
  idStart = 0
  idEnd = 0
  /** The line up to the id, of an index that is the same for all. */
  readonly #heads = new Map<Verb, Constant>()
  #headIndex: Buffer | null = null

  begin(verb: Verb): ByteWriter {
    this.line.clear()
    this.line.constant(HEAD[verb])
    this.#indexStart = this.line.length
    this.idStart = this.line.length
    this.idEnd = this.line.length
    return this.line
  }

  /** In place of begin, the index and beginId where the index is the same for all. */
  beginInto(verb: Verb, index: Buffer): void {
    if (index !== this.#headIndex) {
      this.#heads.clear()
      this.#headIndex = index
    }
    let head = this.#heads.get(verb)
    if (head === undefined) {
      head = new Constant(`${HEADS[verb]}${index}${ID_KEY}`)
      this.#heads.set(verb, head)
    }
    this.line.clear()
    this.line.constant(head)
    this.#indexStart = HEADS[verb].length
    this.idStart = this.line.length
    this.idEnd = this.line.length
  }

  beginId(): void {
    this.line.constant(ID)
    this.idStart = this.line.length
  }

  endId(): void {
    this.idEnd = this.line.length
  }

  /** Before the digits of a version. */
  beginVersion(): void {
    this.line.constant(VERSION)
  }

  end(hasVersion: boolean): void {
    this.line.constant(hasVersion ? END : END_TEXT)
  }

  /** In place of end for an update: its body begins with the line, and ends with the document's ending. */
  endUpdate(): void {
    this.line.constant(END_UPDATE)
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
