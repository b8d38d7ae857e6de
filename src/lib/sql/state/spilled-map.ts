import type { Clock } from '../operators/expiry.ts'
import { keep } from '../values/keep.ts'
import type { StateCodec } from './codec.ts'
import type { Key, KeyCodec } from './key-codec.ts'
import { KeyFilter } from './key-filter.ts'
import type { Meter } from './meter.ts'
import type { StateStore } from './store.ts'

/** Where spilled entries go, and in which form. */
export type Disk = {
  readonly store: StateStore
  readonly codec: StateCodec
  readonly keys: KeyCodec
}

/** Makes plain data of a map's values, and values of that. */
export type Packing<V> = { pack(value: V): unknown; unpack(plain: unknown): V }

/** How long entries live after they were written, ms, by a clock. */
export type Life = { readonly ttl: number; readonly clock: Clock }

/** What a snapshot holds of a map whose entries are in the store. */
export type SpilledState = { spilled: number; size: number; next: number }

/** An entry in memory; without a value it is deleted. */
type Entry<V> = {
  readonly key: Key
  value: V | undefined
  readonly seq: number
  time: number | null
  isStored: boolean
}

/** Entries are written in the order of their keys, so many at a time. */
const batchSize = 64 * 1024

/**
 * A map whose entries are in the store, those that were used lately in memory as well: what has changed since it was
 * last written there, and two generations of what has not. Entries come in the order in which they were added, whether
 * in memory or not.
 */
export class SpilledMap<V> {
  size = 0
  private readonly disk: Disk
  private readonly id: number
  private readonly packing: Packing<V> | undefined
  private readonly life: Life | undefined
  /** The number of the entry that is added next. */
  private next = 0
  private readonly meter: Meter
  /** Knows keys that are not in the store; undefined as long as few were searched for in vain. */
  private filter: KeyFilter | undefined
  private misses = 0
  private changed = new Map<Key, Entry<V>>()
  private young = new Map<Key, Entry<V>>()
  private old = new Map<Key, Entry<V>>()

  constructor(disk: Disk, id: number, meter: Meter, packing: Packing<V> | undefined, life: Life | undefined) {
    this.disk = disk
    this.id = id
    this.meter = meter
    this.packing = packing
    this.life = life
  }

  /** How many entries are in memory. */
  get inMemory(): number {
    return this.changed.size + this.young.size + this.old.size
  }

  /** Takes entries over, in their order. @param timeOf when they were written */
  fill(entries: ReadonlyMap<Key, V>, timeOf: (key: Key) => number | null): void {
    this.filter = new KeyFilter(entries.size)
    let batch: Entry<V>[] = []
    for (const [key, value] of entries) {
      const entry = { key, value, seq: this.next++, time: timeOf(key), isStored: false }
      batch.push(entry)
      if (batch.length < batchSize) continue
      this.write(batch)
      batch = []
    }
    this.write(batch)
    this.disk.store.settle()
    this.size += entries.size
  }

  /** The value under a key, which may be changed in place. */
  get(key: Key): V | undefined {
    let entry = this.changed.get(key)
    if (entry === undefined) {
      entry = this.takeClean(key) ?? this.load(key)
      if (entry === undefined) return undefined
      this.changed.set(entry.key, entry)
    }
    return this.isOver(entry) ? undefined : entry.value
  }

  /** The value under a key, which is not changed. */
  peek(key: Key): V | undefined {
    let entry = this.changed.get(key) ?? this.young.get(key)
    if (entry === undefined) {
      entry = this.takeClean(key) ?? this.load(key)
      if (entry === undefined) return undefined
      this.young.set(entry.key, entry)
    }
    return this.isOver(entry) ? undefined : entry.value
  }

  /** Puts a value under a key that was asked for by `get` in the same change. */
  set(key: Key, value: V): void {
    const entry = this.changed.get(key)
    if (entry?.value !== undefined && !this.isOver(entry)) {
      entry.value = value
      this.touch(key)
      return
    }
    if (entry?.value === undefined) this.size++
    const time = this.life === undefined ? null : this.life.clock.now
    const own = entry?.key ?? (keep(key) as Key)
    this.changed.set(own, { key: own, value, seq: this.next++, time, isStored: entry?.isStored ?? false })
  }

  /** Deletes what is under a key that was asked for by `get` in the same change. */
  delete(key: Key): void {
    const entry = this.changed.get(key)
    if (entry?.value === undefined) return
    this.size--
    if (entry.isStored) entry.value = undefined
    else this.changed.delete(key)
  }

  /** What is under a key is written now: it was asked for by `get`. */
  touch(key: Key): void {
    const entry = this.changed.get(key)
    if (entry !== undefined && this.life !== undefined) entry.time = this.life.clock.now
  }

  /** All entries as they are now, in their order; what becomes of them meanwhile is not seen. */
  *entries(): Generator<[Key, V]> {
    this.flush()
    const { store, keys } = this.disk
    for (const [bytes, [, time, value]] of store.entries(this.id)) {
      if (this.isTooOld(time)) continue
      yield [keys.decode(bytes), this.unpack(value)]
    }
  }

  /** Deletes all entries. */
  clear(): void {
    this.disk.store.deleteAll(this.id)
    this.changed = new Map()
    this.young = new Map()
    this.old = new Map()
    this.filter = undefined
    this.size = 0
  }

  /** Writes what has changed to the store, and deletes there what has lived its time. */
  flush(): void {
    const { changed, young, life } = this
    this.changed = new Map()
    let batch: Entry<V>[] = []
    for (const [key, entry] of changed) {
      batch.push(entry)
      if (entry.value !== undefined) young.set(key, entry)
      if (batch.length < batchSize) continue
      this.write(batch)
      batch = []
    }
    this.write(batch)
    this.renewFilter()
    if (life !== undefined) this.size -= this.disk.store.deleteAll(this.id, life.clock.now - life.ttl)
  }

  /** Leaves those that were used lately in memory. */
  shrink(): void {
    this.flush()
    this.disk.store.settle()
    this.old = this.young
    this.young = new Map()
  }

  state(): SpilledState {
    this.flush()
    return { spilled: this.id, size: this.size, next: this.next }
  }

  restore({ size, next }: SpilledState): void {
    this.size = size
    this.next = next
  }

  private takeClean(key: Key): Entry<V> | undefined {
    let entry = this.young.get(key)
    if (entry !== undefined) {
      this.young.delete(key)
      return entry
    }
    entry = this.old.get(key)
    if (entry !== undefined) this.old.delete(key)
    return entry
  }

  private load(key: Key): Entry<V> | undefined {
    const { store, keys } = this.disk
    const bytes = keys.encode(this.id, key)
    if (this.filter?.mayHave(bytes) === false) return undefined
    const stored = store.read(bytes)
    if (stored === undefined) {
      this.misses++
      return undefined
    }
    const [seq, time, value] = stored
    return { key: keep(key) as Key, value: this.unpack(value), seq, time, isStored: true }
  }

  private write(entries: Entry<V>[]): void {
    const { store, keys, codec } = this.disk
    for (const entry of entries.sort(byKey)) {
      const { key, value, seq, time } = entry
      const bytes = keys.encode(this.id, key)
      if (value === undefined) store.delete(bytes)
      else {
        const plain = codec.encode(this.packing === undefined ? value : this.packing.pack(value))
        store.write(bytes, seq, time, plain, !entry.isStored)
        this.meter.add(plain.length)
        if (!entry.isStored) this.filter?.add(bytes)
        entry.isStored = true
      }
    }
  }

  /** What it costs to go through all keys is less than that of so many searches. */
  private renewFilter(): void {
    if (this.filter?.isFull === true) this.filter = undefined
    if (this.filter !== undefined || this.misses * 4 < this.size || this.size === 0) return
    const { store } = this.disk
    this.filter = new KeyFilter(this.size)
    for (const key of store.keys(this.id)) this.filter.add(key)
    this.misses = 0
  }

  private unpack(bytes: Uint8Array): V {
    const plain = this.disk.codec.decode(bytes)
    return this.packing === undefined ? (plain as V) : this.packing.unpack(plain)
  }

  private isOver(entry: Entry<V>): boolean {
    return this.life !== undefined && this.isTooOld(entry.time)
  }

  private isTooOld(time: number | null): boolean {
    return this.life !== undefined && time !== null && time + this.life.ttl <= this.life.clock.now
  }
}

/** Nearly the order that the store has: what is written together lies together. */
function byKey({ key: a }: { readonly key: Key }, { key: b }: { readonly key: Key }): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [x, y] = [String(a), String(b)]
  return x < y ? -1 : x > y ? 1 : 0
}
