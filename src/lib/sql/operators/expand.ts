import type { Expand } from '../plan.ts'
import type { Operator, Row } from './operator.ts'

/** The rows of `out` get a row for each grouping set; one that changes changes all of them. */
export function expandRows({ keys, sets }: Expand, out: Operator): Operator {
  const makers = sets.map((set, number) => {
    const indexes = keys.map((index, place) => (set.includes(place) ? index : -1))
    return (row: Row): Row => [number, ...indexes.map(index => (index < 0 ? null : row[index])), ...row]
  })
  return {
    change(before, after) {
      for (const make of makers) out.change(before && make(before), after && make(after))
    },
    advance: watermark => out.advance(watermark),
    clear: () => out.clear()
  }
}
