import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { enrichResult, FlinkJudge, type FlinkResult, flinkMissing, type QueryCase } from '../support/flink.ts'
import { difference } from '../support/flink-values.ts'
import { aggregateCases } from './flink-cases/aggregates.ts'
import { arrivalCases } from './flink-cases/arrivals.ts'
import { expressionCases } from './flink-cases/expressions.ts'
import { functionCases } from './flink-cases/functions.ts'
import { generatedCases } from './flink-cases/generated.ts'
import { groupingSetCases } from './flink-cases/grouping-sets.ts'
import { groupCases } from './flink-cases/groups.ts'
import { joinCases } from './flink-cases/joins.ts'
import { membershipCases } from './flink-cases/memberships.ts'
import { orderCases } from './flink-cases/orders.ts'
import { overCases } from './flink-cases/overs.ts'
import { rankingCases } from './flink-cases/rankings.ts'
import { rankCases } from './flink-cases/ranks.ts'
import { scalarSubqueryCases } from './flink-cases/scalar-subqueries.ts'
import { setOperationCases } from './flink-cases/set-operations.ts'
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
  ...groupingSetCases,
  ...aggregateCases,
  ...windowCases,
  ...joinCases,
  ...rankingCases,
  ...rankCases,
  ...overCases,
  ...orderCases,
  ...unnestCases,
  ...subqueryCases,
  ...setOperationCases,
  ...scalarSubqueryCases,
  ...membershipCases,
  ...arrivalCases
]
/** Flink takes half a second of CPU time for each. */
const cases = thorough ? all : all.filter((_, i) => i % 10 === 0)

describe('the same answers as Flink', { skip: flinkMissing() ?? false }, () => {
  let judge: FlinkJudge
  let theirs: Map<QueryCase, FlinkResult>

  before(async () => {
    judge = await FlinkJudge.start(sources)
    theirs = await judge.results(cases)
  })

  after(async () => {
    await judge?.[Symbol.asyncDispose]()
  })

  for (const query of cases) {
    test(query.name, () => {
      const result = theirs.get(query)
      assert.ok(result !== undefined)
      if ('error' in result) assert.fail(`Flink refuses it: ${result.error}`)
      const ours = enrichResult(query, sources, result.columns)
      assert.deepEqual(difference(ours, result.rows), [])
    })
  }
})
