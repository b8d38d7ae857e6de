import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { SqlError } from '../../src/lib/sql/index.ts'
import {
  compileCase,
  enrichResult,
  FlinkJudge,
  type FlinkResult,
  flinkMissing,
  type QueryCase
} from '../support/flink.ts'
import { difference } from '../support/flink-values.ts'
import { aggregateCases } from './flink-cases/aggregates.ts'
import { expressionCases } from './flink-cases/expressions.ts'
import { functionCases } from './flink-cases/functions.ts'
import { generatedCases } from './flink-cases/generated.ts'
import { groupCases } from './flink-cases/groups.ts'
import { joinCases } from './flink-cases/joins.ts'
import { orderCases } from './flink-cases/orders.ts'
import { overCases } from './flink-cases/overs.ts'
import { rankingCases } from './flink-cases/rankings.ts'
import { rankCases } from './flink-cases/ranks.ts'
import { sources } from './flink-cases/sources.ts'
import { subqueryCases } from './flink-cases/subqueries.ts'
import { unnestCases } from './flink-cases/unnest.ts'
import { windowCases } from './flink-cases/windows.ts'

const thorough = process.env.MILLRACE_THOROUGH === '1'

const all = [
  ...expressionCases,
  ...functionCases,
  ...generatedCases,
  ...groupCases,
  ...aggregateCases,
  ...windowCases,
  ...joinCases,
  ...rankingCases,
  ...rankCases,
  ...overCases,
  ...orderCases,
  ...unnestCases,
  ...subqueryCases
]
/** Flink takes half a second of CPU time for each. */
const cases = thorough ? all : all.filter((_, i) => i % 4 === 0)
/** Of Flink's SQL and not in the subset: all others are. */
const OUTSIDE = ['window join: IN', 'subquery: IN', 'subquery: EXISTS', 'subquery: NOT EXISTS']
const refused = new Map(cases.flatMap(query => refusal(query).map(reason => [query, reason] as const)))

/** Why enrich does not run it, if it does not. */
function refusal(query: QueryCase): string[] {
  try {
    compileCase(query, sources)
    return []
  } catch (error) {
    if (!(error instanceof SqlError)) throw error
    return [error.reason]
  }
}

describe('the same answers as Flink', { skip: flinkMissing() ?? false }, () => {
  let judge: FlinkJudge
  let theirs: Map<QueryCase, FlinkResult>

  before(async () => {
    judge = await FlinkJudge.start(sources)
    theirs = await judge.results(cases.filter(query => thorough || !refused.has(query)))
  })

  after(async () => {
    await judge?.[Symbol.asyncDispose]()
  })

  for (const query of cases) {
    test(query.name, context => {
      const result = theirs.get(query)
      if (result !== undefined && 'error' in result) assert.fail(`Flink refuses it: ${result.error}`)
      const reason = refused.get(query)
      if (result === undefined || reason !== undefined) {
        assert.ok(OUTSIDE.includes(query.name), reason)
        context.skip(`not in the subset: ${reason}`)
        return
      }
      const ours = enrichResult(query, sources, result.columns)
      assert.deepEqual(difference(ours, result.rows), [])
    })
  }
})
