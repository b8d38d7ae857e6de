import { ByteWriter, viewOf } from '../stream/index.ts'
import { causeAt } from './change-event.ts'
import { ChangeWriter } from './change-writer.ts'
import { generateProjectPlace } from './generate-project.ts'
import { generateWritePlace } from './generate-write.ts'
import { type Line, type Pipeline, Stateless } from './pipeline.ts'
import type { Plan, Scan } from './plan.ts'
import type { Results } from './results.ts'
import { RowImages } from './row-images.ts'
import { ChangeReader, operations, slot } from './scan.ts'

/** What is made of the images of a line, and then added to the results. */
type Output = {
  /** @param old,now whether the line has that image. @returns whether there is a change */
  read(line: Line, old: boolean, now: boolean, isRead: boolean): boolean
  add(line: Line, isRead: boolean): void
}

/**
 * Change events in, change events out. An update whose row starts to pass the condition becomes a create, one whose row
 * stops to a delete. As in Flink, an update that leaves the projected row as it was is passed on all the same.
 */
export class ChangePipeline extends Stateless implements Pipeline {
  private readonly results: Results
  private readonly reader: ChangeReader
  private readonly output: Output
  private readonly images: RowImages
  private isChange = false
  private view: DataView = new DataView(new ArrayBuffer(0))

  constructor(plan: Plan, scan: Scan, results: Results) {
    super()
    this.results = results
    this.reader = new ChangeReader(scan)
    this.output = this.writing(plan, scan) ?? this.changing(plan, scan)
    this.images = new RowImages(scan, this.reader)
  }

  begin(block: Buffer): void {
    this.reader.begin(block)
    this.view = viewOf(block)
  }

  read(line: Line): boolean {
    const { reader } = this
    if (!reader.find(line.bytes, line.start, line.end)) return false
    this.images.see(line.bytes)
    const { operation, old, now } = this.images
    this.isChange = this.output.read(line, old, now, operation === operations.read)
    return true
  }

  apply(line: Line): boolean {
    const { isChange } = this
    const { operation } = this.images
    if (operation === operations.truncate)
      this.results.truncate(causeAt(line.text, this.reader.finder.spans, slot.source, slot.time))
    else if (isChange) this.output.add(line, operation === operations.read)
    return false
  }

  warnings(): string[] {
    return this.images.warnings()
  }

  missing(): string | undefined {
    return this.reader.missing()
  }

  /** Changes as bytes, which are the results' only when they are added. */
  private writing({ condition, projections }: Plan, scan: Scan): Output | undefined {
    const { reader, results } = this
    const write = generateWritePlace(scan, condition, projections, '')
    const output = results.bytes?.bind(results)
    if (write === undefined || output === undefined) return undefined
    const { spans } = reader.finder
    const event = new ByteWriter(4096)
    const writer = new ChangeWriter()
    const places = new Int32Array(4)
    const image = ({ bytes, text }: Line, place: number, columns: number): void =>
      write(bytes, text, spans, columns, spans[place] as number, spans[place + 1] as number, event)
    return {
      read: (line, old, now, isRead) => {
        event.length = 0
        writer.begin(event)
        if (old) image(line, slot.before, reader.beforeColumns)
        writer.next()
        if (now) image(line, slot.after, reader.afterColumns)
        if (!writer.hasOld && !writer.hasNew) return false
        places[0] = spans[slot.source] as number
        places[1] = spans[slot.source + 1] as number
        places[2] = spans[slot.time] as number
        places[3] = spans[slot.time + 1] as number
        writer.end(line.bytes, this.view, places, isRead)
        return true
      },
      add: () => output().appendWritten(event)
    }
  }

  /** Changes as texts. */
  private changing({ condition, projections }: Plan, scan: Scan): Output {
    const { reader, results } = this
    const { spans } = reader.finder
    const project = generateProjectPlace(scan, condition, projections)
    const row = ({ bytes, text }: Line, place: number, columns: number): string | null =>
      project(bytes, text, spans, columns, spans[place] as number, spans[place + 1] as number)
    let [before, after]: [string | null, string | null] = [null, null]
    return {
      read(line, old, now) {
        before = old ? row(line, slot.before, reader.beforeColumns) : null
        after = now ? row(line, slot.after, reader.afterColumns) : null
        return before !== null || after !== null
      },
      add: (line, isRead) =>
        results.change(
          before,
          after,
          causeAt(line.text, spans, slot.source, slot.time),
          isRead ? 'r' : undefined
        )
    }
  }
}
