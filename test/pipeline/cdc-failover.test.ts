import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import type { Connection } from 'mysql2/promise'
import { Folded } from '../mysql/folded.ts'
import { dataLines, events, follows, killRunningTails, RunningTail, tail } from '../mysql/tail.ts'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments } from '../support/elastic.ts'
import { connectTo, promote, replicate, untilSame } from '../support/replication.ts'
import { samples } from '../support/rounds.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const COUNT = 'SELECT COUNT(*) FROM test.t'
/** Ids of the rows that were created, in order. */
const created = (ndjson: string): unknown[] =>
  events(ndjson)
    .filter(({ op }) => op === 'c' || op === 'r')
    .map(event => event.after?.id)
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i)

for (const kind of samples(['mysql', 'mysql80', 'mariadb'], ['mysql', 'mariadb'])) {
  describe(`fail-over to a replica, ${kind}`, { skip: unavailable(kind, 'elasticsearch') }, () => {
    let primary: RunningServer
    let replica: RunningServer
    let onPrimary: Connection
    let onReplica: Connection
    let directory: string

    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), 'millrace-failover-'))
      ;[primary, replica] = await Promise.all([
        startServer(kind),
        startServer(kind, { args: ['--server-id=2'] })
      ])
      ;[onPrimary, onReplica] = await Promise.all([connectTo(primary), connectTo(replica)])
      await replicate(onReplica, primary)
      await onPrimary.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50))')
      if (kind === 'mariadb') {
        await onReplica.query('SET sql_log_bin = 0; GRANT REPLICA MONITOR ON *.* TO cdc; SET sql_log_bin = 1')
      }
      // The replica's files have lower numbers.
      for (let i = 0; i < 5; i++) await onPrimary.query('FLUSH BINARY LOGS')
    })

    afterEach(async () => {
      killRunningTails()
      onPrimary?.destroy()
      onReplica?.destroy()
      for (const server of [primary, replica]) {
        await server?.kill()
        await server?.stop()
      }
      rmSync(directory, { recursive: true })
    })

    const insert = async (connection: Connection, ids: readonly number[]): Promise<void> => {
      for (const id of ids) await connection.query(`INSERT INTO t VALUES (${id}, 'v${id}')`)
    }
    const args = (...more: string[]): string[] => [
      ...[
        cdcUrl(primary, 'test'),
        '--failover',
        cdcUrl(replica, 'test'),
        '--tables',
        't',
        '--mark-every',
        '100ms'
      ],
      ...more
    ]

    test('loses nothing and tells nothing twice, now and when it is started again', async () => {
      const out = join(directory, 'out.ndjson')
      const keep = ['--out', out, '--state', directory]
      const all = (): string => (existsSync(out) ? readFileSync(out, 'utf8') : '')
      await insert(onPrimary, range(1, 10))
      const running = new RunningTail(args(...keep))
      await running.until('the snapshot', () => all().includes('"id":10') && all().includes('"@mark"'))
      await insert(onPrimary, range(11, 20))
      await running.until('the first rows', () => all().includes('"id":20'))
      await untilSame(onPrimary, onReplica, COUNT)
      await primary.kill()
      await promote(onReplica, kind)
      await insert(onReplica, range(21, 40))
      await running.until('the rows after', () => all().includes('"id":40'))
      assert.match(running.stderr, /goes on with/)
      assert.equal((await running.stop()).status, 0)
      await insert(onReplica, range(41, 50))
      const again = await tail(...args(...keep, '--stop-at', 'now'))
      assert.equal(again.status, 0, again.stderr)
      assert.deepEqual(created(all()), range(1, 50))
      const epochs = dataLines(all()).map(line => Number(/"epoch":(\d+)/.exec(line)?.[1] ?? 0))
      assert.deepEqual([epochs[0], epochs.at(-1), epochs[25]], [0, epochs[25], epochs.at(-1)])
      assert.ok((epochs.at(-1) as number) > 0, 'the numbers of files go on')
    })

    // More than lies in buffers on the way; and less, so that the server is lost when its rows have been read.
    for (const width of [400, 30])
      test(`goes on with a snapshot that had begun: each row is told once, ${width} bytes each`, {
        skip: width < 100 && kind !== 'mysql' && 'as with the newer one'
      }, async () => {
        await onPrimary.query('ALTER TABLE t MODIFY v VARCHAR(500)')
        const rows = (from: number, to: number): string =>
          range(from, to)
            .map(id => `(${id}, '${'x'.repeat(width)}')`)
            .join()
        for (let from = 1; from < 40_000; from += 10_000)
          await onPrimary.query(`INSERT INTO t VALUES ${rows(from, from + 9_999)}`)
        const running = new RunningTail(args('--mark-every', '20ms', '--state', directory))
        await running.until('rows', ({ stdout }) => stdout.includes('"op":"r"'))
        running.pause()
        await onPrimary.query(
          'UPDATE t SET id = id + 100000 WHERE id % 100 = 1; DELETE FROM t WHERE id % 100 = 2'
        )
        await untilSame(onPrimary, onReplica, 'SELECT SUM(id) FROM test.t')
        await primary.kill()
        await promote(onReplica, kind)
        await onReplica.query("DELETE FROM t WHERE id % 100 = 3; INSERT INTO t VALUES (0, 'new')")
        running.resume()
        await running.until('the end of the snapshot', ({ stderr }) => /snapshot: \d+ rows/.test(stderr))
        await running.until('the last row', ({ stdout }) => stdout.includes('"new"'))
        const { status, stdout, stderr } = await running.stop()
        assert.equal(status, 0, stderr)
        assert.match(
          stderr,
          width < 100
            ? /goes on with/
            : /the view of the snapshot is lost: .*\n(?:cdc-tail: snapshot: .*\n)*.* does not come back: goes on with/
        )
        const folded = new Folded({ t: ['id'] })
        for (const event of events(stdout)) folded.take(event)
        await folded.assertEquals(onReplica)
      })

    test('waits for a replica that has yet to apply what was read, and ends when it never can', {
      skip: kind === 'mysql80' && 'as with the newer one'
    }, async () => {
      const running = new RunningTail(args('--snapshot', 'never', '--state', directory))
      await running.until('its start', () => follows(running.stdout))
      await untilSame(onPrimary, onReplica, COUNT)
      await onReplica.query(kind === 'mysql' ? 'STOP REPLICA' : 'STOP SLAVE')
      await insert(onPrimary, [1, 2])
      await running.until('rows that the replica lacks', () => created(running.stdout).length === 2)
      await primary.kill()
      await running.until('the wait', () => /yet to apply/.test(running.stderr))
      await promote(onReplica, kind)
      const { status, stderr } = await running.ended
      assert.equal(status, 3)
      assert.match(stderr, /never executed .*, which has been read already/)
    })
  })
}

describe('an index over a fail-over', { skip: unavailable('mysql', 'elasticsearch') }, () => {
  let elastic: BorrowedServer
  before(async () => {
    elastic = await borrowServer('elasticsearch')
  })
  after(async () => {
    killRunningTails()
    await elastic?.stop()
  })

  for (const kind of ['mysql', 'mariadb'] as const) {
    test(`is the table, though the numbers of log files go back: ${kind}`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'millrace-failover-'))
      const [primary, replica] = await Promise.all([
        startServer(kind),
        startServer(kind, { args: ['--server-id=2'] })
      ])
      const [onPrimary, onReplica] = await Promise.all([connectTo(primary), connectTo(replica)])
      try {
        await replicate(onReplica, primary)
        await onPrimary.query('CREATE TABLE t (id INT PRIMARY KEY, n INT)')
        for (let i = 0; i < 5; i++) await onPrimary.query('FLUSH BINARY LOGS')
        await onPrimary.query(
          `INSERT INTO t VALUES ${range(1, 50)
            .map(id => `(${id}, 0)`)
            .join()}`
        )
        const bin = (tool: string): string => resolve(import.meta.dirname, `../../bin/${tool}.js`)
        const command =
          `"${process.execPath}" ${bin('cdc-tail')} ${cdcUrl(primary, 'test')} --failover ${cdcUrl(replica, 'test')} --tables t --mark-every 100ms --state ${directory} | ` +
          `"${process.execPath}" ${bin('es-sink')} ${elastic.url} --index ${kind} --id '{id}' --batch-age 50ms --state ${directory}`
        const pipe = spawn('/bin/sh', ['-c', command], {
          stdio: ['ignore', 'ignore', 'pipe'],
          detached: true
        })
        let stderr = ''
        pipe.stderr.on('data', chunk => {
          stderr += chunk
        })
        const index = async () =>
          JSON.stringify(
            [...(await allDocuments(elastic.url, kind).catch(() => []))]
              .map(([, row]) => row)
              .sort((a, b) => Number(a.id) - Number(b.id))
          )
        const until = async (connection: Connection): Promise<void> => {
          const [rows] = await connection.query('SELECT * FROM t ORDER BY id')
          for (let i = 0; (await index()) !== JSON.stringify(rows); i++) {
            if (i > 300) assert.equal(await index(), JSON.stringify(rows), stderr)
            await new Promise(done => setTimeout(done, 50))
          }
        }
        await until(onPrimary)
        await onPrimary.query('UPDATE t SET n = n + 1; DELETE FROM t WHERE id = 7')
        await until(onPrimary)
        await untilSame(onPrimary, onReplica, 'SELECT SUM(n) FROM test.t')
        await primary.kill()
        await promote(onReplica, kind)
        await onReplica.query(
          'UPDATE t SET n = n + 10 WHERE id < 30; DELETE FROM t WHERE id = 8; INSERT INTO t VALUES (7, 100)'
        )
        await until(onReplica)
        process.kill(-(pipe.pid as number), 'SIGTERM')
        await once(pipe, 'exit')
      } finally {
        onPrimary.destroy()
        onReplica.destroy()
        for (const server of [primary, replica]) {
          await server.kill()
          await server.stop()
        }
        rmSync(directory, { recursive: true })
      }
    })
  }
})
