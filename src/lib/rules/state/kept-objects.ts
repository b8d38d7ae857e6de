import { constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'

/** What is kept together is packed together: larger blocks pack better, smaller ones are unpacked sooner. */
const BLOCK = 32 * 1024
/** An object's number is its block and where it begins in it, in units of so many bytes. */
const UNIT = 8
const PLACE_BITS = 12
const PLACES = 1 << PLACE_BITS
const LENGTH = 4
/** zlib's answers come in pieces of these sizes, which nothing else has: most packed blocks, or blocks, have room in one. */
const PACKED = BLOCK / 4 + UNIT
const UNPACKED = BLOCK + UNIT
/** Objects that differ little pack well however little is done for it. */
const OPTIONS = { params: { [zlib.ZSTD_c_compressionLevel]: 1 }, chunkSize: PACKED }

/** So many full blocks wait until they are packed: most objects of a short window have gone before. */
const WAITING = 12

interface Block {
  bytes: Buffer
  packed: boolean
  /** How many objects were put into it, and how many of them are still wanted. */
  all: number
  live: number
}

/**
 * Objects that wait to be reported, most of which never are: as JSON, in packed blocks that go when nothing in them is wanted
 * any more. What came together mostly goes together.
 */
export class KeptObjects {
  /** By number; of those that have gone, undefined. */
  #blocks: (Block | undefined)[] = []
  #free: number[] = []
  /** Full blocks that are not packed yet, the oldest first. */
  #waiting: number[] = []
  /** Memory of a block that has gone. */
  #spare: Buffer | undefined
  #open = -1
  #end = 0
  #all = 0
  #live = 0
  readonly #unpacked = { number: -1, bytes: Buffer.alloc(0) }

  /** True when most of what there is room for is not wanted any more: it had better be put together anew. */
  get isSparse(): boolean {
    return this.#all > 4 * this.#live && this.#blocks.length - this.#free.length > 16
  }

  /** Its number, from 1. */
  add(object: unknown): number {
    const text = JSON.stringify(object)
    let room = text.length * 3
    if (LENGTH + room > BLOCK - this.#end) room = Buffer.byteLength(text)
    const { bytes } = this.#blockFor(room)
    return this.#added(bytes.write(text, this.#end + LENGTH))
  }

  /** The same of an object whose JSON lies in memory. */
  addBytes(bytes: Buffer, start: number, end: number): number {
    bytes.copy(this.#blockFor(end - start).bytes, this.#end + LENGTH, start, end)
    return this.#added(end - start)
  }

  /** The open block, after another one has been begun if there is no room in it. */
  #blockFor(length: number): Block {
    if (LENGTH + length > BLOCK - this.#end || this.#open < 0) this.#begin(LENGTH + length)
    return this.#blocks[this.#open]!
  }

  #added(length: number): number {
    const block = this.#blocks[this.#open]!
    block.bytes.writeUInt32LE(length, this.#end)
    block.all++
    block.live++
    this.#all++
    this.#live++
    const number = this.#open * PLACES + this.#end / UNIT + 1
    this.#end += Math.ceil((LENGTH + length) / UNIT) * UNIT
    return number
  }

  read(number: number): unknown {
    const place = number - 1
    const bytes = this.#bytesOf(Math.floor(place / PLACES))
    const start = (place % PLACES) * UNIT
    const length = bytes.readUInt32LE(start)
    return JSON.parse(bytes.toString('utf8', start + LENGTH, start + LENGTH + length))
  }

  drop(number: number): void {
    const at = Math.floor((number - 1) / PLACES)
    const block = this.#blocks[at]!
    this.#live--
    if (--block.live > 0) return
    if (at === this.#open) {
      this.#all -= block.all
      block.all = this.#end = 0
    } else this.#remove(at)
  }

  clear(): void {
    this.#blocks = []
    this.#free = []
    this.#waiting = []
    this.#open = -1
    this.#end = this.#all = this.#live = 0
    this.#unpacked.number = -1
  }

  /** Puts objects together anew: tells the new number of each. The others go. */
  gather(numbers: readonly number[], moved: (i: number, number: number) => void): void {
    const old = new KeptObjects()
    old.#blocks = this.#blocks
    this.clear()
    for (const [i, number] of numbers.entries()) moved(i, this.add(old.read(number)))
  }

  #bytesOf(at: number): Buffer {
    const { bytes, packed } = this.#blocks[at]!
    if (!packed) return bytes
    const unpacked = this.#unpacked
    if (unpacked.number !== at) {
      giveBack(unpacked.bytes, UNPACKED)
      unpacked.bytes = zstdDecompressSync(bytes, { chunkSize: UNPACKED })
      unpacked.number = at
    }
    return unpacked.bytes
  }

  /** Begins a block; a large object has one for itself. */
  #begin(room: number): void {
    const last = this.#blocks[this.#open]
    if (last?.live === 0) this.#remove(this.#open)
    else if (last !== undefined) {
      last.bytes = last.bytes.subarray(0, this.#end)
      if (this.#waiting.push(this.#open) > WAITING) this.#pack(this.#waiting.shift()!)
    }
    const bytes =
      room <= BLOCK ? (this.#spare ?? Buffer.allocUnsafeSlow(BLOCK)) : Buffer.allocUnsafeSlow(room)
    if (bytes === this.#spare) this.#spare = undefined
    this.#open = this.#free.pop() ?? this.#blocks.length
    this.#blocks[this.#open] = { bytes, packed: false, all: 0, live: 0 }
    this.#end = 0
  }

  #pack(at: number): void {
    const block = this.#blocks[at]!
    const { bytes } = block
    block.bytes = packed(bytes)
    block.packed = true
    this.#reuse(bytes)
  }

  #reuse({ buffer }: Buffer): void {
    if (buffer.byteLength === BLOCK) this.#spare = Buffer.from(buffer)
  }

  #remove(at: number): void {
    const { all, packed, bytes } = this.#blocks[at]!
    this.#all -= all
    this.#blocks[at] = undefined
    this.#free.push(at)
    if (this.#unpacked.number === at) this.#unpacked.number = -1
    if (packed) return
    this.#waiting = this.#waiting.filter(other => other !== at)
    this.#reuse(bytes)
  }

  save(out: SnapshotWriter): void {
    out.json([this.#open, this.#end, this.#live, this.#free])
    out.json(this.#blocks.map(block => (block === undefined ? null : [block.packed, block.all, block.live])))
    for (const [at, block] of this.#blocks.entries())
      if (block !== undefined) out.bytes(at === this.#open ? block.bytes.subarray(0, this.#end) : block.bytes)
  }

  restore(saved: SnapshotReader): void {
    this.clear()
    const [open, end, live, free] = saved.json<[number, number, number, number[]]>()
    const blocks = saved.json<([boolean, number, number] | null)[]>()
    this.#blocks = blocks.map((block, at) => {
      if (block === null) return undefined
      const own = saved.bytes()
      const bytes = Buffer.allocUnsafeSlow(at === open ? Math.max(BLOCK, own.length) : own.length)
      bytes.set(own)
      const [packed, all, live] = block
      this.#all += all
      if (!packed && at !== open) this.#waiting.push(at)
      return { bytes, packed, all, live }
    })
    this.#open = open
    this.#end = end
    this.#live = live
    this.#free = free
  }
}

/** In memory of its own size: zlib's answer lies in a larger piece. With a size to expect it takes less for itself. */
function packed(bytes: Buffer): Buffer {
  const answer = zstdCompressSync(bytes, { ...OPTIONS, pledgedSrcSize: bytes.length })
  const own = Buffer.allocUnsafeSlow(answer.length)
  answer.copy(own)
  giveBack(answer, PACKED)
  return own
}

/**
 * Gives the memory of an answer back that lies in one piece. Outside of the heap, it would stay until a collection: in a burst
 * of alerts that takes a while.
 */
function giveBack({ buffer }: Buffer, size: number): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === size) buffer.transfer(0)
}
