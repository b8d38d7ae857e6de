import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { Log } from '../../src/lib/cli/log.ts'
import type { Clock, PollTable, Term } from '../../src/lib/poll/database.ts'
import { PollLines } from '../../src/lib/poll/lines.ts'
import { type OrderFlags, orderOf, type PollMode } from '../../src/lib/poll/order.ts'
import { RangePoll } from '../../src/lib/poll/range-poll.ts'
import { SqliteDatabase } from '../../src/lib/poll/sqlite.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { temporaryFolder } from '../stream/temporary.ts'

const OVERLAP = 1000
const log = new Log({ tool: 'test', json: false, quiet: true })
const rules = { of: () => [], mask: () => {} }
const BEGIN = 1_700_000_000_000

/** SQLite with a clock that is set. */
class ClockedDatabase extends SqliteDatabase {
  nowMs = 0

  override async clock(table: PollTable, term: Term | null, beforeMs: number): Promise<Clock> {
    // It also learns how times are stored.
    await super.clock(table, term, beforeMs)
    return { ms: this.nowMs, now: String(this.nowMs), earlier: String(this.nowMs - beforeMs) }
  }
}

/** A transaction writes one row: its id and time are taken at the start, and it is seen when it is committed. */
interface Transaction {
  readonly start: number
  readonly commit: number
}

interface Row {
  readonly id: number
  readonly changed: number
}

interface Happening {
  readonly at: number
  readonly row?: Row
}

/** What happens, in order: commits of rows and polls. Ids are taken in the order of the starts. */
function timeline(transactions: readonly Transaction[], polls: readonly number[]): Happening[] {
  const begun = [...transactions].sort((a, b) => a.start - b.start)
  const commits = begun.map(({ start, commit }, i) => ({
    at: BEGIN + commit,
    row: { id: i + 1, changed: BEGIN + start }
  }))
  const last = Math.max(0, ...transactions.map(({ commit }) => commit))
  const all: Happening[] = [...commits, ...[...polls, last, last].map(at => ({ at: BEGIN + at }))]
  // A poll at the moment of a commit comes after it.
  return all.sort((a, b) => a.at - b.at || Number(b.row !== undefined) - Number(a.row !== undefined))
}

let files = 0

async function toldBy(folder: string, mode: PollMode, happenings: readonly Happening[]): Promise<number[]> {
  const path = join(folder, `${files++}.db`)
  const writer = new DatabaseSync(path)
  writer.exec('PRAGMA synchronous = OFF; CREATE TABLE t (id INTEGER PRIMARY KEY, changed INTEGER NOT NULL)')
  const database = new ClockedDatabase({ kind: 'sqlite', path, database: 'polled', display: path }, rules)
  await database.connect()
  const table = await database.describe({ database: 'main', name: 't' })
  assert.ok(table !== null)
  const flags: OrderFlags = {
    mode,
    incrementing: undefined,
    timestamps: mode === 'incrementing' ? [] : ['changed']
  }
  const order = orderOf(database, table, flags)
  const w = new ByteWriter()
  const run = {
    ops: new Set(['c', 'u', 'r']),
    tellsFirst: true,
    bytes: () => w,
    rowsOf: () => {},
    pause: async () => true,
    between: async () => true
  }
  const lines = new PollLines('0', 'sqlite', 'test', null)
  let poll = new RangePoll(database, lines, log, OVERLAP, null)
  for (const { at, row } of happenings) {
    if (row !== undefined) writer.exec(`INSERT INTO t VALUES (${row.id}, ${row.changed})`)
    else {
      database.nowMs = at
      await poll.poll(table, order, run)
      // As a run does that resumes from a mark.
      const { offset } = poll
      const saved = poll.save()
      poll = new RangePoll(database, lines, log, OVERLAP, null)
      poll.load(JSON.parse(JSON.stringify(offset)), saved)
    }
  }
  database.close()
  writer.close()
  return w
    .written()
    .toString()
    .split('\n')
    .filter(line => line !== '')
    .map(line => (JSON.parse(line) as { after: { id: number } }).after.id)
}

test('a clock that goes back loses no row, and is warned of', async t => {
  const rows = [10_000, 11_000, 5_000, 5_500, 11_500].map((changed, i) => ({
    id: i + 1,
    changed: BEGIN + changed
  }))
  const [a, b, c, d, e] = rows as [Row, Row, Row, Row, Row]
  const write = t.mock.method(process.stderr, 'write', () => true)
  const told = await toldBy(temporaryFolder(t), 'timestamp', [
    { at: 0, row: a },
    { at: BEGIN + 10_500 },
    { at: 0, row: b },
    { at: 0, row: c },
    { at: BEGIN + 5_100 },
    { at: 0, row: d },
    { at: BEGIN + 5_600 },
    { at: BEGIN + 5_700 },
    { at: 0, row: e },
    ...[8_000, 10_800, 11_600].map(at => ({ at: BEGIN + at }))
  ])
  assert.match(
    write.mock.calls.map(call => String(call.arguments[0])).join(''),
    /clock of .* went back by 5400 ms/
  )
  assert.deepEqual([...new Set(told)].sort(), [1, 2, 3, 4, 5])
})

const transactions = fc.array(
  fc
    .record({ start: fc.nat(4000), length: fc.nat(OVERLAP) })
    .map(({ start, length }) => ({ start, commit: start + length })),
  { minLength: 1, maxLength: 30 }
)
const polls = fc.array(fc.nat(5500), { maxLength: 40 })

for (const mode of ['incrementing', 'timestamp', 'timestamp+incrementing'] as const) {
  test(`${mode}: whenever it is polled, each row that is committed within the overlap is told once`, async t => {
    const folder = temporaryFolder(t)
    await fc.assert(
      fc.asyncProperty(transactions, polls, async (begun, asked) => {
        const told = await toldBy(folder, mode, timeline(begun, asked))
        assert.deepEqual(
          told.sort((a, b) => a - b),
          begun.map((_, i) => i + 1)
        )
      }),
      { numRuns: 200 }
    )
  })
}
