import { conjunctsOf, FieldTests, isSet } from './field-tests.ts'
import type { Fields } from './fields.ts'
import type { Line } from './line.ts'
import { compilePredicate, type EventTime, type Predicate } from './predicate.ts'
import type { Query } from './query.ts'
import { ABSENT, COMPLEX, type Shape } from './shape.ts'
import { SpanCache } from './span-cache.ts'

/** Values of a field that are known, at first and at most. */
const VALUES = 256
const MOST_VALUES = 16_384
/** When so many values have not been known, it is looked at whether they are a part that more room would make smaller. */
const MANY_MISSES = 2048
const LARGE_PART = 1 / 16
/** Where they are so large a part, it is no use to know values. */
const TOO_LARGE_PART = 1 / 4

/** A field whose values mostly come again: for each of them it is known which rules it is right for. */
interface KnownField {
  readonly tests: FieldTests
  known: SpanCache<Int32Array>
  places: number
  asked: number
  missed: number
}

/** What is to be done for the lines of a shape. */
export interface ShapePlan {
  readonly shape: Shape
  version: number
  /** The rules that its lines can pass. */
  rules: Int32Array
  fields: { field: KnownField; leaf: number }[]
  /** By rule, what is still to be asked of an event. */
  rest: Predicate[][]
}

/**
 * The filters of all rules as one: the rules that an event passes are found by looking up each field's value once, however many
 * rules ask for it. For each value that is known there is a bit for each rule; what all fields have in common is what passes.
 * What is about several fields, or about values that hardly come again, is asked of those rules alone that are left.
 */
export class FilterIndex {
  readonly #fields: KnownField[] = []
  /** Fields with values that hardly come again. */
  readonly #scattered: FieldTests[] = []
  readonly #rest: Predicate[][]
  readonly #passing: Int32Array
  #version = 0

  constructor(rules: readonly { filter: Query; time: EventTime }[]) {
    const tests = new Map<string, { rule: number; passes: Predicate }[]>()
    this.#rest = rules.map(({ filter, time }, rule) => {
      const { byField, rest } = conjunctsOf(filter)
      for (const [field, query] of byField)
        tests.set(field, [...(tests.get(field) ?? []), { rule, passes: compilePredicate(query, time) }])
      return rest.map(query => compilePredicate(query, time))
    })
    this.#passing = new Int32Array(Math.ceil(rules.length / 32))
    const fields = [...tests].map(([field, of]) => new FieldTests(field, of, rules.length))
    // the sooner no rule is left, the better
    fields.sort((a, b) => b.rules.length - a.rules.length)
    for (const each of fields)
      this.#fields.push({ tests: each, known: new SpanCache(VALUES), places: VALUES, asked: 0, missed: 0 })
  }

  plan(shape: Shape): ShapePlan {
    const plan = { shape, version: -1, rules: this.#passing, fields: [], rest: [] }
    this.#make(plan)
    return plan
  }

  #make(plan: ShapePlan): void {
    plan.version = this.#version
    plan.rules = new Int32Array(this.#passing.length)
    for (let n = 0; n < this.#rest.length; n++)
      plan.rules[n >> 5] = (plan.rules[n >> 5] as number) | (1 << (n & 31))
    plan.rest = this.#rest.map(predicates => [...predicates])
    const found: { field: KnownField; leaf: number }[] = []
    const ask = ({ rules, predicates }: FieldTests): void => {
      for (const [i, rule] of rules.entries()) plan.rest[rule]?.push(predicates[i] as Predicate)
    }
    for (const field of this.#fields) {
      const leaf = plan.shape.queried(field.tests.field)
      if (leaf === COMPLEX) ask(field.tests)
      else if (leaf !== ABSENT) found.push({ field, leaf })
      else intersect(plan.rules, field.tests.bits(undefined))
    }
    for (const tests of this.#scattered) {
      if (plan.shape.queried(tests.field) !== ABSENT) ask(tests)
      else intersect(plan.rules, tests.bits(undefined))
    }
    plan.fields = found.filter(({ field }) => field.tests.rules.some(rule => isSet(plan.rules, rule)))
  }

  /**
   * The rules that a line may pass, a bit for each; null when there is none. They are valid until the next call; `passes`
   * tells of each whether the line does.
   */
  passing(line: Line, plan: ShapePlan): Int32Array | null {
    if (plan.version !== this.#version) this.#make(plan)
    const passing = this.#passing
    const { rules, fields } = plan
    const { view, spans } = line
    const { length } = passing
    let any = 0
    for (let w = 0; w < length; w++) any |= passing[w] = rules[w] as number
    for (let i = 0; i < fields.length && any !== 0; i++) {
      const { field, leaf } = fields[i] as { field: KnownField; leaf: number }
      field.asked++
      const start = spans[leaf * 2] as number
      const bits =
        field.known.get(view, start, spans[leaf * 2 + 1] as number) ?? this.#learn(field, line, leaf)
      any = 0
      for (let w = 0; w < length; w++) any |= passing[w] = (passing[w] as number) & (bits[w] as number)
    }
    return any === 0 ? null : passing
  }

  passes(rule: number, plan: ShapePlan, event: Fields): boolean {
    const predicates = plan.rest[rule] as Predicate[]
    for (let i = 0; i < predicates.length; i++) if (!(predicates[i] as Predicate)(event)) return false
    return true
  }

  #learn(field: KnownField, line: Line, leaf: number): Int32Array {
    const bits = field.known.set(line.view, field.tests.bits(line.leaf(leaf)))
    if (++field.missed < MANY_MISSES) return bits
    const part = field.missed / field.asked
    if (part > LARGE_PART && field.places < MOST_VALUES) {
      field.places *= 4
      field.known = new SpanCache(field.places)
    } else if (part > TOO_LARGE_PART) {
      this.#fields.splice(this.#fields.indexOf(field), 1)
      this.#scattered.push(field.tests)
      this.#version++
    }
    field.missed = field.asked = 0
    return bits
  }
}

function intersect(bits: Int32Array, others: Int32Array): void {
  for (let w = 0; w < bits.length; w++) bits[w] = (bits[w] as number) & (others[w] as number)
}
