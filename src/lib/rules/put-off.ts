import type { RuleState } from './rule-state.ts'

/** Room for the events of a rule, at first. */
const FEW = 16

/**
 * By rule the events that it has yet to take. It takes them one after the other, while what it remembers is near the
 * processor: with many rules, to fetch that anew for each event would take longer than all that is done with it.
 */
export class PutOff {
  /** Whether the events of a rule may be put off: no other rule is to see what it does with one before it takes the next. */
  readonly mayBe: readonly boolean[]
  readonly #events: Uint16Array[]
  readonly #counts: Int32Array
  /** Where each event is among the block's lines. */
  readonly #indexes: number[] = []

  constructor(states: readonly RuleState[]) {
    const sharing = new Map<string, number>()
    for (const { realertKey } of states.map(s => s.rule))
      sharing.set(realertKey, (sharing.get(realertKey) ?? 0) + 1)
    this.mayBe = states.map(state => state.isAlone && sharing.get(state.rule.realertKey) === 1)
    this.#events = states.map(() => new Uint16Array(FEW))
    this.#counts = new Int32Array(states.length)
  }

  /** @param event its number, and where it is among the block's lines */
  add(rule: number, event: number, index: number): void {
    const count = this.#counts[rule] as number
    let events = this.#events[rule] as Uint16Array
    if (count === events.length) {
      const larger = new Uint16Array(count * 2)
      larger.set(events)
      this.#events[rule] = events = larger
    }
    events[count] = event
    this.#counts[rule] = count + 1
    this.#indexes[event] = index
  }

  /** Calls for each event of each rule, in order, once. */
  each(take: (rule: number, event: number, index: number) => void): void {
    for (let rule = 0; rule < this.#counts.length; rule++) {
      const count = this.#counts[rule] as number
      if (count === 0) continue
      this.#counts[rule] = 0
      const events = this.#events[rule] as Uint16Array
      for (let i = 0; i < count; i++) {
        const event = events[i] as number
        take(rule, event, this.#indexes[event] as number)
      }
    }
  }
}
