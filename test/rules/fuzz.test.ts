import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readFilter } from '../../src/lib/rules/dsl.ts'
import { Evaluator } from '../../src/lib/rules/index.ts'
import { parseLucene } from '../../src/lib/rules/lucene.ts'
import { FormatError, formatFields, pythonFormat } from '../../src/lib/rules/python-format.ts'
import { QueryError } from '../../src/lib/rules/query.ts'
import { load, ndjson, rules, run } from './rules.ts'

function onlyThrows(kind: new (...args: never[]) => Error, act: () => unknown): void {
  try {
    act()
  } catch (error) {
    assert.ok(error instanceof kind, `${(error as Error).stack}`)
  }
}

const luceneText = fc.string({
  unit: fc.constantFrom(
    'a',
    'b:',
    '"',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ' TO ',
    ' ',
    'AND ',
    'OR ',
    'NOT ',
    '+',
    '-',
    '!',
    '*',
    '?',
    '\\',
    '/',
    '^2',
    '~',
    '>',
    '<=',
    '1',
    ':'
  )
})

test('any query string is read or is a named error', () => {
  const options = { defaultFields: [], defaultOperator: 'OR', zoneMinutes: 0, path: [] } as const
  fc.assert(
    fc.property(fc.oneof(luceneText, fc.string()), text => {
      onlyThrows(QueryError, () => parseLucene(text, { ...options, defaultFields: [] }))
    }),
    { numRuns: 3000 }
  )
})

const kinds = [
  'term',
  'terms',
  'range',
  'exists',
  'prefix',
  'wildcard',
  'match',
  'match_phrase',
  'bool',
  'query',
  'query_string',
  'must',
  'should',
  'field',
  'value',
  'gte',
  'a'
]
const json = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), luceneText),
    fc.array(tie('value'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom(...kinds), tie('value'), { maxKeys: 2 })
  )
})).value

test('any filter is read or is a named error', () => {
  fc.assert(
    fc.property(json, value => {
      onlyThrows(QueryError, () => readFilter(value, ['filter']))
    }),
    { numRuns: 3000 }
  )
})

test('any format string is formatted or is a named error', () => {
  const template = fc.string({
    unit: fc.constantFrom(
      '{',
      '}',
      '0',
      '1',
      'a',
      ':',
      '!',
      'r',
      '.',
      '[',
      ']',
      '>',
      '5',
      'd',
      'f',
      ',',
      '%',
      ' '
    )
  })
  fc.assert(
    fc.property(template, json, (text, value) => {
      onlyThrows(FormatError, () => formatFields(text))
      onlyThrows(FormatError, () => pythonFormat(text, [value, 1.5], { a: value }))
    }),
    { numRuns: 3000 }
  )
})

test('any rule file is a rule or has a problem to tell', t => {
  const line = fc.tuple(
    fc.constantFrom(
      'name',
      'type',
      'index',
      'alert',
      'num_events',
      'timeframe',
      'filter',
      'query_key',
      'realert',
      'alert_text',
      'alert_text_args',
      'alert_text_kw',
      'command',
      'import',
      'timestamp_type'
    ),
    fc.oneof(
      fc.constantFrom(
        'any',
        'frequency',
        'debug',
        'command',
        '3',
        '{minutes: 1}',
        '[a, b]',
        '[]',
        '{}',
        'null',
        '"{0}"',
        '- x',
        '&a',
        '*a',
        '!!x',
        'rule.yaml',
        '{schedule: x}'
      ),
      fc.string()
    )
  )
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), lines => {
      const { rules: found, problems } = load(t, lines.map(([k, v]) => `${k}: ${v}\n`).join(''))
      assert.ok(found.length === 1 || problems.some(p => p.severity === 'error'))
    }),
    { numRuns: 300 }
  )
})

test('any line is evaluated or is a bad line', t => {
  const all = rules(
    t,
    'name: a\ntype: any\nindex: x\nalert: debug\nquery_key: [a, b.c]\nalert_text: "{0} {1:>5}"\nalert_text_args: [a, b]\n',
    'name: b\ntype: frequency\nindex: x\nalert: debug\nnum_events: 2\ntimeframe: {hours: 1}\nquery_key: a\nattach_related: true\nfilter:\n- query_string: {query: "a:x* OR b:[1 TO 5] OR -c:(y z)"}\n'
  )
  const key = fc.constantFrom(
    'a',
    'b',
    'c',
    '@timestamp',
    'op',
    'source',
    'after',
    'before',
    'ts_ms',
    '__proto__',
    'constructor'
  )
  const document = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(
        fc.string(),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        fc.constant('2026-11-24T10:00:00Z')
      ),
      fc.array(tie('value'), { maxLength: 2 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 })
    )
  })).value
  fc.assert(
    fc.property(fc.array(document, { maxLength: 8 }), documents => {
      const evaluator = new Evaluator(all)
      const { alerts } = run(evaluator, ndjson(documents))
      for (const alert of alerts) JSON.parse(alert)
      new Evaluator(all).restore(Buffer.concat(evaluator.snapshot()))
    }),
    { numRuns: 1000 }
  )
})
