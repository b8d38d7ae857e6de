import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, ToolError } from '../../cli/index.ts'
import type { JoinFunctions } from '../generate-join.ts'
import type { Row } from '../operators/operator.ts'
import type { Calc, Scan } from '../plan.ts'
import { csvLines } from './csv-lines.ts'
import type { FileOptions } from './options.ts'
import { RowReader } from './row-reader.ts'
import type { LookupTable } from './table.ts'

/** The rows of a file, by key. They are read anew when the file has changed. */
export class FileTable implements LookupTable {
  private readonly path: string
  private readonly options: FileOptions
  private readonly calc: Calc
  private readonly key: JoinFunctions['rightKey']
  private readonly reader: RowReader
  private readonly warn: (message: string) => void
  /** What the file was when it was last read. */
  private seen = ''
  private byKey: Map<unknown, Row[]> | undefined

  /** @param folder what the path is relative to */
  constructor(
    options: FileOptions,
    calc: Calc,
    key: JoinFunctions['rightKey'],
    folder: string,
    warn: (message: string) => void
  ) {
    this.path = resolve(folder, options.path)
    this.options = options
    this.calc = calc
    this.key = key
    this.reader = new RowReader(calc)
    this.warn = warn
  }

  /**
   * Throws ToolError INPUT for a file that cannot be read. One that could be read before is perhaps just being written:
   * the rows it had are used on, with a warning, until it changes again.
   */
  begin(): void {
    try {
      const { mtimeMs, ctimeMs, size, ino } = statSync(this.path)
      const now = `${mtimeMs} ${ctimeMs} ${size} ${ino}`
      if (now === this.seen) return
      this.seen = now
      this.byKey = this.load()
    } catch (error) {
      const message = `${this.options.path}:${error instanceof LineProblem ? '' : ' '}${messageOf(error)}`
      if (this.byKey === undefined) throw new ToolError('INPUT', message, { cause: error })
      this.warn(`${message}; its rows of before are used until it changes`)
    }
  }

  rows(key: unknown): readonly Row[] {
    return this.byKey?.get(key) ?? []
  }

  private load(): Map<unknown, Row[]> {
    const byKey = new Map<unknown, Row[]>()
    const bytes = readFileSync(this.path)
    const { format } = this.options
    const { block, lines } =
      format === 'csv'
        ? csvLines(bytes.toString('utf8'), (this.calc.input as Scan).columns, this.options)
        : { block: bytes, lines: undefined }
    this.reader.read(block, (row, index) => {
      if (row instanceof Error) throw new LineProblem(`${lines?.[index] ?? index + 1}: ${row.message}`)
      const key = row === null ? null : this.key(row)
      if (row === null || key === null) return
      const rows = byKey.get(key)
      if (rows === undefined) byKey.set(key, [row])
      else rows.push(row)
    })
    return byKey
  }
}

/** What is wrong with a line; the message begins with its number. */
class LineProblem extends Error {}
