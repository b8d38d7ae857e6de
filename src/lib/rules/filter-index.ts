import { conjunctsOf, FieldTests, isSet } from './field-tests.ts'
import type { Fields } from './fields.ts'
import { KnownValues } from './known-values.ts'
import type { Line } from './line.ts'
import { compilePredicate, type EventTime, type Predicate } from './predicate.ts'
import type { Query } from './query.ts'
import { ABSENT, COMPLEX, type Shape } from './shape.ts'

/** So many fields one after the other decide which ones are looked at then; the others are looked at all. */
const DEEPEST = 2
/** Ways that the values of these fields may go; behind them all fields are looked at. */
const MOST_WAYS = 4096

/** A field that rules ask for. */
interface Field {
  readonly number: number
  readonly values: KnownValues
  /** What it says of each rule where there is none. */
  readonly absent: Int32Array
}

/** The rules that are left, and the fields that they still ask for. */
interface Way {
  readonly rules: Int32Array
  readonly isEmpty: boolean
  readonly fields: readonly Field[]
  /** By what the first of the fields says of each rule; null where all fields are looked at. */
  readonly next: Map<Int32Array, Way> | null
}

/** What is to be done for the lines of a shape. */
export interface ShapePlan {
  readonly shape: Shape
  version: number
  /** By the number of a field, where it is in them. */
  leaves: Int32Array
  /** By rule, what is still to be asked of an event. */
  rest: readonly (readonly Predicate[])[]
}

/**
 * The filters of all rules as one: the rules that an event passes are found by looking up each field's value once, however many
 * rules ask for it. For each value that is known there is a bit for each rule; what all fields have in common is what passes.
 * What is about several fields, or about values that hardly come again, is asked of those rules alone that are left.
 */
export class FilterIndex {
  readonly #fields: Field[]
  /** Of each rule what is about several fields. */
  readonly #several: Predicate[][]
  readonly #rules: Int32Array
  readonly #passing: Int32Array
  /** What a field says that is asked for otherwise: nothing. */
  readonly #any: Int32Array
  #version = 0
  #ways = 0
  #first: Way
  #rest: Predicate[][]

  constructor(rules: readonly { filter: Query; time: EventTime }[]) {
    const tests = new Map<string, { rule: number; passes: Predicate }[]>()
    this.#several = rules.map(({ filter, time }, rule) => {
      const { byField, rest } = conjunctsOf(filter)
      for (const [field, query] of byField)
        tests.set(field, [...(tests.get(field) ?? []), { rule, passes: compilePredicate(query, time) }])
      return rest.map(query => compilePredicate(query, time))
    })
    const words = Math.ceil(rules.length / 32)
    this.#rules = new Int32Array(words)
    for (let n = 0; n < rules.length; n++)
      this.#rules[n >> 5] = (this.#rules[n >> 5] as number) | (1 << (n & 31))
    this.#passing = new Int32Array(words)
    this.#any = new Int32Array(words).fill(-1)
    this.#fields = [...tests].map(([name, of], number) => {
      const values = new KnownValues(new FieldTests(name, of, rules.length))
      return { number, values, absent: values.ofNone() }
    })
    this.#rest = this.#several
    this.#first = this.#begin()
  }

  /** Begins anew to find ways, by what is known of the fields now. */
  #begin(): Way {
    const scattered = this.#fields.filter(({ values }) => values.areScattered)
    this.#rest = this.#restWith(this.#several, scattered)
    this.#ways = 0
    return this.#way(
      this.#rules,
      this.#fields.filter(field => !scattered.includes(field)),
      0
    )
  }

  /** What is still to be asked where it has to be asked of these fields, too. */
  #restWith(rest: Predicate[][], fields: readonly Field[]): Predicate[][] {
    if (fields.length === 0) return rest
    const more = rest.map(predicates => [...predicates])
    for (const { tests } of fields.map(({ values }) => values))
      for (const [i, rule] of tests.rules.entries()) more[rule]?.push(tests.predicates[i] as Predicate)
    return more
  }

  plan(shape: Shape): ShapePlan {
    const leaves = Int32Array.from(this.#fields, ({ values }) => shape.queried(values.tests.field))
    const complex = this.#fields.filter(
      ({ number, values }) => leaves[number] === COMPLEX && !values.areScattered
    )
    return { shape, version: this.#version, leaves, rest: this.#restWith(this.#rest, complex) }
  }

  /** Of the fields those that the rules ask for; first the one that tells most of them apart. */
  #way(rules: Int32Array, fields: readonly Field[], depth: number): Way {
    const asking = ({ values }: Field): number => values.tests.rules.filter(rule => isSet(rules, rule)).length
    const wanted = fields.filter(field => asking(field) > 0)
    wanted.sort((a, b) => Number(a.values.areMany) - Number(b.values.areMany) || asking(b) - asking(a))
    const isEmpty = rules.every(word => word === 0)
    const goesOn =
      depth < DEEPEST && !isEmpty && wanted[0]?.values.areMany === false && this.#ways++ < MOST_WAYS
    return { rules, isEmpty, fields: wanted, next: goesOn ? new Map() : null }
  }

  #nextWay({ rules, fields, next }: Way, depth: number, bits: Int32Array): Way {
    const left = rules.slice()
    intersect(left, bits)
    const way = this.#way(left, fields.slice(1), depth + 1)
    next?.set(bits, way)
    return way
  }

  /**
   * The rules that a line may pass, a bit for each; null when there is none. They are valid until the next call; `passes`
   * tells of each whether the line does.
   */
  passing(line: Line, plan: ShapePlan): Int32Array | null {
    if (plan.version !== this.#version) Object.assign(plan, this.plan(plan.shape))
    const { leaves } = plan
    let way = this.#first
    for (let depth = 0; way.next !== null; depth++) {
      const bits = this.#bits(way.fields[0] as Field, line, leaves)
      way = way.next.get(bits) ?? this.#nextWay(way, depth, bits)
    }
    if (way.isEmpty) return null
    const { rules, fields } = way
    if (fields.length === 0) return rules
    const passing = this.#passing
    const { length } = passing
    for (let w = 0; w < length; w++) passing[w] = rules[w] as number
    let any = 1
    for (let i = 0; i < fields.length && any !== 0; i++) {
      const bits = this.#bits(fields[i] as Field, line, leaves)
      any = 0
      for (let w = 0; w < length; w++) any |= passing[w] = (passing[w] as number) & (bits[w] as number)
    }
    return any === 0 ? null : passing
  }

  #bits({ number, values, absent }: Field, line: Line, leaves: Int32Array): Int32Array {
    const leaf = leaves[number] as number
    if (leaf < 0) return leaf === ABSENT ? absent : this.#any
    const { spans } = line
    const at = line.base + leaf * 2
    const bits = values.known(line.view, spans[at] as number, spans[at + 1] as number)
    if (bits !== undefined) return bits
    const { areMany } = values
    const learned = values.learn(line.view, line.leaf(leaf))
    if (values.areScattered || values.areMany !== areMany) {
      // it is looked for in other ways from now on
      this.#version++
      this.#first = this.#begin()
    }
    return learned
  }

  passes(rule: number, plan: ShapePlan, event: Fields): boolean {
    const predicates = plan.rest[rule] as Predicate[]
    for (let i = 0; i < predicates.length; i++) if (!(predicates[i] as Predicate)(event)) return false
    return true
  }
}

function intersect(bits: Int32Array, others: Int32Array): void {
  for (let w = 0; w < bits.length; w++) bits[w] = (bits[w] as number) & (others[w] as number)
}
