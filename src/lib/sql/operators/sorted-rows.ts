import type { Packing } from '../state/spilled-map.ts'
import type { Row } from './operator.ts'
import { isSameRow } from './row-bag.ts'

/** Rows beyond this many are split into two chunks. */
const chunkSize = 512

/**
 * Rows in order, those that are equal by it in the order of their coming, in chunks of some hundreds: adding, taking
 * away and the row at a place cost little however many there are.
 */
export class SortedRows {
  private readonly chunks: Row[][] = []
  private readonly compare: (a: Row, b: Row) => number
  private count = 0
  /** Whether a row was added or taken away. */
  isChanged = false

  /** @param rows in order */
  constructor(compare: (a: Row, b: Row) => number, rows: readonly Row[] = []) {
    this.compare = compare
    for (let at = 0; at < rows.length; at += chunkSize / 2)
      this.chunks.push(rows.slice(at, at + chunkSize / 2))
    this.count = rows.length
  }

  get size(): number {
    return this.count
  }

  /** The row at a place, from 0. */
  at(place: number): Row | undefined {
    let rest = place
    for (const chunk of this.chunks) {
      if (rest < chunk.length) return chunk[rest]
      rest -= chunk.length
    }
    return undefined
  }

  /** The rows at the places from `from` to before `to`. */
  slice(from: number, to: number): Row[] {
    const rows: Row[] = []
    let before = 0
    for (const chunk of this.chunks) {
      if (before >= to) break
      if (before + chunk.length > from)
        rows.push(...chunk.slice(Math.max(0, from - before), Math.min(chunk.length, to - before)))
      before += chunk.length
    }
    return rows
  }

  *[Symbol.iterator](): Generator<Row> {
    for (const chunk of this.chunks) yield* chunk
  }

  /**
   * Adds a row behind those that are equal by the order, or before them.
   * @returns its place
   */
  add(row: Row, beforeEqual = false): number {
    const { chunks, compare } = this
    const isBefore = (other: Row): boolean => {
      const order = compare(other, row)
      return beforeEqual ? order < 0 : order <= 0
    }
    const number = Math.min(
      firstIndex(chunks.length, i => !isBefore(lastOf(chunks, i))),
      Math.max(0, chunks.length - 1)
    )
    if (chunks.length === 0) chunks.push([])
    const chunk = chunks[number] as Row[]
    const at = firstIndex(chunk.length, i => !isBefore(chunk[i] as Row))
    chunk.splice(at, 0, row)
    this.count++
    this.isChanged = true
    if (chunk.length > chunkSize) chunks.splice(number + 1, 0, chunk.splice(chunkSize / 2))
    return this.sizeBefore(number) + at
  }

  /**
   * Takes the first row away that is the same.
   * @returns its place and what was kept of it, undefined when it is not there
   */
  remove(row: Row): { place: number; row: Row } | undefined {
    const { chunks, compare } = this
    let number = firstIndex(chunks.length, i => compare(lastOf(chunks, i), row) >= 0)
    let from = 0
    const first = chunks[number]
    if (first !== undefined) from = firstIndex(first.length, i => compare(first[i] as Row, row) >= 0)
    for (; number < chunks.length; number++, from = 0) {
      const chunk = chunks[number] as Row[]
      for (let at = from; at < chunk.length; at++) {
        const other = chunk[at] as Row
        if (compare(other, row) > 0) return undefined
        if (!isSameRow(other, row)) continue
        const place = this.sizeBefore(number) + at
        this.takeAt(number, at)
        return { place, row: other }
      }
    }
    return undefined
  }

  /** Takes the last row away. */
  pop(): Row | undefined {
    const last = this.chunks.at(-1)
    const row = last?.at(-1)
    if (last !== undefined) this.takeAt(this.chunks.length - 1, last.length - 1)
    return row
  }

  private takeAt(number: number, at: number): void {
    const chunk = this.chunks[number] as Row[]
    chunk.splice(at, 1)
    this.isChanged = true
    if (chunk.length === 0) this.chunks.splice(number, 1)
    this.count--
  }

  private sizeBefore(number: number): number {
    let size = 0
    for (let i = 0; i < number; i++) size += (this.chunks[i] as Row[]).length
    return size
  }
}

/** Makes plain data of rows in order, and those of that. */
export const sortedRowsPacking = (compare: (a: Row, b: Row) => number): Packing<SortedRows> => ({
  pack: rows => [...rows],
  unpack: plain => new SortedRows(compare, plain as Row[])
})

const lastOf = (chunks: Row[][], number: number): Row => (chunks[number] as Row[]).at(-1) as Row

/** The first index below `length` for which `is` holds, from where on it holds for all; `length` when there is none. */
function firstIndex(length: number, is: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (is(middle)) high = middle
    else low = middle + 1
  }
  return low
}
