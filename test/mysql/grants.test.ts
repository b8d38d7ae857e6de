import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Grants } from '../../src/lib/mysql/grants.ts'

const of = (...statements: string[]): Grants => new Grants("'cdc'@'%'", statements)

describe('privileges', () => {
  test('of all databases count everywhere', () => {
    const grants = of('GRANT SELECT, RELOAD, REPLICATION SLAVE ON *.* TO `cdc`@`%`')
    for (const privilege of ['SELECT', 'RELOAD', 'REPLICATION SLAVE']) assert.ok(grants.hasGlobal(privilege))
    assert.ok(!grants.hasGlobal('REPLICATION CLIENT'))
    assert.ok(grants.hasOn('SELECT', 'any'))
    assert.ok(of("GRANT ALL PRIVILEGES ON *.* TO 'root'@'%' WITH GRANT OPTION").hasGlobal('RELOAD'))
  })

  test('of a database count there, its name being a pattern', () => {
    const grants = of('GRANT SELECT, LOCK TABLES ON `dream\\_%`.* TO `cdc`@`%`')
    assert.ok(grants.hasOn('LOCK TABLES', 'dream_11'))
    assert.ok(!grants.hasOn('LOCK TABLES', 'dreams'))
    assert.ok(!grants.hasOn('RELOAD', 'dream_11'))
    assert.ok(!grants.hasGlobal('LOCK TABLES'))
    assert.ok(of('GRANT SELECT ON `a.b`.* TO `x`@`%`').hasOn('SELECT', 'a.b'))
    assert.ok(!of('GRANT SELECT ON `a.b`.* TO `x`@`%`').hasOn('SELECT', 'axb'))
  })

  test('of one table or of columns do not count for the database', () => {
    assert.ok(!of('GRANT SELECT ON `db`.`t` TO `x`@`%`').hasOn('SELECT', 'db'))
    const columns = of('GRANT SELECT (`a`, `b`), INSERT ON `db`.* TO `x`@`%`')
    assert.ok(!columns.hasOn('SELECT', 'db') && columns.hasOn('INSERT', 'db'))
  })

  test('go by other names, too, and roles are none', () => {
    assert.ok(of('GRANT BINLOG MONITOR ON *.* TO `x`@`%`').hasGlobal('REPLICATION CLIENT'))
    assert.ok(!of('GRANT `SELECT`@`%` TO `x`@`%`', 'GRANT USAGE ON *.* TO `x`@`%`').hasGlobal('SELECT'))
  })
})
