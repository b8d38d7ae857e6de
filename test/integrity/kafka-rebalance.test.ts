import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { Pipeline, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const skip = unavailable('kafka') || kcatMissing() || false
/** Members that come, and go again, one each second. */
const VISITORS = 8
const PARTITIONS = 6
/** Those that the members ask for, one after the other. */
const BOTH = ['consumer', 'consumer', 'classic']
const CLASSIC = ['classic']

// Two at a time: most of their time is spent waiting for the group.
describe('members of a group that come and go every second', { skip, concurrency: 2 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-rebalance-'))
  let kafka: RunningServer
  let broker = ''

  before(async () => {
    kafka = await startServer('kafka', {
      args: [`num.partitions=${PARTITIONS}`, 'auto.create.topics.enable=true']
    })
    broker = `127.0.0.1:${kafka.port}`
  })

  after(async () => {
    await kafka?.stop()
    rmSync(directory, { recursive: true })
  })

  /** Writes ids for as long as it may. @returns how many */
  async function write(topic: string, until: AbortSignal): Promise<number> {
    let next = 0
    while (!until.aborted) {
      const lines = Array.from({ length: 300 }, (_, i) => `k${next + i}\t{"id":${next + i}}\n`)
      await kcat(['-P', '-b', broker, '-t', topic, '-K', '\t'], lines.join(''))
      next += 300
      await sleep(50)
    }
    return next
  }

  /** @returns what it said */
  async function stopped(member: Pipeline): Promise<string> {
    await member.kill(0, 'SIGTERM')
    const { statuses, stderr } = await member.wait()
    assert.deepEqual(statuses, [0], stderr)
    return stderr
  }

  interface Visit {
    /** How many ids were written. */
    readonly written: number
    /** What each member said. */
    readonly said: string
  }

  /** Lets members come and go while ids are written. */
  async function visit(
    topic: string,
    stage: (i: number, ...args: string[]) => StageCommand,
    hasShare: (i: number) => boolean = () => true
  ): Promise<Visit> {
    const said: string[] = []
    const ended = async (member: Pipeline, i: number): Promise<void> => {
      said.push(`member ${i}: ${await stopped(member)}`)
    }
    const stop = new AbortController()
    const writing = write(topic, stop.signal)
    await sleep(500)
    const resident = new Pipeline([stage(0)])
    const visitors: Pipeline[] = []
    for (let i = 1; i <= VISITORS; i++) {
      await sleep(1000)
      visitors.push(new Pipeline([stage(i)]))
      // Each stays for five seconds, and until it has had its share, for which a busy machine may take longer.
      const [guest] = visitors.length > 5 ? visitors.splice(0, 1) : []
      if (guest === undefined) continue
      for (let waited = 0; waited < 100 && !hasShare(i - 5); waited++) await sleep(100)
      await ended(guest, i - 5)
    }
    await sleep(3000)
    stop.abort()
    const written = await writing
    for (const [i, member] of visitors.entries()) await ended(member, VISITORS - visitors.length + 1 + i)
    await ended(resident, 0)
    const last = await runPipeline(stage(VISITORS + 1, '--stop-at', 'now'))
    assert.deepEqual(last.statuses, [0], last.stderr)
    return { written, said: said.join('\n') }
  }

  /** That none of the ids up to `written` is missing, and no more came twice than members told of. */
  function assertEach(ids: readonly number[], { written, said }: Visit, repeatable = 0): void {
    const seen = new Set<number>()
    const repeated = ids.filter(id => seen.size === seen.add(id).size)
    const missing = upTo(written).filter(id => !seen.has(id))
    const what = `of ${written} ids ${missing.length} are missing (${missing.slice(0, 9)} …), ${repeated.length} came twice (${repeated.slice(0, 9)} …)`
    const isRight = missing.length === 0 && repeated.length <= repeatable && seen.size === written
    assert.ok(isRight, `${what}\n${said}`)
  }

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
  const url = (topic: string, protocols: readonly string[], i: number): string =>
    `${kafka.url}/${topic}?group=${topic}&mark-every=2s&group-protocol=${protocols[i % protocols.length]}`

  async function toTopic(name: string, protocols: readonly string[]): Promise<void> {
    const visited = await visit(name, (i, ...args) => [
      ...(['enrich', '-e', 'SELECT id FROM events', '--in', url(name, protocols, i)] as const),
      ...['--out', `${kafka.url}/${name}-out`, '--key', 'id', ...args]
    ])
    const ids = (await readTopic(broker, `${name}-out`)).map(
      ({ payload }) => (JSON.parse(payload ?? '') as { id: number }).id
    )
    assertEach(ids, visited)
  }

  async function toFiles(name: string, protocols: readonly string[]): Promise<void> {
    const paths = upTo(VISITORS + 2).map(i => join(directory, `${name}-${i}`))
    const visited = await visit(
      name,
      (i, ...args) => [
        ...(['enrich', '-e', 'SELECT id FROM events', '--in', url(name, protocols, i)] as const),
        ...['--out', paths[i] as string, ...args]
      ],
      i => existsSync(paths[i] as string) && readFileSync(paths[i] as string).length > 0
    )
    const shares = paths.map(path =>
      existsSync(path)
        ? readFileSync(path, 'utf8')
            .split('\n')
            .filter(line => line.startsWith('{"id"'))
            .map(line => (JSON.parse(line) as { id: number }).id)
        : []
    )
    // On a machine that let a member sleep for longer than its session it has told what others repeat.
    const told = [...visited.said.matchAll(/(?:up to (\d+) records are|a record is) read again/g)]
    const repeatable = told.reduce((sum, [, count = '1']) => sum + Number(count), 0)
    assertEach(shares.flat(), visited, repeatable)
    assert.ok(
      shares.slice(1).some(({ length }) => length > 0),
      'visitors had their share'
    )
  }

  test('to a topic, within transactions: each record once', () => toTopic('exact', BOTH))
  test('to a topic, by the classic protocol alone: each record once', () => toTopic('exact-classic', CLASSIC))
  test('to files: what goes to another member is finished before', () => toFiles('files', BOTH))
  test('to files, by the classic protocol alone: the same', () => toFiles('files-classic', CLASSIC))
})
