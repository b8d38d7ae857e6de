import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { findJsonError } from '../../src/lib/stream/json-error.ts'

function refusal(text: string): SyntaxError | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return error as SyntaxError
  }
}

/** JSON text with a few characters deleted, doubled or put in. */
const mutated = fc
  .tuple(
    fc.json({ maxDepth: 4, stringUnit: 'binary' }),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.constantFrom(
          '',
          '"',
          '\\',
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '-',
          '.',
          '0',
          'e',
          'u',
          ' ',
          '\t',
          '\u0001',
          '\u00a0',
          'tru',
          'NaN',
          "'"
        )
      ),
      { maxLength: 3 }
    )
  )
  .map(([text, changes]) =>
    changes.reduce((at, [place, character]) => {
      const offset = place % (at.length + 1)
      const skip = character === '' ? 1 : 0
      return at.slice(0, offset) + character + at.slice(offset + skip)
    }, text)
  )

test('an error is found exactly when JSON.parse refuses the text', () => {
  fc.assert(
    fc.property(mutated, text => {
      assert.equal(findJsonError(text) !== null, refusal(text) !== null)
    }),
    { numRuns: 3000 }
  )
})

test('the place is the one V8 names, where it names one', () => {
  let named = 0
  fc.assert(
    fc.property(mutated, text => {
      const position = /at position (\d+)/.exec(refusal(text)?.message ?? '')?.[1]
      if (position === undefined) return
      named++
      const error = findJsonError(text)
      // V8 points at the end of a number or escape that goes wrong, we at the first character that cannot be there.
      assert.ok(
        error !== null && error.at <= Number(position) && error.at >= Number(position) - 6,
        `${position} ${error?.at}`
      )
      if (/Unexpected token/.test(refusal(text)?.message ?? '')) assert.equal(error.at, Number(position))
    }),
    { numRuns: 3000 }
  )
  assert.ok(named > 100)
})

test('the message says what was expected and what is there', () => {
  for (const [text, at, message] of [
    ['{"a":1,}', 7, "expected a key in double quotes, found '}'"],
    ["{'a':1}", 1, "expected a key in double quotes, found '''"],
    ['{"a" 1}', 5, "expected ':', found '1'"],
    ['[1 2]', 3, "expected ',' or ']', found '2'"],
    ['{"a":}', 5, "expected a value, found '}'"],
    ['{"a":1', 6, "expected ',' or '}', found the end of the line"],
    ['{"a":"x', 7, `expected '"' at the end of the string, found the end of the line`],
    ['"a\\qb"', 2, "expected a valid character or escape in the string, found '\\'"],
    ['{} {}', 3, "expected nothing after the value, found '{'"],
    ['', 0, 'expected a value, found the end of the line']
  ] as const) {
    assert.deepEqual(findJsonError(text), { at, message }, text)
  }
})

test('a string of many megabytes before the error does not hide it', () => {
  const text = `{"a":"${'é'.repeat(10 << 20)}",]`
  assert.deepEqual(findJsonError(text), {
    at: text.length - 1,
    message: "expected a key in double quotes, found ']'"
  })
})
