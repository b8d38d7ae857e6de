import { FieldFinder, spanNumber, spanText, type Template } from '../stream/index.ts'
import { PositionVersions } from './version.ts'

export type WriteMode = 'upsert' | 'append'

export interface DocumentOptions {
  readonly index: Template
  /** Required for `upsert`. */
  readonly id: Template | undefined
  readonly mode: WriteMode
}

/** One bulk operation: its action line and, unless it deletes, the span of the document in the block. */
export interface Operation {
  readonly action: string
  /** Decides the lane; operations with the same key keep their order. Null: any lane. */
  readonly key: string | null
  readonly start: number
  readonly end: number
}

export interface Rejection {
  readonly reason: string
}

/**
 * Turns lines into bulk operations. A change event is written by its row: `after` is indexed (op c, r, u), `before`
 * names the document to delete (op d); an update whose id changes is a delete and an index. Any other object is a
 * document as it stands. Fields of templates are looked up in the row first, then in the whole line (`source.table`).
 *
 * Lines are not parsed: the needed values are found in the bytes.
 */
export class Documents {
  readonly #options: DocumentOptions
  readonly #paths: string[] = []
  readonly #finder: FieldFinder
  readonly #index: TemplateFields
  readonly #id: TemplateFields | undefined
  readonly #versions = new PositionVersions()
  readonly #op = this.#path('op')
  readonly #before = this.#path('before')
  readonly #after = this.#path('after')
  readonly #file = this.#path('source.file')
  readonly #position = this.#path('source.pos')
  readonly #row = this.#path('source.row')

  constructor(options: DocumentOptions) {
    this.#options = options
    const fields = (template: Template): TemplateFields => ({
      template,
      after: template.fields.map(field => this.#path(`after.${field}`)),
      before: template.fields.map(field => this.#path(`before.${field}`)),
      line: template.fields.map(field => this.#path(field))
    })
    this.#index = fields(options.index)
    this.#id = options.id === undefined ? undefined : fields(options.id)
    this.#finder = new FieldFinder(this.#paths)
  }

  #path(path: string): number {
    const known = this.#paths.indexOf(path)
    return known >= 0 ? known : this.#paths.push(path) - 1
  }

  /** The operations for the line `block[start..end)`, or why there can be none. */
  read(block: Buffer, start: number, end: number): Operation[] | Rejection {
    if (!this.#finder.find(block, start, end)) return { reason: 'not a JSON object' }
    const op = this.#changeOp(block)
    if (op === undefined) return this.#write(block, 'line', start, end, null)
    if (op === 't')
      return { reason: 'a truncated table cannot be followed: delete its documents, then send them anew' }
    const version = this.#version(block)
    if (op === 'd') return this.#options.mode === 'append' ? [] : this.#delete(block, version)
    const [afterStart, afterEnd] = this.#span(this.#after)
    const written = this.#write(block, 'after', afterStart, afterEnd, version)
    if (op !== 'u' || !Array.isArray(written) || this.#options.mode === 'append') return written
    const id = this.#render(block, this.#id as TemplateFields, 'before')
    if ('missing' in id || id.text === written[0]?.key) return written
    const gone = this.#delete(block, version)
    return Array.isArray(gone) ? [...gone, ...written] : gone
  }

  /** c, r, u, d or t when the line is a change event, else undefined. */
  #changeOp(block: Buffer): string | undefined {
    const [start, end] = this.#span(this.#op)
    if (start < 0 || end - start !== 3) return undefined
    const op = String.fromCharCode(block[start + 1] as number)
    switch (op) {
      case 'c':
      case 'r':
      case 'u':
        return block[this.#span(this.#after)[0]] === 123 ? op : undefined
      case 'd':
        return block[this.#span(this.#before)[0]] === 123 ? op : undefined
      case 't':
        return this.#span(this.#position)[0] >= 0 ? op : undefined
      default:
        return undefined
    }
  }

  #write(
    block: Buffer,
    row: 'after' | 'line',
    start: number,
    end: number,
    version: bigint | null
  ): Operation[] | Rejection {
    const index = this.#render(block, this.#index, row)
    if ('missing' in index) return { reason: `--index: the row has no usable field '${index.missing}'` }
    const id = this.#id === undefined ? null : this.#render(block, this.#id, row)
    if (id !== null && 'missing' in id) return { reason: `--id: the row has no field '${id.missing}'` }
    const create = this.#options.mode === 'append'
    const verb = create && id !== null ? 'create' : 'index'
    const key = id === null ? null : id.text
    return [{ action: action(verb, index.text, key, create ? null : version), key, start, end }]
  }

  #delete(block: Buffer, version: bigint | null): Operation[] | Rejection {
    const index = this.#render(block, this.#index, 'before')
    if ('missing' in index)
      return { reason: `--index: the deleted row has no usable field '${index.missing}'` }
    const id = this.#id === undefined ? undefined : this.#render(block, this.#id, 'before')
    if (id === undefined) return []
    if ('missing' in id) return { reason: `--id: the deleted row has no field '${id.missing}'` }
    return [{ action: action('delete', index.text, id.text, version), key: id.text, start: 0, end: 0 }]
  }

  #render(block: Buffer, fields: TemplateFields, row: 'after' | 'before' | 'line') {
    const values = fields.line.map((line, i) => {
      if (row !== 'line') {
        const [start, end] = this.#span(fields[row][i] as number)
        if (start >= 0) return spanText(block, start, end)
      }
      const [start, end] = this.#span(line)
      return spanText(block, start, end)
    })
    return fields.template.render(values)
  }

  #version(block: Buffer): bigint | null {
    const [fileStart, fileEnd] = this.#span(this.#file)
    const file = spanText(block, fileStart, fileEnd)
    const position = spanNumber(block, ...this.#span(this.#position))
    if (file === undefined || Number.isNaN(position)) return null
    const row = spanNumber(block, ...this.#span(this.#row))
    return this.#versions.version(file, position, Number.isNaN(row) ? 0 : row)
  }

  #span(path: number): [number, number] {
    const spans = this.#finder.spans
    return [spans[path * 2] as number, spans[path * 2 + 1] as number]
  }
}

interface TemplateFields {
  readonly template: Template
  /** Indexes of the paths in the finder, one for each field. */
  readonly after: number[]
  readonly before: number[]
  readonly line: number[]
}

function action(verb: string, index: string, id: string | null, version: bigint | null): string {
  const idPart = id === null ? '' : `,"_id":${JSON.stringify(id)}`
  const versionPart = version === null || id === null ? '' : `,"version":${version},"version_type":"external"`
  return `{"${verb}":{"_index":${JSON.stringify(index)}${idPart}${versionPart}}}\n`
}
