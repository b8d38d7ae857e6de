import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { Pipeline, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { quickGroups } from '../support/quick-groups.ts'
import { randomNumbers } from '../support/random.ts'
import { rounds } from '../support/rounds.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const ROUNDS = rounds(100, 6)
const MEMBERS = 3
const KEYS = 60
const ENOUGH = 15_000
const skip = unavailable('kafka') || kcatMissing() || false

/** What lines lack of those that are wanted, and have besides, those among them that come twice. */
function differenceOf(lines: readonly string[], wanted: readonly string[]): object {
  const [has, shall] = [new Set(lines), new Set(wanted)]
  const unexpected = lines.filter((line, i) => !shall.has(line) || lines.indexOf(line) !== i)
  return { missing: wanted.filter(line => !has.has(line)), unexpected }
}

describe('the state of a group in a topic', { skip }, () => {
  const random = randomNumbers(20261203)
  const directory = mkdtempSync(join(tmpdir(), 'millrace-shared-'))
  let kafka: RunningServer
  let broker = ''

  before(async () => {
    kafka = await startServer('kafka', {
      args: [
        ...['num.partitions=12', 'auto.create.topics.enable=true', ...quickGroups()],
        'transaction.abort.timed.out.transaction.cleanup.interval.ms=200'
      ]
    })
    broker = `127.0.0.1:${kafka.port}`
  })

  after(async () => {
    await kafka?.stop()
    rmSync(directory, { recursive: true })
  })

  const sql = `CREATE TABLE clicks (id BIGINT, k BIGINT, at TIMESTAMP(3), WATERMARK FOR at AS at)
      WITH ('connector' = 'stdin', 'format' = 'json');
    SELECT window_end, k, COUNT(*) AS n, SUM(id) AS total
    FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(at), INTERVAL '5' SECOND)) GROUP BY window_start, window_end, k`

  const member = (group: string, out: string, ...args: string[]): StageCommand => [
    ...(['enrich', '-e', sql, '--retry-for', '60s'] as const),
    ...['--in', `${kafka.url}/clicks?group=${group}&mark-every=100ms&group-protocol=consumer`],
    ...['--out', `${kafka.url}/${out}?transaction-timeout=3s`, '--key', 'window_end,k', ...args]
  ]

  async function put(from: number, count: number): Promise<void> {
    const lines = Array.from({ length: count }, (_, i) => {
      const id = from + i
      const at = new Date(1_795_514_400_000 + id * 5).toISOString()
      return `{"k":${id % KEYS}}\t{"id":${id},"k":${id % KEYS},"at":"${at}"}\n`
    })
    await kcat(
      ['-P', '-X', 'enable.idempotence=true', '-b', broker, '-t', 'clicks', '-K', '\t'],
      lines.join('')
    )
  }

  /** Writes rows, in turns with those who restart the broker: a row that kcat sends again would be another row. */
  class Writer {
    #next = 0
    #end = Number.POSITIVE_INFINITY
    #turn: Promise<void> = Promise.resolve()
    readonly #writing = this.#write()

    async #write(): Promise<void> {
      while (this.#next < this.#end) {
        await this.inTurn(() => put(this.#next, 300))
        this.#next += 300
        await sleep(60)
      }
    }

    inTurn(work: () => Promise<void>): Promise<void> {
      this.#turn = this.#turn.then(work)
      return this.#turn
    }

    /** However slow the machine is, there are so many rows that each key has several results. */
    async stop(): Promise<void> {
      this.#end = ENOUGH
      await this.#writing
    }
  }

  test(`members killed, added and removed ${ROUNDS} times: the results of an unbroken run, each once`, async () => {
    const writer = new Writer()
    await sleep(500)
    const start = (): Pipeline => new Pipeline([member('g', 'out')])
    const members = Array.from({ length: MEMBERS }, start)
    // Until the broker has made its own topics.
    await sleep(5000)
    for (let round = 0; round < ROUNDS; round++) {
      await sleep(1500 + random() * 1500)
      const what = round % 8 === 2 ? 'restart' : random() < 0.6 ? 'SIGKILL' : 'SIGTERM'
      if (what === 'restart') {
        await writer.inTurn(() => kafka.restart())
        continue
      }
      const [victim] = members.splice(Math.floor(random() * members.length), 1)
      await victim?.kill(0, what)
      const ended = await victim?.wait()
      const stderr = ended?.stderr ?? ''
      // It may have to say that the broker is not there.
      if (what === 'SIGTERM' && !/ECONNREFUSED/.test(stderr)) {
        assert.deepEqual(ended?.statuses, [0], stderr)
      }
      while (members.length < 2 + random() * 3) members.push(start())
    }
    await writer.stop()
    for (const one of members) {
      await one.kill(0, 'SIGTERM')
      const { statuses, stderr } = await one.wait()
      assert.deepEqual(statuses, [0], stderr)
    }
    const last = await runPipeline(member('g', 'out', '--stop-at', 'now', '--final'))
    assert.deepEqual(last.statuses, [0], last.stderr)
    const unbroken = await runPipeline(member('unbroken', 'unbroken', '--stop-at', 'now', '--final'))
    assert.deepEqual(unbroken.statuses, [0], unbroken.stderr)
    const results = async (topic: string): Promise<string[]> =>
      (await readTopic(broker, topic)).map(({ key, payload }) => `${key} ${payload}`).sort()
    const wanted = await results('unbroken')
    assert.ok(wanted.length > 4 * KEYS)
    const difference = differenceOf(await results('out'), wanted)
    assert.deepEqual(difference, { missing: [], unexpected: [] })
  })

  test('alert-eval through members that are killed: the alerts of an unbroken run, each once', async () => {
    const rules = join(directory, 'rules.yaml')
    writeFileSync(
      rules,
      `name: busy\nindex: x\ntype: frequency\nnum_events: 40\ntimeframe: {seconds: 20}\nquery_key: k
filter: []\nalert: debug\ntimestamp_field: at\nrealert: {seconds: 30}\n`
    )
    const alerting = (group: string, out: string, ...args: string[]): StageCommand => [
      ...(['alert-eval', '--rules', rules, '--retry-for', '60s', '-q'] as const),
      ...['--in', `${kafka.url}/clicks?group=${group}&mark-every=100ms&session-timeout=2s`],
      ...['--out', `${kafka.url}/${out}?transaction-timeout=3s`, ...args]
    ]
    const writer = new Writer()
    const members = [new Pipeline([alerting('a', 'alerts')]), new Pipeline([alerting('a', 'alerts')])]
    for (let kill = 0; kill < 2; kill++) {
      await sleep(2500 + random() * 1000)
      const [victim] = members.splice(kill % 2, 1)
      await victim?.kill(0)
      await victim?.wait()
      members.push(new Pipeline([alerting('a', 'alerts')]))
    }
    await writer.stop()
    for (const one of members) {
      await one.kill(0, 'SIGTERM')
      await one.wait()
    }
    for (const run of [
      alerting('a', 'alerts', '--stop-at', 'now'),
      alerting('b', 'all', '--stop-at', 'now')
    ]) {
      const { statuses, stderr } = await runPipeline(run)
      assert.deepEqual(statuses, [0], stderr)
    }
    const alerts = async (topic: string): Promise<(string | null)[]> =>
      (await readTopic(broker, topic)).map(({ payload }) => payload).sort()
    const wanted = await alerts('all')
    assert.ok(wanted.length > KEYS, `${wanted.length} alerts`)
    assert.deepEqual(await alerts('alerts'), wanted)
  })

  test('a topic that is keyed by something else is refused, with the remedy', async () => {
    const [tool, , ...rest] = member('h', 'refused', '--stop-at', 'now')
    const other = sql.replace('window_end, k,', 'window_end,').replace('window_end, k', 'window_end')
    const refused = await runPipeline([tool, '-e', other, ...rest.slice(1)])
    assert.deepEqual(refused.statuses, [2], refused.stderr)
    assert.match(refused.stderr, /topic clicks is keyed by k, so all rows are not in one partition/)
    assert.match(refused.stderr, /--state DIR/)
  })

  test('a signal keeps the state, which another query may not take', async () => {
    const stopped = new Pipeline([member('kept', 'kept')])
    while ((await readTopic(broker, 'kept').catch(() => [])).length === 0) await sleep(200)
    await stopped.kill(0, 'SIGTERM')
    assert.deepEqual((await stopped.wait()).statuses, [0])
    const [tool, , , ...rest] = member('kept', 'kept', '--stop-at', 'now')
    const other = await runPipeline([tool, '-e', sql.replace('SUM(id)', 'MAX(id)'), ...rest])
    assert.deepEqual(other.statuses, [1], other.stderr)
    assert.match(other.stderr, /topic kept\.enrich\.state: the state was written by another query/)
    const last = await runPipeline(member('kept', 'kept', '--stop-at', 'now'))
    assert.deepEqual(last.statuses, [0], last.stderr)
    const results = await readTopic(broker, 'kept')
    assert.deepEqual(results.length, (await readTopic(broker, 'unbroken')).length)
  })
})
