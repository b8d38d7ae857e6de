import type { Expression, TableReference } from './ast.ts'
import { type Bound, conjunctsOf, isCast } from './bound.ts'
import { binderFor, unsupported } from './environment.ts'
import { SqlError } from './errors.ts'
import { keyKind } from './lookup/server-key.ts'
import type { Join, Scan } from './plan.ts'
import { isProctime } from './proctime.ts'
import type { Relation } from './relation.ts'
import { asDecimal, isApproximate, isInteger, isNumeric, isTimestamp, type SqlType } from './types.ts'

/** Whether the rows of a relation are looked up. */
export const isLookup = ({ input }: Relation): boolean =>
  input.kind === 'scan' && input.source.kind === 'lookup'

/** Checks a join with a table that is looked up. Throws SqlError. */
export function lookupTime(
  reference: TableReference & { kind: 'table' },
  join: Join,
  left: Relation,
  text: string
): void {
  const { name } = join.right.input as Scan
  if (join.type !== 'inner' && join.type !== 'left') {
    const reason = unsupported(`FOR SYSTEM_TIME AS OF in a ${join.type} join`)
    throw new SqlError('unsupported', reason, text, reference)
  }
  const at = reference.asOf as Expression
  if (!isProctime(binderFor(left, text).bind(at))) {
    const reason = `${name} has no versions, it is looked up when a row is processed: AS OF PROCTIME(), or a column AS PROCTIME()`
    throw new SqlError('type', reason, text, at)
  }
  if (join.keys.length > 0 || constantKeys(join).length > 0) return
  const reason = `the rows of ${name} are looked up by key: ON needs an equality with a column of ${name}`
  throw new SqlError('type', reason, text, reference)
}

/** Whether rows can be looked up by the value of an expression over them. */
export function isLookupKey({ right }: Join, value: Bound): boolean {
  const column = lookupColumn(value)
  const { source } = right.input as Scan
  if (column === undefined || source.kind !== 'lookup') return false
  return source.lookup.kind === 'file' || keyKind(column.type) !== undefined
}

/** The column (of the scan) that has a given value in all rows that are looked up, and that value. */
export function constantKeys(join: Join): { column: Column; value: Bound }[] {
  if (join.right.condition === undefined) return []
  return conjunctsOf(join.right.condition).flatMap(condition => {
    if (condition.kind !== 'apply' || condition.name !== '=') return []
    const [a, b] = condition.operands as [Bound, Bound]
    const [value, other] = a.kind === 'literal' ? [a, b] : [b, a]
    const column = lookupColumn(other)
    if (column === undefined || value.kind !== 'literal') return []
    return isLookupKey(join, column) ? [{ column, value }] : []
  })
}

type Column = Bound & { kind: 'column' }

/** The column that an expression is, in a type that holds all of the column's values; undefined for another one. */
export function lookupColumn(value: Bound): Column | undefined {
  if (value.kind === 'column') return value
  if (!isCast(value)) return undefined
  const [operand] = value.operands
  return operand !== undefined && holds(value.type, operand.type) ? lookupColumn(operand) : undefined
}

/** Whether a value stays the same in the wider type, and different ones different. */
function holds(wide: SqlType, narrow: SqlType): boolean {
  if (wide.kind === 'DYNAMIC') return isNumeric(narrow) || narrow.kind === 'STRING'
  if (isTimestamp(wide) && isTimestamp(narrow))
    return wide.kind === narrow.kind && wide.precision >= narrow.precision
  if (!isNumeric(wide) || !isNumeric(narrow) || isApproximate(narrow)) return false
  if (isApproximate(wide)) return wide.kind === 'DOUBLE' && isInteger(narrow) && narrow.kind !== 'BIGINT'
  const [a, b] = [asDecimal(wide), asDecimal(narrow)]
  return a.scale >= b.scale && a.precision - a.scale >= b.precision - b.scale
}
