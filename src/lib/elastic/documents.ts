import {
  ByteWriter,
  EnvelopeFinder,
  type EnvelopeTail,
  spanNumber,
  spanText,
  type Template
} from '../stream/index.ts'
import { hashBytes, JsonTemplate, type Places } from './json-template.ts'
import { VersionWriter } from './version.ts'

export type WriteMode = 'upsert' | 'append'

export interface DocumentOptions {
  readonly index: Template
  /** Required for `upsert`. */
  readonly id: Template | undefined
  readonly mode: WriteMode
}

/** Takes bulk operations, in order. */
export interface OperationSink {
  /**
   * @param action the action line with its newline; the writer is used again for the next
   * @param key operations on one document have the same key, and keep their order
   * @param start, end of the document in the block; equal when there is none (a delete)
   * @param partial the document's other fields stay as they are in the index
   */
  operation(
    action: ByteWriter,
    key: number,
    block: Buffer,
    start: number,
    end: number,
    partial?: boolean
  ): void
}

/** An action line in the making, and where its id stands. */
class Action {
  readonly line = new ByteWriter(4096)
  idStart = 0
  idEnd = 0
}

/** Which part of a line a row stands in; `update`: in `after`, and in `before` what is not in there. */
type Row = 'after' | 'before' | 'line' | 'update'

interface TemplateFields {
  readonly template: JsonTemplate
  /** Indexes of the fields' paths in the finder. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** What a row lacks is looked for in the whole line. */
  readonly places: Readonly<Record<Row, Places>>
}

const LETTER = { c: 99, d: 100, r: 114, t: 116, u: 117 }
const OPEN_BRACE = 123

const HEADS = {
  index: Buffer.from('{"index":{"_index":"'),
  create: Buffer.from('{"create":{"_index":"'),
  delete: Buffer.from('{"delete":{"_index":"')
}
const ID = Buffer.from('","_id":"')
const VERSION = Buffer.from('","version_type":"external","version":')
const END = Buffer.from('}}\n')
const END_TEXT = Buffer.from('"}}\n')

/**
 * Turns lines into bulk operations. A change event is written by its row: `after` is indexed (op c, r, u), `before`
 * names the document to delete (op d); an update whose id changes is a delete and an index. Any other object is a
 * document as it stands. Fields of templates are looked up in the row first, then in the whole line (`source.table`).
 *
 * An update of which the log has only some columns (`source.partial`) changes those fields of the document.
 *
 * Lines are not parsed: the needed values are found in the bytes, and copied.
 */
export class Documents {
  readonly #options: DocumentOptions
  readonly #paths: string[] = []
  readonly #op = this.#path('op')
  readonly #before = this.#path('before')
  readonly #after = this.#path('after')
  readonly #file = this.#path('source.file')
  readonly #position = this.#path('source.pos')
  readonly #row = this.#path('source.row')
  readonly #partial = this.#path('source.partial')
  readonly #finder: EnvelopeFinder
  readonly #index: TemplateFields
  readonly #id: TemplateFields | undefined
  readonly #versions = new VersionWriter()
  /** The tail in which the file that `#versions` is in stands, if it does in all lines with that tail. */
  #fileTail: EnvelopeTail | null = null
  readonly #action = new Action()
  /** For the row before an update, whose id may be another. */
  readonly #gone = new Action()
  #anonymous = 0
  /** Created rows of which the log has only some columns. */
  incomplete = 0

  constructor(options: DocumentOptions) {
    this.#options = options
    this.#index = this.#fieldsOf(options.index)
    this.#id = options.id === undefined ? undefined : this.#fieldsOf(options.id)
    this.#finder = new EnvelopeFinder(this.#paths)
  }

  #fieldsOf(template: Template): TemplateFields {
    const { fields } = template
    const after = fields.map(field => this.#path(`after.${field}`))
    const before = fields.map(field => this.#path(`before.${field}`))
    const line = fields.map(field => this.#path(field))
    return {
      template: new JsonTemplate(template),
      before,
      after,
      places: { after: [after, line], before: [before, line], line: [line], update: [after, before, line] }
    }
  }

  #path(path: string): number {
    const known = this.#paths.indexOf(path)
    return known >= 0 ? known : this.#paths.push(path) - 1
  }

  /**
   * Gives the operations for the line `block[start..end)` to the sink.
   * @returns why there can be none, or null
   */
  read(block: Buffer, start: number, end: number, sink: OperationSink): string | null {
    if (!this.#finder.find(block, start, end)) return NOT_JSON
    const op = this.#changeOp(block)
    if (op === LETTER.t) {
      return 'a truncated table cannot be followed: delete its documents, then send them anew'
    }
    const append = this.#options.mode === 'append'
    if (op === LETTER.d) return append ? null : this.#delete(block, sink)
    const isPartial = this.#start(this.#partial) >= 0 && op !== 0
    if (isPartial && op === LETTER.u && !append) return this.#update(block, sink)
    if (isPartial) this.incomplete++
    const verb = append && this.#id !== undefined ? 'create' : 'index'
    const row: Row = op === 0 ? 'line' : 'after'
    const reason = this.#write(this.#action, verb, block, row)
    if (reason !== null) return reason
    if (op === LETTER.u && !append) {
      const missing = this.#write(this.#gone, 'delete', block, 'before')
      // A source without before images does not tell of changed ids.
      if (missing === null && !sameId(this.#gone, this.#action)) {
        sink.operation(this.#gone.line, this.#key(this.#gone), block, 0, 0)
      }
    }
    const document = op === 0 ? start : this.#start(this.#after)
    const documentEnd = op === 0 ? end : this.#end(this.#after)
    sink.operation(this.#action.line, this.#key(this.#action), block, document, documentEnd)
    return null
  }

  /** An update of some fields: the place of the document must be known, as it was and as it is. */
  #update(block: Buffer, sink: OperationSink): string | null {
    for (const fields of [this.#index, this.#id]) {
      const { before = [], after = [] } = fields ?? {}
      const unknown = after.findIndex(
        (path, i) => this.#start(path) >= 0 && this.#start(before[i] as number) < 0
      )
      const name = fields?.template.fields[unknown]
      if (name !== undefined)
        return `the log has no old value of '${name}', so the document is not known: ${WHOLE_ROWS}`
    }
    const reason = this.#write(this.#gone, 'index', block, 'before')
    if (reason !== null) return `${reason}: ${WHOLE_ROWS}`
    const moved = this.#write(this.#action, 'index', block, 'update')
    if (moved !== null) return moved
    if (!sameLine(this.#gone, this.#action)) {
      return `the document's id or index changes, and the log has only some of its fields: ${WHOLE_ROWS}`
    }
    sink.operation(
      this.#action.line,
      this.#key(this.#action),
      block,
      this.#start(this.#after),
      this.#end(this.#after),
      true
    )
    return null
  }

  #delete(block: Buffer, sink: OperationSink): string | null {
    if (this.#id === undefined) return null
    const reason = this.#write(this.#action, 'delete', block, 'before')
    if (reason === null) sink.operation(this.#action.line, this.#key(this.#action), block, 0, 0)
    return reason
  }

  /** The letter of a change event's op; 0 when the line is none. */
  #changeOp(block: Buffer): number {
    const at = this.#start(this.#op)
    if (at < 0 || this.#end(this.#op) - at !== 3) return 0
    const op = block[at + 1] as number
    switch (op) {
      case LETTER.c:
      case LETTER.r:
      case LETTER.u:
        return block[this.#start(this.#after)] === OPEN_BRACE ? op : 0
      case LETTER.d:
        return block[this.#start(this.#before)] === OPEN_BRACE ? op : 0
      case LETTER.t:
        return this.#start(this.#position) >= 0 ? op : 0
      default:
        return 0
    }
  }

  /** Writes an action line. @returns why it cannot be, or null */
  #write(action: Action, verb: keyof typeof HEADS, block: Buffer, row: Row): string | null {
    const out = action.line
    out.clear()
    out.append(HEADS[verb])
    const noIndex = this.#render(this.#index, out, block, row)
    if (noIndex !== null) return `--index: the row has no usable field '${noIndex}'`
    if (this.#id === undefined) {
      out.append(END_TEXT)
      return null
    }
    out.append(ID)
    action.idStart = out.length
    const noId = this.#render(this.#id, out, block, row)
    if (noId !== null) return `--id: the row has no field '${noId}'`
    action.idEnd = out.length
    if (verb !== 'create' && row !== 'line' && this.#hasVersion(block)) {
      out.append(VERSION)
      const rowNumber = spanNumber(block, this.#start(this.#row), this.#end(this.#row))
      this.#versions.write(out, Number.isNaN(rowNumber) ? 0 : rowNumber)
      out.append(END)
    } else out.append(END_TEXT)
    return null
  }

  #render(fields: TemplateFields, out: ByteWriter, block: Buffer, row: Row): string | null {
    return fields.template.write(out, block, this.#finder.spans, fields.places[row])
  }

  #hasVersion(block: Buffer): boolean {
    const { tail } = this.#finder
    if (tail === null || tail !== this.#fileTail) {
      const file = spanText(block, this.#start(this.#file), this.#end(this.#file))
      if (file === undefined) return false
      this.#versions.inFile(file)
      this.#fileTail = tail?.isConstant(this.#file) === true ? tail : null
    }
    const position = spanNumber(block, this.#start(this.#position), this.#end(this.#position))
    return this.#versions.at(position)
  }

  #key(action: Action): number {
    if (this.#id === undefined) return this.#anonymous++ >>> 0
    return hashBytes(action.line.buffer, action.idStart, action.idEnd)
  }

  #start(path: number): number {
    return this.#finder.spans[path * 2] as number
  }

  #end(path: number): number {
    return this.#finder.spans[path * 2 + 1] as number
  }
}

function sameId(a: Action, b: Action): boolean {
  return a.line.buffer.compare(b.line.buffer, b.idStart, b.idEnd, a.idStart, a.idEnd) === 0
}

function sameLine(a: Action, b: Action): boolean {
  return (
    a.line.length === b.line.length &&
    a.line.buffer.compare(b.line.buffer, 0, b.line.length, 0, a.line.length) === 0
  )
}

const WHOLE_ROWS = "SET GLOBAL binlog_row_image='FULL' lets it have whole rows"

/** The reason for lines that are no JSON objects. */
export const NOT_JSON = 'not a JSON object'
