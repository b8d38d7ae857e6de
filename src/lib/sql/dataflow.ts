import { spanNumber } from '../stream/index.ts'
import { type Cause, causeAt, NO_CAUSE } from './change-event.ts'
import {
  calcConsumer,
  groupConsumer,
  groupOperator,
  type Lateness,
  windowConsumer,
  windowOperator
} from './consumers.ts'
import { describeNode } from './explain.ts'
import {
  generateAggregate,
  generateCalc,
  generateGroup,
  generateJoin,
  generateProjectValues
} from './generate.ts'
import { generateOver, overOf } from './generate-over.ts'
import { generateRank } from './generate-rank.ts'
import { Idleness, type IdlenessOptions } from './idleness.ts'
import type { Lookups } from './lookup/lookups.ts'
import { Prefetch } from './lookup/prefetch.ts'
import { type Clock, Expiry } from './operators/expiry.ts'
import { FirstByTime } from './operators/first-by-time.ts'
import { GroupAggregate } from './operators/group-aggregate.ts'
import { IntervalJoin } from './operators/interval-join.ts'
import { LookupJoin } from './operators/lookup-join.ts'
import type { Operator, Stateful } from './operators/operator.ts'
import { OverAggregate } from './operators/over-aggregate.ts'
import { Rank } from './operators/rank.ts'
import { RegularJoin } from './operators/regular-join.ts'
import type { KeptRow } from './operators/row-bag.ts'
import { SessionAggregate } from './operators/session-aggregate.ts'
import { SessionRows } from './operators/session-rows.ts'
import { TimeSort } from './operators/time-sort.ts'
import { unnestRows } from './operators/unnest.ts'
import { VersionJoin } from './operators/version-join.ts'
import { Watermarks } from './operators/watermarks.ts'
import { WindowAggregate } from './operators/window-aggregate.ts'
import { WindowJoin } from './operators/window-join.ts'
import { WindowRank } from './operators/window-rank.ts'
import { windowRows } from './operators/window-rows.ts'
import type { Line, Pipeline } from './pipeline.ts'
import {
  type Aggregate,
  type Calc,
  type Group,
  isAppendOnly,
  isFirstByTime,
  isLastByTime,
  type Join,
  type Node,
  type Over,
  type Plan,
  type Rank as RankNode,
  type Scan,
  type Sort,
  scansOf,
  type Union,
  type Windows,
  windowEndOf
} from './plan.ts'
import type { Results } from './results.ts'
import type { Settings } from './settings.ts'
import { type ScanConsumer, type Source, sourceOf } from './source.ts'
import type { Pieces } from './values/block-text.ts'
import { detach } from './values/text.ts'

/**
 * Lines in at the scans, through the operators of a plan, results out: as plain rows where rows are only added, else as
 * change events.
 */
export class Dataflow implements Pipeline {
  watermark: number | undefined
  readonly lookups: LookupJoin[] = []
  readonly prefetch: Prefetch | undefined
  private readonly results: Results
  private readonly tables: Lookups
  private readonly sources: Source[] = []
  private readonly operators: Stateful[] = []
  readonly labels: string[] = []
  /** What ends the time of each scan. */
  private readonly ends: (() => void)[] = []
  private readonly lateness: Lateness = { isLate: false }
  private readonly onLate = (): void => {
    this.lateness.isLate = true
  }
  private readonly isOnlyAdded: boolean
  private readonly idleness: Idleness | undefined
  /** Whether time causes changes too, when no line is being worked on. */
  private readonly isTimed: boolean
  /** Whether each line is for at most one of the scans. */
  private readonly isDivided: boolean
  /** The line that is being worked on; where there is none, what is known of the last one. */
  private current: Line | undefined
  private currentSource: Source | undefined
  private lastCause: Cause = NO_CAUSE
  private readonly places = new Int32Array(4)
  /** ms, 0 for ever */
  private readonly stateTtl: number
  private readonly clock: Clock = { now: 0 }
  /** Where the last line that is done tells of its cause, in the text of its block. */
  private readonly lastPlaces = new Int32Array(4)
  private lastText: Pieces | undefined

  constructor(
    plan: Plan,
    results: Results,
    tables: Lookups,
    { stateTtl }: Settings,
    idleness: IdlenessOptions
  ) {
    this.stateTtl = stateTtl
    this.results = results
    this.tables = tables
    this.isOnlyAdded = isAppendOnly(plan.input)
    const timed = scansOf(plan.input).filter(scan => scan.eventTime !== undefined).length
    this.isTimed = timed > 0
    // One scan alone holds nothing back.
    const mayBeIdle = idleness.timeout > 0 && timed > (idleness.isMarkTime ? 0 : 1)
    this.idleness = mayBeIdle ? new Idleness(idleness) : undefined
    this.build(plan.input, this.sink(plan))
    if (this.idleness !== undefined)
      this.labels[this.operators.push(this.idleness) - 1] = 'tables without rows'
    const names = this.sources.map(source => source.table)
    this.isDivided = !names.includes(undefined) && new Set(names).size === names.length
    const fetches = this.lookups.some(({ table }) => table.fetch !== undefined)
    this.prefetch = fetches ? new Prefetch(plan.input, tables) : undefined
  }

  begin(block: Buffer): void {
    for (const source of this.sources) source.begin(block)
  }

  line(line: Line): boolean {
    this.passOn()
    const { sources } = this
    if (sources.length === 1) {
      const source = sources[0] as Source
      if (!source.read(line)) return false
      this.apply(source, line)
      return this.done(line)
    }
    if (this.isDivided) return this.divide(line)
    // All scans read the line before any of them applies it, so that an error leaves nothing half done.
    const reading = sources.filter(source => source.read(line))
    for (const source of reading) this.apply(source, line)
    return this.done(line)
  }

  private apply(source: Source, line: Line): void {
    this.current = line
    this.currentSource = source
    if (this.stateTtl > 0) this.tick(source, line)
    source.apply()
  }

  /** Moves the clock for times to live: by the time in which a change was read, for other rows by the machine's. */
  private tick(source: Source, line: Line): void {
    source.causePlaces(this.places)
    const read = spanNumber(line.bytes, this.places[2] as number, this.places[3] as number)
    this.clock.now = Math.max(this.clock.now, Number.isNaN(read) ? Date.now() : read)
  }

  private expiry<T>(): Expiry<T> | undefined {
    return this.stateTtl > 0 ? new Expiry<T>(this.stateTtl, this.clock) : undefined
  }

  /** A line of the one scan that it is for. Behind it there is likely to be another of the same. */
  private divide(line: Line): boolean {
    const { sources } = this
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i] as Source
      if (!source.read(line)) continue
      if (i > 0) {
        sources.splice(i, 1)
        sources.unshift(source)
      }
      this.apply(source, line)
      return this.done(line)
    }
    return false
  }

  resume(): boolean {
    for (const join of this.lookups) if (join.waits) join.resume()
    return this.takeLate()
  }

  finish(): void {
    this.passOn()
    if (this.lastText === undefined) return
    const { source, time } = causeAt(this.lastText, this.lastPlaces, 0, 2)
    this.lastCause = { source: detach(source), time: time === null ? null : detach(time) }
    this.lastText = undefined
  }

  get takesMarks(): boolean {
    return this.idleness !== undefined
  }

  passTime(time: number): void {
    this.idleness?.pass(time, true)
  }

  end(): void {
    for (const end of this.ends) end()
  }

  state(): unknown[] {
    return this.operators.map(operator => operator.state())
  }

  restore(states: unknown[]): void {
    for (const [i, state] of states.entries()) this.operators[i]?.restore(state)
  }

  warnings(): string[] {
    return this.sources.flatMap(source => source.warnings())
  }

  /** One table without events is probably misspelt, whatever the others have. */
  missing(): string | undefined {
    return this.sources.map(source => source.missing()).find(message => message !== undefined)
  }

  // --- operators ---

  /** What a node is made of, down to its scans: its rows go to `out`. */
  private build(node: Node, out: Operator): void {
    const own = this.operators.length
    this.buildNode(node, out)
    // What a node keeps is there before what it stands on is built.
    if (node.kind !== 'scan' && this.operators.length > own) this.labels[own] ??= describeNode(node)
  }

  private buildNode(node: Node, out: Operator): void {
    switch (node.kind) {
      case 'scan':
        throw new Error('rows of a scan are read by what stands over it')
      case 'calc':
        this.calc(node, out)
        break
      case 'group':
        this.group(node, out)
        break
      case 'aggregate':
        this.window(node, out)
        break
      case 'windows':
        this.windows(node, out)
        break
      case 'union':
        this.union(node, out)
        break
      case 'rank':
        if (node.isEndless) this.over(overOf(node), out)
        else this.rank(node, out)
        break
      case 'over':
        this.over(node, out)
        break
      case 'sort':
        this.sort(node, out)
        break
      case 'unnest':
        this.build(node.input, unnestRows(node, out))
        break
      case 'join':
        this.join(node, out)
    }
  }

  private scan(scan: Scan, consumer: ScanConsumer, out: Operator): void {
    const own = scan.eventTime === undefined ? consumer : this.watched(consumer, out)
    this.sources.push(sourceOf(scan, own, !this.isOnlyAdded))
    this.ends.push(() => out.advance(Number.POSITIVE_INFINITY))
  }

  /** Tells of each row, so that it is known when there are none. */
  private watched(consumer: ScanConsumer, out: Operator): ScanConsumer {
    const { idleness } = this
    if (idleness === undefined) return consumer
    const scan = idleness.add(watermark => out.advance(watermark))
    return {
      ...consumer,
      apply(hasOld, hasNow) {
        consumer.apply(hasOld, hasNow)
        if (hasOld) idleness.row(scan, consumer.watermark(true))
        if (hasNow) idleness.row(scan, consumer.watermark(false))
      }
    }
  }

  private calc(node: Calc, out: Operator): void {
    const { input } = node
    if (input.kind === 'scan') {
      this.scan(input, calcConsumer(node, out), out)
      return
    }
    const { values } = generateCalc(node)
    this.build(input, {
      change(before, after) {
        const old = before === null ? null : values(before)
        const now = after === null ? null : values(after)
        if (old !== null || now !== null) out.change(old, now)
      },
      advance: watermark => out.advance(watermark),
      clear: () => out.clear()
    })
  }

  private group(node: Group, out: Operator): void {
    const functions = generateGroup(node, !isAppendOnly(node.input))
    const group = new GroupAggregate(functions, this.expiry(), out)
    this.operators.push(group)
    if (node.input.kind === 'scan') this.scan(node.input, groupConsumer(functions, group), out)
    else this.build(node.input, groupOperator(functions, group, out))
  }

  private window(node: Aggregate, out: Operator): void {
    const functions = generateAggregate(node, !isAppendOnly(node.input))
    const window =
      node.window.kind === 'SESSION'
        ? new SessionAggregate(node.window.size, functions, out)
        : new WindowAggregate(node.window, functions, out)
    this.operators.push(window)
    const operator = windowOperator(functions, window, this.lateness)
    if (node.input.kind === 'scan')
      this.scan(node.input, windowConsumer(functions, window, this.lateness), operator)
    else this.build(node.input, operator)
  }

  private rank(node: RankNode, out: Operator): void {
    const { input, partition, order, from, to, isNumbered } = node
    const functions = generateRank(input, partition, order)
    const end = windowEndOf(node)
    const options = {
      from,
      to,
      isNumbered,
      isAppendOnly: isAppendOnly(input),
      isLastFirst: isLastByTime(node)
    }
    const rank =
      end !== undefined
        ? new WindowRank(functions, options, end, this.onLate, out)
        : isFirstByTime(node)
          ? new FirstByTime(functions, isNumbered, this.onLate, out)
          : new Rank(functions, options, out)
    this.operators.push(rank)
    this.build(input, rank)
  }

  private windows({ input, window, time, keys }: Windows, out: Operator): void {
    if (window.kind !== 'SESSION') {
      this.build(input, windowRows(window, time, out))
      return
    }
    const sessions = new SessionRows(window.size, time, keys, this.onLate, out)
    this.operators.push(sessions)
    this.build(input, sessions)
  }

  private over(node: Over, out: Operator): void {
    const over = new OverAggregate(generateOver(node), node.frame, this.onLate, out)
    this.operators.push(over)
    this.build(node.input, over)
  }

  private sort({ input, order }: Sort, out: Operator): void {
    const sort = new TimeSort(generateRank(input, [], order), this.onLate, out)
    this.operators.push(sort)
    this.build(input, sort)
  }

  private union({ inputs }: Union, out: Operator): void {
    const watermarks = new Watermarks(inputs.length, watermark => out.advance(watermark))
    this.operators.push({
      state: () => watermarks.inputs,
      restore: state => watermarks.restore(state as number[])
    })
    for (const [i, input] of inputs.entries()) {
      this.build(input, {
        change: (before, after) => out.change(before, after),
        advance: watermark => watermarks.advance(i, watermark),
        clear: () => out.clear()
      })
    }
  }

  private join(node: Join, out: Operator): void {
    const { type, time, left, right } = node
    const functions = generateJoin(node)
    if (time?.kind === 'lookup') {
      const table = this.tables.tableOf(node, functions)
      const join = new LookupJoin(type, functions, table, !isAppendOnly(left), out)
      this.operators.push(join)
      this.build(left, join)
      this.lookups.push(join)
      return
    }
    const join =
      time === undefined
        ? new RegularJoin(
            type,
            functions,
            this.stateTtl > 0 ? () => this.expiry<KeptRow>() as Expiry<KeptRow> : undefined,
            out
          )
        : time.kind === 'interval'
          ? new IntervalJoin(type, time, functions, out)
          : time.kind === 'window'
            ? new WindowJoin(type, time, functions, this.onLate, out)
            : new VersionJoin(type, time, functions, scansOf(right)[0]?.eventTime !== undefined, out)
    this.operators.push(join)
    this.build(left, join.left)
    this.build(right, join.right)
  }

  // --- results ---

  private sink(plan: Plan): Operator {
    const { results, isOnlyAdded } = this
    const project = generateProjectValues(plan.condition, plan.projections)
    return {
      change: (before, after) => {
        const old = before === null ? null : project(before)
        const now = after === null ? null : project(after)
        if (isOnlyAdded) {
          if (now !== null) results.add(now)
        } else if (old !== now) {
          results.change(old, now, this.cause())
        }
      },
      advance: watermark => {
        this.watermark = watermark
      },
      clear: () => results.truncate(this.cause())
    }
  }

  /** A line was applied, and tells what time it is. */
  private done({ bytes }: Line): boolean {
    const { idleness, currentSource, places } = this
    if (idleness !== undefined && currentSource?.table !== undefined) {
      currentSource.causePlaces(places)
      const time = spanNumber(bytes, places[2] as number, places[3] as number)
      if (!Number.isNaN(time)) idleness.pass(time, false)
    }
    return this.takeLate()
  }

  private takeLate(): boolean {
    const { lateness } = this
    if (!lateness.isLate) return false
    lateness.isLate = false
    return true
  }

  /** Before the next line is looked at, of which nothing may be known: only the end of time asks for the last. */
  private passOn(): void {
    if (this.isTimed && !this.isOnlyAdded && this.current !== undefined) {
      this.currentSource?.causePlaces(this.lastPlaces)
      this.lastText = this.current.text
    }
    this.current = undefined
  }

  private cause(): Cause {
    const { current, currentSource } = this
    if (current === undefined || currentSource === undefined) return this.lastCause
    currentSource.causePlaces(this.places)
    return causeAt(current.text, this.places, 0, 2)
  }
}
