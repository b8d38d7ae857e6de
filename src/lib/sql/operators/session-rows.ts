import { groupKey } from '../aggregates-runtime.ts'
import { keyOf } from '../values/keep.ts'
import type { Operator, Row, Stateful } from './operator.ts'
import { type KeptRow, RowBag } from './row-bag.ts'
import { Sessions, type SessionsState } from './sessions.ts'
import { inWindow } from './window-rows.ts'

/** The rows of a session, and those that were taken back without having come. */
type Content = { rows: RowBag; gone: Row[] }
type State = { watermark: number } & SessionsState<{ rows: KeptRow[]; gone: Row[] }>

/**
 * The rows of each session with its bounds (ms) before their values, once the watermark has reached the session's last
 * millisecond; a row that would be alone in a session that is over is late.
 * Source: Flink's UnalignedWindowTableFunctionOperator.
 */
export class SessionRows implements Operator, Stateful {
  private watermark = Number.NEGATIVE_INFINITY
  private readonly sessions: Sessions<Content>
  private readonly time: number
  private readonly keys: readonly number[]
  private readonly onLate: () => void
  private readonly out: Operator

  /**
   * @param gap ms
   * @param time index of the event time in the rows
   * @param keys indexes of what the rows of a session have in common
   */
  constructor(gap: number, time: number, keys: readonly number[], onLate: () => void, out: Operator) {
    this.sessions = new Sessions(gap, () => ({ rows: new RowBag(), gone: [] }), merged)
    this.time = time
    this.keys = keys
    this.onLate = onLate
    this.out = out
  }

  change(before: Row | null, after: Row | null): void {
    if (before !== null) this.take(before, content => content.rows.take(before) || content.gone.push(before))
    if (after !== null) this.take(after, content => content.rows.add(after))
  }

  advance(watermark: number): void {
    if (watermark <= this.watermark) return
    this.watermark = watermark
    for (const { start, end, content } of this.sessions.over(watermark)) {
      for (const row of content.gone) this.out.change(inWindow(row, start, end), null)
      for (const { row } of content.rows.rows) this.out.change(null, inWindow(row, start, end))
    }
    this.out.advance(watermark)
  }

  clear(): void {
    this.sessions.clear()
    this.out.clear()
  }

  state(): State {
    const { sessions, n } = this.sessions.state()
    const plain = sessions.map(session => {
      const { rows, gone } = session.content
      return { ...session, content: { rows: rows.rows, gone } }
    })
    return { watermark: this.watermark, sessions: plain, n }
  }

  restore(state: unknown): void {
    const { watermark, sessions, n } = state as State
    this.watermark = watermark
    const restored = sessions.map(session => {
      const { rows, gone } = session.content
      return { ...session, content: { rows: new RowBag(rows), gone } }
    })
    this.sessions.restore({ sessions: restored, n })
  }

  private take(row: Row, apply: (content: Content) => void): void {
    const at = row[this.time]
    if (at === null) return
    const session = this.sessions.at(this.keyOf(row), Number(at), this.watermark)
    if (session === undefined) this.onLate()
    else apply(session.content)
  }

  private keyOf(row: Row): unknown {
    const { keys } = this
    if (keys.length === 1) return keyOf(row[keys[0] as number])
    return keys.length === 0 ? '' : groupKey(...keys.map(key => row[key]))
  }
}

function merged(into: Content, from: Content): Content {
  for (const kept of from.rows.rows) into.rows.push(kept)
  into.gone.push(...from.gone)
  return into
}
