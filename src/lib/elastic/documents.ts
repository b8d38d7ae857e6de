import {
  type ByteWriter,
  EnvelopeFinder,
  type EnvelopeTail,
  isSchemaChange,
  type RowSchema,
  spanNumber,
  spanText,
  type Template
} from '../stream/index.ts'
import { Action, type Verb } from './action.ts'
import type { IndexRule } from './index-rules.ts'
import { hashBytes, JsonTemplate, type Places, type ValueWriter } from './json-template.ts'
import { KeyId } from './key-id.ts'
import { VersionWriter } from './version.ts'

/** `update` sets the fields that a row has, and leaves the others of its document to those who write them. */
export type WriteMode = 'upsert' | 'update' | 'append'

/** What a deleted row does: deletes its document, nothing, or sets a field of it to true. */
export type Deletes = 'delete' | 'ignore' | { readonly field: string }

export interface DocumentOptions {
  /** Where rows go that no rule is for. */
  readonly index: Template | undefined
  readonly rules?: readonly IndexRule[]
  /** Without one, `upsert` takes the keys of tables as `describe` tells them. */
  readonly id: Template | undefined
  readonly mode: WriteMode
  readonly deletes?: Deletes
}

/** Takes bulk operations, in order. */
export interface OperationSink {
  /**
   * @param action the action line with its newline; the writer is used again for the next
   * @param key operations on one document have the same key, and keep their order
   * @param start, end of the document in the block; equal when there is none (a delete)
   * @param partial the document's other fields stay as they are in the index
   * @param ending in the place of the document's last byte, its brace
   */
  operation(
    action: ByteWriter,
    key: number,
    block: Buffer,
    start: number,
    end: number,
    partial?: boolean,
    ending?: Buffer | null
  ): void
}

/** Which part of a line a row stands in; `update`: in `after`, and in `before` what is not in there. */
type Row = 'after' | 'before' | 'line' | 'update'

interface TemplateFields {
  readonly template: ValueWriter
  /** Indexes of the fields' paths in the finder. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** What a row lacks is looked for in the whole line. */
  readonly places: Readonly<Record<Row, Places>>
}

const LETTER = { c: 99, d: 100, r: 114, t: 116, u: 117 }
const OPEN_BRACE = 123
const OPENING = Buffer.from('{')
const END_OF_UPDATE = '},"doc_as_upsert":true}'

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
  readonly #epoch = this.#path('source.epoch')
  readonly #row = this.#path('source.row')
  readonly #partial = this.#path('source.partial')
  readonly #database = this.#path('source.db')
  readonly #table = this.#path('source.table')
  #finder: EnvelopeFinder
  readonly #index: TemplateFields | null
  readonly #rules: readonly { readonly table: RegExp; readonly index: TemplateFields }[]
  /** The index of tables by their names, of those seen. */
  readonly #byTable = new Map<string, TemplateFields | null>()
  /** The last tail in which the table stands, and its index. */
  #tableTail: EnvelopeTail | null = null
  #tableIndex: TemplateFields | null = null
  readonly #id: TemplateFields | undefined
  /** The keys of tables, by their names, where they are the ids; null for a table without a key. */
  readonly #keys: Map<string, TemplateFields | null> | null
  /** The last tail in which the table stands, and its key. */
  #keyTail: EnvelopeTail | null = null
  #keyFields: TemplateFields | null = null
  readonly #versions = new VersionWriter()
  /** The tail in which the file that `#versions` is in stands, if it does in all lines with that tail. */
  #fileTail: EnvelopeTail | null = null
  readonly #action = new Action()
  /** For the row before an update, whose id may be another. */
  readonly #gone = new Action()
  readonly #deletes: Deletes
  /** The end of a document that is marked as deleted; of one without fields. */
  readonly #deleted: Buffer | null = null
  readonly #deletedAlone: Buffer | null = null
  /** What follows the fields of an update, in the place of their brace; behind none. */
  readonly #updated: Buffer | null = null
  readonly #updatedAlone: Buffer | null = null
  #anonymous = 0
  /** Created rows of which the log has only some columns. */
  incomplete = 0

  constructor(options: DocumentOptions) {
    this.#options = options
    this.#index = options.index === undefined ? null : this.#fieldsOf(options.index)
    this.#rules = (options.rules ?? []).map(({ table, index }) => ({ table, index: this.#fieldsOf(index) }))
    const { deletes = 'delete' } = options
    this.#deletes = deletes
    if (typeof deletes === 'object') {
      this.#deleted = Buffer.from(`,${JSON.stringify(deletes.field)}:true}`)
      this.#deletedAlone = Buffer.from(`${JSON.stringify(deletes.field)}:true}`)
    }
    if (options.mode === 'update') {
      // Nothing else would take the mark back when the row is there again.
      const kept = typeof deletes === 'object' ? `${JSON.stringify(deletes.field)}:false` : ''
      this.#updated = Buffer.from(`${kept === '' ? '' : `,${kept}`}${END_OF_UPDATE}`)
      this.#updatedAlone = Buffer.from(`${kept}${END_OF_UPDATE}`)
    }
    this.#id = options.id === undefined ? undefined : this.#fieldsOf(options.id)
    this.#keys = options.id === undefined && options.mode !== 'append' ? new Map() : null
    this.#finder = new EnvelopeFinder(this.#paths)
  }

  /** What the rows of a table are from here on: their key is the id of their documents, if no template gives it. */
  describe({ db, table, key }: RowSchema): void {
    const name = `${db}.${table}`
    const known = this.#keys?.get(name)?.template.fields
    if (this.#keys === null || key.join('\0') === known?.join('\0')) return
    this.#keys.set(name, key.length === 0 ? null : this.#fieldsOfKey(key))
    this.#finder = new EnvelopeFinder(this.#paths)
    this.#keyTail = null
  }

  #fieldsOfKey(key: readonly string[]): TemplateFields {
    const inRow = (row: string): number[] =>
      key.map(name => this.#path(`${row}.${name.replaceAll('.', '\\.')}`))
    const after = inRow('after')
    const before = inRow('before')
    return {
      template: new KeyId(key),
      before,
      after,
      places: { after: [after], before: [before], line: [], update: [after, before] }
    }
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
    // What tables became is not a document.
    if (op === 0 && this.#start(this.#file) >= 0 && isSchemaChange(block, start, end)) return null
    const { mode } = this.#options
    const append = mode === 'append'
    if (op === LETTER.d) return append || this.#deletes === 'ignore' ? null : this.#delete(block, sink)
    const isPartial = this.#start(this.#partial) >= 0 && op !== 0
    if (isPartial && op === LETTER.u && !append) return this.#update(block, sink)
    if (isPartial && mode !== 'update') this.incomplete++
    const verb = append ? 'create' : this.#writing
    const row: Row = op === 0 ? 'line' : 'after'
    const reason = this.#write(this.#action, verb, block, row)
    if (reason !== null) return reason
    if (op === LETTER.u && !append) {
      const missing = this.#write(this.#gone, this.#removal, block, 'before')
      // A source without before images does not tell of changed ids.
      if (missing === null && !this.#gone.isOnSameAs(this.#action)) this.#remove(this.#gone, block, sink)
    }
    const document = op === 0 ? start : this.#start(this.#after)
    const documentEnd = op === 0 ? end : this.#end(this.#after)
    this.#put(block, document, documentEnd, false, sink)
    return null
  }

  /** Gives the operation in the action line with its document. */
  #put(block: Buffer, start: number, end: number, isPartial: boolean, sink: OperationSink): void {
    const ending =
      this.#updated !== null && isEmptyObject(block, start, end) ? this.#updatedAlone : this.#updated
    sink.operation(this.#action.line, this.#key(this.#action), block, start, end, isPartial, ending)
  }

  get #writing(): Verb {
    return this.#options.mode === 'update' ? 'update' : 'index'
  }

  /** An update of some fields: the place of the document must be known, as it was and as it is. */
  #update(block: Buffer, sink: OperationSink): string | null {
    for (const fields of [this.#indexOf(block), this.#idOf(block, 'update')]) {
      const { before = [], after = [] } = fields ?? {}
      const unknown = after.findIndex(
        (path, i) => this.#start(path) >= 0 && this.#start(before[i] as number) < 0
      )
      const name = fields?.template.fields[unknown]
      if (name !== undefined)
        return `the log has no old value of '${name}', so the document is not known: ${WHOLE_ROWS}`
    }
    const reason = this.#write(this.#gone, this.#writing, block, 'before')
    if (reason !== null) return `${reason}: ${WHOLE_ROWS}`
    const moved = this.#write(this.#action, this.#writing, block, 'update')
    if (moved !== null) return moved
    if (!this.#gone.isOnSameAs(this.#action)) {
      return `the document's id or index changes, and the log has only some of its fields: ${WHOLE_ROWS}`
    }
    const isPartial = this.#options.mode === 'upsert'
    this.#put(block, this.#start(this.#after), this.#end(this.#after), isPartial, sink)
    return null
  }

  #delete(block: Buffer, sink: OperationSink): string | null {
    const reason = this.#write(this.#action, this.#removal, block, 'before')
    if (reason === null) this.#remove(this.#action, block, sink)
    return reason
  }

  get #removal(): Verb {
    return this.#deleted === null ? 'delete' : this.#writing
  }

  /** Deletes the document of the row before, or writes it marked as deleted. */
  #remove(action: Action, block: Buffer, sink: OperationSink): void {
    if (this.#deletes === 'ignore') return
    const key = this.#key(action)
    if (this.#deleted === null) {
      sink.operation(action.line, key, block, 0, 0)
      return
    }
    if (this.#updated !== null) {
      // The mark alone: other fields may have been written by others.
      action.line.append(OPENING)
      action.line.append(this.#deletedAlone as Buffer)
      action.line.text(`${END_OF_UPDATE.slice(1)}\n`)
      sink.operation(action.line, key, block, 0, 0)
      return
    }
    const [start, end] = [this.#start(this.#before), this.#end(this.#before)]
    const isPartial = this.#start(this.#partial) >= 0
    const ending = isEmptyObject(block, start, end) ? this.#deletedAlone : this.#deleted
    sink.operation(action.line, key, block, start, end, isPartial, ending)
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
  #write(action: Action, verb: Verb, block: Buffer, row: Row): string | null {
    const index = this.#indexOf(block)
    if (index === null) return this.#noIndex(block)
    const id = this.#idOf(block, row)
    const out = action.line
    const { constant } = index.template
    if (constant !== null && id !== undefined) action.beginInto(verb, constant)
    else {
      action.begin(verb)
      const noIndex = this.#render(index, out, block, row)
      if (noIndex !== null) return `--index: the row has no usable field '${noIndex}'`
      if (id === undefined) {
        action.end(false)
        return null
      }
      action.beginId()
    }
    if (id === null) return this.#noId(block, row)
    const noId = this.#render(id, out, block, row)
    if (noId !== null) return `${this.#keys === null ? '--id' : 'its key'}: the row has no field '${noId}'`
    action.endId()
    if (verb === 'update') {
      action.endUpdate()
      return null
    }
    // Versions of the log and the server's own do not go together on one document.
    const isVersioned = verb !== 'create' && this.#options.mode !== 'update' && row !== 'line'
    const hasVersion = isVersioned && this.#hasVersion(block)
    if (hasVersion) {
      action.beginVersion()
      const rowNumber = spanNumber(block, this.#start(this.#row), this.#end(this.#row))
      this.#versions.write(out, Number.isNaN(rowNumber) ? 0 : rowNumber)
    }
    action.end(hasVersion)
    return null
  }

  /** The index of the line's table; null when there is no rule for it, and no other index. */
  #indexOf(block: Buffer): TemplateFields | null {
    if (this.#rules.length === 0) return this.#index
    const { tail } = this.#finder
    if (tail !== null && tail === this.#tableTail) return this.#tableIndex
    const name = this.#tableName(block)
    let index = this.#byTable.get(name)
    if (index === undefined) {
      index = this.#rules.find(({ table }) => table.test(name))?.index ?? this.#index
      this.#byTable.set(name, index)
    }
    const isConstant = tail?.isConstant(this.#database) === true && tail.isConstant(this.#table)
    this.#tableTail = isConstant ? tail : null
    this.#tableIndex = index
    return index
  }

  /** What the row's id is made of; undefined for rows that have none, null where that is not known. */
  #idOf(block: Buffer, row: Row): TemplateFields | null | undefined {
    if (this.#keys === null) return this.#id
    if (row === 'line') return null
    const { tail } = this.#finder
    if (tail !== null && tail === this.#keyTail) return this.#keyFields
    this.#keyFields = this.#keys.get(this.#tableName(block)) ?? null
    const isConstant = tail?.isConstant(this.#database) === true && tail.isConstant(this.#table)
    this.#keyTail = isConstant ? tail : null
    return this.#keyFields
  }

  #noId(block: Buffer, row: Row): string {
    if (row === 'line') return "a plain row has no key to take its id from: give --id, e.g. --id '{id}'"
    const name = this.#tableName(block)
    if (this.#keys?.has(name)) {
      return `${name} has no primary key to take ids from: give --id, or keep every event with --mode append`
    }
    return `the key of ${name} is not known: give --id, e.g. --id '{id}', or let cdc-tail tell it (--emit-schema)`
  }

  #tableName(block: Buffer): string {
    const part = (path: number): string => spanText(block, this.#start(path), this.#end(path)) ?? ''
    return `${part(this.#database)}.${part(this.#table)}`
  }

  #noIndex(block: Buffer): string {
    const name = this.#tableName(block)
    return name === '.'
      ? '--map: the line names no table, and there is no --index'
      : `--map: no rule for ${name}, and no --index`
  }

  #render(fields: TemplateFields, out: ByteWriter, block: Buffer, row: Row): string | null {
    return fields.template.write(out, block, this.#finder.spans, fields.places[row])
  }

  #hasVersion(block: Buffer): boolean {
    const { tail } = this.#finder
    if (tail === null || tail !== this.#fileTail) {
      const file = spanText(block, this.#start(this.#file), this.#end(this.#file))
      if (file === undefined) return false
      const epochAt = this.#start(this.#epoch)
      const epoch = epochAt < 0 ? 0 : spanNumber(block, epochAt, this.#end(this.#epoch))
      this.#versions.inFile(file, epoch)
      const isConstant =
        tail?.isConstant(this.#file) === true && (epochAt < 0 || tail.isConstant(this.#epoch))
      this.#fileTail = isConstant ? tail : null
    }
    const position = spanNumber(block, this.#start(this.#position), this.#end(this.#position))
    return this.#versions.at(position)
  }

  #key(action: Action): number {
    if (action.idEnd === action.idStart) return this.#anonymous++ >>> 0
    return hashBytes(action.line.buffer, action.idStart, action.idEnd)
  }

  #start(path: number): number {
    return this.#finder.spans[path * 2] as number
  }

  #end(path: number): number {
    return this.#finder.spans[path * 2 + 1] as number
  }
}

function isEmptyObject(block: Buffer, start: number, end: number): boolean {
  let at = start + 1
  while (at < end - 1 && (block[at] as number) <= 32) at++
  return at === end - 1
}

const WHOLE_ROWS = "SET GLOBAL binlog_row_image='FULL' lets it have whole rows"

/** The reason for lines that are no JSON objects. */
export const NOT_JSON = 'not a JSON object'
