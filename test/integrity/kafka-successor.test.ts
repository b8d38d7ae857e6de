import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { kinds } from '../../scripts/lib/servers/index.ts'
import { prefixOf } from '../../scripts/lib/servers/install.ts'
import { Pipeline, type StageCommand } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const PARTITIONS = 6
const ROWS = 3000
/** Longer than the test takes: what is open is ended by the successor, or not at all. */
const TRANSACTION = '10m'
const PATIENCE_MS = 120_000
const skip = unavailable('kafka') || kcatMissing() || false

describe('a member of a group that dies with a transaction open', { skip }, () => {
  let kafka: RunningServer
  let broker = ''

  before(async () => {
    kafka = await startServer('kafka', {
      args: [
        ...[`num.partitions=${PARTITIONS}`, 'auto.create.topics.enable=true'],
        ...['group.consumer.min.session.timeout.ms=2000', 'group.consumer.session.timeout.ms=2000'],
        ...['group.consumer.min.heartbeat.interval.ms=500', 'group.consumer.heartbeat.interval.ms=500']
      ]
    })
    broker = `127.0.0.1:${kafka.port}`
    const rows = Array.from({ length: ROWS }, (_, id) => `k${id}\t{"id":${id}}\n`)
    await kcat(['-P', '-b', broker, '-t', 'rows', '-K', '\t'], rows.join(''))
  })

  after(() => kafka?.stop())

  const member = (markEvery: string, ...args: string[]): StageCommand => [
    ...(['enrich', '-e', 'SELECT id FROM events', '-q'] as const),
    ...['--in', `${kafka.url}/rows?group=g&group-protocol=consumer&mark-every=${markEvery}`],
    ...['--out', `${kafka.url}/out?transaction-timeout=${TRANSACTION}`, '--key', 'id', ...args]
  ]

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + PATIENCE_MS; !(await holds()); await sleep(200))
      assert.ok(Date.now() < deadline, what)
  }

  const written = async (): Promise<number> => {
    const args = ['-C', '-b', broker, '-t', 'out', '-e', '-q', '-X', 'isolation.level=read_uncommitted']
    return (await kcat(args).catch(() => '')).split('\n').filter(line => line !== '').length
  }

  test('its successors, among whom its partitions are divided, end it at once and write each result once', async () => {
    const dying = new Pipeline([member('10m')])
    await until('all is written, and nothing committed', async () => (await written()) >= ROWS)
    assert.equal((await readTopic(broker, 'out')).length, 0)
    await dying.kill(0)
    await dying.wait()
    const successors = [new Pipeline([member('200ms')]), new Pipeline([member('200ms')])]
    await until('all is committed', async () => (await readTopic(broker, 'out')).length >= ROWS)
    for (const one of successors) {
      await one.kill(0, 'SIGTERM')
      const { statuses, stderr } = await one.wait()
      assert.deepEqual(statuses, [0], stderr)
    }
    const ids = (await readTopic(broker, 'out')).map(
      ({ payload }) => (JSON.parse(payload ?? '') as { id: number }).id
    )
    assert.deepEqual(
      ids.sort((a, b) => a - b),
      Array.from({ length: ROWS }, (_, id) => id)
    )
  })

  test('the transactional ids are those of partitions, and do not become more with each start', async () => {
    const [program = '', ...args] =
      (await kinds.kafka.client?.(prefixOf('kafka'), kafka.port, ['transactions', 'list'])) ?? []
    const { stdout } = await promisify(execFile)(program, args)
    const ids = stdout.split('\n').flatMap(line => /^(millrace\.\S+)/.exec(line)?.[1] ?? [])
    assert.ok(ids.length > 0)
    for (const id of ids) assert.match(id, /^millrace\.g\.rows-[0-5]$/)
  })
})
