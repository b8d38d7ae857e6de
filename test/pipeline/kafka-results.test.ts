import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { runPipeline } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const skip = unavailable('kafka') || kcatMissing() || false

describe('results in topics, read by kcat', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kafka-results-'))
  const input = join(directory, 'in.ndjson')
  let kafka: RunningServer
  let broker = ''

  before(async () => {
    kafka = await startServer('kafka')
    broker = `127.0.0.1:${kafka.port}`
  })

  after(async () => {
    await kafka?.stop()
    rmSync(directory, { recursive: true })
  })

  const give = (...lines: unknown[]): void =>
    writeFileSync(input, lines.map(line => `${JSON.stringify(line)}\n`).join(''))

  test('a changelog of enrich has keys of columns, and tombstones', async () => {
    const source = { name: 's', db: 'd', table: 'pays', pos: 1, file: 'b.1', row: 0 }
    give(
      { before: null, after: { id: 1, n: 5 }, source, op: 'c', ts_ms: 1 },
      { before: { id: 1, n: 5 }, after: { id: 1, n: 6 }, source, op: 'u', ts_ms: 1 },
      { before: { id: 1, n: 6 }, after: null, source, op: 'd', ts_ms: 1 }
    )
    const args = ['-e', 'SELECT id, n * 2 AS twice FROM pays', '--in', input]
    const { statuses, stderr } = await runPipeline([
      'enrich',
      ...args,
      '--out',
      `${kafka.url}/changes`,
      '--key',
      'id'
    ])
    assert.deepEqual(statuses, [0], stderr)
    const records = await readTopic(broker, 'changes')
    assert.deepEqual(
      records.map(({ key, payload }) => [
        key,
        payload === null ? null : (JSON.parse(payload) as { op: string }).op
      ]),
      [
        ['{"id":1}', 'c'],
        ['{"id":1}', 'u'],
        ['{"id":1}', 'd'],
        ['{"id":1}', null]
      ]
    )
  })

  test('records of a table with a PRIMARY KEY have its columns as their key, whatever their names', async () => {
    const source = { db: 'd', table: 'pays', ts_ms: 1 }
    const row = (id: number, shop: string, n: number): unknown => ({ id, shop, n })
    give(
      { before: null, after: row(1, 'a', 5), source, op: 'c', ts_ms: 1 },
      { before: null, after: row(2, 'b', 1), source, op: 'c', ts_ms: 1 },
      { before: row(1, 'a', 5), after: row(1, 'b', 5), source, op: 'u', ts_ms: 1 },
      { before: row(2, 'b', 1), after: null, source, op: 'd', ts_ms: 1 }
    )
    const sql = `CREATE TABLE totals (total BIGINT, place STRING, kind INT, PRIMARY KEY (kind, place) NOT ENFORCED)
        WITH ('connector' = 'stdout');
      INSERT INTO totals SELECT SUM(n), shop, 7 FROM pays GROUP BY shop`
    const { statuses, stderr } = await runPipeline([
      'enrich',
      ...['-e', sql, '--in', input, '--out', `${kafka.url}/totals`]
    ])
    assert.deepEqual(statuses, [0], stderr)
    const records = await readTopic(broker, 'totals')
    const [a, b] = ['{"kind":7,"place":"a"}', '{"kind":7,"place":"b"}']
    assert.deepEqual(
      records.map(({ key, payload }) => [
        key,
        payload === null ? null : (JSON.parse(payload) as { after: { total: number } | null }).after?.total
      ]),
      [
        [a, 5],
        [b, 1],
        [a, undefined],
        [a, null],
        [b, 6],
        [b, 5]
      ]
    )
  })

  test('alerts have the rule and the query key as key, and a topic by template', async () => {
    const rule = join(directory, 'rule.yaml')
    writeFileSync(
      rule,
      'name: too much\ntype: any\nindex: x\nquery_key: user\nrealert: {minutes: 0}\nfilter:\n- range: {amount: {gt: 10}}\nalert: debug\n'
    )
    give(
      { '@timestamp': '2026-11-24T10:00:00Z', user: 'a', amount: 11 },
      { '@timestamp': '2026-11-24T10:00:01Z', user: 'b', amount: 5 },
      { '@timestamp': '2026-11-24T10:00:02Z', user: 'b', amount: 50 }
    )
    const out = ['--out', `${kafka.url}/alerts.{type}`, '--state', join(directory, 'alerts')]
    const { statuses, stderr } = await runPipeline(['alert-eval', '--rules', rule, '--in', input, ...out])
    assert.deepEqual(statuses, [0], stderr)
    const records = await readTopic(broker, 'alerts.any')
    assert.deepEqual(
      records.map(({ key, payload }) => [key, (JSON.parse(payload ?? '') as { key: string }).key]),
      [
        ['{"rule":"too much","key":"a"}', 'a'],
        ['{"rule":"too much","key":"b"}', 'b']
      ]
    )
  })
})
