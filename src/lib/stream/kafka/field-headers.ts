import { usageError } from '../../cli/index.ts'
import { ByteWriter } from '../bytes.ts'
import { EnvelopeFinder } from '../envelope-finder.ts'
import { spanText } from '../fields.ts'
import { writeVarint } from './record-batch.ts'

const QUOTE = 34
const BACKSLASH = 92
const NULL_FIRST = 110
/** Their number is one byte. */
const MOST = 63
const VARINT_ROOM = 5

/**
 * Makes headers of fields of the lines, named as by Debezium's transformation for records without envelope (its option
 * `add.headers`): `source.file` as `__source_file`. Values are texts; a field that is null or not there has no header.
 *
 * Source: https://debezium.io/documentation/reference/stable/transformations/event-flattening.html
 */
export class FieldHeaders {
  readonly #finder: EnvelopeFinder
  /** Where the spans of the fields begin. */
  readonly #at: readonly number[]
  /** Length and name of each. */
  readonly #names: readonly Buffer[]
  readonly #bytes = new ByteWriter(1024)

  /** @param fields in dotted notation. @throws ToolError USAGE for one that is given twice, and for too many */
  constructor(fields: readonly string[]) {
    const twice = fields.find((field, i) => fields.indexOf(field) !== i)
    if (twice !== undefined) throw usageError(`--headers: ${twice} is given twice`)
    if (fields.length > MOST) throw usageError(`--headers: at most ${MOST} fields`)
    const paths = [...new Set(['before', 'after', ...fields])]
    this.#finder = new EnvelopeFinder(paths)
    this.#at = fields.map(field => 2 * paths.indexOf(field))
    this.#names = fields.map(field => {
      const name = Buffer.from(`__${field.replaceAll('\\.', '.').replaceAll('.', '_')}`)
      const head = Buffer.alloc(VARINT_ROOM)
      return Buffer.concat([head.subarray(0, writeVarint(head, 0, name.length)), name])
    })
  }

  /** @returns the headers of a line as they stand behind a record's value; valid until the next line */
  of(line: Buffer, start: number, end: number): Buffer {
    const w = this.#bytes
    w.clear()
    w.ensure(1)
    w.length = 1
    let count = 0
    if (this.#finder.find(line, start, end)) {
      const { spans } = this.#finder
      for (let i = 0; i < this.#at.length; i++) {
        const at = this.#at[i] as number
        if (this.#add(i, line, spans[at] as number, spans[at + 1] as number)) count++
      }
    }
    // Zigzag: a number that is not negative is doubled.
    w.buffer[0] = 2 * count
    return w.written()
  }

  #add(field: number, line: Buffer, start: number, end: number): boolean {
    if (start < 0 || line[start] === NULL_FIRST) return false
    const isString = line[start] === QUOTE
    if (isString && hasEscape(line, start, end)) {
      const text = Buffer.from(spanText(line, start, end) ?? '')
      this.#write(field, text, 0, text.length)
    } else if (isString) this.#write(field, line, start + 1, end - 1)
    else this.#write(field, line, start, end)
    return true
  }

  #write(field: number, value: Buffer, start: number, end: number): void {
    const w = this.#bytes
    w.append(this.#names[field] as Buffer)
    w.ensure(VARINT_ROOM)
    w.length = writeVarint(w.buffer, w.length, end - start)
    w.append(value, start, end)
  }
}

function hasEscape(line: Buffer, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (line[i] === BACKSLASH) return true
  return false
}
