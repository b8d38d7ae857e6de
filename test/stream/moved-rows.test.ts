import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { MovedRows } from '../../src/lib/stream/moved-rows.ts'

const source = '"source":{"db":"d","table":"joins","pos":7}'

function copy(...lines: string[]): string[] {
  const out = new ByteWriter(16)
  new MovedRows(['contest_id']).copy(Buffer.from(lines.map(line => `${line}\n`).join('')), out)
  return out.written().toString().split('\n').slice(0, -1)
}

function update(before: string, after: string): string {
  return `{"before":${before},"after":${after},${source},"op":"u","ts_ms":1}`
}

test('an update that changes the column is a deletion and a creation', () => {
  const [a, b] = ['{"id":1,"contest_id":7,"n":1.50}', '{"id":1,"contest_id":8,"n":1.50}']
  assert.deepEqual(copy(update(a, b)), [
    `{"before":${a},"after":null,${source},"op":"d","ts_ms":1}`,
    `{"before":null,"after":${b},${source},"op":"c","ts_ms":1}`
  ])
})

test('all other lines stay as they are, between such updates too', () => {
  const same = update('{"id":1,"contest_id":7,"n":1}', '{"id":1,"contest_id":7,"n":2}')
  const moved = update('{"id":2,"contest_id":7}', '{"id":2,"contest_id":9}')
  const others = [
    '{"contest_id":3}',
    `{"before":null,"after":{"id":4,"contest_id":7},${source},"op":"c","ts_ms":1}`,
    same,
    'no JSON'
  ]
  const copied = copy(...others, moved, ...others, moved)
  assert.equal(copied.length, 12)
  assert.deepEqual(copied.slice(0, 4), others)
  assert.deepEqual(copied.slice(6, 10), others)
})

test('an update without the old value is an error with the remedy', () => {
  assert.throws(() => copy(update('{"id":1}', '{"id":1,"contest_id":8}')), /old value of 'contest_id'/)
})
