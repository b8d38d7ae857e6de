import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDateBound } from '../../src/lib/rules/date-math.ts'
import { formatIso, isoOffset, parseIso, pythonIso, strftime } from '../../src/lib/rules/time.ts'

const micros = (text: string): number => {
  const at = parseIso(text)
  assert.ok(at !== undefined, text)
  return at
}

test('ISO 8601 and SQL times are read to the microsecond, without a zone as UTC', () => {
  const base = Date.UTC(2026, 10, 24, 10, 0, 0) * 1000
  assert.equal(micros('2026-11-24T10:00:00Z'), base)
  assert.equal(micros('2026-11-24 10:00:00'), base)
  assert.equal(micros('2026-11-24T10:00:00.123456789Z'), base + 123456)
  assert.equal(micros('2026-11-24T12:00:00.5+02:00'), base + 500000)
  assert.equal(micros('2026-11-24T04:30:00-0530'), base)
  assert.equal(micros('2026-11-24'), Date.UTC(2026, 10, 24) * 1000)
})

test('what is no time is not taken for one', () => {
  for (const text of [
    '',
    'yesterday',
    '2026-02-31',
    '2026-11-24T25:00:00Z',
    '0000-00-00',
    '2026-11-24T10:00:00 PM'
  ]) {
    assert.equal(parseIso(text), undefined, text)
  }
})

test('alert lines have three fraction digits, six when there are microseconds', () => {
  assert.equal(formatIso(micros('2026-11-24T10:00:01Z')), '2026-11-24T10:00:01.000Z')
  assert.equal(formatIso(micros('2026-11-24T10:00:01.000250Z')), '2026-11-24T10:00:01.000250Z')
})

test('times in a match look as Python writes them', () => {
  const form = (text: string): string => pythonIso(micros(text), isoOffset(text))
  assert.equal(form('2026-11-24T10:00:00.000Z'), '2026-11-24T10:00:00Z')
  assert.equal(form('2026-11-24T10:00:00.120Z'), '2026-11-24T10:00:00.120Z')
  assert.equal(form('2026-11-24T10:00:00.123456Z'), '2026-11-24T10:00:00.123456Z')
  assert.equal(form('2026-11-24T10:00:00.5+02:00'), '2026-11-24T10:00:00.500000+02:00')
  assert.equal(form('2026-11-24 10:00:00'), '2026-11-24T10:00:00Z')
})

test('strftime writes the codes of alert texts', () => {
  const at = micros('2026-03-05T09:07:03.000042Z')
  assert.equal(strftime(at, '%Y-%m-%d %H:%M %Z', false), '2026-03-05 09:07 UTC')
  assert.equal(
    strftime(at, '%a %A %b %B %j %I%p %S.%f %z %%', false),
    'Thu Thursday Mar March 064 09AM 03.000042 +0000 %'
  )
})

test('date math adds, subtracts and rounds as Elasticsearch does', () => {
  const now = micros('2026-11-24T10:20:30.456Z')
  const cases: [text: string, up: boolean, expected: string][] = [
    ['now', false, '2026-11-24T10:20:30.456Z'],
    ['now-1h', false, '2026-11-24T09:20:30.456Z'],
    ['now-1h/d', false, '2026-11-24T00:00:00Z'],
    ['now/d', true, '2026-11-24T23:59:59.999999Z'],
    ['now/w', false, '2026-11-23T00:00:00Z'],
    ['now/M', true, '2026-11-30T23:59:59.999999Z'],
    ['now+1M-1d', false, '2026-12-23T10:20:30.456Z'],
    ['2026-01-31||+1M', false, '2026-02-28T00:00:00Z'],
    ['2024-02-29||-1y/y', false, '2023-01-01T00:00:00Z'],
    ['2026-11', true, '2026-11-01T23:59:59.999999Z'],
    ['2026-11-24T10', true, '2026-11-24T10:59:59.999999Z'],
    ['2026-11-24T10', false, '2026-11-24T10:00:00Z']
  ]
  for (const [text, up, expected] of cases) {
    assert.equal(parseDateBound(text, up, 0)?.(now), micros(expected), `${text} ${up}`)
  }
})

test('a time zone moves dates without one and the days to round to', () => {
  const now = micros('2026-11-24T23:30:00Z')
  assert.equal(parseDateBound('2026-11-24', false, 60)?.(now), micros('2026-11-23T23:00:00Z'))
  assert.equal(parseDateBound('now/d', false, 60)?.(now), micros('2026-11-24T23:00:00Z'))
  assert.equal(parseDateBound('2026-11-24T00:00:00Z', false, 60)?.(now), micros('2026-11-24T00:00:00Z'))
})
