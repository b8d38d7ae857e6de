import {
  type BadLines,
  ByPartition,
  type EndReason,
  endsPipeline,
  FileOutput,
  type Lines,
  type Mark,
  type OutputWriter,
  type PartitionStates,
  type PartitionsChange,
  type Stage,
  type StateDirectory
} from '../stream/index.ts'
import { alertLine } from './alert.ts'
import { Evaluator } from './evaluator.ts'
import { boundHeap } from './heap-room.ts'
import type { Match } from './match.ts'
import type { Rule } from './rule.ts'
import type { SilenceFile } from './silence-file.ts'
import type { Timing } from './timing.ts'

/** Who is told of alerts, beside the output. */
export interface Notifier {
  /** Takes an alert that has been written. */
  tell(match: Match): void
  /** Resolves when there is room for more. */
  room(): Promise<void>
  /** Resolves when everything told so far will be delivered even if the process is killed; without a state, at once. */
  kept(): Promise<void>
  /** Ends: resolves when everything told so far has been delivered, or waits for the next run. */
  settled(): Promise<void>
}

/** Evaluates blocks, writes alerts, has them told, and acknowledges a mark when all of that is done for it. */
export class AlertStage implements Stage {
  /** Alerts raised in this run, without silenced ones. */
  alerts = 0
  /** Alerts that were silenced. */
  silenced = 0
  /** Conditions that have cleared. */
  resolved = 0
  #rules: Rule[]
  readonly #evaluators: ByPartition<Evaluator>
  readonly #notifier: Notifier
  readonly #writer: OutputWriter
  readonly #badLines: BadLines
  readonly #state: StateDirectory | null
  readonly #silences: SilenceFile | null
  #untold: Match[] = []
  #begun = false
  #marked = false
  #idle = false

  constructor(
    rules: Rule[],
    writer: OutputWriter,
    notifier: Notifier,
    badLines: BadLines,
    state: StateDirectory | null,
    states: PartitionStates | null,
    timing?: Timing,
    silences: SilenceFile | null = null,
    explains = false
  ) {
    this.#rules = rules
    this.#evaluators = new ByPartition(
      () => new Evaluator(this.#rules, timing, silences?.isSilenced, explains),
      (evaluator, saved) => evaluator.restore(saved),
      states
    )
    this.#writer = writer
    this.#notifier = notifier
    this.#badLines = badLines
    this.#state = state
    this.#silences = silences
  }

  async begin(resume: Mark | null): Promise<void> {
    this.#begun = true
    const state = this.#state
    if (state === null) return
    const latest = resume === null ? await state.latest() : null
    const saved = resume === null ? latest?.content : await state.restore(resume.n)
    if (saved) this.#evaluators.whole.restore(saved, state.snapshotFile(resume?.n ?? latest?.n ?? 0))
    if (resume === null) return
    const { output } = this.#writer
    if (output instanceof FileOutput && output.name !== 'stdout') {
      await output.continueAt(state.positionAt(resume.n))
    }
    await state.acknowledge(resume, await this.#position())
  }

  /** Goes on with other rules, from the next lines on; see `Evaluator.replace`. */
  replaceRules(rules: Rule[]): void {
    this.#rules = rules
    for (const evaluator of this.#evaluators.touch()) evaluator.replace(rules)
  }

  /** How many events came too late to count, by rule. */
  late(): Map<string, number> {
    const late = new Map<string, number>()
    for (const evaluator of this.#evaluators.all)
      for (const [rule, n] of evaluator.late()) if (n > 0) late.set(rule, (late.get(rule) ?? 0) + n)
    return late
  }

  /** Why each rule has fired or not, in words; nothing unless that is taken down. */
  explain(): string[] {
    return this.#evaluators.all.flatMap(evaluator => evaluator.explain())
  }

  partitions(change: PartitionsChange): Promise<void> {
    return this.#evaluators.change(change)
  }

  async lines(part: Lines): Promise<void> {
    this.#idle = false
    this.#silences?.refresh()
    boundHeap()
    try {
      this.#evaluators.of(part).process(part.bytes, {
        match: match => this.#write(match),
        badLine: (index, bytes, reason) => {
          const line = part.firstLine + index
          if (reason === undefined) this.#badLines.rejectJson(line, bytes)
          else this.#badLines.reject({ line, bytes, reason })
        }
      })
      await this.#badLines.room()
    } finally {
      await this.#tell()
    }
  }

  async mark(mark: Mark): Promise<void> {
    this.#marked = true
    this.#silences?.refresh()
    await this.#pass(mark)
    const state = this.#state
    await this.#badLines.sync()
    if (state === null) {
      await this.#evaluators.share()
      if (endsPipeline(this.#writer.output)) await this.#position(mark)
      return
    }
    await state.snapshot(mark.n, this.#evaluators.whole.snapshot())
    const position = await this.#position(mark)
    await this.#notifier.kept()
    await state.acknowledge(mark, position)
  }

  async end(reason: EndReason): Promise<void> {
    const state = this.#state
    if (state === null) await this.#finish()
    await this.#badLines.sync()
    // input without marks, a capture or a log, is continued by the next run from where it ended
    if (reason === 'end' && !this.#marked && state !== null) {
      const n = ((await state.latest())?.n ?? 0) + 1
      await state.snapshot(n, this.#evaluators.whole.snapshot())
      await this.#position({ n, at: null, ts_ms: Date.now() })
    }
    await this.settled()
  }

  /** Says that it is so late, in microseconds: what is due is evaluated. Not before a state that there is has been taken up. */
  async passTo(micros: number): Promise<void> {
    if (this.#state !== null && !this.#begun) return
    this.#silences?.refresh()
    for (const evaluator of this.#evaluators.touch()) {
      evaluator.pass(micros, { match: match => this.#write(match), badLine: () => {} })
    }
    await this.#tell()
  }

  /** Resolves when every notification is done, or waits for the next run. */
  async settled(): Promise<void> {
    await this.#notifier.settled()
  }

  #write(match: Match): void {
    this.#writer.bytes.text(`${alertLine(match)}\n`)
    if (match.resolved !== undefined) this.resolved++
    else if (match.silenced) this.silenced++
    else this.alerts++
    if (!match.silenced) this.#untold.push(match)
  }

  /**
   * A mark carries the time at which its source wrote it. Only where no lines came since the mark before has the source
   * nothing older to read: behind lines there may be more of their time.
   */
  async #pass(mark: Mark): Promise<void> {
    const idle = this.#idle
    this.#idle = true
    if (!idle || mark.ts_ms <= 0) return
    await this.passTo(mark.ts_ms * 1000)
  }

  /** What no state remembers goes out now or never. */
  async #finish(): Promise<void> {
    for (const evaluator of this.#evaluators.touch()) {
      evaluator.finish({ match: match => this.#write(match), badLine: () => {} })
    }
    await this.#tell()
  }

  /** An alert is first written, then told. */
  async #tell(): Promise<void> {
    await this.#writer.drain()
    for (const match of this.#untold) this.#notifier.tell(match)
    this.#untold = []
    await this.#notifier.room()
  }

  /** Where the output ends, all of it durable; null for a pipe. */
  async #position(mark?: Mark): Promise<number | null> {
    await this.#writer.drain()
    const { output } = this.#writer
    const size = await output.sync(mark)
    return output.name === 'stdout' ? null : size
  }
}
