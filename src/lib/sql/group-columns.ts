import { isAppendOnly } from './append-only.ts'
import type { Bound } from './bound.ts'
import {
  expandedColumns,
  inputsOf,
  isInAllSets,
  type Node,
  type Plan,
  unnestedColumns,
  WINDOW_COLUMNS
} from './plan.ts'

/**
 * The columns of the input that groups are made of, whatever the rows are grouped by later, and that the sides of joins
 * have in common; null for a plan that keeps no state.
 */
export function groupColumns({ input }: Plan): string[] | null {
  switch (input.kind) {
    case 'scan':
      return null
    case 'unnest':
    case 'expand':
      return groupColumns(planOf(input.input))
    case 'calc':
    case 'union':
      return common(inputsOf(input).map(node => groupColumns(planOf(node))))
    case 'join': {
      if (input.time?.kind === 'lookup') {
        const inner = groupColumns(planOf(input.left))
        if (isAppendOnly(input.left)) return inner
        // What a row was joined with is kept where the row is.
        return common([inner, input.left.values.flatMap(value => columnOf(value, input.left.input) ?? [])])
      }
      const inner = common([groupColumns(planOf(input.left)), groupColumns(planOf(input.right))])
      const own = input.keys.flatMap(({ left, right }) => {
        const column = columnOf(input.left.values[left], input.left.input)
        return column !== undefined && column === columnOf(input.right.values[right], input.right.input)
          ? [column]
          : []
      })
      return inner === null ? own : inner.filter(column => own.includes(column))
    }
    case 'setOperation': {
      const { left, right } = input
      const inner = common([groupColumns(planOf(left)), groupColumns(planOf(right))])
      const own = left.values.flatMap((value, i) => {
        const column = columnOf(value, left.input)
        return column !== undefined && column === columnOf(right.values[i], right.input) ? [column] : []
      })
      return inner === null ? own : inner.filter(column => own.includes(column))
    }
    case 'sort':
      // All rows are of one group.
      return []
    case 'rank':
    case 'over':
    case 'single': {
      const { values, input: below } = input.input
      const partition = input.kind === 'single' ? input.keys : input.partition
      const inner = groupColumns(planOf(input.input))
      const own = partition.flatMap(index => columnOf(values[index], below) ?? [])
      return inner === null ? own : inner.filter(column => own.includes(column))
    }
    default: {
      const inner = groupColumns(planOf(input.input))
      if (input.kind === 'windows' && input.window.kind !== 'SESSION') return inner
      const keys = input.kind === 'windows' ? input.keys.map(key => input.input.values[key]) : input.keys
      const over = input.kind === 'windows' ? input.input.input : input.input
      const own = keys.flatMap(key => columnOf(key, over) ?? [])
      return inner === null ? own : inner.filter(column => own.includes(column))
    }
  }
}

const planOf = (input: Node): Plan => ({ input, condition: undefined, projections: [] })

function common(lists: (string[] | null)[]): string[] | null {
  const [first, ...others] = lists.filter(list => list !== null)
  return first?.filter(column => others.every(other => other.includes(column))) ?? null
}

/** The column of the scan that an expression over a node's rows is; undefined when it is another expression. */
function columnOf(value: Bound | undefined, node: Node): string | undefined {
  if (value?.kind !== 'column') return undefined
  switch (node.kind) {
    case 'scan':
      return node.source.kind === 'lookup' ? undefined : node.columns[value.index]?.path.at(-1)
    case 'calc':
      return columnOf(node.values[value.index], node.input)
    case 'rank':
    case 'over':
    case 'sort':
    case 'single':
      return columnOf(value, node.input)
    case 'unnest':
      return columnOf(node.input.values[value.index - unnestedColumns(node)], node.input.input)
    case 'expand': {
      const key = value.index - 1
      if (key < 0) return undefined
      if (key < node.keys.length && !isInAllSets(node, key)) return undefined
      const index = node.keys[key] ?? value.index - expandedColumns(node)
      return columnOf(node.input.values[index], node.input.input)
    }
    case 'join': {
      const column = node.columns[value.index]
      if (column === undefined) return undefined
      const side = node[column.side]
      return columnOf(side.values[column.index], side.input)
    }
    case 'setOperation':
      return columnOf(node.left.values[value.index], node.left.input)
    case 'union': {
      const [first, ...others] = node.inputs.map(side => columnOf(side.values[value.index], side.input))
      return others.every(other => other === first) ? first : undefined
    }
    case 'windows':
      return columnOf(node.input.values[value.index - WINDOW_COLUMNS], node.input.input)
    default: {
      const first = node.kind === 'aggregate' ? WINDOW_COLUMNS : 0
      return columnOf(node.keys[value.index - first], node.input)
    }
  }
}
