import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { brief, type ChangeEvent, events, killRunningTails, RunningTail, tail } from '../mysql/tail.ts'
import { cannotPoll, openPolled, type Polled, type PolledKind } from '../support/polled.ts'
import { samples } from '../support/rounds.ts'

const KINDS = samples<PolledKind>(
  ['mysql80', 'mariadb', 'postgres', 'sqlite'],
  ['mysql80', 'postgres', 'sqlite']
)
/** More than a page of rows. */
const MANY = 12_000

const ids = (list: readonly ChangeEvent[]): unknown[] => list.map(event => event.after?.id)

for (const kind of KINDS) {
  describe(`polling ${kind}`, { skip: cannotPoll(kind) }, () => {
    let db: Polled
    const folder = mkdtempSync(join(tmpdir(), 'millrace-poll-'))

    before(async () => {
      db = await openPolled(kind)
      await db.run(
        `CREATE TABLE orders (id ${db.id}, v INT, changed ${db.time}, touched ${db.time.replace(/NOT NULL.*/, 'NULL')})`
      )
    })

    afterEach(async () => {
      killRunningTails()
      await db.run('DELETE FROM orders')
    })

    after(async () => {
      await db?.end()
      rmSync(folder, { recursive: true })
    })

    const insert = (...values: number[]): Promise<void> =>
      db.run(`INSERT INTO orders (v, changed) VALUES ${values.map(v => `(${v}, ${db.now})`).join(', ')}`)

    const poll = (mode: string, ...flags: string[]): RunningTail =>
      new RunningTail([db.url, '--poll', mode, '--tables', 'orders', '--poll-every', '50ms', ...flags])

    const told = (count: number) => (running: RunningTail) => events(running.stdout).length >= count

    test('incrementing: rows that are there are r, new ones c, and none comes twice', async () => {
      await insert(1, 2)
      const running = poll('incrementing')
      await running.until('the first rows', told(2))
      await insert(3)
      await insert(4, 5)
      await running.until('the new rows', told(5))
      await sleep(300)
      const { status, stdout } = await running.stop()
      assert.equal(status, 0)
      assert.deepEqual(
        events(stdout).map(({ op, after }) => [op, after?.v]),
        [
          ['r', 1],
          ['r', 2],
          ['c', 3],
          ['c', 4],
          ['c', 5]
        ]
      )
    })

    test('timestamp: an update is told as u without before, and a row that stays is not told again', async () => {
      await insert(1, 2)
      const running = poll('timestamp', '--poll-timestamp', 'changed')
      await running.until('the first rows', told(2))
      await db.run(`UPDATE orders SET v = 20, changed = ${db.now} WHERE v = 2`)
      await running.until('the update', told(3))
      await insert(3)
      await running.until('the new row', told(4))
      await sleep(300)
      const { stdout } = await running.stop()
      assert.deepEqual(
        events(stdout).map(({ op, before: old, after }) => [op, old, after?.v]),
        [
          ['r', null, 1],
          ['r', null, 2],
          ['u', null, 20],
          ['u', null, 3]
        ]
      )
    })

    test('timestamp+incrementing: a row with a higher id is c, also when it was updated before it was seen', async () => {
      await insert(1)
      const running = poll('timestamp+incrementing', '--poll-timestamp', 'changed')
      await running.until('the first row', told(1))
      await insert(2)
      await running.until('the new row', told(2))
      await db.run(`UPDATE orders SET v = 10, changed = ${db.now} WHERE v = 1`)
      await running.until('the update', told(3))
      const { stdout } = await running.stop()
      assert.deepEqual(
        events(stdout).map(({ op, after }) => [op, after?.v]),
        [
          ['r', 1],
          ['c', 2],
          ['u', 10]
        ]
      )
    })

    test('of several columns the first that is not NULL counts: a row that was never updated is c', async () => {
      await insert(1)
      const running = poll('timestamp', '--poll-timestamp', 'touched,changed')
      await running.until('the first row', told(1))
      await insert(2)
      await running.until('the new row', told(2))
      await db.run(`UPDATE orders SET touched = ${db.now}`)
      await running.until('the updates', told(4))
      const { stdout } = await running.stop()
      const lines = events(stdout).map(({ op, after }) => `${op}${after?.v}`)
      assert.deepEqual([...lines.slice(0, 2), ...lines.slice(2).sort()], ['r1', 'c2', 'u1', 'u2'])
    })

    test('rows of one time over the border of pages are read once each, in order', async () => {
      await db.run(
        `INSERT INTO orders (v, changed) SELECT n, t FROM ${db.numbers(MANY)}, (SELECT ${db.now} AS t) AS c`
      )
      for (const mode of ['timestamp', 'incrementing', 'timestamp+incrementing']) {
        const flags = mode === 'incrementing' ? [] : ['--poll-timestamp', 'changed']
        const { stdout, stderr } = await tail(
          db.url,
          '--poll',
          mode,
          '--tables',
          'orders',
          '--stop-at',
          'now',
          ...flags
        )
        const read = ids(events(stdout)) as number[]
        assert.equal(read.length, MANY, stderr)
        assert.equal(new Set(read).size, MANY)
        assert.ok(
          read.every((id, i) => i === 0 || id > (read[i - 1] as number)),
          `${mode}: in order`
        )
      }
    })

    test('bulk: what differs from the poll before, deleted rows included', async () => {
      await insert(1, 2, 3)
      const running = poll('bulk', '--exclude-columns', 'orders.changed,orders.touched')
      await running.until('the first rows', told(3))
      await db.run('DELETE FROM orders WHERE v = 1')
      await running.until('the deletion', told(4))
      await db.run('UPDATE orders SET v = 20 WHERE v = 2')
      await running.until('the update', told(5))
      await insert(4)
      await running.until('the new row', told(6))
      const { stdout } = await running.stop()
      const list = events(stdout)
      const id = list[0]?.after?.id as number
      assert.deepEqual(list.map(brief), [
        `r null {"id":${id},"v":1}`,
        `r null {"id":${id + 1},"v":2}`,
        `r null {"id":${id + 2},"v":3}`,
        `d {"id":${id},"v":1} null`,
        `u {"id":${id + 1},"v":2} {"id":${id + 1},"v":20}`,
        `c null {"id":${id + 3},"v":4}`
      ])
    })

    test('--snapshot never begins with what is new', async () => {
      await insert(1, 2)
      for (const flags of [['incrementing'], ['timestamp', '--poll-timestamp', 'changed'], ['bulk']]) {
        const running = poll(
          flags[0] as string,
          ...flags.slice(1),
          '--snapshot',
          'never',
          '--mark-every',
          '50ms'
        )
        await running.until('a mark', ({ stdout }) => stdout.includes('@mark'))
        await insert(3)
        await running.until('the new row', told(1))
        const { stdout } = await running.stop()
        assert.deepEqual(
          events(stdout).map(({ op, after }) => [op === 'u' ? 'c' : op, after?.v]),
          [['c', 3]],
          flags[0]
        )
      }
    })

    test('a run resumes after the acknowledged mark: no row is lost, none told twice', async () => {
      await insert(1, 2)
      const state = join(folder, 'resume')
      const out = join(folder, 'resume.ndjson')
      const args = [db.url, '--poll', 'timestamp', '--poll-timestamp', 'changed', '--tables', 'orders']
      const run = () => tail(...args, '--stop-at', 'now', '--state', state, '--out', out)
      for (const v of [3, 4, 5]) {
        const { status, stderr } = await run()
        assert.equal(status, 0, stderr)
        await insert(v)
      }
      await run()
      assert.deepEqual(
        events(readFileSync(out, 'utf8')).map(({ after }) => after?.v),
        [1, 2, 3, 4, 5]
      )
    })

    test('columns are left out and masked, rows chosen, lines plain, as with a log', async () => {
      await insert(1, 2, 3)
      const flags = [
        '--columns',
        'orders.v',
        '--mask',
        'orders.v=redact',
        '--where',
        'orders=v > 1',
        '--flat'
      ]
      const { stdout } = await tail(
        db.url,
        '--poll',
        'incrementing',
        '--tables',
        'orders',
        '--stop-at',
        'now',
        ...flags
      )
      const lines = stdout.split('\n').filter(line => line !== '' && !line.startsWith('{"@'))
      assert.deepEqual(
        lines.map(line => line.replace(/"id":\d+/, '"id":0').replace(/\d{13}/, '0')),
        [2, 3].map(() => '{"id":0,"v":"***","__op":"r","__deleted":"false","__ts_ms":0}')
      )
    })

    test('a query is polled like a table, with the flags on columns and rows', async () => {
      await insert(1, 2, 3)
      const sql = 'SELECT id, v * 2 AS twice, changed FROM orders WHERE v > 1;'
      const incrementing = ['incrementing', '--poll-incrementing', 'id']
      for (const mode of [incrementing, ['timestamp', '--poll-timestamp', 'changed'], ['bulk']]) {
        const flags = [
          '--poll-query',
          sql,
          '--tables',
          'doubles',
          '--where',
          'doubles=twice < 6',
          '--stop-at',
          'now'
        ]
        flags.push('--columns', 'doubles.twice', '--mask', 'doubles.twice=hash')
        const { stdout, stderr } = await tail(db.url, '--poll', ...mode, ...flags)
        const hash = createHash('sha256').update('4').digest('hex')
        assert.deepEqual(
          events(stdout).map(({ after: row, source }) => [row, source.table]),
          [[{ twice: hash }, 'doubles']],
          stderr
        )
      }
    })

    test('a table without a key is polled, rows that are alike included', async () => {
      await db.run(`CREATE TABLE loose (v INT, changed ${db.time})`)
      const [{ t } = {}] = await db.rows(`SELECT ${db.now} AS t`)
      const time =
        typeof t === 'string' ? `'${t}'` : `'${(t as Date).toISOString().slice(0, -1).replace('T', ' ')}'`
      const zoned = kind === 'postgres' ? `timestamptz ${time.replace(/'$/, "+00'")}` : time
      const add = (...values: number[]): Promise<void> =>
        db.run(`INSERT INTO loose VALUES ${values.map(v => `(${v}, ${zoned})`).join(', ')}`)
      await add(1, 1, 2)
      for (const mode of ['timestamp', 'bulk']) {
        const flags = mode === 'bulk' ? [] : ['--poll-timestamp', 'changed']
        const args = ['--poll', mode, '--tables', 'loose', '--poll-every', '50ms', ...flags]
        const running = new RunningTail([db.url, ...args])
        await running.until('the rows', told(3))
        await add(1)
        await running.until('one more of the same', told(4))
        await sleep(200)
        const { stdout } = await running.stop()
        assert.deepEqual(
          events(stdout).map(({ after: row }) => row?.v),
          [1, 1, 2, 1]
        )
        await db.run(`DELETE FROM loose`)
        await add(1, 1, 2)
      }
    })
  })
}
