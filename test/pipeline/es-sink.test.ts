import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments, request } from '../support/elastic.ts'
import { samples } from '../support/rounds.ts'
import { startServer, unavailable } from '../support/servers.ts'

const BIN = resolve(import.meta.dirname, '../../bin/es-sink.js')

for (const name of ['elasticsearch', 'opensearch'] as const) {
  describe(`es-sink on ${name}`, { skip: unavailable(name) }, () => {
    let elastic: BorrowedServer
    const folder = mkdtempSync(join(tmpdir(), 'millrace-es-sink-'))

    before(async () => {
      elastic = await borrowServer(name)
    })
    after(async () => {
      await elastic?.stop()
      rmSync(folder, { recursive: true })
    })

    function run(input: unknown[] | string, ...args: string[]) {
      const text = typeof input === 'string' ? input : input.map(line => `${JSON.stringify(line)}\n`).join('')
      return spawnSync(process.execPath, [BIN, elastic.url, ...args], { input: text, encoding: 'utf8' })
    }
    const event = (op: string, before: unknown, after: unknown, pos: number, row = 0) => ({
      before,
      after,
      source: { file: 'binlog.000001', pos, row, table: 't' },
      op,
      ts_ms: 1
    })

    test('a replay of old events leaves the newest state', async () => {
      const events = [
        event('c', null, { id: 1, n: 1 }, 100),
        event('c', null, { id: 2, n: 1 }, 100, 1),
        event('u', { id: 1, n: 1 }, { id: 1, n: 2 }, 200),
        event('d', { id: 2, n: 1 }, null, 300)
      ]
      for (const part of [events, events.slice(0, 2), events]) {
        const { status, stderr } = run(part, '--index', 'replay', '--id', '{id}')
        assert.equal(status, 0, stderr)
      }
      assert.deepEqual([...(await allDocuments(elastic.url, 'replay'))], [['1', { id: 1, n: 2 }]])
    })

    test('two streams write their own fields of one document, in turns and at once', async () => {
      const flags = ['--index', 'shared', '--id', '{id}', '--mode', 'update', '--batch-docs', '20']
      const bets = Array.from({ length: 300 }, (_, n) =>
        event('u', { id: n % 10 }, { id: n % 10, bet: n }, 100 + n)
      )
      const users = Array.from({ length: 300 }, (_, n) =>
        event('c', null, { id: n % 10, user: `u${n}` }, 5000 + n)
      )
      const runs = [bets, users].map(async (events, i) => {
        const child = spawn(
          process.execPath,
          [BIN, elastic.url, ...flags, ...(i === 0 ? ['--compress'] : [])],
          {
            stdio: ['pipe', 'inherit', 'pipe']
          }
        )
        const stderr: Buffer[] = []
        child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
        for (const line of events) child.stdin.write(`${JSON.stringify(line)}\n`)
        child.stdin.end()
        const [status] = await once(child, 'close')
        assert.equal(status, 0, Buffer.concat(stderr).toString())
        assert.match(Buffer.concat(stderr).toString(), /300 documents/)
      })
      await Promise.all(runs)
      const partial = event('u', { id: 1 }, { bet: -1 }, 9000)
      const gone = event('d', { id: 2, user: 'u292' }, null, 9100)
      const last = [{ ...partial, source: { ...partial.source, partial: true } }, gone]
      assert.equal(run(last, ...flags, '--deletes', 'left').status, 0)
      const expected = Array.from({ length: 10 }, (_, n) => [
        String(n),
        { id: n, bet: 290 + n, user: `u${290 + n}` }
      ]) as [string, Record<string, unknown>][]
      Object.assign(expected[1]?.[1] ?? {}, { bet: -1, left: false })
      Object.assign(expected[2]?.[1] ?? {}, { left: true })
      assert.deepEqual(await allDocuments(elastic.url, 'shared'), new Map(expected))
      assert.equal(run([gone], ...flags).status, 0)
      assert.equal((await allDocuments(elastic.url, 'shared')).has('2'), false)
    })

    test('zero dates become null, other text keeps its bytes', async () => {
      const row = {
        id: 1,
        a: '0000-00-00',
        b: '0000-00-00T00:00:00',
        c: 'é "0000-00-00" \n',
        d: ['0000-00-00']
      }
      assert.equal(run([row], '--index', 'zero', '--id', '{id}').status, 0)
      assert.deepEqual((await allDocuments(elastic.url, 'zero')).get('1'), {
        ...row,
        a: null,
        b: null,
        d: [null]
      })
    })

    test('a document that the server refuses goes to the dead letters with reason and bytes, the others are written', async () => {
      const letters = join(folder, 'dead.ndjson')
      await request(elastic.url, 'PUT', '/typed', { mappings: { properties: { n: { type: 'integer' } } } })
      const bad = '{"id":2,  "n":"many"}'
      const input = `{"id":1,"n":1}\n${bad}\n{"id":3,"n":3}\n{"id":4,\n`
      const { status, stderr } = run(input, '--index', 'typed', '--id', '{id}', '--dead-letter', letters)
      assert.equal(status, 0, stderr)
      assert.match(stderr, /2 refused/)
      assert.deepEqual([...(await allDocuments(elastic.url, 'typed')).keys()].sort(), ['1', '3'])
      const kept = readFileSync(letters, 'utf8')
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      const refused = kept.find(letter => letter.dead_letter.line === 2)
      assert.match(
        refused.dead_letter.reason,
        /(document|mapper)_parsing_exception.*failed to parse field \[n\]/s
      )
      assert.deepEqual([refused.dead_letter.index, refused.dead_letter.id, refused.text], ['typed', '2', bad])
      assert.match(kept.find(letter => letter.dead_letter.line === 4).dead_letter.reason, /not JSON/)
    })

    test('refused documents are written once their dead letters are piped in again', async () => {
      const letters = join(folder, `again-${name}.ndjson`)
      const types = { mappings: { properties: { n: { type: 'integer' } } } }
      await request(elastic.url, 'PUT', '/again', types)
      const refused = [
        event('c', null, { id: 1, n: 'é' }, 100),
        event('u', { id: 2, n: 1 }, { id: 2, n: 'x' }, 200)
      ]
      const flags = ['--index', 'again', '--id', '{id}', '--dead-letter']
      assert.equal(run([...refused, event('c', null, { id: 3, n: 3 }, 300)], ...flags, letters).status, 0)
      // While the mapping is as it was, they are refused again, and not wrapped up twice.
      const second = join(folder, `second-${name}.ndjson`)
      assert.equal(run(readFileSync(letters, 'utf8'), ...flags, second).status, 0)
      const texts = (path: string): string[] =>
        readFileSync(path, 'utf8')
          .trim()
          .split('\n')
          .map(line => JSON.parse(line).text)
      assert.deepEqual(texts(second).sort(), refused.map(line => JSON.stringify(line)).sort())

      await request(elastic.url, 'DELETE', '/again')
      await request(elastic.url, 'PUT', '/again', { mappings: { properties: { n: { type: 'keyword' } } } })
      const { status, stderr } = run(readFileSync(second, 'utf8'), '--index', 'again', '--id', '{id}')
      assert.equal(status, 0, stderr)
      assert.deepEqual(
        await allDocuments(elastic.url, 'again'),
        new Map([
          ['1', { id: 1, n: 'é' }],
          ['2', { id: 2, n: 'x' }]
        ])
      )
      const foreign = run(
        '{"dead_letter":{"tool":"enrich","reason":"x"},"text":"{}"}\n',
        '--index',
        'again',
        '--id',
        '{id}'
      )
      assert.equal(foreign.status, 1)
      assert.match(foreign.stderr, /stdin:1: a dead letter of enrich: it goes back into that tool/)
    })

    test('deleted rows are marked where it is asked for, and come back as they are', async () => {
      const flags = ['--map', 't=marked', '--id', '{id}', '--deletes', 'deleted']
      const events = [
        event('c', null, { id: 1 }, 100),
        event('c', null, { id: 2 }, 101),
        event('d', { id: 1 }, null, 200),
        event('d', { id: 2 }, null, 201),
        event('c', null, { id: 2, n: 2 }, 300)
      ]
      for (let round = 0; round < 2; round++) assert.equal(run(events, ...flags).status, 0)
      assert.deepEqual(
        await allDocuments(elastic.url, 'marked'),
        new Map<string, unknown>([
          ['1', { id: 1, deleted: true }],
          ['2', { id: 2, n: 2 }]
        ])
      )
    })

    test('new indices are made by the mappings given, and settings of theirs', async () => {
      const mappings = join(folder, 'mappings.yaml')
      writeFileSync(
        mappings,
        'mappings:\n  properties:\n    amount: {type: double}\nsettings:\n  number_of_replicas: 0\n'
      )
      const flags = [
        '--index',
        'shaped-{at:YYYY.MM}',
        '--map',
        'other=shaped2',
        '--id',
        '{id}',
        '--mappings',
        mappings
      ]
      const row = { id: 1, at: '2026-11-24T10:00:00', amount: '12.50' }
      assert.equal(run([row], ...flags).status, 0)
      const made = (await request(elastic.url, 'GET', '/shaped-2026.11')) as Record<
        string,
        {
          mappings: { properties: { amount: { type: string } } }
          settings: { index: Record<string, string> }
        }
      >
      const { mappings: shape, settings } = made['shaped-2026.11'] as (typeof made)[string]
      assert.equal(shape.properties.amount.type, 'double')
      assert.deepEqual([settings.index.number_of_replicas, settings.index.gc_deletes], ['0', '1h'])

      await request(elastic.url, 'DELETE', '/_index_template/millrace-shaped2')
      const setup = run('', '--setup-only', ...flags)
      assert.deepEqual([setup.status, setup.stderr], [0, 'es-sink: 2 index templates are in place\n'])
      await request(elastic.url, 'GET', '/_index_template/millrace-shaped2')
      writeFileSync(mappings, '{"properties":{"amount":{"type":"no such"}}}')
      const wrong = run([row], ...flags)
      assert.equal(wrong.status, 3)
      assert.match(wrong.stderr, /refused the index template millrace-shaped2: .*no such/)
      assert.equal(run([row], '--index', 'i', '--id', '{id}', '--mappings', join(folder, 'none')).status, 2)
    })

    test('data streams take events as they come', async () => {
      const flags = ['--index', 'stream-{kind}', '--mode', 'append', '--data-stream']
      const row = { '@timestamp': '2026-11-24T10:00:00Z', kind: 'a' }
      const { status, stderr } = run([row, row], ...flags)
      assert.equal(status, 0, stderr)
      assert.equal((await allDocuments(elastic.url, 'stream-a')).size, 2)
      const made = (await request(elastic.url, 'GET', '/stream-a')) as object
      assert.match(Object.keys(made).join(), /^\.ds-stream-a-/)
      assert.equal(run([row], '--index', 'stream-{kind}', '--id', '{id}', '--data-stream').status, 2)
    })

    test('--check prints what would be sent, and sends nothing', async () => {
      const events = Array.from({ length: 12 }, (_, i) => event('c', null, { id: i }, 100 + i))
      const { status, stdout, stderr } = run(
        [...events.slice(0, 2), { n: 1 }, ...events.slice(2)],
        '--check',
        '--index',
        'unseen',
        '--id',
        '{id}',
        '--policy',
        'weekly'
      )
      assert.equal(status, 0, stderr)
      assert.match(stderr, new RegExp(`is ${name} \\d+\\.\\d+`))
      assert.match(stderr, /everybody may do everything/)
      assert.match(stderr, /stdin:3: --id: the row has no field 'id'/)
      const lines = stdout.trim().split('\n')
      assert.equal(lines[0], 'PUT /_index_template/millrace-unseen')
      assert.match(
        lines[1] as string,
        /"(index\.lifecycle\.name|plugins\.index_state_management\.policy_id)":"weekly"/
      )
      assert.equal(lines.length, 2 + 9 * 2)
      assert.deepEqual([JSON.parse(lines[2] as string).index._id, lines[3]], ['0', '{"id":0}'])
      await assert.rejects(request(elastic.url, 'GET', '/unseen'), /404/)
    })

    test('without a dead-letter file it stops with status 1, names the line, and has written what came before', async () => {
      const { status, stderr } = run(
        '{"id":1}\n{"id":2}\nnonsense\n{"id":3}\n',
        '--index',
        'stops',
        '--id',
        '{id}'
      )
      assert.equal(status, 1)
      assert.match(stderr, /stdin:3: not JSON: expected a value, found 'o'|stdin:3: not JSON/)
      assert.deepEqual([...(await allDocuments(elastic.url, 'stops')).keys()].sort(), ['1', '2'])
    })

    test('input that ends inside a line is status 1, and nothing beyond the last mark is acknowledged', () => {
      const state = join(folder, 'cut')
      const mark = { '@mark': { n: 1, at: { file: 'f', pos: 1 }, ts_ms: 1 } }
      const { status, stderr } = run(
        `{"id":1}\n${JSON.stringify(mark)}\n{"id":2}\n{"id":`,
        '--index',
        'cut',
        '--id',
        '{id}',
        '--state',
        state
      )
      assert.equal(status, 1)
      assert.match(
        stderr,
        /stdin:4: input ended inside a line; it comes again from the last acknowledged mark/
      )
      const acknowledged = JSON.parse(readFileSync(join(state, 'es-sink', 'acknowledged.json'), 'utf8'))
      assert.equal(acknowledged.mark.n, 1)
    })

    test('an index that is read-only holds it up loudly, and it goes on when that is lifted', async () => {
      await request(elastic.url, 'PUT', '/blocked', {})
      await request(elastic.url, 'PUT', '/blocked/_settings', { 'index.blocks.write': true })
      const child = spawn(process.execPath, [BIN, elastic.url, '--index', 'blocked', '--id', '{id}'])
      let stderr = ''
      child.stderr.on('data', chunk => {
        stderr += chunk
      })
      const ended = once(child, 'exit')
      child.stdin.end('{"id":1}\n')
      for (let i = 0; i < 2400 && !stderr.includes('takes nothing for now'); i++) await sleep(50)
      assert.match(stderr, /takes nothing for now, trying on: cluster_block_exception/)
      await request(elastic.url, 'PUT', '/blocked/_settings', { 'index.blocks.write': false })
      assert.deepEqual(await ended, [0, null])
      assert.equal((await allDocuments(elastic.url, 'blocked')).size, 1)
    })

    test('a server that is not there, and one that is none', () => {
      const away = spawnSync(
        process.execPath,
        [BIN, 'http://127.0.0.1:1', '--index', 'i', '--id', '{id}', '--retry-for', '200ms'],
        {
          input: '{}\n',
          encoding: 'utf8'
        }
      )
      assert.equal(away.status, 3)
      assert.match(away.stderr, /^es-sink: cannot reach http:\/\/127\.0\.0\.1:1: connect ECONNREFUSED/)
      for (const [args, message] of [
        [['--id', '{id}'], /--index is missing/],
        [['--index', '{', '--id', 'x'], /unmatched \{/],
        [['--index', 'i', '--id', 'x', '--retry', '3'], /unknown flag --retry \(did you mean --retry-for\?\)/]
      ] as const) {
        const { status, stderr } = run([], ...args)
        assert.equal(status, 2, stderr)
        assert.match(stderr, message)
      }
    })
  })
}

async function hasDocuments(url: string, index: string): Promise<boolean> {
  const response = await fetch(`${url}/${index}/_search?size=0`)
  const body = (await response.json()) as { hits?: { total: { value: number } } }
  return (body.hits?.total.value ?? 0) > 0
}

for (const name of samples(['elasticsearch', 'opensearch'], ['elasticsearch'])) {
  test(`a server that is killed and comes back gets every document: ${name}`, {
    skip: unavailable(name)
  }, async () => {
    await using elastic = await startServer(name)
    const child = spawn(process.execPath, [
      BIN,
      elastic.url,
      '--index',
      'back',
      '--id',
      '{id}',
      '--batch-docs',
      '200'
    ])
    const ended = once(child, 'exit')
    const send = (from: number, to: number) => {
      for (let id = from; id < to; id++) child.stdin.write(`{"id":${id}}\n`)
    }
    send(0, 3000)
    // A server that was never there is not waited for without end.
    while (!(await hasDocuments(elastic.url, 'back'))) await sleep(20)
    await elastic.kill()
    send(3000, 5000)
    await elastic.restart()
    child.stdin.end()
    assert.deepEqual(await ended, [0, null])
    assert.equal((await allDocuments(elastic.url, 'back')).size, 5000)
  })
}
