import type { EvaluatorOutput } from './evaluator.ts'
import type { Match } from './match.ts'

interface Finding {
  /** Orders them: by event, then by rule; what is wrong with an event comes behind its matches. */
  readonly place: number
  tell(out: EvaluatorOutput): void
}

/** What events bring forth, to be told of in their order, though rules take them one rule after the other. */
export class Findings {
  readonly #rules: number
  #findings: Finding[] = []
  /** By event the first rule that something is wrong for. */
  readonly #problems = new Map<number, number>()
  #index = 0
  #rule = 0

  /** @param rules how many there are */
  constructor(rules: number) {
    this.#rules = rules
  }

  /** What comes now is of an event, by its place among the block's lines, and a rule. */
  of(index: number, rule: number): void {
    this.#index = index
    this.#rule = rule
  }

  match(match: Match): void {
    this.#findings.push({ place: this.#place(this.#rule), tell: out => out.match(match) })
  }

  /** Of an event it is told once, as the first rule has it. */
  problem(line: Buffer, reason: string): void {
    const index = this.#index
    const rule = this.#rule
    if (rule >= (this.#problems.get(index) ?? this.#rules)) return
    this.#problems.set(index, rule)
    const tell = (out: EvaluatorOutput): void => {
      if (this.#problems.get(index) === rule) out.badLine(index, line, reason)
    }
    this.#findings.push({ place: this.#place(this.#rules), tell })
  }

  #place(rule: number): number {
    return this.#index * (this.#rules + 1) + rule
  }

  tell(out: EvaluatorOutput): void {
    if (this.#findings.length === 0) return
    const findings = this.#findings.sort((a, b) => a.place - b.place)
    this.#findings = []
    for (const finding of findings) finding.tell(out)
    this.#problems.clear()
  }
}
