import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ToolError } from '../../../src/lib/cli/index.ts'
import { Evaluator } from '../../../src/lib/rules/index.ts'
import { rules } from '../rules.ts'

const FREQUENCY =
  'name: often\ntype: frequency\nindex: x\nalert: debug\nnum_events: 2\ntimeframe: {hours: 1}\nquery_key: a\n'

test('a state of another version is refused by name, not taken for an empty one', t => {
  const evaluator = new Evaluator(rules(t, FREQUENCY))
  for (const [text, version] of [
    ['{"version":1,"rules":{"often":{"type":"frequency","state":[]}}}', '1'],
    ['{"version":7,"rules":["often"]}\n', '7'],
    ['', 'unknown']
  ] as const) {
    assert.throws(
      () => evaluator.restore(Buffer.from(text)),
      (error: Error) =>
        error instanceof ToolError && error.code === 'STATE' && error.message.includes(`(${version},`)
    )
  }
})

test('a state that is cut short is named', t => {
  const [rule] = rules(t, FREQUENCY)
  const snapshot = Buffer.concat(new Evaluator([rule!]).snapshot())
  for (const length of [snapshot.length - 1, snapshot.length - 40]) {
    assert.throws(
      () => new Evaluator([rule!]).restore(snapshot.subarray(0, length), 'run/alert-eval/snapshot.7'),
      (error: Error) =>
        error instanceof ToolError && error.message.startsWith('run/alert-eval/snapshot.7: the snapshot')
    )
  }
  const changed = Buffer.from(snapshot)
  changed.write('}', changed.indexOf('"rules"'))
  assert.throws(
    () => new Evaluator([rule!]).restore(changed, 'snapshot.7'),
    (error: Error) => error instanceof ToolError && error.message.startsWith('snapshot.7: the snapshot')
  )
})
