import type { AggregateFunctions, GroupFunctions, InputRow } from './generate-aggregate.ts'
import { generateCalc, type RowTime } from './generate-calc.ts'
import type { GroupAggregate } from './operators/group-aggregate.ts'
import type { Operator, Row, TakeChange } from './operators/operator.ts'
import type { SessionAggregate } from './operators/session-aggregate.ts'
import type { WindowAggregate } from './operators/window-aggregate.ts'
import type { Calc } from './plan.ts'
import { computed, type RowErrors } from './result-errors.ts'
import type { ScanConsumer } from './source.ts'

/** What is told of rows that came too late. */
export type Lateness = { isLate: boolean }

/** Rows of a scan as values, with its watermark. */
export function calcConsumer(calc: Calc, out: Operator): ScanConsumer {
  const { place } = generateCalc(calc)
  const old: RowTime = { time: 0, watermark: Number.NEGATIVE_INFINITY }
  const now: RowTime = { time: 0, watermark: Number.NEGATIVE_INFINITY }
  let before: Row | null = null
  let after: Row | null = null
  return {
    read({ bytes, text }, spans, offset, start, end, isOld) {
      if (isOld) before = place(bytes, text, spans, offset, start, end, old)
      else after = place(bytes, text, spans, offset, start, end, now)
    },
    apply(hasOld, hasNow) {
      const from = hasOld ? before : null
      const to = hasNow ? after : null
      if (from !== null || to !== null) out.change(from, to)
      if (hasOld) out.advance(old.watermark)
      if (hasNow) out.advance(now.watermark)
    },
    watermark: isOld => (isOld ? old.watermark : now.watermark),
    clear: () => out.clear()
  }
}

export function groupConsumer(functions: GroupFunctions, group: GroupAggregate): ScanConsumer {
  const [old, now] = [functions.newRow(), functions.newRow()]
  return {
    read({ bytes, text }, spans, offset, _start, _end, isOld) {
      functions.read(bytes, text, spans, offset, isOld ? old : now)
    },
    apply: (hasOld, hasNow) => group.change(hasOld ? old : null, hasNow ? now : null),
    watermark: () => Number.NEGATIVE_INFINITY,
    clear: () => group.clear()
  }
}

export function windowConsumer(
  functions: Pick<AggregateFunctions, 'newRow' | 'read' | 'readValues'>,
  window: WindowAggregate | SessionAggregate,
  lateness: Lateness
): ScanConsumer {
  const [old, now] = [functions.newRow(), functions.newRow()]
  return {
    read({ bytes, text }, spans, offset, _start, _end, isOld) {
      functions.read(bytes, text, spans, offset, isOld ? old : now)
    },
    apply(hasOld, hasNow) {
      if (hasOld) {
        if (window.accept(old, true)) lateness.isLate = true
        window.advance(old.watermark)
      }
      if (hasNow) {
        if (window.accept(now, false)) lateness.isLate = true
        window.advance(now.watermark)
      }
    },
    watermark: isOld => (isOld ? old.watermark : now.watermark),
    clear: () => window.clear()
  }
}

/** Rows of values into groups. */
export function groupOperator(
  functions: GroupFunctions,
  group: GroupAggregate,
  errors: RowErrors,
  out: Operator
): Operator {
  return {
    change: read(functions, errors, (before, after) => group.change(before, after)),
    advance: watermark => out.advance(watermark),
    clear: () => group.clear()
  }
}

/** Rows of values into windows. */
export function windowOperator(
  functions: Pick<AggregateFunctions, 'newRow' | 'read' | 'readValues'>,
  window: WindowAggregate | SessionAggregate,
  lateness: Lateness,
  errors: RowErrors
): Operator {
  return {
    change: read(functions, errors, (before, after) => {
      if (before !== null && window.accept(before, true)) lateness.isLate = true
      if (after !== null && window.accept(after, false)) lateness.isLate = true
    }),
    advance: watermark => window.advance(watermark),
    clear: () => window.clear()
  }
}

/** What takes rows of values as an aggregation does. */
function read(
  functions: Pick<AggregateFunctions, 'newRow' | 'readValues'>,
  errors: RowErrors,
  take: (before: InputRow | null, after: InputRow | null) => void
): TakeChange {
  const [old, now] = [functions.newRow(), functions.newRow()]
  const readRow = (values: Row, isOld: boolean): InputRow => {
    const row = isOld ? old : now
    functions.readValues(values, row)
    return row
  }
  return computed(readRow, errors, take)
}
