import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TableFilter } from '../../src/lib/mysql/tables.ts'

describe('--tables', () => {
  test('names without a database are in the URL’s', () => {
    const filter = new TableFilter(['payments', 'other.coupons'], 'dream')
    assert.ok(filter.includes('dream', 'payments'))
    assert.ok(filter.includes('other', 'coupons'))
    assert.ok(!filter.includes('dream', 'coupons'))
    assert.ok(!filter.includes('dream', 'payments2'))
    assert.ok(!filter.includes('xdream', 'payments'))
    assert.throws(() => new TableFilter(['payments'], ''), { code: 'USAGE', message: /in which database/ })
  })

  test('a star stands for any characters, all others for themselves', () => {
    const filter = new TableFilter(['log_*', 'a+b.c$*'], 'dream')
    assert.ok(filter.includes('dream', 'log_'))
    assert.ok(filter.includes('dream', 'log_2026'))
    assert.ok(!filter.includes('dream', 'blog_2026'))
    assert.ok(filter.includes('a+b', 'c$d'))
    assert.ok(!filter.includes('aab', 'c'))
  })

  test('without it all tables of the URL’s database are read, or of all but the system’s', () => {
    const own = new TableFilter([], 'dream')
    assert.ok(own.includes('dream', 'x') && !own.includes('other', 'x'))
    const all = new TableFilter([], '')
    assert.ok(all.includes('dream', 'x') && all.includes('other', 'x'))
    for (const system of ['mysql', 'sys', 'information_schema', 'performance_schema'])
      assert.ok(!all.includes(system, 'x'))
  })

  test('--exclude-tables takes some out again', () => {
    const filter = new TableFilter(['log_*', 'payments'], 'dream', ['log_old*', 'other.*', '*.log_x'])
    assert.ok(filter.includes('dream', 'payments') && filter.includes('dream', 'log_new'))
    for (const table of ['log_old', 'log_old_2', 'log_x']) assert.ok(!filter.includes('dream', table))
    assert.ok(!new TableFilter([], '', ['other.*']).includes('other', 'payments'))
    assert.throws(() => new TableFilter([], '', ['payments']), {
      code: 'USAGE',
      message: /--exclude-tables payments: in which database/
    })
  })

  test('statements that cannot have changed them are let pass, all others not', () => {
    const filter = new TableFilter(['payments', 'other.*'], 'dream')
    assert.ok(filter.mayBeChangedBy('UPDATE payments SET n = 1', 'dream'))
    assert.ok(filter.mayBeChangedBy('UPDATE dream.payments SET n = 1', 'test'))
    assert.ok(filter.mayBeChangedBy('UPDATE Payments SET n = 1', 'dream'))
    assert.ok(!filter.mayBeChangedBy('UPDATE coupons SET n = 1', 'dream'))
    assert.ok(!filter.mayBeChangedBy('UPDATE payments SET n = 1', 'test'))
    assert.ok(filter.mayBeChangedBy('UPDATE`payments`SET n = 1', 'dream'))
    assert.ok(!filter.mayBeChangedBy('UPDATE payments_old SET n = 1', 'dream'))
    assert.ok(!filter.mayBeChangedBy('UPDATE zahlungenöpayments SET n = 1', 'dream'))
    assert.ok(filter.mayBeChangedBy('DELETE FROM anything', 'other'))
  })
})
