import { DeadLetterFile } from '../stream/index.ts'
import type { Pending } from './receiver.ts'

/** Keeps notifications that were given up, a line of JSON each, with the reason. */
export class Undelivered {
  readonly #file: DeadLetterFile

  /** @throws ToolError OUTPUT when it cannot be opened */
  constructor(path: string) {
    this.#file = new DeadLetterFile(path, '--undelivered')
  }

  /** @throws ToolError OUTPUT */
  write(receiver: string, { notification, since }: Pending, reason: string): void {
    const { rule, timestamp, id, subject, text, match } = notification
    const letter = {
      '@timestamp': timestamp,
      rule,
      receiver,
      id,
      since: new Date(since).toISOString(),
      reason,
      subject,
      text,
      match
    }
    this.#file.write(Buffer.from(`${JSON.stringify(letter)}\n`))
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}
