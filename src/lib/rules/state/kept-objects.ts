import { constants as zlib, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { SnapshotReader, SnapshotWriter } from './snapshot.ts'

/** What is kept together is packed together: larger blocks pack better, smaller ones are unpacked sooner. */
const BLOCK = 32 * 1024
/** An object's number is its block and where it begins in it, in units of so many bytes. */
const UNIT = 8
const PLACE_BITS = 12
const PLACES = 1 << PLACE_BITS
const LENGTH = 4
/** Objects that differ little pack well however little is done for it; pieces of this size hold most answers. */
const OPTIONS = { params: { [zlib.ZSTD_c_compressionLevel]: 1 }, chunkSize: BLOCK / 4 }

interface Block {
  /** Packed when it is full. */
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
  #open = -1
  #end = 0
  #all = 0
  #live = 0
  #unpacked = { number: -1, bytes: Buffer.alloc(0) }

  /** True when most of what there is room for is not wanted any more: it had better be put together anew. */
  get isSparse(): boolean {
    return this.#all > 4 * this.#live && this.#blocks.length - this.#free.length > 16
  }

  /** Its number, from 1. */
  add(object: unknown): number {
    return this.addText(JSON.stringify(object))
  }

  /** The same of an object that is JSON already. */
  addText(text: string): number {
    let room = LENGTH + text.length * 3
    if (room > BLOCK - this.#end) room = LENGTH + Buffer.byteLength(text)
    if (room > BLOCK - this.#end || this.#open < 0) this.#begin(room)
    const block = this.#blocks[this.#open]!
    const length = block.bytes.write(text, this.#end + LENGTH)
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
    if (this.#unpacked.number !== at) this.#unpacked = { number: at, bytes: zstdDecompressSync(bytes) }
    return this.#unpacked.bytes
  }

  /** Begins a block; a large object has one for itself. */
  #begin(room: number): void {
    const last = this.#blocks[this.#open]
    let bytes = room <= BLOCK && last?.bytes.length === BLOCK ? last.bytes : undefined
    if (last !== undefined) {
      if (last.live === 0) this.#remove(this.#open)
      else {
        last.bytes = packed(last.bytes.subarray(0, this.#end))
        last.packed = true
      }
    }
    bytes ??= Buffer.allocUnsafeSlow(Math.max(BLOCK, room))
    this.#open = this.#free.pop() ?? this.#blocks.length
    this.#blocks[this.#open] = { bytes, packed: false, all: 0, live: 0 }
    this.#end = 0
  }

  #remove(at: number): void {
    this.#all -= this.#blocks[at]!.all
    this.#blocks[at] = undefined
    this.#free.push(at)
    if (this.#unpacked.number === at) this.#unpacked.number = -1
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
      const bytes = at === open ? Buffer.allocUnsafeSlow(Math.max(BLOCK, own.length)) : Buffer.from(own)
      if (at === open) bytes.set(own)
      const [packed, all, live] = block
      this.#all += all
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
  return own
}
