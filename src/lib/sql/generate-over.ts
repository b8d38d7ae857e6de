import type { Bound } from './bound.ts'
import { type Accumulator, type GroupFunctions, generateGroup } from './generate-aggregate.ts'
import { timeCode } from './generate-rank.ts'
import type { Row } from './operators/operator.ts'
import { build } from './place-code.ts'
import type { Over, Rank } from './plan.ts'
import { BIGINT } from './types.ts'
import { rowNumber } from './window-functions.ts'

export type OverFunctions = GroupFunctions & {
  /** The event time of a row, ms. */
  time(R: Row): number
  /** Puts the results of the calls into the first values of a row. */
  fill(acc: Accumulator, R: unknown[]): void
}

export function generateOver({ input, partition, calls, frame, time }: Over): OverFunctions {
  const column = (index: number): Bound => {
    const { type, nullable, start, end } = input.values[index] as Bound
    return { kind: 'column', index, name: `${index}`, type, nullable, start, end }
  }
  const keys = partition.map(column)
  const isBounded = frame.preceding < Number.POSITIVE_INFINITY
  const functions = generateGroup({ kind: 'group', input, condition: undefined, keys, calls }, isBounded)
  const timeOf =
    time === undefined ? () => 0 : build<OverFunctions['time']>(`return R => ${timeCode(input, time)}`)
  const places = calls.map((_, i) => i)
  return {
    ...functions,
    time: timeOf,
    fill(acc, R) {
      const results = functions.result(acc, null)
      for (const i of places) R[i] = results[keys.length + i]
    }
  }
}

/** A rank without a last place: rows are numbered as the watermark passes them. */
export function overOf({ input, partition, order, isNumbered, arrival }: Rank): Over {
  const calls = [
    {
      function: 'ROW_NUMBER',
      definition: rowNumber,
      argument: undefined,
      distinct: false,
      filter: undefined,
      type: BIGINT,
      name: 'ROW_NUMBER()',
      options: {}
    }
  ]
  return {
    kind: 'over',
    input,
    partition,
    time: arrival === undefined ? (order[0]?.index ?? 0) : undefined,
    calls: isNumbered ? calls : [],
    frame: { unit: 'ROWS', preceding: Number.POSITIVE_INFINITY }
  }
}
