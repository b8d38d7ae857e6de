import type { Window } from '../bound.ts'
import { eachWindow } from '../window.ts'
import type { Operator, Row } from './operator.ts'

/** A row with the bounds of a window before its values. */
export const inWindow = (row: Row, start: number, end: number): Row => [start, end, end - 1, ...row]

/**
 * Each row once for each window that it is in, before its values the bounds (ms). Nothing is late here. A row without
 * time is in none, as in Flink.
 * @param time index of the event time in the rows
 */
export function windowRows(window: Window, time: number, out: Operator): Operator {
  const each = (row: Row, visit: (start: number, end: number) => void): void => {
    const at = row[time]
    if (at !== null) eachWindow(window, Number(at), visit)
  }
  return {
    change(before, after) {
      if (before !== null && after !== null && Number(before[time]) === Number(after[time])) {
        each(after, (start, end) => out.change(inWindow(before, start, end), inWindow(after, start, end)))
        return
      }
      if (before !== null) each(before, (start, end) => out.change(inWindow(before, start, end), null))
      if (after !== null) each(after, (start, end) => out.change(null, inWindow(after, start, end)))
    },
    advance: watermark => out.advance(watermark),
    clear: () => out.clear()
  }
}
