import { deserialize, serialize } from 'node:v8'

const tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  whole: 4,
  double: 5,
  bigint: 6,
  latin: 7,
  text: 8,
  array: 9,
  map: 10,
  object: 11,
  other: 12
} as const

/** The properties of plain objects that look alike, in their order, and what makes one of values in that order. */
type Shape = { id: number; names: readonly string[]; make: (next: () => unknown) => object }

/** Objects with more properties are dictionaries rather than records; so is what has more shapes. */
const mostProperties = 64
const mostShapes = 1000
/** Longer strings are written by the runtime. */
const shortText = 32

const double = new Float64Array(1)
const doubleBytes = new Uint8Array(double.buffer)

/**
 * State values as bytes: small numbers in few bytes, and the names of an object's properties once for all objects of its
 * shape, so that an accumulator takes some tens of bytes. What is not plain (dates, sets, bytes) is in V8's own form.
 * References that two values have in common become two.
 */
export class StateCodec {
  private readonly shapes: Shape[] = []
  private readonly byNames = new Map<string, Shape>()
  private last: Shape | undefined
  private other: Shape | undefined
  private bytes = Buffer.allocUnsafe(64 * 1024)
  private at = 0
  private source: Buffer = this.bytes
  private from = 0
  private readonly next = (): unknown => this.read()

  /** The names of the properties of each shape, by number: what a snapshot holds. */
  get names(): string[][] {
    return this.shapes.map(({ names }) => [...names])
  }

  restore(names: readonly (readonly string[])[]): void {
    this.shapes.length = 0
    this.byNames.clear()
    this.last = undefined
    this.other = undefined
    for (const list of names) this.addShape(list)
  }

  /** The bytes of a value; valid until the next call. */
  encode(value: unknown): Buffer {
    this.at = 0
    this.write(value)
    return this.bytes.subarray(0, this.at)
  }

  /** How many bytes a value takes. */
  sizeOf(value: unknown): number {
    return this.encode(value).length
  }

  decode(bytes: Uint8Array): unknown {
    this.source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.from = 0
    return this.read()
  }

  private write(value: unknown): void {
    switch (typeof value) {
      case 'number':
        this.writeNumber(value)
        break
      case 'string':
        this.writeText(value)
        break
      case 'object':
        if (value === null) this.writeByte(tag.null)
        else this.writeObject(value)
        break
      case 'boolean':
        this.writeByte(value ? tag.true : tag.false)
        break
      case 'undefined':
        this.writeByte(tag.undefined)
        break
      case 'bigint':
        this.writeByte(tag.bigint)
        this.writeText(String(value))
        break
      default:
        throw new TypeError(`a ${typeof value} cannot be kept`)
    }
  }

  private writeNumber(value: number): void {
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.writeByte(tag.whole)
      this.writeCount(((value << 1) ^ (value >> 31)) >>> 0)
      return
    }
    this.room(9)
    this.bytes[this.at++] = tag.double
    double[0] = value
    for (let i = 0; i < 8; i++) this.bytes[this.at++] = doubleBytes[i] as number
  }

  private writeText(value: string): void {
    const { length } = value
    this.room(2 * length + 6)
    const start = this.at
    this.bytes[this.at++] = tag.latin
    this.writeCount(length)
    if (length <= shortText) {
      let i = 0
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 255) break
        this.bytes[this.at++] = code
      }
      if (i === length) return
    } else if (isLatin(value)) {
      this.at += this.bytes.write(value, this.at, 'latin1')
      return
    }
    this.at = start
    this.bytes[this.at++] = tag.text
    this.writeCount(length)
    this.at += this.bytes.write(value, this.at, 'utf16le')
  }

  private writeObject(value: object): void {
    if (Array.isArray(value)) {
      this.writeByte(tag.array)
      this.writeCount(value.length)
      for (let i = 0; i < value.length; i++) this.write(value[i])
      return
    }
    if (value instanceof Map) {
      this.writeByte(tag.map)
      this.writeCount(value.size)
      for (const [key, member] of value) {
        this.write(key)
        this.write(member)
      }
      return
    }
    const shape = this.shapeOf(value)
    if (shape === undefined) {
      const own = serialize(value)
      this.writeByte(tag.other)
      this.writeCount(own.length)
      this.room(own.length)
      this.at += own.copy(this.bytes, this.at)
      return
    }
    this.writeByte(tag.object)
    this.writeCount(shape.id)
    for (const name of shape.names) this.write((value as Record<string, unknown>)[name])
  }

  /** Undefined where the object is not plain, or has names like no other. */
  private shapeOf(value: object): Shape | undefined {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype) return undefined
    const names = Object.keys(value)
    if (names.length > mostProperties) return undefined
    // Of the objects in a value one is mostly like the one before it, or the one before that.
    const { last, other } = this
    if (last !== undefined && isOf(last, names)) return last
    if (other !== undefined && isOf(other, names)) {
      this.other = last
      this.last = other
      return other
    }
    const known = this.byNames.get(names.join('\0'))
    if (known !== undefined && !isOf(known, names)) return undefined
    const shape = known ?? (this.shapes.length < mostShapes ? this.addShape(names) : undefined)
    this.other = last
    this.last = shape
    return shape
  }

  private addShape(names: readonly string[]): Shape {
    // Computed names, for which __proto__ is one like others.
    const members = names.map(name => `[${JSON.stringify(name)}]: next()`)
    const make = new Function('next', `return { ${members.join(', ')} }`) as Shape['make']
    const shape = { id: this.shapes.length, names, make }
    this.shapes.push(shape)
    this.byNames.set(names.join('\0'), shape)
    return shape
  }

  private writeByte(byte: number): void {
    this.room(1)
    this.bytes[this.at++] = byte
  }

  /** A whole number of at most 32 bits, seven bits a byte. */
  private writeCount(count: number): void {
    this.room(5)
    let rest = count
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.bytes[this.at++] = rest
  }

  private room(size: number): void {
    if (this.at + size <= this.bytes.length) return
    const bytes = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.at + size))
    this.bytes.copy(bytes, 0, 0, this.at)
    this.bytes = bytes
  }

  private read(): unknown {
    const kind = this.source[this.from++]
    switch (kind) {
      case tag.undefined:
        return undefined
      case tag.null:
        return null
      case tag.false:
        return false
      case tag.true:
        return true
      case tag.whole: {
        const zigzag = this.readCount()
        return (zigzag >>> 1) ^ -(zigzag & 1)
      }
      case tag.double:
        for (let i = 0; i < 8; i++) doubleBytes[i] = this.source[this.from++] as number
        return double[0]
      case tag.bigint:
        return BigInt(this.read() as string)
      case tag.latin: {
        const start = this.take(this.readCount())
        return this.source.toString('latin1', start, this.from)
      }
      case tag.text: {
        const start = this.take(2 * this.readCount())
        return this.source.toString('utf16le', start, this.from)
      }
      case tag.array:
        return this.readArray(this.readCount())
      case tag.map:
        return this.readMap(this.readCount())
      case tag.object: {
        const shape = this.shapes[this.readCount()]
        if (shape === undefined) throw new Error('an object of a shape that is not known')
        return shape.make(this.next)
      }
      case tag.other: {
        const start = this.take(this.readCount())
        return deserialize(this.source.subarray(start, this.from))
      }
      default:
        throw new Error(`no kind of value is number ${kind}`)
    }
  }

  private readArray(length: number): unknown[] {
    const array: unknown[] = []
    for (let i = 0; i < length; i++) array.push(this.read())
    return array
  }

  private readMap(size: number): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>()
    for (let i = 0; i < size; i++) {
      const key = this.read()
      map.set(key, this.read())
    }
    return map
  }

  private readCount(): number {
    let count = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.source[this.from++] as number
      count |= (byte & 127) << shift
      if (byte < 128) return count >>> 0
    }
  }

  /** @returns where the bytes begin */
  private take(length: number): number {
    const start = this.from
    this.from += length
    return start
  }
}

function isOf({ names }: Shape, other: readonly string[]): boolean {
  if (names.length !== other.length) return false
  for (let i = 0; i < names.length; i++) if (names[i] !== other[i]) return false
  return true
}

function isLatin(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255) return false
  return true
}
