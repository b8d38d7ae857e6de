import { existsSync } from 'node:fs'
import { ToolError } from '../../cli/index.ts'
import { StateCodec } from './codec.ts'
import { collectGarbage } from './collect-garbage.ts'
import { KeyCodec } from './key-codec.ts'
import type { Disk } from './spilled-map.ts'
import { StateStore } from './store.ts'

/** Bytes of garbage for which V8 is asked to look at all of its heap. */
const worthCollecting = 4 * 1024 * 1024

/** A part of the state that can leave memory. */
export interface Spillable {
  /** What it takes in memory, about. */
  readonly bytes: number
  /** Whether its entries are in the store, and those in memory as well. */
  readonly isSpilled: boolean
  /** Leaves those of its entries in memory that were used lately; called again, fewer. */
  spill(): void
}

/** What a snapshot holds of what the states of a query have in common. */
export type MemoryState = { names: string[][]; nextId: number }

/**
 * What the states of a query may take in memory together. Beyond that the largest of them put entries into a store on
 * disk. It is looked at between blocks of lines, and while much is done at once, never while a value may be changed.
 */
export class StateMemory {
  private readonly limit: number
  private readonly path: string | null
  private readonly parts = new Set<Spillable>()
  /** The form of values in the store. */
  readonly codec = new StateCodec()
  private opened: Disk | undefined
  /** The last mark. */
  private mark = 0
  private nextId = 1
  /** What the states may take until more of them is put away: what cannot be made less is not tried in vain. */
  private threshold = 0

  /**
   * @param limit bytes; Infinity keeps everything in memory
   * @param path of the store; null for a temporary file
   */
  constructor(limit = Number.POSITIVE_INFINITY, path: string | null = null) {
    this.limit = limit
    this.path = path
  }

  add(part: Spillable): void {
    this.parts.add(part)
  }

  remove(part: Spillable): void {
    this.parts.delete(part)
  }

  /** Puts entries away when the states take too much. */
  check(): void {
    const { limit } = this
    if (limit === Number.POSITIVE_INFINITY) return
    // What is in the store as well is left to the store's own cache, whose size is exact: of objects V8 keeps as much
    // garbage as there are of them.
    if (this.opened !== undefined && this.total(true) > limit / 8) this.reduce(true, limit / 16)
    const most = this.opened === undefined ? limit : limit / 4
    const total = this.total(false)
    if (total <= Math.max(most, this.threshold)) {
      if (total < most) this.threshold = 0
      return
    }
    const left = this.reduce(false, most / 2)
    this.threshold = left * 1.25
    if (total - left > worthCollecting) collectGarbage()
  }

  /**
   * Lets the largest states put entries away.
   * @param areSpilled which of them
   * @returns what they take then
   */
  private reduce(areSpilled: boolean, wanted: number): number {
    let total = this.total(areSpilled)
    const parts = [...this.parts].filter(({ isSpilled }) => isSpilled === areSpilled)
    const largest = parts.sort((a, b) => b.bytes - a.bytes)
    // What was used lately stays at first, and goes as well if that is still too much.
    for (let round = 0; round < 2; round++) {
      for (const part of largest) {
        if (total <= wanted) return total
        if (part.bytes === 0 || part.isSpilled !== areSpilled) continue
        part.spill()
        total = this.total(areSpilled)
      }
    }
    return total
  }

  /** The store, which is made when it is first asked for. */
  get disk(): Disk {
    this.opened ??= {
      store: new StateStore(this.path, this.mark, this.limit / 2),
      codec: this.codec,
      keys: new KeyCodec()
    }
    return this.opened
  }

  /** A number for a map in the store. */
  newId(): number {
    return this.nextId++
  }

  /** All that was put away is as of mark `n` from here on, and durable. */
  commit(n: number): void {
    this.mark = n
    this.opened?.store.commit(n)
  }

  /** Marks before `n` are not asked for any more. */
  forget(n: number): void {
    this.opened?.store.forget(n)
  }

  /** Goes back to mark `n`, 0 for the beginning. @throws ToolError STATE */
  rewind(n: number): void {
    this.mark = n
    if (this.path === null || (this.opened === undefined && !existsSync(this.path))) return
    if (n === 0) this.disk.store.clear()
    else this.disk.store.restore(n)
  }

  /** Undefined where nothing was put away. */
  state(): MemoryState | undefined {
    return this.opened === undefined ? undefined : { names: this.codec.names, nextId: this.nextId }
  }

  /** @throws ToolError STATE where the store is missing */
  restore(state: MemoryState | undefined): void {
    if (state === undefined) return
    if (this.path === null || (this.opened === undefined && !existsSync(this.path))) {
      throw new ToolError('STATE', `${this.path ?? 'the store of --state-memory'} is missing`, {
        hint: 'a part of the state lies there; restore it from a backup, or begin with a new --state'
      })
    }
    this.codec.restore(state.names)
    this.nextId = state.nextId
  }

  close(): void {
    this.opened?.store.close()
  }

  private total(areSpilled: boolean): number {
    let total = 0
    for (const part of this.parts) if (part.isSpilled === areSpilled) total += part.bytes
    return total
  }
}
