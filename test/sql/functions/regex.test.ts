import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate, run } from '../events.ts'

test('a pattern that makes other engines backtrack for ever takes no time', () => {
  const text = `${'a'.repeat(5000)}!`
  const before = performance.now()
  assert.equal(evaluate("REGEXP(s, '^(a+)+$')", { s: text }), false)
  assert.equal(evaluate("s SIMILAR TO '(a|a)*b'", { s: text }), false)
  assert.ok(performance.now() - before < 2000)
})

test('a pattern that RE2 has not, or reads otherwise than Java, is refused where it stands', () => {
  const refuses = (pattern: string, message: RegExp): void =>
    assert.throws(() => run(`SELECT REGEXP(s, '${pattern}') FROM events`, []), message, pattern)
  refuses('a(?=b)', /column 18: "a\(\?=b\)" is no regular expression of RE2/)
  refuses('(a)\\1', /is no regular expression of RE2/)
  refuses('[a-z&&[^b]]', /a class in a class/)
  assert.match(
    String(evaluate('REGEXP(s, p)', { s: 'a', p: '(' })),
    /error: 0: "\(" is no regular expression/
  )
})

test('patterns may come from the row', () => {
  const row = { s: 'user=joe', p: 'user=(\\w+)', form: 'user%' }
  assert.equal(evaluate('REGEXP_EXTRACT(s, p, 1)', row), 'joe')
  assert.equal(evaluate('s LIKE form', row), true)
  assert.equal(evaluate("s NOT LIKE CONCAT('%', 'x')", row), true)
})
