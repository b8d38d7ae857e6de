import { RowError } from '../errors.ts'
import { type Unnest, type UnnestMembers, unnestedColumns } from '../plan.ts'
import { computed, type RowErrors } from '../result-errors.ts'
import { member } from '../runtime.ts'
import { show } from '../values/dynamic.ts'
import type { Operator, Row } from './operator.ts'

/**
 * The rows of `out` get a row for each member of a collection. A row that changes changes those of its members, by their
 * places.
 */
export function unnestRows(node: Unnest, errors: RowErrors, out: Operator): Operator {
  return {
    change: computed(unnester(node), errors, (before, after) => {
      const [old, now] = [before ?? [], after ?? []]
      for (let i = 0; i < old.length || i < now.length; i++) out.change(old[i] ?? null, now[i] ?? null)
    }),
    advance: watermark => out.advance(watermark),
    clear: () => out.clear()
  }
}

/** A function that gives the rows of a row. Throws RowError for an undeclared value that is no array. */
export function unnester(node: Unnest): (row: Row) => Row[] {
  const { value, isOuter, isNumbered, isCounted, members } = node
  const parts = partsOf(members)
  const none: Row = new Array<null>(unnestedColumns(node)).fill(null)
  return row => {
    const rows: Row[] = []
    for (const [i, element] of membersOf(row[value], isCounted).entries()) {
      // Flink passes over a ROW that is NULL.
      if (members.kind === 'row' && element === null) continue
      rows.push([...parts(element), ...(isNumbered ? [i + 1] : []), ...row])
    }
    return rows.length === 0 && isOuter ? [[...none, ...row]] : rows
  }
}

/** What is in a collection, in its order: of a MAP keys with values, of a MULTISET each as often as it is there. */
function membersOf(collection: unknown, isCounted: boolean): unknown[] {
  if (collection === null || collection === undefined) return []
  if (collection instanceof Map) {
    if (!isCounted) return [...collection]
    return [...collection].flatMap(([element, count]) => new Array<unknown>(Number(count)).fill(element))
  }
  if (Array.isArray(collection)) return collection
  throw new RowError(`${show(collection as string)} is not an ARRAY`)
}

function partsOf(members: UnnestMembers): (element: unknown) => readonly unknown[] {
  switch (members.kind) {
    case 'element':
      return element => [element]
    case 'entry':
      return element => element as [unknown, unknown]
    case 'row':
      return element => element as unknown[]
    case 'fields':
      return element => members.names.map(name => member(element, name))
  }
}
