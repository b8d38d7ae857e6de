import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { enrichResult, FlinkJudge, type FlinkResult, flinkMissing, type QueryCase } from '../support/flink.ts'
import { difference } from '../support/flink-values.ts'
import { expressionCases } from './flink-cases/expressions.ts'
import { groupCases } from './flink-cases/groups.ts'
import { sources } from './flink-cases/sources.ts'

const cases = [...expressionCases, ...groupCases]

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
