import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GtidSet } from '../../src/lib/mysql/gtid-set.ts'
import { MariadbGtids } from '../../src/lib/mysql/mariadb-gtids.ts'
import {
  includesGtids,
  parseGtids,
  parsePosition,
  parsePositionOption
} from '../../src/lib/mysql/position.ts'

describe('GTIDs of MariaDB', () => {
  const of = (text: string): MariadbGtids => MariadbGtids.parse(text)

  test('have the last transaction of each domain', () => {
    const gtids = of('1-2-5, 0-1-100')
    assert.equal(gtids.toString(), '0-1-100,1-2-5')
    gtids.add(0, 3, 101)
    gtids.add(7, 1, 1)
    assert.equal(gtids.toString(), '0-3-101,1-2-5,7-1-1')
  })

  test('are behind each other by domain, whichever server wrote them', () => {
    assert.ok(of('0-1-100,1-2-5').includes(of('0-9-100')))
    assert.ok(!of('0-1-100').includes(of('0-1-101')))
    assert.ok(!of('0-1-100').includes(of('1-1-1')))
    assert.equal(of('0-1-100,1-2-5').beyond(of('0-1-99,1-2-5')).toString(), '0-1-100')
    assert.ok(of('').isEmpty)
  })

  test('are told from those of MySQL', () => {
    const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562'
    assert.ok(parseGtids('0-1-100') instanceof MariadbGtids)
    assert.ok(parseGtids(`${uuid}:1-5`) instanceof GtidSet)
    assert.deepEqual(parsePositionOption('0-1-100,1-2-5', '--start', []), {
      kind: 'gtids',
      gtids: of('0-1-100,1-2-5')
    })
    assert.equal(parsePosition({ gtid: '0-1-7', file: 'b.000001', pos: 4 }).gtids?.toString(), '0-1-7')
    assert.equal(includesGtids(of('0-1-100'), GtidSet.parse(`${uuid}:1`)), false)
    assert.throws(() => of('0-1-100,0-2-3'), { code: 'USAGE', message: /one for each domain/ })
  })
})
