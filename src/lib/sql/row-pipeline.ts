import { ByteWriter } from '../stream/index.ts'
import { generateProjectPlace } from './generate-project.ts'
import { generateWritePlace } from './generate-write.ts'
import { type Line, type Pipeline, Stateless } from './pipeline.ts'
import type { Plan, Scan } from './plan.ts'
import type { Results } from './results.ts'
import { JsonReader } from './scan.ts'

/** Rows in, rows out. */
export class RowPipeline extends Stateless implements Pipeline {
  private readonly reader: JsonReader
  private readonly project: (line: Line) => boolean
  private readonly add: () => void

  constructor(plan: Plan, scan: Scan, results: Results) {
    super()
    this.reader = new JsonReader(scan)
    const { project, add } = this.writing(plan, scan, results) ?? this.adding(plan, scan, results)
    this.project = project
    this.add = add
  }

  begin(): void {}

  read(line: Line): boolean {
    this.reader.find(line.bytes, line.start, line.end)
    return this.project(line)
  }

  apply(): boolean {
    this.add()
    return false
  }

  warnings(): string[] {
    return []
  }

  missing(): undefined {}

  /** Rows as bytes, which are the results' only when they are added. */
  private writing(
    { condition, projections }: Plan,
    scan: Scan,
    results: Results
  ): { project(line: Line): boolean; add(): void } | undefined {
    const write = generateWritePlace(scan, condition, projections, '\n')
    const output = results.bytes?.bind(results)
    if (write === undefined || output === undefined) return undefined
    const { spans } = this.reader.finder
    const row = new ByteWriter(4096)
    return {
      project({ bytes, text, start, end }) {
        row.length = 0
        write(bytes, text, spans, 0, start, end, row)
        return row.length > 0
      },
      add: () => output().appendWritten(row)
    }
  }

  /** Rows as texts. */
  private adding(
    { condition, projections }: Plan,
    scan: Scan,
    results: Results
  ): { project(line: Line): boolean; add(): void } {
    const project = generateProjectPlace(scan, condition, projections)
    const { spans } = this.reader.finder
    let row: string | null = null
    return {
      project({ bytes, text, start, end }) {
        row = project(bytes, text, spans, 0, start, end)
        return row !== null
      },
      add: () => results.add(row as string)
    }
  }
}
