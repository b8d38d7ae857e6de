import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { blockOf, change, created, parseLines, type Row, run, strictQuery } from './events.ts'

const at = (seconds: number): string => new Date(Date.UTC(2026, 10, 24, 10) + seconds * 1000).toISOString()
const bet = (id: number, seconds: number, player = 1, amount = 1): Row => ({
  id,
  player,
  amount,
  at: at(seconds)
})

const bySession = (items: string, more = ''): string =>
  `SELECT ${items} FROM TABLE(SESSION(TABLE joins PARTITION BY player, DESCRIPTOR(at), INTERVAL '10' SECOND))
    GROUP BY player, window_start, window_end${more}`
const counts = bySession('player, window_start, window_end, COUNT(*) AS n, SUM(amount) AS sum')

/** Sessions as `player start–end n`, times in seconds. */
const shown = (rows: Row[]): string[] =>
  rows.map(row => {
    const second = (time: unknown): number => (Date.parse(`${time}Z`) - Date.UTC(2026, 10, 24, 10)) / 1000
    return `${row.player} ${second(row.window_start)}–${second(row.window_end)} ${row.n}`
  })

test('a session is the rows of a key that are less than the gap apart, and ends the gap after the last', () => {
  const lines = [bet(1, 0), bet(2, 4), bet(3, 7, 2), bet(4, 13), bet(5, 40)].map(row => created(row))
  assert.deepEqual(shown(run(counts, lines).rows), ['2 7–17 1', '1 0–23 3', '1 40–50 1'])
})

test('rows exactly the gap apart are in one session, a millisecond more makes two', () => {
  const lines = [bet(1, 0), bet(2, 10), bet(3, 20.001)].map(row => created(row))
  assert.deepEqual(shown(run(counts, lines, { watermarkDelay: 60_000 }).rows), [
    '1 0–20 2',
    '1 20.001–30.001 1'
  ])
})

test('a row between two open sessions makes them one', () => {
  const lines = [bet(1, 0), bet(2, 1), bet(3, 18), bet(4, 19), bet(5, 9), bet(6, 28)].map(row => created(row))
  assert.deepEqual(shown(run(counts, lines, { watermarkDelay: 60_000 }).rows), ['1 0–38 6'])
})

test('a row older than the watermark counts where it makes an open session longer, and is late alone', () => {
  const late = created(bet(4, 1, 2))
  const result = run(counts, [created(bet(1, 5)), created(bet(2, 14)), created(bet(3, 1)), late])
  assert.deepEqual(shown(result.rows), ['1 1–24 3'])
  assert.deepEqual(result.late, [late])
})

test('sessions without PARTITION BY are those of all rows, whatever they are grouped by', () => {
  const sql = `SELECT player, window_start, window_end, COUNT(*) AS n
    FROM TABLE(SESSION(DATA => TABLE joins, TIMECOL => DESCRIPTOR(at), GAP => INTERVAL '10' SECOND))
    GROUP BY window_start, window_end, player`
  const lines = [bet(1, 0), bet(2, 8, 2), bet(3, 16), bet(4, 60)].map(row => created(row))
  assert.deepEqual(shown(run(sql, lines).rows), ['1 0–26 2', '2 0–26 1', '1 60–70 1'])
})

test('the rows of a session come out with its bounds when it is over', () => {
  const sql = `CREATE TABLE bets (id INT, player INT, \`at\` TIMESTAMP(3), WATERMARK FOR \`at\` AS \`at\`)
      WITH ('connector' = 'stdin', 'format' = 'json');
    SELECT id, player, window_start, window_end, 1 AS n
    FROM TABLE(SESSION(TABLE bets PARTITION BY player, DESCRIPTOR(\`at\`), INTERVAL '10' SECOND))`
  const lines = [bet(1, 0), bet(2, 4), bet(3, 13.999)].map(row => JSON.stringify(row))
  assert.deepEqual(run(sql, lines, { unended: true }).rows, [])
  const closed = run(sql, [...lines, JSON.stringify(bet(4, 23.998, 2))], { unended: true }).rows
  assert.deepEqual(shown(closed), ['1 0–23.999 1', '1 0–23.999 1', '1 0–23.999 1'])
  assert.deepEqual(
    closed.map(row => row.id),
    [1, 2, 3]
  )
})

test('a row that is taken back leaves its session as long as it was, and one without rows has no result', () => {
  const lines = [
    created(bet(1, 0)),
    created(bet(2, 8)),
    created(bet(3, 9, 2)),
    change('d', bet(2, 8), null),
    change('u', bet(3, 9, 2), bet(3, 9, 3))
  ]
  assert.deepEqual(shown(run(counts, lines).rows), ['1 0–18 1', '3 9–19 1'])
})

test('a truncated table has no sessions', () => {
  const lines = [created(bet(1, 0)), change('t', null, null), created(bet(2, 8))]
  assert.deepEqual(shown(run(counts, lines).rows), ['1 8–18 1'])
})

test('GROUP BY SESSION(time, gap) gives the same as the table function', () => {
  const sql = `SELECT player, SESSION_START(at, INTERVAL '10' SECOND) AS window_start,
      SESSION_END(at, INTERVAL '10' SECOND) AS window_end, COUNT(*) AS n
    FROM joins GROUP BY player, SESSION(at, INTERVAL '10' SECOND)`
  const lines = [bet(1, 0), bet(2, 4), bet(3, 7, 2), bet(4, 13), bet(5, 40)].map(row => created(row))
  assert.deepEqual(shown(run(sql, lines).rows), shown(run(counts, lines).rows))
})

const steps = fc.array(
  fc.record({ second: fc.nat(90), player: fc.constantFrom(1, 2, null), isUndone: fc.boolean() }),
  { maxLength: 50 }
)
const aggregates = 'COUNT(*) AS n, SUM(amount) AS sum, MIN(id) AS least, COUNT(DISTINCT amount) AS different'
const direct = bySession(`player, window_start, window_end, ${aggregates}`)
/** The same by another way: the rows in their sessions, grouped then. */
const indirect = `SELECT player, window_start, window_end, ${aggregates} FROM (
    SELECT * FROM TABLE(SESSION(TABLE joins PARTITION BY player, DESCRIPTOR(at), INTERVAL '10' SECOND))
  ) WHERE window_end > TIMESTAMP '2000-01-01 00:00:00' GROUP BY player, window_start, window_end`

function linesOf(list: readonly { second: number; player: number | null; isUndone: boolean }[]): string[] {
  return list.flatMap(({ second, player, isUndone }, i) => {
    const row = { id: i, player, amount: second % 7, at: at(second) }
    return isUndone ? [created(row), change('d', row, null)] : [created(row)]
  })
}

const sorted = (text: string): string[] => text.split('\n').sort()

test('sessions are the same as accumulators and as rows, with rows late and taken back', () => {
  fc.assert(
    fc.property(steps, fc.nat(40), (list, delay) => {
      const lines = linesOf(list)
      const options = { watermarkDelay: delay * 1000 }
      const [first, second] = [run(direct, lines, options), run(indirect, lines, options)]
      assert.deepEqual(sorted(first.text), sorted(second.text))
      assert.deepEqual(first.late, second.late)
    })
  )
})

test('sessions are those of the sorted times', () => {
  fc.assert(
    fc.property(steps, list => {
      const rows = list.filter(step => !step.isUndone)
      const wanted = new Set<string>()
      for (const player of [1, 2, null]) {
        const seconds = rows
          .filter(row => row.player === player)
          .map(row => row.second)
          .sort((a, b) => a - b)
        for (let i = 0; i < seconds.length; ) {
          const first = i
          while (++i < seconds.length && (seconds[i] as number) - (seconds[i - 1] as number) <= 10);
          wanted.add(`${player} ${seconds[first]}–${(seconds[i - 1] as number) + 10} ${i - first}`)
        }
      }
      assert.deepEqual(
        shown(run(direct, linesOf(rows), { watermarkDelay: 3_600_000 }).rows).sort(),
        [...wanted].sort()
      )
    })
  )
})

for (const [name, sql] of [
  ['accumulators', direct],
  ['rows', indirect]
] as const) {
  test(`sessions kept as ${name}: stopped and taken up anywhere`, () => {
    const query = (): ReturnType<typeof strictQuery> => strictQuery(sql, { watermarkDelay: 20_000 })
    fc.assert(
      fc.property(steps, fc.nat(60), (list, place) => {
        const lines = linesOf(list)
        const cut = Math.min(place, lines.length)
        const out = new ByteWriter()
        const first = query()
        first.process(blockOf(lines.slice(0, cut)), out)
        const second = query()
        second.restore(first.snapshot())
        second.process(blockOf(lines.slice(cut)), out)
        second.end(out)
        assert.equal(out.written().toString(), run(sql, lines, { watermarkDelay: 20_000 }).text)
        assert.ok(parseLines(out.written().toString()).every(row => Number(row.n) > 0))
      })
    )
  })
}
