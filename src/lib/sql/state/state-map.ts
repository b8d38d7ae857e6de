import { Expiry } from '../operators/expiry.ts'
import { keep } from '../values/keep.ts'
import type { Key } from './key-codec.ts'
import { Meter } from './meter.ts'
import { type Life, type Packing, SpilledMap, type SpilledState } from './spilled-map.ts'
import type { Spillable, StateMemory } from './state-memory.ts'

/** What a snapshot holds: the entries, and when each was written where they have a time to live. */
export type MapState = { entries: Map<Key, unknown>; written: [Key, number][] | undefined } | SpilledState

export type StateMapOptions<V> = {
  /** Where values are not plain data. */
  packing?: Packing<V>
  /** How long entries live. */
  life?: Life | undefined
}

/** A Map of V8 takes no more than 2^24 entries. */
const largest = 2 ** 23

/** Sizes of so many entries are looked at in turn. */
const sampled = 8

/**
 * What an operator keeps by key: a Map that leaves memory in part when the states take too much of it. Entries come in the
 * order in which they were added, wherever they are. Those that have a time to live are gone when it is over, without a
 * word.
 */
export class StateMap<V> implements Spillable {
  private readonly memory: StateMemory
  private readonly packing: Packing<V> | undefined
  private readonly life: Life | undefined
  private readonly meter = new Meter()
  private map = new Map<unknown, V>()
  private expiry: Expiry<unknown> | undefined
  private spilled: SpilledMap<V> | undefined
  private samples: Iterator<V> | undefined
  private sampledSize = 0
  private looks = 0
  private pauses = 0

  constructor(memory: StateMemory, { packing, life }: StateMapOptions<V> = {}) {
    this.memory = memory
    this.packing = packing
    this.life = life
    this.expiry = this.newExpiry()
    memory.add(this)
  }

  get size(): number {
    return this.spilled === undefined ? this.map.size : this.spilled.size
  }

  /** The value under a key, which may be changed in place until other lines come. */
  get(key: unknown): V | undefined {
    if (this.spilled !== undefined) return this.spilled.get(key as Key)
    if (this.expiry !== undefined) this.expire()
    return this.map.get(key)
  }

  /** The same of a value that is not changed. */
  peek(key: unknown): V | undefined {
    if (this.spilled !== undefined) return this.spilled.peek(key as Key)
    if (this.expiry !== undefined) this.expire()
    return this.map.get(key)
  }

  /** Puts a value under a key that `get` was asked for in the same change; it is written now. */
  set(key: unknown, value: V): void {
    if (this.spilled !== undefined) {
      this.spilled.set(key as Key, value)
      return
    }
    const own = keep(key)
    this.map.set(own, value)
    this.expiry?.touch(own)
  }

  /** Deletes what is under a key that `get` was asked for in the same change. */
  delete(key: unknown): void {
    if (this.spilled !== undefined) {
      this.spilled.delete(key as Key)
      return
    }
    this.map.delete(key)
    this.expiry?.forget(key)
  }

  /** What is under a key that `get` was asked for in the same change is written now. */
  touch(key: unknown): void {
    if (this.spilled !== undefined) this.spilled.touch(key as Key)
    else this.expiry?.touch(key)
  }

  /** All entries as they are now, in their order; the values are not changed. What becomes of them meanwhile is not seen. */
  *entries(): Generator<[key: unknown, value: V]> {
    this.expire()
    for (const entry of this.spilled === undefined ? [...this.map] : this.spilled.entries()) {
      yield entry
      // What takes the entries may keep as much.
      this.pause()
    }
  }

  /** All entries in their order, for the last time. */
  *take(): Generator<[key: unknown, value: V]> {
    this.expire()
    const { map, spilled } = this
    this.forget()
    for (const entry of spilled === undefined ? map : spilled.entries()) {
      yield entry
      this.pause()
    }
    spilled?.clear()
  }

  /** Nothing is being changed: entries may leave memory. For what does much in one go. */
  pause(): void {
    if (++this.pauses % 1024 === 0) this.memory.check()
  }

  clear(): void {
    this.spilled?.clear()
    this.forget()
  }

  /** It is not used any more. */
  end(): void {
    this.clear()
    this.memory.remove(this)
  }

  get bytes(): number {
    const { spilled, map, meter } = this
    if (spilled !== undefined) return meter.ofEntries(spilled.inMemory)
    if (map.size === 0) return 0
    if (map.size > largest) return Number.POSITIVE_INFINITY
    if (map.size > this.sampledSize * 1.1 || ++this.looks % 64 === 0) this.sample()
    return meter.ofEntries(map.size)
  }

  get isSpilled(): boolean {
    return this.spilled !== undefined
  }

  spill(): void {
    if (this.spilled !== undefined) {
      this.spilled.shrink()
      return
    }
    this.expire()
    const { map, expiry, memory, meter, packing, life } = this
    const spilled = new SpilledMap<V>(memory.disk, memory.newId(), meter, packing, life)
    spilled.fill(map as Map<Key, V>, key => expiry?.timeOf(key) ?? null)
    this.forget()
    this.spilled = spilled
  }

  state(): MapState {
    this.expire()
    if (this.spilled !== undefined) return this.spilled.state()
    const { map, packing } = this
    const entries =
      packing === undefined
        ? map
        : new Map([...map].map(([key, value]) => [key, packing.pack(value)] as const))
    return {
      entries: entries as Map<Key, unknown>,
      written: this.expiry?.entries() as [Key, number][] | undefined
    }
  }

  restore(state: MapState): void {
    this.forget()
    const { memory, meter, packing, life } = this
    if ('spilled' in state) {
      this.spilled = new SpilledMap<V>(memory.disk, state.spilled, meter, packing, life)
      this.spilled.restore(state)
      return
    }
    this.map =
      packing === undefined
        ? (state.entries as Map<unknown, V>)
        : new Map([...state.entries].map(([key, plain]) => [key, packing.unpack(plain)]))
    for (const [key, time] of state.written ?? []) this.expiry?.touch(key, time)
  }

  private expire(): void {
    this.expiry?.expire(key => this.map.delete(key))
  }

  private forget(): void {
    this.map = new Map()
    this.expiry = this.newExpiry()
    this.spilled = undefined
    this.samples = undefined
    this.sampledSize = 0
  }

  private newExpiry(): Expiry<unknown> | undefined {
    return this.life === undefined ? undefined : new Expiry(this.life.ttl, this.life.clock)
  }

  /** Looks at the sizes of some entries, others each time. */
  private sample(): void {
    const { codec } = this.memory
    for (let i = 0; i < sampled; i++) {
      this.samples ??= this.map.values()
      const { value, done } = this.samples.next()
      if (done === true) this.samples = undefined
      else this.meter.add(codec.sizeOf(this.packing === undefined ? value : this.packing.pack(value)))
    }
    this.sampledSize = this.map.size
  }
}
