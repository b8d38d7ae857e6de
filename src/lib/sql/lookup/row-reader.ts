import { eachLine } from '../../stream/index.ts'
import { type CalcFunctions, generateCalc, type RowTime } from '../generate-calc.ts'
import type { Row } from '../operators/operator.ts'
import type { Calc, Scan } from '../plan.ts'
import { JsonReader } from '../scan.ts'
import { keep } from '../values/keep.ts'

/** Reads the rows of a table from lines of JSON, as those of a stream are, as the values that a query takes from them. */
export class RowReader {
  private readonly reader: JsonReader
  private readonly place: CalcFunctions['place']
  private readonly time: RowTime = { time: 0, watermark: 0 }

  constructor(calc: Calc) {
    this.reader = new JsonReader(calc.input as Scan)
    this.place = generateCalc(calc).place
  }

  /**
   * Calls `take` for each line with its row, null for one that the query leaves out, or with what is wrong with it.
   * @param take gets the number of the line too, from 0
   */
  read(block: Buffer, take: (row: Row | null | Error, index: number) => void): void {
    const text = block.toString('latin1')
    eachLine(block, (start, end, index) => take(this.row(block, text, start, end), index))
  }

  private row(block: Buffer, text: string, start: number, end: number): Row | null | Error {
    const { reader } = this
    try {
      reader.find(block, start, end)
      return this.place(block, text, reader.finder.spans, 0, start, end, this.time)?.map(keep) ?? null
    } catch (error) {
      return error as Error
    }
  }
}
