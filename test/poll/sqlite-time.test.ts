import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { detectForm, formatTime, type TimeForm, toMilliseconds } from '../../src/lib/poll/sqlite-time.ts'

const FORMS: readonly TimeForm[] = ['space', 'T', 'TZ', 'seconds', 'milliseconds', 'microseconds']
const MS = Date.UTC(2026, 10, 24, 10, 0, 0, 123)

test('a time that is written in a form is read in that form, as the same moment', () => {
  const database = new DatabaseSync(':memory:')
  for (const form of FORMS) {
    const literal = formatTime(MS, form)
    const row = database.prepare(`SELECT ${literal} AS stored, ${toMilliseconds(literal, form)} AS ms`).get()
    assert.equal(detectForm(String(row?.stored)), form)
    assert.equal(row?.ms, MS, form)
  }
})

test('what CURRENT_TIMESTAMP gives, and times without a fraction, are known', () => {
  assert.equal(detectForm('2026-11-24 10:00:00'), 'space')
  assert.equal(detectForm('2026-11-24T10:00Z'), 'TZ')
  assert.equal(detectForm('1795514400'), 'seconds')
})

test('what is no time is not taken for one', () => {
  for (const text of ['', 'yesterday', '2026-11-24', '24.11.2026 10:00', '2026-11-24 10:00:00+02:00', '-5']) {
    assert.equal(detectForm(text), null, text)
  }
})
