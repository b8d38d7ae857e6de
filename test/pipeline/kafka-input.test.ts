import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { kcat, kcatMissing } from '../../scripts/lib/peers/kcat.ts'
import { Pipeline, type PipelineResult, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const skip = unavailable('kafka') || kcatMissing() || false
const COPY = 'SELECT id FROM events'

describe('topics as input, written by kcat', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kafka-in-'))
  let kafka: RunningServer
  let broker = ''

  before(async () => {
    kafka = await startServer('kafka', { args: ['num.partitions=4', 'auto.create.topics.enable=true'] })
    broker = `127.0.0.1:${kafka.port}`
  })

  after(async () => {
    await kafka?.stop()
    rmSync(directory, { recursive: true })
  })

  const put = (topic: string, values: readonly string[], ...args: string[]): Promise<string> =>
    kcat(
      ['-P', '-b', broker, '-t', topic, '-K', '\t', ...args],
      values.map((value, i) => `k${i}\t${value}\n`).join('')
    )

  const ids = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => `{"id":${from + i}}`)

  const enrich = (topic: string, ...args: string[]): StageCommand => [
    'enrich',
    '-e',
    COPY,
    '--in',
    `${kafka.url}/${topic}`,
    ...args
  ]

  const run = (...stages: StageCommand[]): Promise<PipelineResult> => runPipeline(...stages)

  const stopped = async (pipeline: Pipeline): Promise<PipelineResult> => {
    await pipeline.kill(0, 'SIGTERM')
    return pipeline.wait()
  }

  /** The ids in an output, in order. */
  const idsOf = (text: string): number[] =>
    text
      .split('\n')
      .filter(line => line.startsWith('{"id"'))
      .map(line => (JSON.parse(line) as { id: number }).id)
      .sort((a, b) => a - b)

  const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

  test('all partitions are read to the end they have now, whatever the codec', async () => {
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'])
      await put('codecs', ids(0, 1000), '-z', codec)
    const { statuses, stdout, stderr } = await run(enrich('codecs', '--stop-at', 'now'))
    assert.deepEqual(statuses, [0], stderr)
    assert.deepEqual(
      idsOf(stdout),
      upTo(0, 1000).flatMap(id => [id, id, id, id, id])
    )
  })

  test('a group goes on where its last run ended', async () => {
    await put('groups', ids(0, 500))
    const topic = 'groups?group=readers'
    assert.deepEqual(idsOf((await run(enrich(topic, '--stop-at', 'now'))).stdout), upTo(0, 500))
    await put('groups', ids(500, 800))
    assert.deepEqual(idsOf((await run(enrich(topic, '--stop-at', 'now'))).stdout), upTo(500, 800))
    assert.deepEqual(
      idsOf((await run(enrich('groups?group=others', '--stop-at', 'now'))).stdout),
      upTo(0, 800)
    )
  })

  test('several topics, and topics by a pattern', async () => {
    await put('many.a', ids(0, 10))
    await put('many.b', ids(10, 20))
    await put('other', ids(20, 30))
    const { stdout } = await run(enrich('^many\\..*,other', '--stop-at', 'now'))
    assert.deepEqual(idsOf(stdout), upTo(0, 30))
    assert.deepEqual(idsOf((await run(enrich('^many\\..*', '--stop-at', 'now'))).stdout), upTo(0, 20))
  })

  test('from a time, and from now on', async () => {
    await put('times', ids(0, 10))
    await sleep(1100)
    const now = new Date().toISOString()
    await sleep(100)
    await put('times', ids(10, 20))
    const since = await run(enrich(`times?from=${now}`, '--stop-at', 'now'))
    assert.deepEqual(idsOf(since.stdout), upTo(10, 20))
    const latest = await run(enrich('times?from=latest', '--stop-at', 'now'))
    assert.deepEqual(idsOf(latest.stdout), [])
  })

  test('tombstones give no line, a schema envelope gives its payload, line breaks do not cut a value', async () => {
    await kcat(['-P', '-b', broker, '-t', 'shapes', '-p', '0', '-K', '\t', '-Z'], 'gone\t\n')
    const values = [
      '{"schema":{"type":"struct","payload":1},"payload":{"id":1}}',
      '{"schema":null,"payload":null}',
      '{"id":2,"schema":{"payload":3}}'
    ]
    await put('shapes', values, '-p', '0')
    await kcat(['-P', '-b', broker, '-t', 'shapes', '-p', '0', '-D', '~'], '{\n  "id":3\n}~')
    const { stdout, stderr, statuses } = await run([
      'enrich',
      ...['-e', 'SELECT * FROM events', '--in', `${kafka.url}/shapes`, '--stop-at', 'now']
    ])
    assert.deepEqual(statuses, [0], stderr)
    const rows = stdout.split('\n').filter(line => line !== '' && !line.startsWith('{"@'))
    assert.deepEqual(
      rows.map(row => (JSON.parse(row) as { id: number }).id),
      [1, 2, 3]
    )
  })

  test('a value that is no JSON is named by topic, partition and offset', async () => {
    await put('bad', ['{"id":0}', 'no json', '{"id":1}'], '-p', '2')
    const cut = await run(enrich('bad', '--stop-at', 'now'))
    assert.deepEqual(cut.statuses, [1])
    assert.match(cut.stderr, /kafka:.*\/bad:bad partition 2 offset 1: not JSON/)
    const letters = join(directory, 'letters')
    const kept = await run(enrich('bad', '--stop-at', 'now', '--dead-letter', letters))
    assert.deepEqual([kept.statuses, idsOf(kept.stdout)], [[0], [0, 1]])
    const letter = JSON.parse(readFileSync(letters, 'utf8')) as {
      dead_letter: { record: string }
      text: string
    }
    assert.deepEqual([letter.dead_letter.record, letter.text], ['bad partition 2 offset 1', 'no json'])
  })

  test('what is not committed is not read', async () => {
    const { Producer } = await import('@platformatic/kafka')
    const producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [broker],
      idempotent: true,
      transactionalId: 'aborts'
    })
    await put('committed', ids(0, 5))
    const send = async (from: number, commits: boolean): Promise<void> => {
      const transaction = await producer.beginTransaction()
      const messages = ids(from, from + 5).map(id => ({
        topic: 'committed',
        key: Buffer.from(id),
        value: Buffer.from(id)
      }))
      await transaction.send({ messages })
      await (commits ? transaction.commit() : transaction.abort())
    }
    await send(5, false)
    await send(10, true)
    await send(15, false)
    await producer.close()
    const { stdout } = await run(enrich('committed', '--stop-at', 'now'))
    assert.deepEqual(idsOf(stdout), [...upTo(0, 5), ...upTo(10, 15)])
  })

  test('a topic that is not there is said', async () => {
    const missing = await startServer('kafka')
    const args = ['--in', `${missing.url}/nowhere`, '--retry-for', '300ms']
    const { statuses, stderr } = await run(['enrich', '-e', COPY, ...args])
    await missing.stop()
    assert.deepEqual(statuses, [3])
    assert.match(stderr, /topic nowhere does not exist/)
  })

  test('members that come and go share the partitions; nothing is lost, nothing is repeated', async () => {
    await put('shared', ids(0, 2000))
    const outputs = [0, 1, 2].map(i => join(directory, `shared-${i}`))
    const start = (i: number): Pipeline =>
      new Pipeline([enrich('shared?group=sharers&mark-every=200ms', '--out', outputs[i] as string)])
    const idsIn = (path: string): number[] => (existsSync(path) ? idsOf(readFileSync(path, 'utf8')) : [])
    const countOf = (path: string): number => idsIn(path).length
    const read = (): number[] => outputs.flatMap(idsIn).sort((a, b) => a - b)
    const reached = async (count: number): Promise<void> => {
      for (let i = 0; i < 600 && read().length < count; i++) await sleep(200)
      assert.equal(read().length, count)
    }
    const first = start(0)
    await reached(2000)
    const second = start(1)
    const third = start(2)
    let next = 2000
    const write = async (): Promise<void> => {
      await put('shared', ids(next, next + 200))
      next += 200
    }
    // Until all have a share.
    while (outputs.some(path => countOf(path) === 0)) {
      await write()
      await sleep(100)
      assert.ok(next < 60_000, 'a member has no share')
    }
    await reached(next)
    await stopped(second)
    for (let i = 0; i < 5; i++) await write()
    await reached(next)
    await Promise.all([stopped(first), stopped(third)])
    assert.deepEqual(read(), upTo(0, next))
  })

  test('a pipe behind topics is killed and goes on at the mark that all have acknowledged', async () => {
    await put('piped', ids(0, 3000))
    const out = join(directory, 'piped.ndjson')
    const state = ['--state', join(directory, 'piped')]
    const stage = (...args: string[]): StageCommand =>
      enrich('piped?mark-every=100ms', ...state, '--out', out, ...args)
    const killed = new Pipeline([stage()])
    const lines = (): number => {
      try {
        return readFileSync(out, 'utf8').split('\n').length - 1
      } catch {
        return 0
      }
    }
    for (let i = 0; i < 1200 && lines() < 3000; i++) await sleep(100)
    await put('piped', ids(3000, 4000))
    await killed.kill(0)
    await killed.wait()
    const { statuses, stderr } = await run(stage('--stop-at', 'now'))
    assert.deepEqual(statuses, [0], stderr)
    assert.deepEqual(idsOf(readFileSync(out, 'utf8')), upTo(0, 4000))
  })
})
