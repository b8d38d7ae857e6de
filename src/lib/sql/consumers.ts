import type { AggregateFunctions, GroupFunctions, InputRow } from './generate-aggregate.ts'
import { generateCalc, type RowTime } from './generate-calc.ts'
import type { GroupAggregate } from './operators/group-aggregate.ts'
import type { Operator, Row } from './operators/operator.ts'
import type { SessionAggregate } from './operators/session-aggregate.ts'
import type { WindowAggregate } from './operators/window-aggregate.ts'
import type { Calc } from './plan.ts'
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
  functions: AggregateFunctions,
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
export function groupOperator(functions: GroupFunctions, group: GroupAggregate, out: Operator): Operator {
  const [old, now] = [functions.newRow(), functions.newRow()]
  return {
    change(before, after) {
      group.change(readValues(functions, before, old), readValues(functions, after, now))
    },
    advance: watermark => out.advance(watermark),
    clear: () => group.clear()
  }
}

/** Rows of values into windows. */
export function windowOperator(
  functions: AggregateFunctions,
  window: WindowAggregate | SessionAggregate,
  lateness: Lateness
): Operator {
  const [old, now] = [functions.newRow(), functions.newRow()]
  return {
    change(before, after) {
      if (readValues(functions, before, old) !== null && window.accept(old, true)) lateness.isLate = true
      if (readValues(functions, after, now) !== null && window.accept(now, false)) lateness.isLate = true
    },
    advance: watermark => window.advance(watermark),
    clear: () => window.clear()
  }
}

function readValues(
  functions: AggregateFunctions | GroupFunctions,
  values: Row | null,
  row: InputRow
): InputRow | null {
  if (values === null) return null
  functions.readValues(values, row)
  return row
}
