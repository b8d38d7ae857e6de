import { type Bound, describe } from './bound.ts'
import { build, PlaceCode, type Statement, valuesCode } from './place-code.ts'
import type { Calc, Scan } from './plan.ts'
import type { Pieces } from './values/block-text.ts'

/** A row's time and the watermark that it gives, in ms. */
export type RowTime = { time: number; watermark: number }

export type CalcFunctions = {
  /** The values of a scan's row, null when it does not pass the condition; `row` gets its time, if the scan has one. */
  place(
    B: Buffer,
    S: Pieces,
    P: Int32Array,
    O: number,
    RS: number,
    RE: number,
    row: RowTime
  ): unknown[] | null
  /** The same of a row of values, which has no time of its own. */
  values(R: readonly unknown[]): unknown[] | null
}

export function generateCalc({ input, condition, values }: Calc): CalcFunctions {
  if (input.kind !== 'scan') {
    const code = valuesCode()
    const filter = condition === undefined ? '' : `if (!${code.isTrue(condition)}) return null;\n`
    const row = `return [${values.map(value => code.value(value)).join(', ')}];\n`
    return build(`return { values(R) {\n${code.declarations()}${filter}${row}} }`)
  }
  const body = new PlaceCode(input)
  const statement: Statement = make => body.statement(make)
  const parts = takeTime(input, condition, statement, 'return null;')
  if (condition !== undefined) parts.push(statement(c => `if (!${c.isTrue(condition)}) return null;`))
  parts.push(statement(c => `return [${values.map(value => c.value(value)).join(', ')}];`))
  return build(`return { place(B, S, P, O, RS, RE, row) {\n${body.declarations()}${parts.join('')}} }`)
}

/** A function that gives the values of expressions over a row of values. */
export function generateValues(values: Bound[]): (R: readonly unknown[]) => unknown[] {
  const code = valuesCode()
  const row = `return [${values.map(value => code.value(value)).join(', ')}];`
  return build(`return function values(R) {\n${code.declarations()}${row} }`)
}

/** Statements that set `row.time` and `row.watermark` from the event time of a scan. */
export function takeTime(
  { eventTime }: Scan,
  condition: Bound | undefined,
  statement: Statement,
  drop: string
): string[] {
  if (eventTime === undefined) return []
  const { time, watermark, name, delay, declared } = eventTime
  const parts: string[] = []
  // Where no WATERMARK is declared, a row that WHERE drops needs no time; Flink asks a declared one of every row.
  if (!declared && condition !== undefined) {
    parts.push(
      statement(
        c =>
          `if (${c.value(time)} === null && !(${c.isTrue(condition)})) { row.watermark = -Infinity; ${drop} }`
      )
    )
  }
  parts.push(statement(c => `row.time = Number(rt.requireTime(${c.value(time)}, ${JSON.stringify(name)}));`))
  if (describe(watermark) === describe(time)) parts.push(`row.watermark = row.time - ${delay};\n`)
  else {
    // A row whose watermark is NULL moves no time.
    parts.push(statement(c => `row.watermark = Number(${c.value(watermark)} ?? -Infinity) - ${delay};`))
  }
  return parts
}
