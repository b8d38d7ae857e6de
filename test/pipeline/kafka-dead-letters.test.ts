import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments, request } from '../support/elastic.ts'
import { Pipeline, runPipeline, type StageCommand } from '../support/pipeline.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const skip = unavailable('kafka', 'elasticsearch') || kcatMissing() || false
const BIN = resolve(import.meta.dirname, '../../bin/es-sink.js')
const DOCUMENTS = 4000
const KILLS = 3

interface Letter {
  readonly dead_letter: {
    readonly tool: string
    readonly reason: string
    readonly index?: string
    readonly id?: string
  }
  readonly text: string
}

describe('dead letters in a topic', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-letters-'))
  let kafka: RunningServer
  let elastic: BorrowedServer
  let broker = ''

  before(async () => {
    ;[kafka, elastic] = await Promise.all([
      startServer('kafka', { args: ['num.partitions=3', 'auto.create.topics.enable=true'] }),
      borrowServer('elasticsearch')
    ])
    broker = `127.0.0.1:${kafka.port}`
  })

  after(async () => {
    await Promise.all([kafka?.stop(), elastic?.stop()])
    rmSync(directory, { recursive: true })
  })

  /** Those with odd ids do not fit a mapping of numbers. */
  const line = (id: number): string =>
    JSON.stringify({
      before: null,
      after: { id, n: id % 2 === 0 ? id : `ñ ${id}` },
      source: { file: 'binlog.000001', pos: 100 + id, row: 0, table: 't' },
      op: 'c',
      ts_ms: 1
    })
  const lines = (from: number, to: number): string[] =>
    Array.from({ length: to - from }, (_, i) => line(from + i))
  const rows = (from: number, to: number, takes: (id: number) => boolean) =>
    new Map(
      lines(from, to).flatMap((text, i) =>
        takes(from + i) ? [[String(from + i), JSON.parse(text).after] as const] : []
      )
    )
  const sorted = <T>(documents: Map<string, T>) => [...documents].sort(([a], [b]) => Number(a) - Number(b))

  const mapped = (index: string, type: string): Promise<unknown> =>
    request(elastic.url, 'PUT', `/${index}`, { mappings: { properties: { n: { type } } } })

  const sink = (index: string, ...args: string[]): StageCommand => [
    ...(['es-sink', elastic.url, '--index', index, '--id', '{id}'] as const),
    ...args
  ]

  const lettersOf = async (topic: string): Promise<Letter[]> =>
    (await readTopic(broker, topic)).map(({ payload }) => JSON.parse(payload ?? '') as Letter)

  test('half of the lines are refused; read again once the mapping is mended, every document is there', async () => {
    await mapped('payments', 'integer')
    const input = join(directory, 'in.ndjson')
    writeFileSync(input, `${lines(0, DOCUMENTS).join('\n')}\n`)
    const kept = ['--dead-letter', `${kafka.url}/refused`]
    const first = await runPipeline(sink('payments', '--in', input, ...kept))
    assert.deepEqual(first.statuses, [0], first.stderr)
    assert.match(first.stderr, /2000 documents .*2000 refused \(kept in kafka:\/\/[^/@]*\/refused\)/)
    assert.deepEqual(
      sorted(await allDocuments(elastic.url, 'payments')),
      sorted(rows(0, DOCUMENTS, id => id % 2 === 0))
    )
    const records = await readTopic(broker, 'refused')
    assert.equal(new Set(records.map(({ partition }) => partition)).size, 3)
    for (const { key, payload } of records) {
      const { dead_letter, text } = JSON.parse(payload ?? '') as Letter
      assert.deepEqual([dead_letter.tool, dead_letter.index, dead_letter.id], ['es-sink', 'payments', key])
      assert.match(dead_letter.reason, /failed to parse field \[n\]/)
      assert.equal(text, line(Number(key)))
    }
    assert.deepEqual(
      records.map(({ key }) => Number(key)).sort((a, b) => a - b),
      Array.from({ length: DOCUMENTS / 2 }, (_, i) => 2 * i + 1)
    )

    // They come from and go to the same topic while the mapping is as it was.
    const again = ['--in', `${kafka.url}/refused?group=mending`, '--stop-at', 'now']
    const second = await runPipeline(sink('payments', ...again, ...kept))
    assert.deepEqual(second.statuses, [0], second.stderr)
    assert.match(second.stderr, /0 documents .*2000 refused/)

    await request(elastic.url, 'DELETE', '/payments')
    await mapped('payments', 'keyword')
    const third = await runPipeline(sink('payments', ...again))
    assert.deepEqual(third.statuses, [0], third.stderr)
    assert.deepEqual(
      sorted(await allDocuments(elastic.url, 'payments')),
      sorted(rows(0, DOCUMENTS, id => id % 2 === 1))
    )
    const nothing = await runPipeline(sink('payments', ...again))
    assert.match(nothing.stderr, /es-sink: 0 documents/)
  })

  test('a sink of a group that is killed again and again: each refused line has its letter', async () => {
    await mapped('killed', 'integer')
    const put = (from: number, to: number): Promise<string> =>
      kcat(['-P', '-b', broker, '-t', 'events'], `${lines(from, to).join('\n')}\n`)
    const reading = sink(
      'killed',
      ...['--in', `${kafka.url}/events?group=killed&mark-every=50ms&session-timeout=6s`],
      ...['--dead-letter', `${kafka.url}/killed.letters`]
    )
    let end = 0
    await put(end, (end += 10))
    for (let kill = 0; kill < KILLS; kill++) {
      const run = new Pipeline([reading])
      await sleep(1200)
      for (let i = 0; i < 10; i++, end += 300) await put(end, end + 300)
      await sleep(200 * kill)
      await run.kill(0)
      await run.wait()
    }
    const last = await runPipeline([...reading, '--stop-at', 'now'])
    assert.deepEqual(last.statuses, [0], last.stderr)
    assert.deepEqual(
      sorted(await allDocuments(elastic.url, 'killed')),
      sorted(rows(0, end, id => id % 2 === 0))
    )
    const texts = (await lettersOf('killed.letters')).map(({ text }) => text)
    assert.deepEqual(new Set(texts), new Set(lines(0, end).filter((_, id) => id % 2 === 1)))
  })

  test('enrich and alert-eval keep theirs, also of large lines; the URL takes variables, and what may be secret in it is not told', async () => {
    const input = join(directory, 'bad.ndjson')
    const cut = '{"id":3,"text":"é'
    const large = `{"id":2,"text":"${'x'.repeat(3_000_000)}`
    writeFileSync(input, `{"@timestamp":"2026-11-24T10:00:00Z","id":1}\n${large}\n${cut}\n`)
    const rule = join(directory, 'rule.yaml')
    writeFileSync(rule, 'name: one\ntype: any\nindex: x\nfilter:\n- term: {id: 1}\nalert: debug\n')
    const tools: StageCommand[] = [
      ['enrich', '-e', 'SELECT id FROM events'],
      ['alert-eval', '--rules', rule]
    ]
    for (const tool of tools) {
      const topic = `letters.${tool[0]}`
      const url = `kafka://\${BROKER}/${topic}?tls=\${TLS}`
      const command: StageCommand = [...tool, '--in', input, '--dead-letter', url]
      const run = new Pipeline([command], { BROKER: broker, TLS: 'false' })
      const { statuses, stderr } = await run.wait()
      assert.deepEqual(statuses, [0], stderr)
      assert.doesNotMatch(stderr, /tls/)
      const letters = (await readTopic(broker, topic)).map(({ payload }) => JSON.parse(payload ?? ''))
      assert.deepEqual(
        letters.map(({ dead_letter, text }) => [dead_letter.tool, dead_letter.line, text]).sort(),
        [
          [tool[0], 2, large],
          [tool[0], 3, cut]
        ]
      )
    }
  })

  test('a mark waits for its letters while the broker is away, longer than a start would', async t => {
    await mapped('away', 'integer')
    const state = join(directory, 'away')
    const acknowledged = (): number =>
      JSON.parse(readFileSync(join(state, 'es-sink', 'acknowledged.json'), 'utf8')).mark?.n ?? 0
    const reaches = async (n: number): Promise<void> => {
      for (let i = 0; i < 1200; i++) {
        try {
          if (acknowledged() === n) return
        } catch {
          // It has not begun.
        }
        await sleep(50)
      }
      throw new Error(`mark ${n} is not acknowledged`)
    }
    const mark = (n: number): string => JSON.stringify({ '@mark': { n, at: null, ts_ms: n } })
    const [, ...args] = sink('away', '--state', state, '--dead-letter', `${kafka.url}/away.letters`)
    const child = spawn(process.execPath, [BIN, ...args], { stdio: ['pipe', 'ignore', 'pipe'] })
    t.after(() => child.kill('SIGKILL'))
    const stderr: Buffer[] = []
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    const closed = once(child, 'close')
    child.stdin.write(`${line(1)}\n${mark(1)}\n`)
    await reaches(1)
    await kafka.kill()
    child.stdin.write(`${line(2)}\n${mark(2)}\n`)
    await reaches(2)
    child.stdin.write(`${line(3)}\n${mark(3)}\n`)
    await sleep(11_000)
    assert.equal(acknowledged(), 2)
    await kafka.restart()
    await reaches(3)
    child.stdin.end()
    const [status] = await closed
    assert.equal(status, 0, Buffer.concat(stderr).toString())
    assert.deepEqual(
      new Set((await lettersOf('away.letters')).map(({ text }) => text)),
      new Set([line(1), line(3)])
    )
  })

  test('without a broker the tool ends with status 3 when --retry-for has passed', async () => {
    await kafka.kill()
    const args = ['--dead-letter', `${kafka.url}/none`, '--retry-for', '300ms']
    const { statuses, stderr } = await runPipeline(['enrich', '-e', 'SELECT id FROM events', ...args])
    assert.deepEqual(statuses, [3])
    assert.match(stderr, /--dead-letter kafka:\/\/.*\/none: .*ECONNREFUSED/)
  })
})
