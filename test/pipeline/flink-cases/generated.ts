import fc from 'fast-check'
import { type Columns, expressionOf, type Kind } from '../../support/expressions.ts'
import type { QueryCase } from '../../support/flink.ts'
import { rounds } from '../../support/rounds.ts'

/** Random expressions, the same in every run. */

const columns: Columns = {
  number: ['player', 'points', 'total'],
  decimal: ['stake'],
  double: ['score'],
  text: ['name', 'tags[1]'],
  condition: ['won'],
  time: ['`at`'],
  date: ['born']
}

const kinds: Kind[] = ['number', 'decimal', 'double', 'text', 'condition', 'time', 'date']
const perQuery = 2

function generated(count: number): QueryCase[] {
  const sampled = kinds.map((kind, i) =>
    fc.sample(expressionOf(kind, columns), { numRuns: count * perQuery, seed: 11 + i })
  )
  return Array.from({ length: count }, (_, n) => {
    const items = sampled.flatMap(expressions => expressions.slice(n * perQuery, (n + 1) * perQuery))
    return {
      name: `generated expressions ${n}`,
      sql: `SELECT id, ${items.map((item, i) => `${item} AS c${i}`).join(', ')} FROM plays`
    }
  })
}

export const generatedCases: readonly QueryCase[] = generated(rounds(24, 4))
