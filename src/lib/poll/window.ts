import { hash } from 'node:crypto'

/** Bytes of a digest: 128 bits, so that of a thousand million rows no two are taken for one. */
const LENGTH = 16

/** Identifies a row's content, as 16 characters of one byte. */
export function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const bytes = parts.map(part => (typeof part === 'string' ? Buffer.from(part) : part))
  // Lengths in front, so that no two lists of parts are one text.
  const head = Buffer.from(`${bytes.map(part => part.length).join(' ')}:`)
  return hash('sha256', Buffer.concat([head, ...bytes]), 'buffer').toString('latin1', 0, LENGTH)
}

/**
 * The rows of the last stretch of time, which is read again with each poll: what the poll before has read there is not
 * told again. A poll reads the stretch as a whole, so what it has not met is gone and need not be remembered.
 */
export class Window {
  #before = new Set<string>()
  #now = new Set<string>()

  /** Whether there is nothing that a row could have been told by. */
  get isEmpty(): boolean {
    return this.#before.size === 0
  }

  get size(): number {
    return this.#before.size + this.#now.size
  }

  /**
   * Takes a row of the poll.
   * @param remember whether the next poll will read it again
   * @returns whether it is to be told: it was not among those of the poll before
   */
  take(digest: string, remember: boolean): boolean {
    let id = digest
    // Rows without a key may be alike in all columns: the second is known as the second.
    while (this.#now.has(id)) id = digestOf(id)
    if (remember) this.#now.add(id)
    return !this.#before.has(id)
  }

  /** The poll has come to its end. */
  turn(): void {
    this.#before = this.#now
    this.#now = new Set()
  }

  /** The poll starts again from its beginning: what it has told is known. */
  restart(): void {
    for (const id of this.#now) this.#before.add(id)
    this.#now = new Set()
  }

  /** Digests of the poll before and of this one, in base64. */
  save(): [before: string, now: string] {
    return [pack(this.#before), pack(this.#now)]
  }

  load(before: string, now: string): void {
    this.#before = unpack(before)
    this.#now = unpack(now)
  }
}

function pack(digests: ReadonlySet<string>): string {
  return Buffer.from([...digests].join(''), 'latin1').toString('base64')
}

function unpack(text: string): Set<string> {
  const bytes = Buffer.from(text, 'base64')
  const digests = new Set<string>()
  for (let at = 0; at + LENGTH <= bytes.length; at += LENGTH)
    digests.add(bytes.toString('latin1', at, at + LENGTH))
  return digests
}
