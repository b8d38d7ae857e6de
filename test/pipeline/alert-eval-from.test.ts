/** alert-eval on documents that are in an index already: those that are there, those that come, and what goes wrong. */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { folder, ndjson } from '../rules/rules.ts'
import { request } from '../support/elastic.ts'
import { randomNumbers } from '../support/random.ts'
import { samples } from '../support/rounds.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const BIN = path.resolve(import.meta.dirname, '../../bin/alert-eval.js')
const START = Date.UTC(2026, 10, 24, 10)

type Document = Record<string, unknown>

const each = 'name: each\ntype: any\nindex: x\nalert: debug\nrealert: {minutes: 0}\n'

function alertEval(args: readonly string[]): { child: ChildProcess; ended: Promise<[number, string]> } {
  const child = spawn(process.execPath, [BIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]): [number, string] => [code as number, stderr])
  return { child, ended }
}

/** Runs to the end, and fails unless all is well. */
async function run(args: readonly string[]): Promise<string> {
  const [status, stderr] = await alertEval(args).ended
  assert.equal(status, 0, stderr)
  return stderr
}

interface Alert {
  readonly rule: string
  readonly match: Document
}

function alertsIn(file: string): Alert[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Alert)
}

function idsIn(file: string): string[] {
  return alertsIn(file).map(({ match }) => String(match._id))
}

async function until(holds: () => boolean, what: string, limitMs = 30_000): Promise<void> {
  for (const start = Date.now(); !holds(); await sleep(50)) {
    if (Date.now() - start > limitMs) assert.fail(`in vain: ${what}`)
  }
}

/** Servers on which it is tried, too, how documents come, and what becomes of kills and restarts. */
const FOLLOWED = samples(['elasticsearch', 'opensearch'], ['elasticsearch'])

for (const name of ['elasticsearch', 'opensearch'] as const) {
  const skip = !FOLLOWED.includes(name) && 'only with MILLRACE_THOROUGH=1'

  describe(`alert-eval --from ${name}`, { skip: unavailable(name) }, () => {
    let server: RunningServer
    before(async () => {
      server = await startServer(name)
    })
    after(() => server?.stop())

    const from = (index: string): string => `es://127.0.0.1:${server.port}/${index}`

    async function make(index: string, shards: number, properties: Document = {}): Promise<void> {
      await request(server.url, 'PUT', `/${index}`, {
        settings: { number_of_shards: shards, number_of_replicas: 0, refresh_interval: '200ms' },
        mappings: { properties: { '@timestamp': { type: 'date' }, ...properties } }
      })
    }

    async function write(index: string, documents: readonly Document[], refresh = 'false'): Promise<void> {
      const lines = documents.flatMap(document => [
        { index: { _index: index, _id: String(document.id) } },
        document
      ])
      const response = await fetch(`${server.url}/_bulk?refresh=${refresh}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: ndjson(lines)
      })
      const { errors } = (await response.json()) as { errors: boolean }
      assert.equal(errors, false)
    }

    test('documents that are there give the alerts that they give from a file, in the order of their time', async t => {
      const random = randomNumbers(3)
      const first = Math.floor(Date.now() / 1000 - 1520) * 1000
      const documents = Array.from({ length: 6000 }, (_, id) => ({
        id,
        '@timestamp': new Date(first + id * 250 + Math.floor(random() * 250)).toISOString(),
        user: { name: `ü${Math.floor(random() * 20)}`, ok: random() < 0.9 },
        amount: [49, '10.50', 1e21][id % 3],
        text: random() < 0.1 ? 'a "quoted"\nline\\' : 'plain'
      }))
      const written = documents.map(document => JSON.stringify(document))
      await make('there-1', 3, { amount: { type: 'object', enabled: false } })
      await make('there-2', 1, { amount: { type: 'object', enabled: false } })
      const indexOf = (id: number): string => (id % 3 === 0 ? 'there-2' : 'there-1')
      const shuffled = documents.toSorted(() => random() - 0.5)
      for (let i = 0; i < shuffled.length; i += 3000) {
        const part = shuffled.slice(i, i + 3000)
        const lines = part.map(({ id }) => {
          const action = JSON.stringify({ index: { _index: indexOf(id), _id: String(id) } })
          return `${action}\n${written[id]}\n`
        })
        const response = await fetch(`${server.url}/_bulk?refresh=true`, {
          method: 'POST',
          headers: { 'content-type': 'application/x-ndjson' },
          body: lines.join('')
        })
        assert.equal(((await response.json()) as { errors: boolean }).errors, false)
      }
      const dir = folder(t, {
        'each.yaml': `${each}filter: [{query_string: {query: "text:quoted"}}]\n`,
        'often.yaml':
          'name: often\ntype: frequency\nindex: x\nalert: debug\nnum_events: 3\ntimeframe: {seconds: 20}\nquery_key: user.name\nrealert: {minutes: 1}\nfilter: [{term: {user.ok: false}}]\n',
        'low.yaml':
          'name: low\ntype: flatline\nindex: x\nalert: debug\nthreshold: 13\ntimeframe: {seconds: 4}\nfilter: [{wildcard: {_index: "*-1"}}]\ninclude: [id]\nrealert: {minutes: 0}\n'
      })
      const lines = documents.map(({ id }) =>
        written[id]?.replace(/}$/, `,"_id":"${id}","_index":"${indexOf(id)}"}\n`)
      )
      writeFileSync(path.join(dir, 'file.ndjson'), lines.join(''))
      const [ours, files] = [path.join(dir, 'index.out'), path.join(dir, 'file.out')]
      const args = ['--rules', dir, '--run-every', '1s', '--quiet']
      const where = ['--start', 'earliest', '--stop-at', 'now', '--time-field', '@timestamp']
      await run([...args, '--from', from('there-*'), ...where, '--out', ours])
      await run([...args, '--in', path.join(dir, 'file.ndjson'), '--out', files])
      // behind the last document it is told of the time that has passed since
      const last = first + documents.length * 250 - 1000
      const within = ({ match }: Alert): boolean => Date.parse(String(match['@timestamp'])) < last
      const [alerts, expected] = [alertsIn(ours).filter(within), alertsIn(files).filter(within)]
      assert.deepEqual(alerts, expected)
      for (const rule of ['each', 'often', 'low']) {
        assert.ok(alerts.filter(alert => alert.rule === rule).length > 10, `${rule} is not put to the test`)
      }
    })

    test('documents that come are found within seconds, late ones too, each once; and what does not come is noticed', {
      skip
    }, async t => {
      await make('follow', 2)
      const dir = folder(t, {
        'each.yaml': each,
        'silent.yaml':
          'name: silent\ntype: flatline\nindex: x\nalert: debug\nthreshold: 1\ntimeframe: {seconds: 2}\nrealert: {hours: 1}\n'
      })
      const out = path.join(dir, 'out')
      const where = ['--from', from('follow'), '--run-every', '1s', '--poll-overlap', '3s']
      const { child, ended } = alertEval(['--rules', dir, ...where, '--out', out, '--quiet'])
      t.after(() => child.kill('SIGKILL'))
      const found = (rule: string): Alert[] => alertsIn(out).filter(alert => alert.rule === rule)
      let id = 0
      const now = (agoMs: number): Document => ({
        id: id++,
        '@timestamp': new Date(Date.now() - agoMs).toISOString()
      })
      for (let i = 0; i < 20; i++) {
        await write('follow', [now(0), now(1), ...(i % 3 === 0 ? [now(1500)] : [])])
        await sleep(100)
      }
      await until(() => found('each').length >= id, 'all documents')
      const late = now(2000)
      await write('follow', [late])
      await until(() => found('each').length >= id, 'the late document')
      await until(() => found('silent').length > 0, 'silence')
      await sleep(1500)
      child.kill('SIGTERM')
      assert.equal((await ended)[0], 0)
      const ids = found('each').map(({ match }) => Number(match._id))
      assert.deepEqual(
        ids.toSorted((a, b) => a - b),
        Array.from({ length: id }, (_, i) => i)
      )
    })

    test('a run that is killed again and again tells of each document once', {
      skip,
      timeout: 120_000
    }, async t => {
      await make('killed', 2)
      const dir = folder(t, { 'each.yaml': each })
      const out = path.join(dir, 'out')
      const args = [
        ...[
          '--rules',
          dir,
          '--from',
          from('killed'),
          '--start',
          'earliest',
          '--state',
          path.join(dir, 'state')
        ],
        ...['--out', out, '--quiet']
      ]
      let id = 0
      let isWriting = true
      const writing = (async () => {
        while (isWriting) {
          const documents = Array.from({ length: 40 }, () => ({
            id: id++,
            '@timestamp': new Date(Date.now() - Math.floor(Math.random() * 300)).toISOString()
          }))
          await write('killed', documents)
          await sleep(20)
        }
      })()
      const random = randomNumbers(Date.now() % 1e6)
      let seen = 0
      for (let kills = 0; kills < 5; kills++) {
        const { child, ended } = alertEval(args)
        t.after(() => child.kill('SIGKILL'))
        const before = seen
        await until(() => idsIn(out).length > before + 200, `alerts after kill ${kills}`)
        await sleep(random() * 800)
        child.kill('SIGKILL')
        await ended
        seen = idsIn(out).length
      }
      isWriting = false
      await writing
      await request(server.url, 'POST', '/killed/_refresh')
      await run([...args, '--stop-at', 'now'])
      const ids = idsIn(out).map(Number)
      assert.equal(ids.length, id)
      assert.equal(new Set(ids).size, id)
      // nothing new: nothing more
      await run([...args, '--stop-at', 'now'])
      assert.equal(idsIn(out).length, id)
    })

    test('reads by dates of nanoseconds, and by numbers of seconds', async t => {
      await make('nanos', 1, { at: { type: 'date_nanos' } })
      await make('seconds', 1, { at: { type: 'double' } })
      const nanos = ['100000003', '100000001', '100000002'].map((digits, id) => ({
        id,
        at: `2026-11-24T10:00:00.${digits}Z`
      }))
      const seconds = [3.5, 1.25, 2].map((after, id) => ({ id, at: START / 1000 + after }))
      await write('nanos', nanos, 'true')
      await write('seconds', seconds, 'true')
      for (const [index, type] of [
        ['nanos', 'iso'],
        ['seconds', 'unix']
      ] as const) {
        const rule = `${each}timestamp_field: at\ntimestamp_type: ${type}\n`
        const dir = folder(t, { 'each.yaml': rule })
        const out = path.join(dir, 'out')
        await run(['--test', dir, '--from', from(index), '--stop-at', 'now', '--out', out])
        assert.deepEqual(idsIn(out), ['1', '2', '0'], index)
      }
    })

    test('waits for a server that goes away, and goes on where it was', {
      skip,
      timeout: 180_000
    }, async t => {
      await make('away', 1)
      const dir = folder(t, { 'each.yaml': each })
      const out = path.join(dir, 'out')
      const { child, ended } = alertEval(['--rules', dir, '--from', from('away'), '--out', out])
      t.after(() => child.kill('SIGKILL'))
      const at = (): string => new Date().toISOString()
      await write('away', [{ id: 0, '@timestamp': at() }])
      await until(() => idsIn(out).length === 1, 'the first document')
      await server.restart()
      await write('away', [{ id: 1, '@timestamp': at() }])
      await until(() => idsIn(out).length === 2, 'the document after the restart', 60_000)
      child.kill('SIGTERM')
      assert.equal((await ended)[0], 0)
      assert.deepEqual(idsIn(out), ['0', '1'])
    })

    test('says what is wrong: an index that is not there, a field that is no date, options', async t => {
      await make('wrong', 1, { word: { type: 'keyword' } })
      const dir = folder(t, { 'each.yaml': each })
      for (const [args, status, message] of [
        [[from('no-such')], 3, /has no index 'no-such': index_not_found_exception/],
        [[from('wrong'), '--time-field', 'word'], 1, /'word' of wrong is keyword, and no date/],
        [[from('wrong'), '--in', 'x.ndjson'], 2, /--from and --in both/],
        [[from('wrong'), '--start', 'monday'], 2, /--start monday: earliest, latest, or a time/],
        [[`${from('wrong')}?colour=red`], 2, /unknown parameter 'colour'/],
        [['es://127.0.0.1:9200'], 2, /an index is missing/]
      ] as const) {
        const [code, stderr] = await alertEval(['--rules', dir, '--stop-at', 'now', '--from', ...args]).ended
        assert.equal(code, status, stderr)
        assert.match(stderr, message)
      }
      const stderr = await run(['--rules', dir, '--from', from('no-such-*'), '--stop-at', 'now', '--quiet'])
      assert.match(stderr, /no-such-\*: no document has '@timestamp' yet/)
    })
  })
}

async function gate(t: TestContext, status: number): Promise<string> {
  const server = createServer((incoming, response) => {
    const isKnown = incoming.headers.authorization === `Basic ${btoa('app:s@cret')}`
    response
      .writeHead(isKnown ? status : 401)
      .end('{"error":{"type":"security_exception","reason":"unable to authenticate user [app]"}}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('alert-eval --from ends with status 3 for a wrong password, and for a server that is not there', async t => {
  const dir = folder(t, { 'each.yaml': each })
  const host = await gate(t, 503)
  for (const [url, message] of [
    [`es://app:wrong@${host}/x`, /refused: 401 security_exception: unable to authenticate user \[app\]/],
    // it is known to the server, which has no time
    [
      `es://app:s%40cret@${host}/x`,
      /cannot reach http:\/\/app:\*\*\*@127.0.0.1:\d+: answers with status 503/
    ],
    ['es://127.0.0.1:9/x', /cannot reach http:\/\/127.0.0.1:9: .*ECONNREFUSED/]
  ] as const) {
    const [status, stderr] = await alertEval(['--rules', dir, '--from', url, '--retry-for', '1s']).ended
    assert.equal(status, 3, stderr)
    assert.match(stderr, message)
    assert.doesNotMatch(stderr, /wrong|s@cret|s%40cret/)
  }
})
