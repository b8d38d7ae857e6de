import type { JoinType } from '../ast.ts'
import type { JoinTime } from '../plan.ts'
import type { GuardedJoin } from '../result-errors.ts'
import { type MapState, StateMap } from '../state/state-map.ts'
import type { StateMemory } from '../state/state-memory.ts'
import { keep } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { TimeQueue } from './time-queue.ts'
import { Watermarks } from './watermarks.ts'

/** A change of a left row that waits until all versions before its time (ms) are known. */
type Waiting = { before: Row | null; after: Row | null; time: number; n: number }

/** A row of the right table as it was from its time on, null once it was deleted. */
type Version = { time: number; row: Row | null }

type Outdated = { time: number; key: unknown }

/**
 * A join with the versions of a table (FOR SYSTEM_TIME AS OF): each left row with the right row of its key as it was at
 * the left row's time. Left rows wait until the watermark has passed their time, and come out in the order of their
 * coming. Versions that no left row can ask for any more are forgotten.
 * Source: Flink's TemporalRowTimeJoinOperator.
 */
export class VersionJoin implements Stateful {
  readonly left: Operator
  readonly right: Operator
  private readonly functions: GuardedJoin
  private readonly isLeftJoin: boolean
  private readonly time: JoinTime & { kind: 'version' }
  private readonly waiting = new TimeQueue<Waiting>()
  private readonly versions: StateMap<Version[]>
  /** From when on the versions before one may be forgotten. */
  private readonly outdated = new TimeQueue<Outdated>()
  private n = 0
  private readonly watermarks: Watermarks
  private readonly out: Operator

  /** @param isTimed whether the versions have a watermark of their own; without one they are known when they come */
  constructor(
    type: JoinType,
    time: JoinTime & { kind: 'version' },
    functions: GuardedJoin,
    isTimed: boolean,
    memory: StateMemory,
    out: Operator
  ) {
    this.functions = functions
    this.versions = new StateMap(memory)
    this.isLeftJoin = type === 'left'
    this.time = time
    this.out = out
    this.watermarks = new Watermarks(2, watermark => this.pass(watermark))
    if (!isTimed) this.watermarks.advance(1, Number.POSITIVE_INFINITY)
    this.left = {
      change: (before, after) => this.wait(before, after),
      advance: watermark => this.watermarks.advance(0, watermark),
      clear: () => out.clear()
    }
    this.right = {
      change: (before, after) => this.see(before, after),
      advance: watermark => {
        if (isTimed) this.watermarks.advance(1, watermark)
      },
      clear: () => this.versions.clear()
    }
  }

  state(): unknown {
    // In the order of their coming, so that they are only lined up again.
    const items = this.waiting.items().sort((a, b) => a.n - b.n)
    const waiting = items.map(
      ({ before, after, ...rest }): Waiting => ({
        ...rest,
        before: before === null ? null : before.map(keep),
        after: after === null ? null : after.map(keep)
      })
    )
    const [versions, outdated] = [this.versions.state(), this.outdated.items()]
    return { waiting, versions, outdated, watermarks: this.watermarks.inputs, n: this.n }
  }

  restore(state: unknown): void {
    const { waiting, versions, outdated, watermarks, n } = state as {
      waiting: Waiting[]
      versions: MapState
      outdated: Outdated[]
      watermarks: number[]
      n: number
    }
    for (const item of waiting) this.waiting.push(item)
    this.versions.restore(versions)
    for (const item of outdated) this.outdated.push(item)
    this.watermarks.restore(watermarks)
    this.n = n
  }

  private wait(before: Row | null, after: Row | null): void {
    const timeOf = (row: Row): number => Number(row[this.time.left])
    const [oldTime, time] = [before && timeOf(before), after && timeOf(after)]
    if (before !== null && after !== null && oldTime !== time) {
      this.wait(before, null)
      this.wait(null, after)
      return
    }
    const at = (oldTime ?? time) as number
    this.waiting.push({ before, after, time: at, n: this.n++ })
  }

  private see(before: Row | null, after: Row | null): void {
    const { functions, time } = this
    const oldKey = before === null ? null : functions.rightKey(before)
    const newKey = after === null ? null : functions.rightKey(after)
    if (before !== null && (after === null || oldKey !== newKey)) {
      this.addVersion(oldKey, { time: Number(before[time.right]), row: null })
    }
    if (after !== null) this.addVersion(newKey, { time: Number(after[time.right]), row: after.map(keep) })
  }

  private addVersion(key: unknown, version: Version): void {
    if (key === null) return
    const kept = keep(key)
    const list = this.versions.get(kept)
    if (list === undefined) {
      if (version.row !== null) this.versions.set(kept, [version])
      return
    }
    // The only version of a key is not forgotten, so that nothing has to be known of it but this.
    if (list.length === 1) this.outdated.push({ time: (list[0] as Version).time, key: kept })
    let at = list.length
    while (at > 0 && (list[at - 1] as Version).time > version.time) at--
    if (at > 0 && (list[at - 1] as Version).time === version.time) list[at - 1] = version
    else list.splice(at, 0, version)
    this.outdated.push({ time: version.time, key: kept })
  }

  private pass(watermark: number): void {
    const { functions } = this
    const due = this.waiting.take(watermark)
    if (!isInOrder(due)) due.sort((a, b) => a.n - b.n)
    for (const { before, after, time } of due) {
      this.versions.pause()
      const old = before === null ? null : this.join(before, time, functions.matched)
      const now = after === null ? null : this.join(after, time, functions.matches)
      if (old !== null || now !== null) this.out.change(old, now)
    }
    this.forget(watermark)
    this.out.advance(watermark)
  }

  private join(row: Row, time: number, isPair: GuardedJoin['matches']): Row | null {
    const key = this.functions.leftKey(row)
    const version = key === null ? null : this.versionAt(key, time)
    if (version !== null) {
      const joined = this.functions.row(row, version)
      if (isPair(joined)) return joined
    }
    return this.isLeftJoin ? this.functions.row(row, null) : null
  }

  private versionAt(key: unknown, time: number): Row | null {
    const list = this.versions.peek(key)
    if (list === undefined) return null
    let at = list.length - 1
    while (at >= 0 && (list[at] as Version).time > time) at--
    return at < 0 ? null : (list[at] as Version).row
  }

  /** Of the versions that began before the watermark only the last can be asked for. */
  private forget(watermark: number): void {
    for (let first = this.outdated.first; first !== undefined; first = this.outdated.first) {
      if (first.time > watermark) return
      this.outdated.pop()
      const known = this.versions.peek(first.key)
      if (known === undefined) continue
      let last = known.length - 1
      while (last > 0 && (known[last] as Version).time > watermark) last--
      if (last === 0 && known[0]?.row !== null) continue
      const list = this.versions.get(first.key) as Version[]
      list.splice(0, last)
      if (list.length === 1 && list[0]?.row === null && list[0].time <= watermark)
        this.versions.delete(first.key)
    }
  }
}

function isInOrder(due: readonly Waiting[]): boolean {
  for (let i = 1; i < due.length; i++) if ((due[i] as Waiting).n < (due[i - 1] as Waiting).n) return false
  return true
}
