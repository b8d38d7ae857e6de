import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { judge, type Label, type Raised, readLabels } from '../../src/lib/rules/labels.ts'
import { folder } from './rules.ts'

function label(start: number, end: number, rule?: string, key?: string): Label {
  return { start, end, rule, key }
}

function alert(at: number, rule = 'r', key: string | null = null): Raised {
  return { rule, key, at }
}

test('an alert is right within a label of its rule and key, both ends included', () => {
  const labels = [label(10, 20, 'r', 'k')]
  const right = (a: Raised): number => judge([a], labels).right
  assert.deepEqual(
    [9, 10, 20, 21].map(at => right(alert(at, 'r', 'k'))),
    [0, 1, 1, 0]
  )
  assert.equal(right(alert(15, 's', 'k')), 0)
  assert.equal(right(alert(15, 'r', 'l')), 0)
  assert.equal(right(alert(15, 'r', null)), 0)
  assert.equal(judge([alert(15, 's', 'l')], [label(10, 20)]).right, 1)
})

test('precision counts alerts, recall labels, and the delay is that of the first alert', () => {
  const judged = judge(
    [alert(18), alert(13), alert(25), alert(31)],
    [label(10, 20), label(30, 40), label(50, 60)]
  )
  assert.equal(judged.precision, 3 / 4)
  assert.equal(judged.recall, 2 / 3)
  assert.deepEqual(judged.delays, [1, 3])
  assert.deepEqual(judged.missed, [label(50, 60)])
})

test('without alerts there is no precision, and without labels no recall', () => {
  assert.deepEqual([judge([], [label(1, 2)]).precision, judge([], [label(1, 2)]).recall], [null, 0])
  assert.deepEqual([judge([alert(1)], []).precision, judge([alert(1)], []).recall], [0, null])
})

test('an alert at the start of each label makes recall 1 with no delay, and alerts beside them lower precision alone', () => {
  const starts = fc.uniqueArray(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(starts, fc.nat(20), (at, wrong) => {
      const labels = at.map(n => label(n * 100, n * 100 + 10))
      const alerts = [
        ...at.map(n => alert(n * 100)),
        ...Array.from({ length: wrong }, (_, i) => alert(i * 100 + 50))
      ]
      const judged = judge(alerts, labels)
      assert.equal(judged.recall, 1)
      assert.ok(judged.delays.every(d => d === 0))
      assert.equal(judged.precision, at.length / (at.length + wrong))
    })
  )
})

test('a label that cannot be read is named with its line', t => {
  const good = '{"start":"2026-11-24T10:00:00Z","end":"2026-11-24T10:05:00Z","key":"paytm"}'
  const read = (line: string) => () =>
    readLabels(path.join(folder(t, { 'labels.ndjson': `${good}\n\n${line}\n` }), 'labels.ndjson'))
  assert.equal(read(good)().length, 2)
  assert.throws(read('{'), /labels\.ndjson:3: not JSON/)
  assert.throws(read('[]'), /:3: not a JSON object/)
  assert.throws(read('{"start":"noon","end":"2026-11-24T10:05:00Z"}'), /:3: start is no ISO 8601 time/)
  assert.throws(read('{"start":"2026-11-24T10:05:00Z"}'), /:3: end is no ISO 8601 time/)
  assert.throws(
    read('{"start":"2026-11-24T10:05:00Z","end":"2026-11-24T10:00:00Z"}'),
    /:3: end is before start/
  )
  assert.throws(read(good.replace('"paytm"', '7')), /:3: key is no text/)
  assert.throws(() => readLabels('/nowhere/at/all'), /--labels \/nowhere\/at\/all: no such file/)
})
