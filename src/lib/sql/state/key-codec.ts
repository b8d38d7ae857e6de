/** What is a key in a state's Map. */
export type Key = string | number | bigint | boolean | null

const tag = { null: 0, false: 1, true: 2, number: 3, bigint: 4, latin: 5, text: 6 } as const

const prefixLength = 4

/**
 * Keys as bytes: four of the number of their map, so that those of a map stand together, then the key so that numbers
 * are in their order: what came together mostly lies together.
 */
export class KeyCodec {
  private bytes = Buffer.allocUnsafe(1024)

  /** The bytes of a key; valid until the next call. */
  encode(map: number, key: Key): Buffer {
    const { bytes } = this
    bytes.writeUInt32BE(map, 0)
    const at = prefixLength
    if (typeof key === 'number') {
      bytes[at] = tag.number
      // Negative doubles have their order turned round, and are before the others.
      bytes.writeDoubleBE(key === 0 ? 0 : key, at + 1)
      const isNegative = (bytes[at + 1] as number) >= 128
      if (isNegative) for (let i = at + 1; i < at + 9; i++) bytes[i] = ~(bytes[i] as number)
      else bytes[at + 1] = (bytes[at + 1] as number) | 128
      return bytes.subarray(0, at + 9)
    }
    if (typeof key === 'string') return this.encodeText(key)
    if (typeof key === 'bigint') {
      const text = String(key)
      bytes[at] = tag.bigint
      this.room(text.length)
      return this.bytes.subarray(0, at + 1 + this.bytes.write(text, at + 1, 'latin1'))
    }
    bytes[at] = key === null ? tag.null : key ? tag.true : tag.false
    return bytes.subarray(0, at + 1)
  }

  decode(bytes: Uint8Array): Key {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const at = prefixLength + 1
    switch (buffer[prefixLength]) {
      case tag.null:
        return null
      case tag.number: {
        const number = Buffer.from(buffer.subarray(at, at + 8))
        const isNegative = (number[0] as number) < 128
        if (isNegative) for (let i = 0; i < 8; i++) number[i] = ~(number[i] as number)
        else number[0] = (number[0] as number) & 127
        return number.readDoubleBE(0)
      }
      case tag.bigint:
        return BigInt(buffer.toString('latin1', at))
      case tag.latin:
        return buffer.toString('latin1', at)
      case tag.text:
        return buffer.toString('utf16le', at)
      default:
        return buffer[prefixLength] === tag.true
    }
  }

  private encodeText(key: string): Buffer {
    const { length } = key
    this.room(2 * length)
    const { bytes } = this
    const start = prefixLength + 1
    let i = 0
    for (; i < length; i++) {
      const code = key.charCodeAt(i)
      if (code > 255) break
      bytes[start + i] = code
    }
    if (i === length) {
      bytes[prefixLength] = tag.latin
      return bytes.subarray(0, start + length)
    }
    bytes[prefixLength] = tag.text
    return bytes.subarray(0, start + bytes.write(key, start, 'utf16le'))
  }

  private room(size: number): void {
    if (prefixLength + 1 + size <= this.bytes.length) return
    const bytes = Buffer.allocUnsafe(2 * (prefixLength + 1 + size))
    this.bytes.copy(bytes, 0, 0, prefixLength + 1)
    this.bytes = bytes
  }
}

/** The bytes that all keys of a map are not before, and those that they are before. */
export function keyRange(map: number): [from: Buffer, to: Buffer] {
  const [from, to] = [Buffer.allocUnsafe(prefixLength), Buffer.allocUnsafe(prefixLength)]
  from.writeUInt32BE(map, 0)
  to.writeUInt32BE(map + 1, 0)
  return [from, to]
}
