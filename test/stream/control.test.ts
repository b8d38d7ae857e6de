import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  findControl,
  formatMark,
  formatResume,
  type Mark,
  parseControl
} from '../../src/lib/stream/control.ts'
import { formatSchema } from '../../src/lib/stream/row-schema.ts'

const mark: Mark = {
  n: 42,
  at: { gtid: '3e11:1-23', file: 'binlog.000003', pos: 1534 },
  ts_ms: 1795514400200
}

/** Which lines of a block are control lines, as the readers find them. */
function controlLines(lines: readonly string[]): string[] {
  const block = Buffer.from(lines.map(line => `${line}\n`).join(''))
  const found: string[] = []
  for (let from = 0; ; ) {
    const at = findControl(block, from)
    if (at < 0) return found
    from = block.indexOf(10, at) + 1
    found.push(block.toString('utf8', at, from - 1))
  }
}

test('a mark is written as the design gives it, on a line of its own', () => {
  assert.equal(
    formatMark(mark).toString(),
    '{"@mark":{"n":42,"at":{"gtid":"3e11:1-23","file":"binlog.000003","pos":1534},"ts_ms":1795514400200}}\n'
  )
  assert.match(formatResume(mark).toString(), /^\{"@resume":\{"n":42,.*\}\}\n$/)
})

test('what is written is read back', () => {
  const exact = { noNullPrototype: true }
  const marks = fc.record(
    {
      n: fc.maxSafeNat(),
      at: fc.oneof(fc.constant(null), fc.record({ gtid: fc.string(), pos: fc.nat() }, exact)),
      ts_ms: fc.maxSafeNat()
    },
    exact
  )
  fc.assert(
    fc.property(marks, value => {
      assert.deepEqual(parseControl(formatMark(value)), { kind: 'mark', mark: value })
      assert.deepEqual(parseControl(formatResume(value)), { kind: 'resume', mark: value })
    })
  )
})

test('control lines are found wherever they stand among events', () => {
  const a = '{"@mark":{"n":1,"at":null,"ts_ms":0}}'
  const b = '{"@resume":{"n":0,"at":null,"ts_ms":0}}'
  const lines = fc.array(fc.constantFrom('{"id":1}', '', '{"note":"{\\"@mark\\":{}}"}', a, b))
  fc.assert(
    fc.property(lines, given => {
      assert.deepEqual(
        controlLines(given),
        given.filter(line => line === a || line === b)
      )
    })
  )
})

test('control lines of a kind that is not known yet are found, to be passed on', () => {
  const unknown = ['{"@watermark":{"ts_ms":5}}', '{"@schema":{"table":"a }","columns":[{}]}}']
  assert.deepEqual(controlLines(unknown), unknown)
  for (const line of unknown) assert.deepEqual(parseControl(Buffer.from(line)), { kind: 'other' })
})

test('a schema is read back, and one that lacks something is passed on like any other line', () => {
  const schema = { db: 'd', table: 't', key: ['id'], columns: [{ name: 'id', type: "enum('a}','\"')" }] }
  const line = formatSchema(schema)
  assert.deepEqual(controlLines([line.trimEnd()]), [line.trimEnd()])
  assert.deepEqual(parseControl(Buffer.from(line)), { kind: 'schema', schema })
  for (const part of [
    { key: 'id' },
    { key: [1] },
    { columns: [{ name: 'id' }] },
    { db: null },
    { columns: {} }
  ]) {
    const other = JSON.stringify({ '@schema': { ...schema, ...part } })
    assert.deepEqual(parseControl(Buffer.from(other)), { kind: 'other' }, other)
  }
})

test('spaces and a carriage return make no difference, since another tool may have written the line', () => {
  const line = '{"@mark": {"n": 7, "at": null, "ts_ms": 1} }\r'
  assert.deepEqual(controlLines([line]), [line])
  assert.equal(parseControl(Buffer.from(line)).kind, 'mark')
})

test('a row whose first column begins with @ is an event: logs and alerts begin with @timestamp', () => {
  const rows = [
    '{"@timestamp":"2026-11-24T10:00:01.000Z","rule":"gateway down"}',
    '{"@timestamp":"2026-11-24T10:00:01.000Z"}',
    '{"@timestamp":1795514400200}',
    '{"@metadata":{"beat":"filebeat"},"message":"hello"}',
    '{"@version":null}'
  ]
  assert.deepEqual(controlLines(rows), [])
  const line = formatMark(mark).toString().trimEnd()
  assert.deepEqual(controlLines([...rows, line, ...rows]), [line])
})

test('a mark that is cut or without a number does not count as one', () => {
  assert.deepEqual(controlLines(['{"@mark":{"n":4', '{"@mark":', '{"@', '":{}}']), [])
  for (const n of ['-1', '1.5', '"1"', 'null', '1e99']) {
    assert.deepEqual(parseControl(Buffer.from(`{"@mark":{"n":${n}}}`)), { kind: 'other' })
  }
})
