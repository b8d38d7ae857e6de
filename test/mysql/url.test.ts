import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseMysqlUrl } from '../../src/lib/mysql/url.ts'

describe('a MySQL URL', () => {
  test('names host, port, user, password and database', () => {
    const target = parseMysqlUrl('mysql://cdc:s3cret@db.example:3307/dream')
    assert.equal(target.host, 'db.example')
    assert.equal(target.port, 3307)
    assert.equal(target.user, 'cdc')
    assert.equal(target.password, 's3cret')
    assert.equal(target.database, 'dream')
    assert.equal(target.tls, undefined)
  })

  test('may leave out all but the host', () => {
    const target = parseMysqlUrl('mysql://db')
    assert.deepEqual(
      [target.host, target.port, target.user, target.password, target.database],
      ['db', 3306, '', '', '']
    )
  })

  test('takes any user, password and database when they are percent-encoded', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' })
    // A path of dots means a folder, in any URL.
    const name = text.filter(value => value !== '.' && value !== '..')
    fc.assert(
      fc.property(text, text, name, (user, password, database) => {
        const encode = encodeURIComponent
        const target = parseMysqlUrl(`mysql://${encode(user)}:${encode(password)}@db/${encode(database)}`)
        assert.deepEqual([target.user, target.password, target.database], [user, password, database])
        assert.ok(
          password.length < 4 || user.includes(password) || !target.display.includes(encode(password))
        )
      })
    )
  })

  test('takes IPv6 addresses and sockets', () => {
    assert.equal(parseMysqlUrl('mysql://[::1]:3306/db').host, '::1')
    assert.equal(
      parseMysqlUrl('mysql://u@localhost/db?socket=/run/mysqld.sock').socketPath,
      '/run/mysqld.sock'
    )
  })

  test('asks for TLS as the mysql client does', () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-url-'))
    const ca = join(directory, 'ca.pem')
    writeFileSync(ca, 'CA')
    const tls = (query: string): unknown => parseMysqlUrl(`mysql://u@db/d?${query}`).tls
    assert.equal(tls('ssl-mode=disabled'), undefined)
    const unchecked = { optional: false, verifyCertificate: false, verifyIdentity: false }
    assert.equal(tls(''), undefined)
    assert.deepEqual(tls('ssl-mode=preferred'), { ...unchecked, optional: true })
    assert.deepEqual(tls('ssl-mode=required'), unchecked)
    assert.deepEqual(tls(`ssl-cert=${ca}&ssl-key=${ca}`), { ...unchecked, cert: 'CA', key: 'CA' })
    assert.deepEqual(tls(`ssl-ca=${ca}`), { ...unchecked, verifyCertificate: true, ca: 'CA' })
    assert.deepEqual(tls(`ssl-mode=verify-identity&ssl-ca=${ca}`), {
      optional: false,
      verifyCertificate: true,
      verifyIdentity: true,
      ca: 'CA'
    })
    assert.throws(() => tls(`ssl-cert=${ca}`), { code: 'USAGE', message: /both ssl-cert and ssl-key/ })
    assert.throws(() => tls(`ssl-mode=disabled&ssl-ca=${ca}`), {
      code: 'USAGE',
      message: /ssl-ca says nothing/
    })
    assert.throws(() => tls(`ssl-ca=${directory}/none.pem`), { code: 'USAGE', message: /none\.pem/ })
    rmSync(directory, { recursive: true })
  })

  test('what is wrong with it is said without the password', () => {
    const cases: [string, RegExp][] = [
      ['db.example', /not a URL/],
      ['postgres://u:s3cret@db/d', /scheme is mysql/],
      ['mysql://u:s3cret@db/d?ssl-mod=x', /unknown parameter 'ssl-mod'/],
      ['mysql://u:s3cret@db/d?ssl-mode=x', /ssl-mode 'x' is not one of/]
    ]
    for (const [url, message] of cases) {
      assert.throws(
        () => parseMysqlUrl(url),
        (error: Error) => {
          assert.match(error.message, message)
          assert.doesNotMatch(error.message, /s3cret/)
          return (error as Error & { code: string }).code === 'USAGE'
        }
      )
    }
  })

  test('a percent sign that encodes nothing is a clear error', () => {
    assert.throws(() => parseMysqlUrl('mysql://u:50%@db/d'), { code: 'USAGE', message: /percent/ })
  })
})
