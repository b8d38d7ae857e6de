import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { suggest } from '../../src/lib/cli/suggest.ts'

const flags = ['tables', 'state', 'snapshot', 'stop-at', 'start', 'quiet']

test('a misspelt word gets the nearest candidate, whatever its case', () => {
  for (const [word, near] of [
    ['table', 'tables'],
    ['tabels', 'tables'],
    ['STATE', 'state'],
    ['stopat', 'stop-at'],
    ['snpashot', 'snapshot'],
    ['strat', 'start']
  ] as const) {
    assert.equal(suggest(word, flags), near, word)
  }
})

test('a word that is like none gets no suggestion', () => {
  for (const word of ['password', 'xyz', 'x', '']) assert.equal(suggest(word, flags), undefined, word)
  assert.equal(suggest('anything', []), undefined)
})

test('one letter missing, doubled or swapped is always near enough', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('snapshot', 'dead-letter', 'retry-for'),
      fc.nat(),
      fc.nat(2),
      (flag, place, kind) => {
        const at = place % (flag.length - 1)
        const misspelt = [
          flag.slice(0, at) + flag.slice(at + 1),
          flag.slice(0, at) + flag.charAt(at) + flag.slice(at),
          flag.slice(0, at) + flag.charAt(at + 1) + flag.charAt(at) + flag.slice(at + 2)
        ][kind] as string
        assert.equal(suggest(misspelt, [...flags, 'dead-letter', 'retry-for']), flag)
      }
    )
  )
})
