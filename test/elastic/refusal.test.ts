import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Log } from '../../src/lib/cli/index.ts'
import { explainRefusal, RefusalWarnings } from '../../src/lib/elastic/refusal.ts'

const PARSING = 'document_parsing_exception: [1:7] failed to parse field [n] of type'

describe('what a server says of a document that it refuses', () => {
  const cases: [what: string, words: string, explained: RegExp][] = [
    [
      'a value that is none of its type',
      `${PARSING} [long] in document with id '1'. Preview of field's value: 'many' (For input string: "many")`,
      /^'n' is long in pay, and 'many' came; .*'n' one that takes both in --mappings.*_reindex.*"ignore_malformed": true/
    ],
    [
      'a value with quotes and line ends',
      `${PARSING} [date] in document with id '1'. Preview of field's value: 'it's\n(so)' (failed to parse date field)`,
      /^'n' is date in pay, and 'it's\n\(so\)' came; /
    ],
    [
      'a number too large',
      `${PARSING} [integer] in document with id '1'. Preview of field's value: '3000000000' (Numeric value (3000000000) out of range of int (-2147483648 - 2147483647)\n at [Source: x])`,
      /^'n' is integer in pay, which 3000000000 does not fit; /
    ],
    [
      'an object for a number: ignore_malformed would not help',
      `${PARSING} [long] in document with id '1'. Preview of field's value: '{a=1}' (Cannot parse object as number)`,
      /^'n' is long in pay, and an object came; (?!.*ignore_malformed)/
    ],
    [
      'an object for text, in the words of OpenSearch',
      "mapper_parsing_exception: failed to parse field [n] of type [text] in document with id '1'. Preview of field's value: '{a=1}' (Can't get text on a START_OBJECT at 1:7)",
      /^'n' is text in pay, and an object came; (?!.*ignore_malformed)/
    ],
    [
      'a value for an object',
      'document_parsing_exception: [1:7] object mapping for [o] tried to parse field [o] as object, but found a concrete value',
      /^'o' is an object in pay, and a single value came; /
    ],
    [
      'an object for a value that came before',
      "illegal_argument_exception: can't merge a non object mapping [a.b] with an object mapping",
      /^'a\.b' is a single value in pay, and an object came; /
    ],
    [
      'two documents at once that disagree',
      'illegal_argument_exception: mapper [x] cannot be changed from type [long] to [text]',
      /^'x' is long in pay, and what came would make it text; /
    ],
    [
      'a list for flattened JSON',
      `${PARSING} [flattened] in document with id '1'. Preview of field's value: '1' (Failed to parse object: expecting token of type [START_OBJECT] but found [VALUE_NUMBER])`,
      /^'n' is flattened in pay, which takes objects, and '1' came; --mappings \{"properties":\{"n":\{"type":"keyword"\}\}\}/
    ],
    [
      'too many fields',
      'illegal_argument_exception: Limit of total fields [1000] has been exceeded',
      /^pay has the 1000 fields that it may have.*flattened.*PUT pay\/_settings/
    ],
    [
      'a field that a strict mapping lacks',
      'strict_dynamic_mapping_exception: [1:7] mapping set to strict, dynamic introduction of [y] within [o] is not allowed',
      /^pay takes no fields but those of its mapping .* 'o\.y' came; add it with PUT pay\/_mapping/
    ],
    [
      'a long keyword',
      `${PARSING} [keyword] in document with id '1'. Preview of field's value: '${'x'.repeat(40_000)}' (Document contains at least one immense term in field="n" (whose UTF8 encoding is longer than the max length 32766))`,
      /^'n' is indexed as a whole in pay, and more than 32,766 bytes came; .*"ignore_above":8191/
    ],
    [
      'a vector of another length',
      "document_parsing_exception: [1:12] failed to parse: The [dense_vector] field [v] in doc [document with id '1'] has a different number of dimensions [2] than defined in the mapping [3]",
      /^'v' has vectors of 3 numbers in pay, and one of 2 came; /
    ]
  ]
  for (const [what, words, explained] of cases) {
    test(`${what}: the field, its type, what came, and what to do`, () => {
      const { reason } = explainRefusal(words, 'pay')
      assert.match(reason, explained)
      assert.ok(reason.includes(` (${words.slice(0, 500)}`), reason)
      assert.ok(reason.length < 1500)
    })
  }

  test('what is not known is said in the words of the server', () => {
    const words = 'illegal_argument_exception: id is too long, must be no longer than 512 bytes but was: 600'
    assert.deepEqual(explainRefusal(words, 'pay'), { reason: words, about: 'illegal_argument_exception' })
    assert.deepEqual(explainRefusal('status 400'), { reason: 'status 400', about: 'status 400' })
  })
})

test('the first refusal about a field is told, and how many were like it', () => {
  const told: string[] = []
  const warnings = new RefusalWarnings({ warn: (message: string) => told.push(message) } as unknown as Log)
  const refusal = (field: string, value: string) =>
    explainRefusal(
      `mapper_parsing_exception: failed to parse field [${field}] of type [long] in document with id '1'. Preview of field's value: '${value}' (x)`,
      'i'
    )
  warnings.tell(3, refusal('a', 'x'))
  warnings.tell(4, refusal('b', 'y'))
  for (let line = 5; line < 9; line++) warnings.tell(line, refusal('a', `z${line}`))
  warnings.end()
  assert.deepEqual(
    told.map(message => message.slice(0, 50)),
    [
      "line 3 is refused: 'a' is long in i, and 'x' came;",
      "line 4 is refused: 'b' is long in i, and 'y' came;",
      "refused like the first: 4 more ('a', value)"
    ]
  )
})
