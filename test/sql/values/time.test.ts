import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { extract, floorTime } from '../../../src/lib/sql/functions/time-runtime.ts'
import { loadTimestamp } from '../../../src/lib/sql/values/load-time.ts'
import {
  addMonths,
  civilFromDays,
  daysFromCivil,
  formatTimestamp,
  parseDate,
  parseTimestamp
} from '../../../src/lib/sql/values/time.ts'

const millisecond = fc.integer({ min: Date.UTC(1, 0, 1) + 10 ** 14, max: Date.UTC(9999, 11, 31) })

const load = (text: string, precision = 3): unknown => {
  const block = Buffer.from(JSON.stringify(text))
  return loadTimestamp(block, block.toString('latin1'), 0, block.length, precision)
}

test('timestamps are those of Date, read and written, from text and from bytes', () => {
  fc.assert(
    fc.property(millisecond, time => {
      const iso = new Date(time).toISOString()
      assert.equal(parseTimestamp(iso, 3), time)
      assert.equal(load(iso), time)
      assert.equal(load(iso.replace('T', ' ').replace('Z', '')), time)
      assert.equal(`${formatTimestamp(time, 3, 'T')}Z`, iso)
    })
  )
})

test('digits beyond the precision are cut, further ones are kept exactly', () => {
  const text = '2026-11-24T10:00:00.123456789'
  assert.equal(parseTimestamp(text, 3), 1795514400123)
  assert.equal(parseTimestamp(text, 0), 1795514400)
  assert.equal(parseTimestamp(text, 9), 1795514400123456789n)
  assert.equal(formatTimestamp(1795514400123456789n, 9, 'T'), text)
  assert.equal(load('2026-11-24T10:00:00.123456Z'), 1795514400123)
})

test('a zone is taken into account, zero dates are NULL, what is no time is refused', () => {
  assert.equal(parseTimestamp('2026-11-24T10:00:00+05:30', 3), Date.UTC(2026, 10, 24, 4, 30))
  assert.equal(parseTimestamp('0000-00-00T00:00:00', 3), null)
  assert.equal(load('0000-00-00T00:00:00'), null)
  for (const text of ['2026-02-32', '2026-13-01', '24.11.2026', '2026-11-24T24:00:01', '10:00', '']) {
    assert.equal(parseTimestamp(text, 3), undefined, text)
    assert.throws(() => load(text), /is not a TIMESTAMP/)
  }
})

test('a zero date that is the first of a run was read as 1970: it is NULL', async () => {
  // A module of its own has seen no date yet.
  const path: string = '../../../src/lib/sql/values/load-time.ts?fresh'
  const fresh = (await import(path)) as { loadTimestamp: typeof loadTimestamp }
  const block = Buffer.from('"0000-00-00T00:00:00"')
  assert.equal(fresh.loadTimestamp(block, block.toString('latin1'), 0, block.length, 3), null)
})

test('a day that its month does not have is its last in a timestamp, and none in a date or an event', () => {
  assert.equal(parseTimestamp('2026-02-30T10:00:00', 3), Date.UTC(2026, 1, 28, 10))
  assert.equal(parseTimestamp('2026-02-29T24:00:00', 3), Date.UTC(2026, 2, 1))
  for (const text of ['2026-02-30', '2026-04-31T10:00:00', '2026-02-01T24:00:00'])
    assert.equal(parseDate(text), undefined, text)
  assert.throws(() => load('2026-04-31 10:00:00'), /is not a TIMESTAMP/)
})

test('days and civil dates are each other’s inverse, as Date has them', () => {
  fc.assert(
    fc.property(fc.integer({ min: -700_000, max: 2_900_000 }), days => {
      const { year, month, day } = civilFromDays(days)
      const date = new Date(days * 86_400_000)
      assert.deepEqual([year, month, day], [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()])
      assert.equal(daysFromCivil(year, month, day), days)
      assert.equal(extract('DOW', days * 86_400_000), date.getUTCDay() + 1)
    })
  )
})

test('months are added to the last day where the day does not exist', () => {
  const days = (y: number, m: number, d: number): number => daysFromCivil(y, m, d) ?? Number.NaN
  assert.equal(addMonths(days(2024, 1, 31), 1), days(2024, 2, 29))
  assert.equal(addMonths(days(2026, 3, 31), -13), days(2025, 2, 28))
})

test('a floored time is not later, and lies in the same unit', () => {
  fc.assert(
    fc.property(
      millisecond,
      fc.constantFrom('SECOND', 'MINUTE', 'HOUR', 'DAY', 'MONTH', 'QUARTER', 'YEAR'),
      (time, unit) => {
        const floor = floorTime(unit, time)
        assert.ok(floor <= time)
        assert.equal(floorTime(unit, floor), floor)
        assert.equal(extract(unit, floor), extract(unit, time))
        assert.equal(extract('YEAR', floor), extract('YEAR', time))
      }
    )
  )
})

test('ISO weeks belong to the year of their Thursday', () => {
  const week = (text: string): number[] => {
    const time = Number(parseTimestamp(text, 3))
    return [extract('ISOYEAR', time), extract('WEEK', time)]
  }
  assert.deepEqual(week('2027-01-01'), [2026, 53])
  assert.deepEqual(week('2024-12-30'), [2025, 1])
})
