import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { positionVersion, VersionWriter } from '../../src/lib/elastic/version.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'

const name = (number: number): string => `binlog.${String(number).padStart(6, '0')}`
const place = fc.record({
  file: fc.integer({ min: 1, max: 2 ** 21 - 1 }),
  position: fc.integer({ min: 4, max: 2 ** 32 - 1 }),
  row: fc.integer({ min: 0, max: 1023 })
})

describe('versions from log positions', () => {
  test('grow exactly as file, position and row do, and fit into 63 bits', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        const versionOf = (p: typeof a) => positionVersion(name(p.file), p.position, p.row) as bigint
        const order = a.file - b.file || a.position - b.position || a.row - b.row
        const [first, second] = [versionOf(a), versionOf(b)]
        assert.equal(Math.sign(Number(first - second)), Math.sign(order))
        assert.ok(first > 0n && first < 2n ** 63n)
      })
    )
  })

  test('rows past 1,023 stay before the next event, which lies at least a byte a row further on', () => {
    fc.assert(
      fc.property(place, fc.integer({ min: 1024, max: 10_000_000 }), (at, row) => {
        const next = at.position + Math.ceil(row / 1024) + 19
        const [last, following] = [
          positionVersion(name(at.file), at.position, row),
          positionVersion(name(at.file), next, 0)
        ]
        assert.ok((last as bigint) < (following as bigint))
      })
    )
  })

  test('there is none for a file without a number, or with one that is too large', () => {
    assert.equal(positionVersion('', 4, 0), null)
    assert.equal(positionVersion('binlog', 4, 0), null)
    assert.equal(positionVersion(`binlog.${2 ** 21}`, 4, 0), null)
    assert.equal(positionVersion('binlog.000001', Number.NaN, 0), null)
  })

  test('are written digit by digit as they are computed, whatever came before', () => {
    const writer = new VersionWriter()
    fc.assert(
      fc.property(place, fc.integer({ min: 0, max: 2_000_000_000 }), (at, row) => {
        const out = new ByteWriter(64)
        writer.inFile(name(at.file))
        assert.ok(writer.at(at.position))
        writer.write(out, row)
        assert.equal(out.written().toString(), String(positionVersion(name(at.file), at.position, row)))
      })
    )
  })
})
