import { ToolError } from '../cli/index.ts'
import type { ByteWriter } from '../stream/index.ts'
import { writeAscii, writeDouble } from './encode.ts'

/** The type codes of well-known binary, by index. */
const TYPES = [
  '',
  'Point',
  'LineString',
  'Polygon',
  'MultiPoint',
  'MultiLineString',
  'MultiPolygon',
  'GeometryCollection'
] as const

const LINE_STRING = 2
const POLYGON = 3
const COLLECTION = 7
/** A collection in a collection in …: the call stack must hold what hostile bytes ask for. */
const DEEPEST = 500

/**
 * A GEOMETRY in MySQL's storage format (SRID in four bytes, little-endian, then well-known binary; MariaDB's is the
 * same) as GeoJSON (RFC 7946).
 *
 * Coordinates stand in the order in which they are stored, as with ST_AsGeoJSON on each server: MySQL 8.0 and later
 * store longitude before latitude whatever the axis order of the SRID is, 5.7 and MariaDB what was written. The SRID is
 * left out: RFC 7946 knows no other than WGS 84. Numbers are exact, where MySQL's ST_AsGeoJSON loses the last digit.
 *
 * What servers store but GeoJSON has no form for is null: no bytes at all (MariaDB and 5.7 put them for NULL into a column
 * that is NOT NULL) and coordinates that are NaN or infinite.
 *
 * @throws ToolError DATA for bytes that are no geometry
 */
export function writeGeometry(w: ByteWriter, buffer: Buffer, start: number, end: number): void {
  if (start === end) {
    w.text('null')
    return
  }
  const wkb = new WellKnownBinary(buffer, start + 4, end)
  writeObject(w, wkb, 0)
  if (wkb.at !== end) wkb.fail(`${end - wkb.at} bytes are left over`)
}

/** Reads the bytes of one geometry. Each part says its byte order anew. */
class WellKnownBinary {
  at: number
  readonly #start: number
  readonly #end: number
  readonly #buffer: Buffer
  #littleEndian = true

  constructor(buffer: Buffer, start: number, end: number) {
    this.#buffer = buffer
    this.at = start
    this.#start = start - 4
    this.#end = end
  }

  /** Byte order and type, which is one of `TYPES`. */
  type(): number {
    this.#need(5)
    this.#littleEndian = this.#buffer[this.at] !== 0
    this.at++
    const type = this.#uint()
    if (type === 0 || type >= TYPES.length) this.fail(`type ${type} is not known`)
    return type
  }

  /** A number of parts of at least `size` bytes each. */
  count(size: number): number {
    this.#need(4)
    const count = this.#uint()
    this.#need(count * size)
    return count
  }

  double(): number {
    this.#need(8)
    const value = this.#littleEndian ? this.#buffer.readDoubleLE(this.at) : this.#buffer.readDoubleBE(this.at)
    this.at += 8
    return value
  }

  fail(why: string): never {
    throw new ToolError('DATA', `a geometry cannot be read: byte ${this.at - this.#start}: ${why}`)
  }

  #uint(): number {
    const value = this.#littleEndian ? this.#buffer.readUInt32LE(this.at) : this.#buffer.readUInt32BE(this.at)
    this.at += 4
    return value
  }

  #need(bytes: number): void {
    if (this.at + bytes > this.#end) this.fail('it ends too early')
  }
}

function writeObject(w: ByteWriter, wkb: WellKnownBinary, depth: number): void {
  if (depth > DEEPEST) wkb.fail(`collections are nested deeper than ${DEEPEST}`)
  const type = wkb.type()
  w.text(`{"type":"${TYPES[type]}",${type === COLLECTION ? '"geometries":' : '"coordinates":'}`)
  if (type === COLLECTION) writeArray(w, wkb, 9, () => writeObject(w, wkb, depth + 1))
  else writeCoordinates(w, wkb, type)
  w.text('}')
}

function writeCoordinates(w: ByteWriter, wkb: WellKnownBinary, type: number): void {
  switch (type) {
    case 1:
      writePosition(w, wkb)
      break
    case LINE_STRING:
      writePositions(w, wkb)
      break
    case POLYGON:
      writeArray(w, wkb, 4, () => writePositions(w, wkb))
      break
    default:
      // MultiPoint, MultiLineString and MultiPolygon hold whole geometries of the type three before theirs.
      writeArray(w, wkb, 9, () => {
        const part = wkb.type()
        if (part !== type - 3) wkb.fail(`a ${TYPES[type]} holds a ${TYPES[part]}`)
        writeCoordinates(w, wkb, part)
      })
  }
}

function writePositions(w: ByteWriter, wkb: WellKnownBinary): void {
  writeArray(w, wkb, 16, () => writePosition(w, wkb))
}

function writePosition(w: ByteWriter, wkb: WellKnownBinary): void {
  w.ensure(80)
  const out = w.buffer
  let o = w.length
  out[o++] = 91
  o = writeCoordinate(out, o, wkb.double())
  out[o++] = 44
  o = writeCoordinate(out, o, wkb.double())
  out[o++] = 93
  w.length = o
}

function writeCoordinate(out: Buffer, o: number, value: number): number {
  return Number.isFinite(value) ? writeDouble(out, o, value) : writeAscii(out, o, 'null')
}

function writeArray(w: ByteWriter, wkb: WellKnownBinary, partSize: number, writePart: () => void): void {
  const count = wkb.count(partSize)
  w.ensure(1)
  w.buffer[w.length++] = 91
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      w.ensure(1)
      w.buffer[w.length++] = 44
    }
    writePart()
  }
  w.ensure(1)
  w.buffer[w.length++] = 93
}
