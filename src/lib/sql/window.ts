import type { Window } from './bound.ts'

/**
 * The start of the tumbling window (or slice) of `size` ms that `time` lies in.
 * Source: Flink's TimeWindow.getWindowStartWithOffset.
 */
export function windowStart(time: number, size: number, offset: number): number {
  const remainder = (time - offset) % size
  return remainder < 0 ? time - (remainder + size) : time - remainder
}

/** Calls `visit` with start and end of each window that `time` lies in, those that end first first. */
export function eachWindow(window: Window, time: number, visit: (start: number, end: number) => void): void {
  const { size, step, offset } = window
  if (window.kind === 'CUMULATE') {
    const start = windowStart(time, size, offset)
    for (let end = windowStart(time, step, offset) + step; end <= start + size; end += step) visit(start, end)
    return
  }
  const last = windowStart(time, step, offset)
  // Steps longer than the size leave gaps.
  let start = last + size > time ? last : last + step
  while (start - step + size > time) start -= step
  for (; start <= last; start += step) visit(start, start + size)
}
