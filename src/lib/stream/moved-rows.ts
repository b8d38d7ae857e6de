import { ToolError } from '../cli/index.ts'
import type { ByteWriter } from './bytes.ts'
import { EnvelopeFinder } from './envelope-finder.ts'
import { eachLine } from './lines.ts'

const OPEN_BRACE = 123
const NEWLINE = Buffer.from('\n')
const UPDATE = Buffer.from('"u"')

/** What stands in the place of a part of a line. */
type Edit = readonly [start: number, end: number, text: string]

/**
 * Copies lines, with each update that changes one of some columns as what it is for those who count by them: a delete of
 * the old row and a create of the new one.
 */
export class MovedRows {
  readonly #columns: readonly string[]
  readonly #finder: EnvelopeFinder

  constructor(columns: readonly string[]) {
    this.#columns = columns
    const inRow = (row: string): string[] => columns.map(column => `${row}.${column.replaceAll('.', '\\.')}`)
    this.#finder = new EnvelopeFinder(['before', 'after', 'op', ...inRow('before'), ...inRow('after')])
  }

  /** @throws ToolError DATA for an update that does not tell the old value */
  copy(block: Buffer, out: ByteWriter): void {
    let copied = 0
    eachLine(block, (start, end) => {
      if (!this.#isMoved(block, start, end)) return
      out.append(block, copied, start)
      const [before = 0, beforeEnd = 0, after = 0, afterEnd = 0, op = 0, opEnd = 0] = this.#finder.spans
      this.#splice(block, start, end, out, [after, afterEnd, 'null'], [op, opEnd, '"d"'])
      this.#splice(block, start, end, out, [before, beforeEnd, 'null'], [op, opEnd, '"c"'])
      copied = end + 1
    })
    out.append(block, Math.min(copied, block.length), block.length)
  }

  #isMoved(block: Buffer, start: number, end: number): boolean {
    if (!this.#finder.find(block, start, end)) return false
    const { spans } = this.#finder
    const [before = -1, , after = -1, , op = -1, opEnd = -1] = spans
    if (op < 0 || block.compare(UPDATE, 0, UPDATE.length, op, opEnd) !== 0) return false
    if (block[after] !== OPEN_BRACE) return false
    for (let i = 0; i < this.#columns.length; i++) {
      const [old, oldEnd] = this.#span(i)
      const [now, nowEnd] = this.#span(this.#columns.length + i)
      if (now < 0) continue
      if (block[before] !== OPEN_BRACE || old < 0) throw this.#unknown(block, start, end, i)
      if (block.compare(block, old, oldEnd, now, nowEnd) !== 0) return true
    }
    return false
  }

  #span(path: number): [start: number, end: number] {
    const { spans } = this.#finder
    return [spans[6 + 2 * path] as number, spans[7 + 2 * path] as number]
  }

  #unknown(block: Buffer, start: number, end: number, column: number): ToolError {
    const line = block.toString('utf8', start, Math.min(end, start + 100))
    return new ToolError(
      'DATA',
      `--repartition-by: an update without the old value of '${this.#columns[column]}'\n  ${line}…`,
      { hint: "SET GLOBAL binlog_row_image='FULL' lets the log have whole rows" }
    )
  }

  #splice(block: Buffer, start: number, end: number, out: ByteWriter, ...edits: Edit[]): void {
    let at = start
    for (const [from, to, text] of edits.sort(([a], [b]) => a - b)) {
      out.append(block, at, from)
      out.text(text)
      at = to
    }
    out.append(block, at, end)
    out.append(NEWLINE)
  }
}
