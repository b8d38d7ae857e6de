import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments, request } from '../support/elastic.ts'
import { type Fault, FaultyProxy } from '../support/faulty-proxy.ts'
import { randomNumbers } from '../support/random.ts'
import { rounds, samples } from '../support/rounds.ts'
import { unavailable } from '../support/servers.ts'

const BIN = resolve(import.meta.dirname, '../../bin/es-sink.js')
const KILLS = { elasticsearch: rounds(50, 15), opensearch: 10 }

type Row = { id: number; n: number; text: string }
type Table = Map<string, Record<string, unknown>>

for (const name of samples(['elasticsearch', 'opensearch'], ['elasticsearch'])) {
  describe(`every event is accounted for: ${name}`, { skip: unavailable(name) }, () => {
    let elastic: BorrowedServer
    const folder = mkdtempSync(join(tmpdir(), 'millrace-faults-'))
    const random = randomNumbers(20261125)
    const below = (n: number): number => Math.floor(random() * n)

    before(async () => {
      elastic = await borrowServer(name)
    })
    after(async () => {
      await elastic?.stop()
      rmSync(folder, { recursive: true })
    })

    /** Changes to a table of 500 rows as they stand in a log, and what they leave. */
    function history(count: number): { events: string[]; table: Table } {
      const rows = new Map<number, Row>()
      const events: string[] = []
      let position = 1000
      for (let n = 0; n < count; n++) {
        const id = below(500)
        const old = rows.get(id) ?? null
        const row = old !== null && below(4) === 0 ? null : { id, n, text: 'x'.repeat(below(200)) }
        if (row === null) rows.delete(id)
        else rows.set(id, row)
        position += 100 + below(300)
        const source = {
          file: `binlog.00000${1 + Math.floor((n * 3) / count)}`,
          pos: position,
          row: below(3)
        }
        const op = row === null ? 'd' : old === null ? 'c' : 'u'
        events.push(`${JSON.stringify({ before: old, after: row, source, op, ts_ms: 1 })}\n`)
      }
      const table: Table = new Map([...rows].map(([id, row]) => [String(id), row]))
      return { events, table }
    }

    function spawnSink(
      url: string,
      index: string,
      ...flags: string[]
    ): { child: ChildProcess; stderr: Buffer[] } {
      const stderr: Buffer[] = []
      const child = spawn(process.execPath, [BIN, url, '--index', index, '--id', '{id}', ...flags], {
        stdio: ['pipe', 'inherit', 'pipe']
      })
      child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
      child.stdin?.on('error', () => {})
      return { child, stderr }
    }

    async function sink(url: string, index: string, input: string, ...flags: string[]): Promise<string> {
      const { child, stderr } = spawnSink(url, index, ...flags)
      child.stdin?.end(input)
      const [status] = await once(child, 'close')
      const text = Buffer.concat(stderr).toString()
      assert.equal(status, 0, text)
      return text
    }

    /** What the last line of a run says: documents written, already there, refused. */
    function counts(stderr: string): number[] {
      const line = /(\d+) documents in [^\n]*$/.exec(stderr.trim())?.[0] ?? ''
      const number = (pattern: RegExp): number => Number(pattern.exec(line)?.[1] ?? 0)
      return [number(/^(\d+)/), number(/(\d+) already/), number(/(\d+) refused/)]
    }

    test('shuffled, repeated and replayed events leave the final table', async () => {
      const { events, table } = history(6000)
      const repeated = [...events, ...events.slice(1000, 3000), ...events.slice(500, 1500)]
      for (let i = repeated.length - 1; i > 0; i--) {
        const j = below(i + 1)
        const moved = repeated[i] as string
        repeated[i] = repeated[j] as string
        repeated[j] = moved
      }
      const first = await sink(elastic.url, 'shuffled', repeated.join(''), '--batch-docs', '300')
      assert.deepEqual(await allDocuments(elastic.url, 'shuffled'), table)
      assert.equal(
        counts(first).reduce((a, b) => a + b),
        repeated.length
      )
      await sink(elastic.url, 'shuffled', events.join(''), '--in-flight', '4')
      assert.deepEqual(await allDocuments(elastic.url, 'shuffled'), table)
    })

    test('requests that are turned away, lost, cut off, doubted or answered too late', async () => {
      const { events, table } = history(8000)
      const faults: Fault[] = [429, 503, 'lost', 'half', 'doubted', { late: 1500 }]
      let requests = 0
      await using proxy = await FaultyProxy.open(elastic.url, ({ url }) =>
        url?.startsWith('/_bulk') && ++requests % 2 === 0
          ? (faults[(requests / 2) % faults.length] as Fault)
          : 'pass'
      )
      const flags = ['--batch-docs', '250', '--request-timeout', '1s']
      const stderr = await sink(proxy.url, 'faults', events.join(''), ...flags)
      assert.deepEqual(await allDocuments(elastic.url, 'faults'), table)
      assert.equal(
        counts(stderr).reduce((a, b) => a + b),
        events.length
      )
      for (const fault of ['429', '503', 'lost', 'half', 'doubted', 'late']) {
        assert.ok((proxy.faults.get(fault) ?? 0) > 0, `${fault}: ${JSON.stringify([...proxy.faults])}`)
      }
    })

    test('fields that are updated keep their order through requests that are turned away or lost', async () => {
      const { events, table } = history(4000)
      let requests = 0
      await using proxy = await FaultyProxy.open(elastic.url, ({ url }) =>
        url?.startsWith('/_bulk') && ++requests % 2 === 0
          ? ((['half', 429, 'doubted', 'lost'] as const)[(requests / 2) % 4] as Fault)
          : 'pass'
      )
      await sink(
        proxy.url,
        'fields',
        events.join(''),
        '--batch-docs',
        '150',
        '--mode',
        'update',
        '--compress'
      )
      assert.deepEqual(await allDocuments(elastic.url, 'fields'), table)
      assert.ok((proxy.faults.get('half') ?? 0) > 0, JSON.stringify([...proxy.faults]))
    })

    test('a node that is found by sniffing takes over from the one of the URL', async () => {
      const { events, table } = history(2000)
      await using proxy = await FaultyProxy.open(elastic.url, ({ url }) =>
        url?.startsWith('/_bulk') ? 'lost' : 'pass'
      )
      await sink(proxy.url, 'sniffed', events.join(''), '--sniff')
      assert.deepEqual(await allDocuments(elastic.url, 'sniffed'), table)
      assert.equal(proxy.faults.get('lost'), undefined)
    })

    test('half of the documents refused by their mapping', async () => {
      await request(elastic.url, 'PUT', '/half', { mappings: { properties: { n: { type: 'integer' } } } })
      const lines = Array.from(
        { length: 4000 },
        (_, id) => `${JSON.stringify({ id, n: id % 2 === 0 ? id : `no ${id}` })}\n`
      )
      const letters = join(folder, `half-${name}.ndjson`)
      const stderr = await sink(
        elastic.url,
        'half',
        lines.join(''),
        '--dead-letter',
        letters,
        '--batch-docs',
        '700'
      )
      assert.deepEqual(counts(stderr), [2000, 0, 2000])
      assert.equal((await allDocuments(elastic.url, 'half')).size, 2000)
      const kept = readFileSync(letters, 'utf8')
        .trim()
        .split('\n')
        .map(line => `${JSON.parse(line).text}\n`)
      assert.deepEqual(kept.sort(), lines.filter((_, id) => id % 2 === 1).sort())
    })

    test('an index deleted under it is made again by what comes after', async () => {
      const { events } = history(4000)
      const { child, stderr } = spawnSink(elastic.url, 'deleted', '--batch-docs', '100')
      const ended = once(child, 'close')
      for (const event of events.slice(0, 2000)) child.stdin?.write(event)
      while (!(await fetch(`${elastic.url}/deleted`)).ok) await sleep(20)
      await request(elastic.url, 'DELETE', '/deleted')
      child.stdin?.end(events.slice(2000).join(''))
      const [status] = await ended
      assert.equal(status, 0, Buffer.concat(stderr).toString())
      assert.equal(
        counts(Buffer.concat(stderr).toString()).reduce((a, b) => a + b),
        events.length
      )
    })

    test(`${KILLS[name]} SIGKILLs of es-sink itself`, async () => {
      const { events, table } = history(40_000)
      const state = join(folder, `state-${name}`)
      const every = 100
      const acknowledged = (): number => {
        const file = join(state, 'es-sink', 'acknowledged.json')
        return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).mark?.n ?? 0) : 0
      }
      /** As the source would: from the acknowledged mark on, a few lines at a time. */
      const feed = async (child: ChildProcess, from: number): Promise<void> => {
        child.stdin?.write(`{"@resume":{"n":${from},"at":null,"ts_ms":1}}\n`)
        for (
          let n = from;
          n * every < events.length && child.exitCode === null && child.signalCode === null;
          n++
        ) {
          child.stdin?.write(events.slice(n * every, (n + 1) * every).join(''))
          child.stdin?.write(`{"@mark":{"n":${n + 1},"at":{"file":"binlog.000001","pos":4},"ts_ms":1}}\n`)
          await sleep(4)
        }
        child.stdin?.end()
      }
      let kills = 0
      let last = 0
      for (;;) {
        const from = acknowledged()
        assert.ok(from >= last, 'an acknowledgement was taken back')
        last = from
        const { child, stderr } = spawnSink(
          elastic.url,
          'killed',
          '--state',
          state,
          '--batch-docs',
          '300',
          '--in-flight',
          '3'
        )
        const ended = once(child, 'close')
        const fed = feed(child, from)
        if (kills < KILLS[name]) {
          kills++
          await Promise.race([sleep(150 + below(400)), ended])
          child.kill('SIGKILL')
        }
        const [status, signal] = await ended
        await fed
        if (signal === 'SIGKILL') continue
        assert.equal(status, 0, Buffer.concat(stderr).toString())
        if (kills === KILLS[name]) break
      }
      assert.equal(acknowledged(), events.length / every)
      assert.deepEqual(await allDocuments(elastic.url, 'killed'), table)
    })
  })
}
