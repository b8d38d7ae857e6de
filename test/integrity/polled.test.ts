import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChangeEvent, events, killRunningTails, RunningTail, tail } from '../mysql/tail.ts'
import { cannotPoll, openPolled, type Polled, type PolledKind, type Session } from '../support/polled.ts'

const KILLS = 20

const CASES: readonly (readonly [PolledKind, mode: string, ...flags: string[]])[] = [
  ['mysql80', 'timestamp', '--poll-timestamp', 'changed'],
  ['mariadb', 'incrementing'],
  ['postgres', 'timestamp+incrementing', '--poll-timestamp', 'changed'],
  ['sqlite', 'bulk']
]

/** Writes until it is stopped: each value of v is new, so that each state of a row can be told from all others. */
class Writer {
  readonly #db: Polled
  readonly #mode: string
  readonly #values: Iterator<number>
  readonly #session: Session
  #isStopped = false
  readonly #done: Promise<void>

  constructor(db: Polled, session: Session, mode: string, values: Iterator<number>) {
    this.#db = db
    this.#session = session
    this.#mode = mode
    this.#values = values
    this.#done = this.#write()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#done
    await this.#session.end()
  }

  async #write(): Promise<void> {
    const { now, kind } = this.#db
    const session = this.#session
    const ids: unknown[] = []
    while (!this.#isStopped) {
      // SQLite has one writer at a time, which must not sleep.
      const isOpen = kind !== 'sqlite' && Math.random() < 0.3
      if (isOpen) await session.run('BEGIN')
      const count = Math.random() < 0.1 ? 500 : 3
      const rows = Array.from({ length: count }, () => `(${this.#values.next().value}, ${now})`)
      await session.run(`INSERT INTO orders (v, changed) VALUES ${rows.join(', ')}`)
      const [newest] = await session.rows('SELECT MAX(id) AS id FROM orders')
      if (this.#mode !== 'incrementing' && ids.length > 0) {
        const id = ids[Math.floor(Math.random() * ids.length)]
        await session.run(
          `UPDATE orders SET v = ${this.#values.next().value}, changed = ${now} WHERE id = ${id}`
        )
        if (this.#mode === 'bulk') await session.run(`DELETE FROM orders WHERE id = ${ids.shift()}`)
      }
      if (isOpen) {
        await sleep(Math.random() * 100)
        await session.run('COMMIT')
      }
      ids.push(newest?.id)
      await sleep(Math.random() * 20)
    }
  }
}

function* numbers(): Generator<number, never> {
  for (let n = 1; ; n++) yield n
}

for (const [kind, mode, ...flags] of CASES) {
  describe(`polling ${kind} by ${mode}, killed ${KILLS} times`, { skip: cannotPoll(kind) }, () => {
    let db: Polled
    const folder = mkdtempSync(join(tmpdir(), 'millrace-poll-kills-'))

    before(async () => {
      db = await openPolled(kind)
      await db.run(`CREATE TABLE orders (id ${db.id}, v INT, changed ${db.time})`)
    })

    after(async () => {
      killRunningTails()
      await db?.end()
      rmSync(folder, { recursive: true })
    })

    test('what was told makes up the table, and nothing was told twice', async () => {
      const values = numbers()
      const writers = [new Writer(db, await db.session(), mode, values)]
      // Two that update the same rows might wait for each other.
      if (mode === 'incrementing') writers.push(new Writer(db, await db.session(), mode, values))
      const out = join(folder, 'out.ndjson')
      const args = [db.url, '--poll', mode, ...flags, '--tables', 'orders', '--out', out]
      const state = join(folder, 'state')
      args.push('--state', state, '--poll-overlap', '10s')
      const resumed = new Set<string | undefined>()
      for (let kill = 0; kill < KILLS; kill++) {
        const running = new RunningTail([...args, '--poll-every', '20ms', '--mark-every', '50ms'])
        // At any moment, and every other time after a mark, so that the next begins at another place.
        if (kill % 2 === 1) await acknowledges(state, running)
        await sleep(Math.random() * 300)
        const { stderr } = await running.stop('SIGKILL')
        assert.doesNotMatch(stderr, /error/, stderr)
        resumed.add(/resumes after mark (\d+)/.exec(stderr)?.[1])
      }
      await Promise.all(writers.map(writer => writer.stop()))
      const { status, stderr } = await tail(...args, '--stop-at', 'now')
      assert.equal(status, 0, stderr)

      assert.ok(resumed.size > 4, `resumed at ${[...resumed]}`)
      const list = events(readFileSync(out, 'utf8'))
      const rows = await db.rows('SELECT id, v FROM orders')
      assert.ok(rows.length > 100, `${rows.length} rows`)
      const now = new Map(rows.map(({ id, v }) => [Number(id), Number(v)]))
      assert.deepEqual(
        new Map([...applied(list)].sort(([a], [b]) => a - b)),
        new Map([...now].sort(([a], [b]) => a - b))
      )
      const states = list.filter(({ op }) => op !== 'd').map(({ after: row }) => `${row?.id}:${row?.v}`)
      assert.equal(states.length, new Set(states).size, 'a state of a row was told twice')
      if (mode === 'bulk') assert.ok(list.some(({ op }) => op === 'd'))
    })
  })
}

/** Waits until a run has acknowledged one mark more. */
async function acknowledges(state: string, running: RunningTail): Promise<void> {
  const newest = (): string => {
    const file = join(state, 'cdc-tail', 'acknowledged.json')
    return existsSync(file) ? readFileSync(file, 'utf8') : ''
  }
  const before = newest()
  await running.until('a mark', () => newest() !== before)
}

/** The table that the events leave. */
function applied(list: readonly ChangeEvent[]): Map<number, number> {
  const rows = new Map<number, number>()
  for (const { op, before: old, after: row } of list) {
    if (op === 'd') rows.delete(Number(old?.id))
    else rows.set(Number(row?.id), Number(row?.v))
  }
  return rows
}
