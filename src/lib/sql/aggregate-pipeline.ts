import { type Cause, causeAt, changeEvent, NO_CAUSE } from './change-event.ts'
import type { Emitter } from './emitter.ts'
import {
  type AggregateFunctions,
  type GroupFunctions,
  generateAggregate,
  generateGroup,
  generateProjectValues,
  type InputRow
} from './generate.ts'
import { GroupAggregate, type TakeChange } from './group-aggregate.ts'
import type { Line, Pipeline, PipelineState } from './pipeline.ts'
import { type Aggregate, type Group, isAppendOnly, type Plan, scanOf } from './plan.ts'
import { ImageCheck, imagesOf } from './row-images.ts'
import { ChangeReader, JsonReader, operations, slot } from './scan.ts'
import { detach } from './values/text.ts'
import { WindowAggregate } from './window-aggregate.ts'

/** The aggregation next to the scan. */
interface First {
  readonly functions: AggregateFunctions | GroupFunctions
  /** Takes one row back and adds another. @returns whether one of them was late */
  change(old: InputRow | null, now: InputRow | null): boolean
  clear(): void
}

/**
 * Rows or change events in; the results of closed windows out, as plain rows, or those of groups as change events. An
 * aggregation may stand over another.
 */
export class AggregatePipeline implements Pipeline {
  private readonly output: Emitter
  private readonly reader: { json: JsonReader } | { changes: ChangeReader; check: ImageCheck }
  private readonly first: First
  private window: WindowAggregate | undefined
  /** From the scan to the output. */
  private readonly groups: GroupAggregate[] = []
  private readonly row: InputRow
  private readonly oldRow: InputRow
  private readonly isOnlyAdded: boolean
  /** The line that is being worked on; where there is none, what is known of the last one. */
  private current: Line | undefined
  private lastCause: Cause = NO_CAUSE

  constructor(plan: Plan, node: Aggregate | Group, output: Emitter) {
    this.output = output
    this.isOnlyAdded = isAppendOnly(node)
    this.first = this.build(node, this.sink(plan))
    this.groups.reverse()
    const scan = scanOf(node)
    if (isAppendOnly(scan)) this.reader = { json: new JsonReader(scan, !isAppendOnly(node)) }
    else {
      const changes = new ChangeReader(scan)
      this.reader = { changes, check: new ImageCheck(scan, changes) }
    }
    this.row = this.first.functions.newRow()
    this.oldRow = this.first.functions.newRow()
  }

  get watermark(): number | undefined {
    return this.window?.watermark
  }

  begin(block: Buffer): void {
    if ('changes' in this.reader) this.reader.changes.begin(block)
  }

  line(line: Line): boolean {
    this.passOn()
    return 'changes' in this.reader
      ? this.change(line, this.reader.changes, this.reader.check)
      : this.add(line, this.reader.json)
  }

  finish(): void {
    this.passOn()
    const { source, time } = this.lastCause
    this.lastCause = { source: detach(source), time: time === null ? null : detach(time) }
  }

  end(): void {
    this.window?.advance(Number.POSITIVE_INFINITY)
  }

  state(): PipelineState {
    return { windows: this.window?.state(), groups: this.groups.map(group => group.state()) }
  }

  restore({ windows, groups }: PipelineState): void {
    if (windows !== undefined) this.window?.restore(windows)
    for (const [i, state] of groups.entries()) this.groups[i]?.restore(state)
  }

  warnings(): string[] {
    return 'check' in this.reader ? this.reader.check.warnings() : []
  }

  missing(): string | undefined {
    return 'changes' in this.reader ? this.reader.changes.missing() : undefined
  }

  // --- lines ---

  private add(line: Line, reader: JsonReader): boolean {
    const { bytes, text, start, end } = line
    reader.find(bytes, start, end)
    this.current = line
    this.first.functions.read(bytes, text, reader.finder.spans, 0, this.row)
    return this.first.change(null, this.row)
  }

  private change(line: Line, reader: ChangeReader, check: ImageCheck): boolean {
    const { bytes, text, start, end } = line
    if (!reader.find(bytes, start, end)) return false
    this.current = line
    const operation = reader.operation(bytes)
    const { old, new: now } = imagesOf(reader, bytes, operation)
    check.see(bytes, old, now)
    const { spans } = reader.finder
    const { functions } = this.first
    // Both images are read before either takes effect, so that an error in one leaves nothing half done.
    if (old) functions.read(bytes, text, spans, reader.beforeColumns, this.oldRow)
    if (now) functions.read(bytes, text, spans, reader.afterColumns, this.row)
    if (operation === operations.truncate) this.first.clear()
    return this.first.change(old ? this.oldRow : null, now ? this.row : null)
  }

  // --- operators ---

  /** What takes the rows of a node's input: `take` gets those of the node. */
  private build(node: Aggregate | Group, take: TakeChange): First {
    if (node.kind === 'aggregate') return this.windows(node, take)
    const functions = generateGroup(node, !isAppendOnly(node.input))
    const group = new GroupAggregate(functions, take)
    this.groups.push(group)
    if (node.input.kind === 'scan') {
      return {
        functions,
        change(old, now) {
          group.change(old, now)
          return false
        },
        clear: () => group.clear()
      }
    }
    const [oldRow, row] = [functions.newRow(), functions.newRow()]
    return this.build(node.input, (before, after) => {
      if (before !== null) functions.readValues(before, oldRow)
      if (after !== null) functions.readValues(after, row)
      group.change(before === null ? null : oldRow, after === null ? null : row)
    })
  }

  private windows(node: Aggregate, take: TakeChange): First {
    const functions = generateAggregate(node, !isAppendOnly(node.input))
    const window = new WindowAggregate(node.window, functions, values => take(null, values))
    this.window = window
    return {
      functions,
      change(old, now) {
        let isLate = false
        if (old !== null) {
          isLate = window.accept(old, true)
          window.advance(old.watermark)
        }
        if (now !== null) {
          isLate = window.accept(now, false) || isLate
          window.advance(now.watermark)
        }
        return isLate
      },
      clear: () => window.clear()
    }
  }

  // --- results ---

  private sink(plan: Plan): TakeChange {
    const { output, isOnlyAdded } = this
    const project = generateProjectValues(plan.condition, plan.projections)
    return (before, after) => {
      const old = before === null ? null : project(before)
      const now = after === null ? null : project(after)
      if (isOnlyAdded) {
        if (now !== null) output.line(now)
      } else if (old !== now) {
        output.line(changeEvent(old === null ? 'c' : now === null ? 'd' : 'u', old, now, this.cause()))
      }
    }
  }

  /** Before the next line is looked at, of which nothing may be known: only the end of time asks for the last. */
  private passOn(): void {
    if (this.window !== undefined && !this.isOnlyAdded) this.lastCause = this.cause()
    this.current = undefined
  }

  private cause(): Cause {
    const line = this.current
    if (line === undefined) return this.lastCause
    const { reader } = this
    return 'changes' in reader
      ? causeAt(line.text, reader.changes.finder.spans, slot.source, slot.time)
      : causeAt(line.text, reader.json.finder.spans, reader.json.cause, reader.json.cause + 2)
  }
}
