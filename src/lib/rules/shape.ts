import { eventOf } from './event.ts'
import { compileField, type Fields, isObject, type JsonObject, lookup } from './fields.ts'
import type { Leaf } from './shape-leaves.ts'

/** Where a field is: the number of a leaf, or one of these. */
export const ABSENT = -1
/** It is to be looked for in the parsed line: an object, several values, or a part of an array. */
export const COMPLEX = -2

/**
 * Lines that have the same keys in the same order, whatever their values. Where a name leads to is found once for all of them,
 * by the functions that find it in a parsed line: in a line whose values are the numbers of its leaves.
 */
export class Shape {
  readonly #fields: Fields
  readonly #arrays: string[]
  readonly #looked = new Map<string, number>()
  readonly #queried = new Map<string, number>()
  readonly hasEnvelope: boolean
  /** How many leaves it has. */
  readonly leaves: number
  /** Leaves with the time of a change event's commit, in the order in which they count. */
  readonly commit: readonly number[]

  /** @param literals of a line, before, between and behind its leaves */
  constructor(literals: readonly Buffer[], leaves: readonly Leaf[]) {
    const numbered = literals.flatMap((literal, n) =>
      n < leaves.length ? [literal, Buffer.from(String(n))] : [literal]
    )
    const line = JSON.parse(Buffer.concat(numbered).toString()) as JsonObject
    const typed = { ...line }
    for (const { kind, path } of leaves) if (kind === 'text') typed[path[0] as string] = ''
    const { row, envelope } = eventOf(typed) as Fields
    this.hasEnvelope = envelope !== undefined
    this.leaves = leaves.length
    this.#fields = { row: row === typed ? line : row, envelope: this.hasEnvelope ? line : undefined }
    this.#arrays = leaves.flatMap(({ kind, path }) =>
      kind === 'array'
        ? [`${path.join('.')}.`, ...(this.hasEnvelope ? [`${path.slice(1).join('.')}.`] : [])]
        : []
    )
    const { source, ts_ms } = line
    const times = this.hasEnvelope && isObject(source) ? [source.ts_ms, ts_ms] : []
    this.commit = times.filter(leaf => typeof leaf === 'number')
  }

  /** Where `lookup` finds a name. */
  looked(name: string): number {
    const known = this.#looked.get(name)
    if (known !== undefined) return known
    const found = name.includes('[') ? {} : lookup(this.#fields, name)
    return this.#know(this.#looked, name, found === undefined ? [] : [found])
  }

  /** Where a query finds a field. */
  queried(name: string): number {
    const known = this.#queried.get(name)
    if (known !== undefined) return known
    const found: unknown[] = []
    compileField(name)(this.#fields, value => {
      found.push(value)
      return false
    })
    return this.#know(this.#queried, name, found)
  }

  #know(names: Map<string, number>, name: string, found: unknown[]): number {
    const [leaf] = found
    let place = found.length === 0 ? ABSENT : COMPLEX
    if (found.length === 1 && typeof leaf === 'number') place = leaf
    if (this.#arrays.some(path => name.startsWith(path))) place = COMPLEX
    names.set(name, place)
    return place
  }
}
