import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { Pipeline, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { randomNumbers } from '../support/random.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const CHANGES = 6000
const skip = unavailable('kafka') || kcatMissing() || false

/** A row of the table that changes. */
interface Join {
  id: number
  contest_id: number
  amount: number
  at: string
}

describe('topics that are counted by another column than their key', { skip }, () => {
  const random = randomNumbers(20261204)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-repartition-'))
  const rows = new Map<number, Join>()
  let kafka: RunningServer
  let broker = ''

  before(async () => {
    kafka = await startServer('kafka', { args: ['num.partitions=6', 'auto.create.topics.enable=true'] })
    broker = `127.0.0.1:${kafka.port}`
    await kcat(['-P', '-b', broker, '-t', 'joins', '-K', '\t'], changes())
  })

  after(async () => {
    await kafka?.stop()
    rmSync(directory, { recursive: true })
  })

  /** Creates, updates and deletes, keyed by the primary key; a third of the updates change the contest. */
  function changes(): string {
    const lines: string[] = []
    const whole = (below: number): number => Math.floor(random() * below)
    for (let i = 0; i < CHANGES; i++) {
      const id = whole(900)
      const old = rows.get(id) ?? null
      const at = new Date(1_795_514_400_000 + whole(300) * 1000).toISOString()
      const fresh: Join = { id, contest_id: whole(20), amount: whole(100), at }
      const now =
        old === null
          ? fresh
          : random() < 0.2
            ? null
            : { ...old, ...(random() < 0.4 ? fresh : { amount: whole(100) }) }
      const op = old === null ? 'c' : now === null ? 'd' : 'u'
      const source = { db: 'd', table: 'joins', file: 'binlog.000001', pos: 4 + i }
      lines.push(`{"id":${id}}\t${JSON.stringify({ before: old, after: now, source, op, ts_ms: 1 })}\n`)
      if (now === null) rows.delete(id)
      else rows.set(id, now)
    }
    return lines.join('')
  }

  const sql = `SELECT window_start, contest_id, COUNT(*) AS n, SUM(amount) AS total
    FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(at), INTERVAL '1' MINUTE))
    GROUP BY window_start, window_end, contest_id`

  const counting = (group: string, out: string, ...args: string[]): StageCommand => [
    ...(['enrich', '-e', sql, '--watermark-delay', '1h', '--key', 'contest_id'] as const),
    ...['--in', `${kafka.url}/joins?group=${group}&mark-every=200ms`, '--out', `${kafka.url}/${out}`, ...args]
  ]

  async function assertCounts(topic: string): Promise<void> {
    const wanted = new Map<string, { n: number; total: number }>()
    for (const { contest_id, amount, at } of rows.values()) {
      const key = `${at.slice(0, 16)} ${contest_id}`
      const { n, total } = wanted.get(key) ?? { n: 0, total: 0 }
      wanted.set(key, { n: n + 1, total: total + amount })
    }
    const found = (await readTopic(broker, topic)).map(({ payload }) => {
      const row = JSON.parse(payload ?? '') as {
        window_start: string
        contest_id: number
        n: number
        total: number
      }
      return [`${row.window_start.slice(0, 16)} ${row.contest_id}`, { n: row.n, total: row.total }] as const
    })
    assert.equal(found.length, wanted.size)
    assert.deepEqual(new Map(found), wanted)
  }

  test('are refused, with the flag that helps', async () => {
    const { statuses, stderr } = await runPipeline(counting('refused', 'refused', '--stop-at', 'now'))
    assert.deepEqual(statuses, [2], stderr)
    assert.match(stderr, /joins is keyed by id.*\n.*--repartition-by contest_id/)
  })

  test('--repartition-by: what is counted is what the table holds', async () => {
    const args = ['--repartition-by', 'contest_id', '--stop-at', 'now']
    const { statuses, stderr } = await runPipeline(counting('once', 'once', ...args))
    assert.deepEqual(statuses, [0], stderr)
    await assertCounts('once')
    const keys = new Set(
      (await readTopic(broker, 'once.enrich.repartition')).map(({ partition }) => partition)
    )
    assert.ok(keys.size > 1, 'the new topic has as many partitions as the old one')
  })

  test('--repartition-by of members that are killed: each row is counted once', async () => {
    const args = ['--repartition-by', 'contest_id']
    for (let kill = 0; kill < 2; kill++) {
      const members = [0, 1].map(() => new Pipeline([counting('killed', 'killed', ...args)]))
      await sleep(1500 + random() * 1500)
      for (const one of members) {
        await one.kill(0)
        await one.wait()
      }
    }
    const { statuses, stderr } = await runPipeline(counting('killed', 'killed', ...args, '--stop-at', 'now'))
    assert.deepEqual(statuses, [0], stderr)
    await assertCounts('killed')
  })

  test('--repartition-by is what the query does not count by, or without a group: a usage error', async () => {
    const strange = await runPipeline(counting('strange', 'strange', '--repartition-by', 'id'))
    assert.deepEqual(strange.statuses, [2], strange.stderr)
    assert.match(strange.stderr, /--repartition-by id: groups are made of contest_id/)
    const file = join(directory, 'rules.yaml')
    writeFileSync(file, 'name: r\nindex: x\ntype: any\nfilter: []\nalert: debug\nquery_key: contest_id\n')
    const pipe = await runPipeline(['alert-eval', '--rules', file, '--repartition-by', 'contest_id'])
    assert.deepEqual(pipe.statuses, [2], pipe.stderr)
    assert.match(pipe.stderr, /--repartition-by: --in is no topic/)
  })
})
