import type { DeadLetters } from '../dead-letters.ts'
import type { Output } from '../ports.ts'

/** So many bytes may wait while others are on their way; then reading waits, too. */
const MOST_WAITING = 1024 * 1024

/**
 * Dead letters as records of a topic. Lines are refused in the midst of other work, which cannot wait for a server: so
 * letters gather and go together, those that come meanwhile in the next round.
 */
export class DeadLetterTopic implements DeadLetters {
  readonly name: string
  readonly #output: Pick<Output, 'write' | 'sync' | 'close'>
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #taken = 0
  #durable = 0
  /** Until what is on its way is durable; null when nothing is. */
  #round: Promise<void> | null = null
  #failure: { readonly error: unknown } | null = null

  constructor(name: string, output: Pick<Output, 'write' | 'sync' | 'close'>) {
    this.name = name
    this.#output = output
  }

  write(letter: Buffer): void {
    this.#throwFailure()
    this.#waiting.push(letter)
    this.#waitingBytes += letter.length
    this.#taken++
    this.#round ??= this.#send()
  }

  async #send(): Promise<void> {
    // The block that is being read may have more of them.
    await null
    const letters = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    try {
      await this.#output.write(Buffer.concat(letters))
      await this.#output.sync()
      this.#durable += letters.length
    } catch (error) {
      // Thrown by whatever is asked for next.
      this.#failure = { error }
    }
    this.#round = this.#failure === null && this.#waiting.length > 0 ? this.#send() : null
  }

  async room(): Promise<void> {
    while (this.#waitingBytes > MOST_WAITING && this.#failure === null) await this.#round
    this.#throwFailure()
  }

  async sync(): Promise<void> {
    const target = this.#taken
    while (this.#durable < target && this.#failure === null) await this.#round
    this.#throwFailure()
  }

  async close(): Promise<void> {
    await this.sync()
    await this.#output.close()
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error
  }
}
