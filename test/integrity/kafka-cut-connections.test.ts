import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { CuttingProxy } from '../support/cutting-proxy.ts'
import { runPipeline } from '../support/pipeline.ts'
import { randomNumbers } from '../support/random.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const ROWS = 100_000
const PARTITIONS = 3
const skip = unavailable('kafka') || kcatMissing() || false

describe('connections to brokers that are cut again and again', { skip }, () => {
  const random = randomNumbers(20261130)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kafka-cuts-'))
  let proxy: CuttingProxy
  let kafka: RunningServer
  let cuts = true

  before(async () => {
    // From less than a batch on to several that are on their way at a time.
    proxy = await CuttingProxy.open(() => (cuts ? 100_000 + random() * 6_000_000 : Number.POSITIVE_INFINITY))
    kafka = await startServer('kafka', {
      args: [`advertised.listeners=PLAINTEXT://127.0.0.1:${proxy.port}`]
    })
    proxy.target = kafka.port
  })

  after(async () => {
    await proxy?.[Symbol.asyncDispose]()
    await kafka?.stop()
    rmSync(directory, { recursive: true })
  })

  const idsOf = (lines: readonly (string | null)[]): number[] =>
    lines.map(line => (JSON.parse(line ?? '') as { id: number }).id)

  test('each record is written once, and those of a partition in order', async () => {
    const input = join(directory, 'in.ndjson')
    const text = 'x'.repeat(300)
    writeFileSync(
      input,
      Array.from({ length: ROWS }, (_, id) => `${JSON.stringify({ id, text })}\n`).join('')
    )
    const out = ['--out', `${kafka.url}/cuts`, '--key', 'id', '--topic-partitions', String(PARTITIONS)]
    const { statuses, stderr } = await runPipeline([
      'enrich',
      '-e',
      'SELECT id, text FROM events',
      '--in',
      input,
      ...out
    ])
    assert.deepEqual(statuses, [0], stderr)
    assert.ok(proxy.cuts >= 5, `${proxy.cuts} connections were cut`)
    cuts = false
    const records = await readTopic(`127.0.0.1:${proxy.port}`, 'cuts')
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const ids = idsOf(records.filter(r => r.partition === partition).map(({ payload }) => payload))
      assert.ok(ids.length > ROWS / PARTITIONS / 2)
      ids.forEach((id, i) => {
        assert.ok(
          i === 0 || id > (ids[i - 1] as number),
          `partition ${partition}: ${id} behind ${ids[i - 1]}`
        )
      })
    }
    assert.equal(records.length, ROWS)
  })

  test('each record is read once', async () => {
    cuts = true
    const before = proxy.cuts
    const out = join(directory, 'out.ndjson')
    const { statuses, stderr } = await runPipeline([
      'enrich',
      '-e',
      'SELECT id FROM events',
      '--in',
      `${kafka.url}/cuts`,
      '--stop-at',
      'now',
      '--out',
      out
    ])
    assert.deepEqual(statuses, [0], stderr)
    assert.ok(proxy.cuts - before >= 5, `${proxy.cuts - before} connections were cut`)
    const ids = idsOf(readFileSync(out, 'utf8').trimEnd().split('\n'))
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      Array.from({ length: ROWS }, (_, id) => id)
    )
  })
})
