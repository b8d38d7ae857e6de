import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { type PostgresTarget, parsePollUrl } from '../../src/lib/poll/url.ts'

test('user, password and database are read back as they were encoded', () => {
  const part = fc.string({ minLength: 1, unit: 'grapheme' }).filter(text => !/^\.+$/.test(text))
  fc.assert(
    fc.property(part, part, part, (user, password, database) => {
      const [u, p, d] = [user, password, database].map(encodeURIComponent)
      const target = parsePollUrl(`postgres://${u}:${p}@db:6432/${d}`) as PostgresTarget
      assert.deepEqual(
        [target.user, target.password, target.database, target.host, target.port],
        [user, password, database, 'db', 6432]
      )
      assert.ok(!target.display.includes(`:${p}@`))
    })
  )
})

test('the folder of a socket, an IPv6 address, and libpq’s other scheme are taken', () => {
  assert.equal(
    (parsePollUrl('postgresql://a@localhost/b?host=/run/postgresql') as PostgresTarget).host,
    '/run/postgresql'
  )
  assert.equal((parsePollUrl('postgres://a@[::1]/b') as PostgresTarget).host, '::1')
})

test('a path of SQLite is relative to where the tool was started, and its name is that of the database', () => {
  for (const text of [
    'sqlite:data/shop.db',
    `sqlite:${resolve('data/shop.db')}`,
    `sqlite://${resolve('data/shop.db')}`
  ]) {
    const target = parsePollUrl(text)
    assert.deepEqual(
      [target.kind === 'sqlite' && target.path, target.database],
      [resolve('data/shop.db'), 'shop']
    )
  }
})

test('what cannot be meant is a usage error that does not show the password', () => {
  for (const [text, message] of [
    ['postgres://a:secret@db', /which database/],
    ['postgres://a:secret@db/b?ssl=1', /unknown parameter 'ssl'/],
    ['postgres://a:secret@db/b?sslmode=maybe', /sslmode 'maybe' is not one of/],
    ['postgres://a:secret@db/%zz', /a percent sign encodes nothing/],
    ['postgres://a:secret@db:x/b', /is not a URL/],
    ['postgres://a@db/b?sslrootcert=/no/such/file', /sslrootcert \/no\/such\/file: ENOENT/],
    ['sqlite:', /a path is missing/]
  ] as const) {
    assert.throws(
      () => parsePollUrl(text),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'USAGE')
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /secret/)
        return true
      }
    )
  }
})
