import { isAppendOnly, isFirstByTime, isLastByTime, windowEndOf } from './append-only.ts'
import {
  calcConsumer,
  groupConsumer,
  groupOperator,
  type Lateness,
  windowConsumer,
  windowOperator
} from './consumers.ts'
import { describeNode } from './explain.ts'
import { generateAggregate, generateGroup } from './generate-aggregate.ts'
import { generateCalc } from './generate-calc.ts'
import { generateJoin } from './generate-join.ts'
import { generateOver, overOf } from './generate-over.ts'
import { generateRank } from './generate-rank.ts'
import type { Idleness } from './idleness.ts'
import type { Lookups } from './lookup/lookups.ts'
import { ArrivalOver } from './operators/arrival-over.ts'
import { expandRows } from './operators/expand.ts'
import type { Clock } from './operators/expiry.ts'
import { FirstByTime } from './operators/first-by-time.ts'
import { GroupAggregate } from './operators/group-aggregate.ts'
import { IntervalJoin } from './operators/interval-join.ts'
import { LookupJoin } from './operators/lookup-join.ts'
import type { Operator, Stateful } from './operators/operator.ts'
import { OverAggregate } from './operators/over-aggregate.ts'
import { Rank } from './operators/rank.ts'
import { RegularJoin } from './operators/regular-join.ts'
import { SemiJoin } from './operators/semi-join.ts'
import { SessionAggregate } from './operators/session-aggregate.ts'
import { SessionRows } from './operators/session-rows.ts'
import { SetOperation } from './operators/set-operation.ts'
import { SingleRow } from './operators/single-row.ts'
import { TimeSort } from './operators/time-sort.ts'
import { unnestRows } from './operators/unnest.ts'
import { VersionJoin } from './operators/version-join.ts'
import { Watermarks } from './operators/watermarks.ts'
import { WindowAggregate } from './operators/window-aggregate.ts'
import { WindowJoin } from './operators/window-join.ts'
import { WindowRank } from './operators/window-rank.ts'
import { windowRows } from './operators/window-rows.ts'
import {
  type Aggregate,
  type Calc,
  type Group,
  type Join,
  type Node,
  type Over,
  type Rank as RankNode,
  type Scan,
  type SetOperation as SetOperationNode,
  type Sort,
  scansOf,
  type Union,
  type Windows
} from './plan.ts'
import {
  computed,
  guardedJoin,
  guardedResult,
  REFUSED,
  type ResultErrors,
  type RowErrors
} from './result-errors.ts'
import { type ScanConsumer, type Source, sourceOf } from './source.ts'
import type { Life } from './state/spilled-map.ts'
import { StateMap } from './state/state-map.ts'
import type { StateMemory } from './state/state-memory.ts'

/** What the operators of a plan share. */
export type GraphContext = {
  readonly tables: Lookups
  /** Where what operators keep by key is. */
  readonly memory: StateMemory
  /** ms that groups, partitions and rows of joins live, 0 for ever, by the clock. */
  readonly stateTtl: number
  readonly clock: Clock
  /** Whether results are only added, so that nobody asks what caused them. */
  readonly isOnlyAdded: boolean
  readonly idleness: Idleness | undefined
  readonly lateness: Lateness
  readonly errors: ResultErrors
}

/** The operators of a plan, built from the results down to the scans, whose rows they take. */
export class OperatorGraph {
  readonly sources: Source[] = []
  /** Those that keep something, and what each is, as in the plan. */
  readonly operators: Stateful[] = []
  readonly labels: string[] = []
  /** What ends the time of each scan. */
  readonly ends: (() => void)[] = []
  readonly lookups: LookupJoin[] = []
  private readonly context: GraphContext
  private readonly onLate = (): void => {
    this.context.lateness.isLate = true
  }

  /** @param out takes the rows of the node */
  constructor(node: Node, out: Operator, context: GraphContext) {
    this.context = context
    this.build(node, out)
  }

  private get life(): Life | undefined {
    const { stateTtl, clock } = this.context
    return stateTtl > 0 ? { ttl: stateTtl, clock } : undefined
  }

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
      case 'setOperation':
        this.setOperation(node, out)
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
      case 'single': {
        const { memory, errors } = this.context
        const rows = new SingleRow(node.keys, new StateMap(memory), errors, out)
        this.operators.push(rows)
        this.build(node.input, rows)
        break
      }
      case 'unnest':
        this.build(node.input, unnestRows(node, this.errorsOf(node.input), out))
        break
      case 'expand':
        this.build(node.input, expandRows(node, out))
        break
      case 'join':
        this.join(node, out)
    }
  }

  private errorsOf(node: Node): RowErrors {
    return errorsOf(node, this.context.errors)
  }

  private scan(scan: Scan, consumer: ScanConsumer, out: Operator): void {
    const own = scan.eventTime === undefined ? consumer : this.watched(scan.name, consumer, out)
    this.sources.push(sourceOf(scan, own, !this.context.isOnlyAdded))
    this.ends.push(() => out.advance(Number.POSITIVE_INFINITY))
  }

  /** Tells of each row, so that it is known when there are none. */
  private watched(name: string, consumer: ScanConsumer, out: Operator): ScanConsumer {
    const { idleness } = this.context
    if (idleness === undefined) return consumer
    const scan = idleness.add(name, watermark => out.advance(watermark))
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
      change: computed(values, this.errorsOf(input), (old, now) => out.change(old, now)),
      advance: watermark => out.advance(watermark),
      clear: () => out.clear()
    })
  }

  private group(node: Group, out: Operator): void {
    const { input } = node
    const functions = generateGroup(node, !isAppendOnly(input))
    const { memory, errors } = this.context
    const group = new GroupAggregate(functions, new StateMap(memory, { life: this.life }), errors, out)
    this.operators.push(group)
    if (input.kind === 'scan') this.scan(input, groupConsumer(functions, group), out)
    else this.build(input, groupOperator(functions, group, this.errorsOf(input), out))
  }

  private window(node: Aggregate, out: Operator): void {
    const { input } = node
    const { lateness, errors } = this.context
    const functions = guardedResult(generateAggregate(node, !isAppendOnly(input)), errors)
    const window =
      node.window.kind === 'SESSION'
        ? new SessionAggregate(node.window.size, functions, out)
        : new WindowAggregate(node.window, functions, this.context.memory, out)
    this.operators.push(window)
    const operator = windowOperator(functions, window, lateness, this.errorsOf(input))
    if (input.kind === 'scan') this.scan(input, windowConsumer(functions, window, lateness), operator)
    else this.build(input, operator)
  }

  private rank(node: RankNode, out: Operator): void {
    const { input, partition, order, from, to, isNumbered } = node
    const functions = generateRank(input, partition, order)
    const end = windowEndOf(node)
    const { life } = this
    const { memory } = this.context
    const options = {
      from,
      to,
      isNumbered,
      isAppendOnly: isAppendOnly(input),
      isLastFirst: isLastByTime(node) || node.arrival === 'last'
    }
    const rank =
      end !== undefined
        ? new WindowRank(functions, options, end, memory, this.onLate, out)
        : isFirstByTime(node)
          ? new FirstByTime(functions, new StateMap(memory, { life }), isNumbered, this.onLate, out)
          : new Rank(functions, options, memory, life, out)
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
    const errors = { input: this.errorsOf(node.input), result: this.context.errors }
    if (node.time === undefined) {
      const over = new ArrivalOver(generateOver(node), node.frame.preceding, errors, this.context.memory, out)
      this.operators.push(over)
      this.build(node.input, over)
      return
    }
    const over = new OverAggregate(
      generateOver(node),
      node.frame,
      errors,
      this.context.memory,
      this.onLate,
      out
    )
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

  private setOperation({ operation, isAll, left, right }: SetOperationNode, out: Operator): void {
    const rows = new SetOperation(
      operation,
      isAll,
      new StateMap(this.context.memory, { life: this.life }),
      out
    )
    this.operators.push(rows)
    this.build(left, rows.left)
    this.build(right, rows.right)
  }

  private join(node: Join, out: Operator): void {
    const { type, time, left, right } = node
    const functions = guardedJoin(generateJoin(node), this.context.errors)
    const { memory } = this.context
    if (time?.kind === 'lookup') {
      const table = this.context.tables.tableOf(node, functions)
      const errors = this.errorsOf(left)
      const join = new LookupJoin(type, functions, table, !isAppendOnly(left), errors, memory, out)
      this.operators.push(join)
      this.build(left, join)
      this.lookups.push(join)
      return
    }
    if (node.kept !== undefined && time?.kind !== 'window') {
      const join = new SemiJoin(node.kept, functions, memory, this.life, out)
      this.operators.push(join)
      this.build(left, join.left)
      this.build(right, join.right)
      return
    }
    const join =
      time === undefined
        ? new RegularJoin(type, functions, memory, this.life, out)
        : time.kind === 'interval'
          ? new IntervalJoin(type, time, functions, out)
          : time.kind === 'window'
            ? new WindowJoin(node, time, functions, memory, this.onLate, out)
            : new VersionJoin(type, time, functions, scansOf(right)[0]?.eventTime !== undefined, memory, out)
    this.operators.push(join)
    this.build(left, join.left)
    this.build(right, join.right)
  }
}

/** What becomes of errors in what is computed of a node's rows. */
export const errorsOf = (node: Node, errors: ResultErrors): RowErrors =>
  isOneForOne(node) ? REFUSED : errors

/** Whether a row of a scan makes at most one of the node, for which nothing is kept. */
const isOneForOne = (node: Node): boolean =>
  node.kind === 'scan' || (node.kind === 'calc' && isOneForOne(node.input))
