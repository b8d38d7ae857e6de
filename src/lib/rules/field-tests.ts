import { type Fields, isPattern } from './fields.ts'
import type { Predicate } from './predicate.ts'
import { and, type Query } from './query.ts'

/** A filter taken apart: what all must hold of single fields, and the rest. */
export interface Conjuncts {
  byField: Map<string, Query>
  rest: Query[]
}

/** A filter passes when every part of it does. */
export function conjunctsOf(filter: Query): Conjuncts {
  const parts = new Map<string, Query[]>()
  const rest: Query[] = []
  for (const query of filter.is === 'and' ? filter.of.flatMap(flattened) : [filter]) {
    const fields = new Set<string>()
    const [field] = dependsOnFields(query, fields) ? fields : []
    if (field === undefined || fields.size > 1) rest.push(query)
    else parts.set(field, [...(parts.get(field) ?? []), query])
  }
  return { byField: new Map([...parts].map(([field, of]) => [field, and(of)])), rest }
}

function flattened(query: Query): Query[] {
  return query.is === 'and' ? query.of.flatMap(flattened) : [query]
}

/** Adds the fields that a query looks at; false when it looks at more than at their values. */
function dependsOnFields(query: Query, fields: Set<string>): boolean {
  switch (query.is) {
    case 'and':
    case 'or':
      return query.of.every(q => dependsOnFields(q, fields))
    case 'not':
      return dependsOnFields(query.of, fields)
    case 'all':
    case 'none':
      return true
    case 'nested':
      return false
    default:
      if (query.field === undefined || isPattern(query.field)) return false
      fields.add(query.field)
      return query.is !== 'range' || Object.values(query.bounds).every(b => !String(b).startsWith('now'))
  }
}

/** What rules want of one field. */
export class FieldTests {
  readonly field: string
  /** The rules that want something of it, and what. */
  readonly rules: readonly number[]
  readonly predicates: readonly Predicate[]
  readonly #words: number

  /** @param count of all rules */
  constructor(field: string, tests: readonly { rule: number; passes: Predicate }[], count: number) {
    this.field = field
    this.rules = tests.map(({ rule }) => rule)
    this.predicates = tests.map(({ passes }) => passes)
    this.#words = Math.ceil(count / 32)
  }

  /** A bit for each rule, set unless this value, undefined for none, is not what it wants. */
  bits(value: unknown): Int32Array {
    const bits = new Int32Array(this.#words).fill(-1)
    const fields: Fields = { row: value === undefined ? {} : { [this.field]: value }, envelope: undefined }
    const { rules, predicates } = this
    for (let i = 0; i < rules.length; i++)
      if (!(predicates[i] as Predicate)(fields)) unset(bits, rules[i] as number)
    return bits
  }
}

export function unset(bits: Int32Array, n: number): void {
  bits[n >> 5] = (bits[n >> 5] as number) & ~(1 << (n & 31))
}

export function isSet(bits: Int32Array, n: number): boolean {
  return (((bits[n >> 5] as number) >> (n & 31)) & 1) === 1
}
