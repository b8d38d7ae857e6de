import { ResultError, RowError } from './errors.ts'
import type { Line, Pipeline } from './pipeline.ts'
import type { QueryOptions } from './query-options.ts'
import { LineError } from './scan.ts'

/** Works on lines with all queries of a text, and tells of those that are late or that a query cannot take. */
export class LineWork {
  /** Lines of which a row was late. */
  lateLines = 0
  private readonly pipelines: readonly Pipeline[]
  private readonly options: QueryOptions
  /** Those that take the last line. */
  private readonly takers: Pipeline[] = []

  constructor(pipelines: readonly Pipeline[], options: QueryOptions) {
    this.pipelines = pipelines
    this.options = options
  }

  /** Does some work on a line. @param work tells whether a row of it was late */
  take(line: Line, index: number, work: () => boolean): void {
    const { bytes, start, end } = line
    try {
      if (work()) this.late(bytes.subarray(start, end), index)
    } catch (error) {
      this.reject(error, bytes.subarray(start, end), index)
    }
  }

  /**
   * Whether a row of the line was late for one of the queries. All read it before any applies it, so that none has a line
   * that another refuses; an error in applying it is told when all have done so.
   */
  each(line: Line): boolean {
    const { pipelines, takers } = this
    takers.length = 0
    for (const pipeline of pipelines) if (pipeline.read(line)) takers.push(pipeline)
    let isLate = false
    let reasons: string[] = []
    for (const pipeline of takers) {
      try {
        isLate = pipeline.apply(line) || isLate
      } catch (error) {
        if (!(error instanceof RowError)) throw error
        if (takers.length === 1) throw error
        reasons = [...reasons, ...reasonsOf(error)]
        isLate ||= error instanceof ResultError && error.isLate
      }
    }
    if (reasons.length > 0) throw new ResultError(reasons, isLate)
    return isLate
  }

  late(bytes: Buffer, index: number): void {
    this.lateLines++
    this.options.late?.(bytes, index)
  }

  reject(error: unknown, bytes: Buffer, index: number): void {
    if (error instanceof LineError) {
      this.options.reject({ index, bytes, reason: error.message, notJson: error.notJson, isApplied: false })
      return
    }
    if (!(error instanceof RowError)) throw error
    const isApplied = error instanceof ResultError
    if (isApplied && error.isLate) this.late(bytes, index)
    for (const reason of reasonsOf(error))
      this.options.reject({ index, bytes, reason, notJson: false, isApplied })
  }
}

const reasonsOf = (error: RowError): readonly string[] =>
  error instanceof ResultError ? error.reasons : [error.message]
