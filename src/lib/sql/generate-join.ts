import { build, valuesCode } from './place-code.ts'
import type { Join } from './plan.ts'

export type JoinFunctions = {
  /** The key of a side's row, null when it is equal to none. */
  leftKey(R: readonly unknown[]): unknown
  rightKey(R: readonly unknown[]): unknown
  /** The joined row; a side that is null is padded with NULLs. */
  row(L: readonly unknown[] | null, R: readonly unknown[] | null): unknown[]
  /** Whether a joined row is one. */
  matches(R: readonly unknown[]): boolean
}

export function generateJoin(join: Join): JoinFunctions {
  const { keys, columns, condition, left, right } = join
  const key = (side: 'left' | 'right'): string => {
    const values = keys.map(k => `R[${k[side]}]`)
    if (values.length === 0) return "''"
    const [first] = keys
    const undeclared = (k: { left: number; right: number }): boolean =>
      [left.values[k.left], right.values[k.right]].some(value => value?.type.kind === 'DYNAMIC')
    const parts = keys.map((k, i) => (undeclared(k) ? `rt.joinKey(${values[i]})` : values[i]))
    if (keys.length === 1 && first !== undefined) return parts[0] as string
    const isNull = values.map(value => `${value} === null`).join(' || ')
    return `(${isNull} ? null : rt.groupKey(${parts.join(', ')}))`
  }
  const code = valuesCode()
  const test = condition === undefined ? 'true' : code.isTrue(condition)
  const cells = (l: boolean, r: boolean): string =>
    `[${columns
      .map(({ side, index }) =>
        (side === 'left' ? l : r) ? `${side === 'left' ? 'L' : 'R'}[${index}]` : 'null'
      )
      .join(', ')}]`
  return build(`return {
leftKey(R) { return ${key('left')}; },
rightKey(R) { return ${key('right')}; },
row(L, R) { return L === null ? ${cells(false, true)} : R === null ? ${cells(true, false)} : ${cells(true, true)}; },
matches(R) { ${code.declarations()}return ${test}; }
}`)
}
