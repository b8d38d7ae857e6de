import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { writeGeometry } from '../../src/lib/mysql/geometry.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { int } from './binlog.ts'

const SRID = int(4326, 4)

function point(x: number, y: number): Buffer {
  const bytes = Buffer.alloc(16)
  bytes.writeDoubleLE(x)
  bytes.writeDoubleLE(y, 8)
  return bytes
}

function wkb(type: number, ...parts: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([1]), int(type, 4), ...parts])
}

function geoJson(bytes: Buffer): string {
  const w = new ByteWriter(16)
  writeGeometry(w, Buffer.concat([Buffer.from([9, 9]), bytes, Buffer.from([9])]), 2, 2 + bytes.length)
  return w.written().toString()
}

describe('a geometry', () => {
  test('is written with its coordinates as they are stored', () => {
    assert.equal(
      geoJson(Buffer.concat([SRID, wkb(1, point(72.8777, -0.1))])),
      '{"type":"Point","coordinates":[72.8777,-0.1]}'
    )
    assert.equal(
      geoJson(Buffer.concat([SRID, wkb(7, int(0, 4))])),
      '{"type":"GeometryCollection","geometries":[]}'
    )
  })

  test('is read in the byte order of each part', () => {
    const bigEndian = Buffer.from('000000000140000000000000003ff0000000000000', 'hex')
    assert.equal(
      geoJson(Buffer.concat([SRID, wkb(4, int(2, 4), bigEndian, wkb(1, point(3, 4)))])),
      '{"type":"MultiPoint","coordinates":[[2.0,1.0],[3.0,4.0]]}'
    )
  })

  test('without a form in GeoJSON is null, as are such coordinates', () => {
    assert.equal(geoJson(Buffer.alloc(0)), 'null')
    assert.equal(
      geoJson(Buffer.concat([SRID, wkb(1, point(Number.NaN, Number.NEGATIVE_INFINITY))])),
      '{"type":"Point","coordinates":[null,null]}'
    )
  })

  test('keeps every digit of its coordinates', () => {
    const coordinate = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate)), points => {
        const bytes = wkb(2, int(points.length, 4), ...points.map(([x, y]) => point(x, y)))
        assert.deepEqual(JSON.parse(geoJson(Buffer.concat([SRID, bytes]))), {
          type: 'LineString',
          coordinates: points
        })
      })
    )
  })

  const collection = wkb(7, int(2, 4), wkb(1, point(1, 2)), wkb(3, int(1, 4), int(1, 4), point(3, 4)))

  test('that is cut anywhere, goes on behind its end or is of an unknown type is refused', () => {
    const bytes = Buffer.concat([SRID, collection])
    for (let length = 4; length < bytes.length; length++)
      assert.throws(() => geoJson(bytes.subarray(0, length)), { code: 'DATA' }, `${length} bytes`)
    assert.throws(() => geoJson(Buffer.concat([bytes, Buffer.alloc(1)])), /1 bytes are left over/)
    assert.throws(() => geoJson(Buffer.concat([SRID, wkb(8, int(0, 4))])), /byte 9: type 8 is not known/)
    assert.throws(
      () => geoJson(Buffer.concat([SRID, wkb(4, int(1, 4), wkb(2, int(0, 4), int(0, 4)))])),
      /a MultiPoint holds a LineString/
    )
  })

  test('nested without end is refused', () => {
    let nested = wkb(7, int(0, 4))
    for (let i = 0; i < 501; i++) nested = wkb(7, int(1, 4), nested)
    assert.throws(() => geoJson(Buffer.concat([SRID, nested])), /nested deeper than 500/)
  })
})
