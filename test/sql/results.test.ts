import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Pending } from '../../src/lib/sql/pending.ts'
import { change, created, type Row, run, tableOf } from './events.ts'

const COUNTS = 'SELECT contest, COUNT(*) AS n FROM joins GROUP BY contest'
const join = (id: number, contest: number): Row => ({ id, contest })

test('--changelog: changes of the kinds of Flink, for rows that are only added, too', () => {
  const lines = [
    created(join(1, 7)),
    created(join(2, 7)),
    change('d', join(1, 7), null),
    change('d', join(2, 7), null)
  ]
  const { rows } = run(COUNTS, lines, { changelog: true })
  const row = (n: number): Row => ({ contest: 7, n })
  assert.deepEqual(rows, [
    { op: '+I', row: row(1) },
    { op: '-U', row: row(1) },
    { op: '+U', row: row(2) },
    { op: '-U', row: row(2) },
    { op: '+U', row: row(1) },
    { op: '-D', row: row(1) }
  ])
  assert.deepEqual(run('SELECT a FROM events', ['{"a":1}'], { changelog: true }).rows, [
    { op: '+I', row: { a: 1 } }
  ])
  const updated = run('SELECT id FROM joins', [change('u', join(1, 7), join(2, 7))], { changelog: true })
  assert.deepEqual(updated.rows, [
    { op: '-U', row: { id: 1 } },
    { op: '+U', row: { id: 2 } }
  ])
})

test('--emit: of a row that changed three times one change is written, of one that came and went none', () => {
  const lines = [
    created(join(1, 7)),
    created(join(2, 7)),
    created(join(3, 8)),
    created(join(4, 7)),
    change('d', join(3, 8), null)
  ]
  const { rows } = run(COUNTS, lines, { emitEvery: 3_600_000 })
  assert.deepEqual(
    rows.map(({ op, before, after }) => [op, before, after]),
    [['c', null, { contest: 7, n: 3 }]]
  )
})

test('a row that goes and comes again under its key does so in this order', () => {
  const pending = new Pending()
  pending.add('a1', 'a2')
  pending.add('b1', 'b2')
  pending.add('a2', null)
  pending.add(null, 'a3')
  pending.add('a3', 'a4')
  assert.deepEqual(pending.take(), [
    { before: 'b1', after: 'b2' },
    { before: 'a1', after: null },
    { before: null, after: 'a4' }
  ])
})

test('changes that are kept back lead to the same rows, and each is taken back only where it is', () => {
  const step = fc.record({ row: fc.nat(4), to: fc.option(fc.nat(4)), emit: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), steps => {
      const rows: number[] = []
      const pending = new Pending()
      const written: Row[] = []
      const emit = (): void => {
        for (const { before, after } of pending.take()) {
          const row = (text: string | null): unknown => (text === null ? null : JSON.parse(text))
          written.push({ before: row(before), after: row(after) })
        }
      }
      for (const { row, to, emit: isTime } of steps) {
        const at = rows.indexOf(row)
        if (at >= 0) rows.splice(at, 1)
        if (to !== null) rows.push(to)
        pending.add(at >= 0 ? String(row) : null, to === null ? null : String(to))
        if (isTime) emit()
      }
      emit()
      assert.deepEqual(tableOf(written), rows.map(String).sort())
    })
  )
})
