import type { Stage } from '../stream/index.ts'
import type { AlertStage } from './stage.ts'
import { MICROS_PER_MS } from './time.ts'

const TICK_MS = 1000
/** What was written so long ago has been read by now. */
const BEHIND_MS = 1000

/**
 * Lets time pass by the machine's clock where nothing else tells it: a plain log that has gone silent has neither events nor
 * marks. It does so between lines, never while a block is worked on.
 */
export class WallClock implements Stage {
  readonly #stage: AlertStage
  readonly #timer: NodeJS.Timeout
  #working = false
  #tick: Promise<void> = Promise.resolve()

  constructor(stage: AlertStage) {
    this.#stage = stage
    this.#timer = setInterval(() => this.#pass(), TICK_MS)
  }

  #pass(): void {
    if (this.#working) return
    this.#tick = this.#tick.then(() => this.#stage.passTo((Date.now() - BEHIND_MS) * MICROS_PER_MS))
    // whoever works next is told what went wrong
    this.#tick.catch(() => clearInterval(this.#timer))
  }

  async #alone<T>(work: () => T | Promise<T>): Promise<T> {
    this.#working = true
    try {
      await this.#tick
      return await work()
    } finally {
      this.#working = false
    }
  }

  begin: Stage['begin'] = resume => this.#alone(() => this.#stage.begin(resume))
  partitions: NonNullable<Stage['partitions']> = change => this.#alone(() => this.#stage.partitions(change))
  lines: Stage['lines'] = part => this.#alone(() => this.#stage.lines(part))
  mark: Stage['mark'] = mark => this.#alone(() => this.#stage.mark(mark))
  end: Stage['end'] = reason => {
    this.stop()
    return this.#alone(() => this.#stage.end(reason))
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
