import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { PositionVersions } from '../../src/lib/elastic/version.ts'

const name = (number: number): string => `binlog.${String(number).padStart(6, '0')}`
const place = fc.record({
  file: fc.integer({ min: 1, max: 2 ** 21 - 1 }),
  position: fc.integer({ min: 4, max: 2 ** 32 - 1 }),
  row: fc.integer({ min: 0, max: 1023 })
})

describe('versions from log positions', () => {
  test('grow exactly as file, position and row do, and fit into 63 bits', () => {
    const versions = new PositionVersions()
    fc.assert(
      fc.property(place, place, (a, b) => {
        const versionOf = (p: typeof a) => versions.version(name(p.file), p.position, p.row) as bigint
        const order = a.file - b.file || a.position - b.position || a.row - b.row
        const [first, second] = [versionOf(a), versionOf(b)]
        assert.equal(Math.sign(Number(first - second)), Math.sign(order))
        assert.ok(first > 0n && first < 2n ** 63n)
      })
    )
  })

  test('rows past 1,023 stay before the next event, which lies at least a byte a row further on', () => {
    const versions = new PositionVersions()
    fc.assert(
      fc.property(place, fc.integer({ min: 1024, max: 10_000_000 }), (at, row) => {
        const next = at.position + Math.ceil(row / 1024) + 19
        const [last, following] = [
          versions.version(name(at.file), at.position, row),
          versions.version(name(at.file), next, 0)
        ]
        assert.ok((last as bigint) < (following as bigint))
      })
    )
  })

  test('there is none for a file without a number, or with one that is too large', () => {
    const versions = new PositionVersions()
    assert.equal(versions.version('', 4, 0), null)
    assert.equal(versions.version('binlog', 4, 0), null)
    assert.equal(versions.version(`binlog.${2 ** 21}`, 4, 0), null)
    assert.equal(versions.version('binlog.000001', Number.NaN, 0), null)
  })
})
