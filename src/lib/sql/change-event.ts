import type { Pieces } from './values/block-text.ts'

/** The members of a change event that tell what caused it, as JSON text. */
export interface Cause {
  readonly source: string
  readonly time: string | null
}

/** What is known of the cause of a change that no line caused. */
export const NO_CAUSE: Cause = { source: 'null', time: null }

/**
 * The cause in a line.
 * @param source,time where in `spans` the places of `source` and `ts_ms` are
 */
export function causeAt(text: Pieces, spans: Int32Array, source: number, time: number): Cause {
  return { source: textAt(text, spans, source) ?? 'null', time: textAt(text, spans, time) }
}

function textAt(text: Pieces, spans: Int32Array, place: number): string | null {
  const start = spans[place] as number
  return start < 0 ? null : text.substring(start, spans[place + 1] as number)
}

/** A change event as JSON text; rows are JSON text, or null where there is none. */
export function changeEvent(
  op: string,
  before: string | null,
  after: string | null,
  { source, time }: Cause
): string {
  const suffix = time === null ? '' : `,"ts_ms":${time}`
  return `{"before":${before},"after":${after},"source":${source},"op":"${op}"${suffix}}`
}
