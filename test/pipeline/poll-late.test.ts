import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { events, killRunningTails, RunningTail, tail } from '../mysql/tail.ts'
import { cannotPoll, openPolled, type Polled, type Session } from '../support/polled.ts'
import { samples } from '../support/rounds.ts'

const MODES = [
  ['incrementing'],
  ['timestamp', '--poll-timestamp', 'changed'],
  ['timestamp+incrementing', '--poll-timestamp', 'changed']
] as const

/** Rows that the JDBC source loses: those committed after others that took their number or time later. */
for (const kind of samples(['mysql80', 'mariadb', 'postgres'], ['mysql80', 'postgres'])) {
  describe(`rows that are committed late: ${kind}`, { skip: cannotPoll(kind) }, () => {
    let db: Polled
    let first: Session
    let second: Session
    const folder = mkdtempSync(join(tmpdir(), 'millrace-poll-late-'))

    before(async () => {
      db = await openPolled(kind)
      first = await db.session()
      second = await db.session()
      await db.run(`CREATE TABLE orders (id ${db.id}, v INT, changed ${db.time})`)
    })

    afterEach(async () => {
      killRunningTails()
      // What a failed test has left open.
      await first.run('ROLLBACK')
      await db.run('DELETE FROM orders')
    })

    after(async () => {
      await first?.end()
      await second?.end()
      await db?.end()
      rmSync(folder, { recursive: true })
    })

    const insert = (session: Session, v: number): Promise<void> =>
      session.run(`INSERT INTO orders (v, changed) VALUES (${v}, ${db.now})`)

    const values = (ndjson: string): unknown[] => events(ndjson).map(({ after: row }) => row?.v)

    const sees = (v: number) => (running: RunningTail) => values(running.stdout).includes(v)

    for (const [mode, ...flags] of MODES) {
      const args = (): string[] => [db.url, '--poll', mode, '--tables', 'orders', ...flags]

      test(`${mode}: the lower of two open transactions is committed later`, async () => {
        await insert(db, 0)
        const running = new RunningTail([...args(), '--poll-every', '50ms'])
        await running.until('the first row', sees(0))
        await first.run('BEGIN')
        await insert(first, 1)
        await second.run('BEGIN')
        await insert(second, 2)
        await second.run('COMMIT')
        await running.until('the row that was committed first', sees(2))
        // Many polls, and rows behind it, while the first stays open.
        for (let v = 3; v < 8; v++) {
          await insert(db, v)
          await sleep(60)
        }
        await running.until('the rows behind', sees(7))
        await first.run('COMMIT')
        await running.until('the row that was committed late', sees(1))
        await sleep(200)
        const { stdout } = await running.stop()
        assert.deepEqual(values(stdout).sort(), [0, 1, 2, 3, 4, 5, 6, 7])
      })

      if (mode === 'timestamp+incrementing') continue

      test(`${mode}: it was open before the first poll`, async () => {
        await first.run('BEGIN')
        await insert(first, 1)
        await insert(db, 2)
        const running = new RunningTail([...args(), '--poll-every', '50ms'])
        await running.until('the committed row', sees(2))
        await sleep(200)
        await first.run('COMMIT')
        await running.until('the row that was committed late', sees(1))
        const { stdout } = await running.stop()
        assert.deepEqual(values(stdout).sort(), [1, 2])
      })

      test(`${mode}: it is committed while no run reads`, async () => {
        const state = join(folder, mode)
        const out = join(folder, `${mode}.ndjson`)
        const run = () => tail(...args(), '--stop-at', 'now', '--state', state, '--out', out)
        await insert(db, 0)
        assert.equal((await run()).status, 0)
        await first.run('BEGIN')
        await insert(first, 1)
        await insert(db, 2)
        assert.equal((await run()).status, 0)
        await first.run('COMMIT')
        assert.equal((await run()).status, 0)
        assert.equal((await run()).status, 0)
        assert.deepEqual(values(readFileSync(out, 'utf8')), [0, 2, 1])
      })

      test(`${mode}: past the overlap it is not looked for any more, and nothing else is lost`, async () => {
        await insert(db, 0)
        const running = new RunningTail([...args(), '--poll-every', '50ms', '--poll-overlap', '200ms'])
        await running.until('the first row', sees(0))
        await first.run('BEGIN')
        await insert(first, 1)
        // A time is looked for one second longer than the overlap: columns may hold whole seconds.
        for (let v = 2; v < 12; v++) {
          await insert(db, v)
          await sleep(250)
        }
        await first.run('COMMIT')
        await insert(db, 12)
        await running.until('the row behind', sees(12))
        const { stdout } = await running.stop()
        assert.deepEqual(values(stdout), [0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
      })
    }

    if (kind !== 'postgres') {
      test('what is not committed is not told, whatever the defaults of the server', async () => {
        const isolation = kind === 'mysql80' ? 'transaction_isolation' : 'tx_isolation'
        await db.run(`SET GLOBAL ${isolation} = 'READ-UNCOMMITTED', GLOBAL autocommit = 0`)
        try {
          await insert(db, 0)
          const running = new RunningTail([
            db.url,
            '--poll',
            'incrementing',
            '--tables',
            'orders',
            '--poll-every',
            '50ms'
          ])
          await running.until('the first row', sees(0))
          await first.run('BEGIN')
          await insert(first, 1)
          await insert(db, 2)
          await running.until('the committed row', sees(2))
          await first.run('ROLLBACK')
          await insert(db, 3)
          await running.until('the row behind', sees(3))
          const { stdout } = await running.stop()
          assert.deepEqual(values(stdout), [0, 2, 3])
        } finally {
          await db.run(`SET GLOBAL ${isolation} = 'REPEATABLE-READ', GLOBAL autocommit = 1`)
        }
      })
    }

    test('an update that is committed late is told, and so is what it hid', async () => {
      await insert(db, 1)
      const flags = ['--poll-timestamp', 'changed', '--poll-every', '50ms']
      const running = new RunningTail([db.url, '--poll', 'timestamp', '--tables', 'orders', ...flags])
      await running.until('the first row', sees(1))
      await first.run('BEGIN')
      const [row] = await db.rows('SELECT id FROM orders')
      await first.run(`UPDATE orders SET v = 10, changed = ${db.now} WHERE id = ${row?.id}`)
      await insert(db, 2)
      await running.until('the row behind', sees(2))
      await first.run('COMMIT')
      await running.until('the update', sees(10))
      const { stdout } = await running.stop()
      assert.deepEqual(values(stdout), [1, 2, 10])
    })

    test('several changes within the second that a column holds are all told', async () => {
      await db.run(
        `CREATE TABLE seconds (id INT PRIMARY KEY, v INT, changed ${kind === 'postgres' ? 'timestamptz(0)' : 'DATETIME NOT NULL'})`
      )
      const now = kind === 'postgres' ? "date_trunc('second', clock_timestamp())" : 'NOW()'
      await db.run(`INSERT INTO seconds VALUES (1, 0, ${now})`)
      const flags = ['--poll-timestamp', 'changed', '--poll-every', '20ms', '--poll-overlap', '1s']
      const running = new RunningTail([db.url, '--poll', 'timestamp', '--tables', 'seconds', ...flags])
      await running.until('the first row', sees(0))
      for (let v = 1; v <= 40; v++) {
        await db.run(`UPDATE seconds SET v = ${v}, changed = ${now}`)
        await running.until(`change ${v}`, sees(v))
      }
      const { stdout } = await running.stop()
      assert.deepEqual(
        values(stdout),
        Array.from({ length: 41 }, (_, v) => v)
      )
    })
  })
}
