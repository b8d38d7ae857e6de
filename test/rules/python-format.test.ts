import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  FormatError,
  formatFields,
  pythonFormat,
  pythonJson,
  pythonStr
} from '../../src/lib/rules/python-format.ts'

test('values read as Python prints them', () => {
  const cases: [unknown, string][] = [
    [true, 'True'],
    [null, 'None'],
    [1.5, '1.5'],
    [1e22, '1e+22'],
    [0.00001, '1e-05'],
    ['x', 'x'],
    [["it's", 'a', 1, null], `["it's", 'a', 1, None]`],
    [{ a: [true] }, "{'a': [True]}"]
  ]
  for (const [value, expected] of cases) assert.equal(pythonStr(value), expected)
})

test('templates take values by position, in order and by name', () => {
  assert.equal(pythonFormat('{0} {1} {0}', ['a', 2]), 'a 2 a')
  assert.equal(pythonFormat('{} {}', ['a', 2]), 'a 2')
  assert.equal(pythonFormat('{who}: {what}', [], { who: 'x', what: null }), 'x: None')
  assert.equal(pythonFormat('{{{0}}}', [1]), '{1}')
  assert.equal(pythonFormat('{0[a]} {0[b][1]}', [{ a: 1, b: [2, 3] }]), '1 3')
  assert.equal(pythonFormat('{0!r}', ['x']), "'x'")
})

test('specifications align, group and round', () => {
  const cases: [string, unknown, string][] = [
    ['{:>6}', 'ab', '    ab'],
    ['{:*^6}', 'ab', '**ab**'],
    ['{:6}|', 'ab', 'ab    |'],
    ['{:6}', 42, '    42'],
    ['{:06.2f}', -1.5, '-01.50'],
    ['{:,}', 1234567, '1,234,567'],
    ['{:,.2f}', 1234567.891, '1,234,567.89'],
    ['{:.1%}', 0.256, '25.6%'],
    ['{:+d}', 5, '+5'],
    ['{:x}', 255, 'ff'],
    ['{:.3}', 'abcdef', 'abc'],
    ['{:e}', 12345, '1.234500e+04']
  ]
  for (const [template, value, expected] of cases)
    assert.equal(pythonFormat(template, [value]), expected, template)
})

test('a template that cannot be filled is an error, not a half text', () => {
  assert.throws(() => pythonFormat('{1}', ['a']), FormatError)
  assert.throws(() => pythonFormat('{name}', []), FormatError)
  assert.throws(() => pythonFormat('{', []), FormatError)
  assert.throws(() => pythonFormat('}', []), FormatError)
  assert.throws(() => pythonFormat('{:d}', ['x']), FormatError)
})

test('formatFields says what a template asks for', () => {
  assert.deepEqual(formatFields('{0} {2:>3} {who}'), { positions: 2, names: ['who'] })
  assert.deepEqual(formatFields('plain'), { positions: -1, names: [] })
})

test('json is indented by four and sorted', () => {
  assert.equal(pythonJson({ b: [1], a: {} }), '{\n    "a": {},\n    "b": [\n        1\n    ]\n}')
})
