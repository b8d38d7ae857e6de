import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GtidSet } from '../../src/lib/mysql/gtid-set.ts'
import {
  formatPosition,
  hasReached,
  type LogPosition,
  parsePosition,
  parsePositionOption
} from '../../src/lib/mysql/position.ts'

const UUID = '3e11fa47-71ca-11e1-9e33-c80aa9429562'

function at(file: string, position: number, gtids?: string): LogPosition {
  return { file, position, gtids: gtids === undefined ? null : GtidSet.parse(gtids) }
}

describe('a position in the log', () => {
  test('is the same after it stood in a mark', () => {
    for (const position of [at('binlog.000003', 1534), at('binlog.000003', 1534, `${UUID}:1-23`)]) {
      const mark = JSON.parse(JSON.stringify(formatPosition(position))) as Record<string, unknown>
      assert.deepEqual(parsePosition(mark), position)
    }
    assert.deepEqual(formatPosition(at('b.000003', 4, `${UUID}:1-2`)), {
      gtid: `${UUID}:1-2`,
      file: 'b.000003',
      pos: 4
    })
  })

  test('an empty GTID set is not the same as none', () => {
    assert.ok(parsePosition({ gtid: '', file: 'b.000001', pos: 4 }).gtids?.isEmpty)
  })

  test('a mark of another source is refused', () => {
    assert.throws(() => parsePosition({ 'orders-0': 42 }), { code: 'USAGE', message: /orders-0/ })
  })

  test('is given on the command line as a word, a file and offset, or a GTID set', () => {
    const parse = (text: string): unknown => parsePositionOption(text, '--start', ['earliest', 'latest'])
    assert.deepEqual(parse('earliest'), { kind: 'earliest' })
    assert.deepEqual(parse('mysql-bin.log.000003:154'), {
      kind: 'file',
      file: 'mysql-bin.log.000003',
      position: 154
    })
    assert.deepEqual(parse(`${UUID}:1-5`), { kind: 'gtids', gtids: GtidSet.parse(`${UUID}:1-5`) })
    assert.deepEqual(parse(`gtid:${UUID}:1-5`), { kind: 'gtids', gtids: GtidSet.parse(`${UUID}:1-5`) })
    for (const text of ['now', 'binlog.000003', 'binlog:4', '', `${UUID}`]) {
      assert.throws(() => parse(text), { code: 'USAGE' }, text)
    }
  })

  test('has reached another by file number and offset, or by GTIDs where both have them', () => {
    assert.ok(hasReached(at('b.000002', 4), at('b.000001', 999)))
    assert.ok(hasReached(at('b.1000000', 4), at('b.999999', 5)))
    assert.ok(!hasReached(at('b.000001', 3), at('b.000001', 4)))
    assert.ok(hasReached(at('b.000001', 4, `${UUID}:1-5`), at('b.000009', 9, `${UUID}:1-4`)))
    assert.ok(!hasReached(at('b.000009', 4, `${UUID}:1-3`), at('b.000001', 9, `${UUID}:1-4`)))
    assert.ok(hasReached(at('b.000001', 4), { kind: 'file', file: 'b.000001', position: 4 }))
    assert.ok(!hasReached(at('b.000001', 4), { kind: 'gtids', gtids: GtidSet.parse(`${UUID}:1`) }))
  })
})
