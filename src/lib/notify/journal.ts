import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { messageOf, ToolError } from '../cli/index.ts'
import { readIfExists, replaceFile } from '../stream/index.ts'
import type { Pending } from './receiver.ts'

/** A line of the file: a notification that was taken, or the end of one. */
type Entry = ({ to: string } & Pending) | { to: string; done: string }

/** So many that are done are remembered at least: a resume raises the alerts since the last mark again. */
const REMEMBERED = 10_000

/** Beyond so many bytes, and twice of what is needed, the file is written anew. */
const SLACK_BYTES = 8 << 20

/**
 * What is known of notifications beyond the life of a process, in a file that is added to as they come and go, and
 * written anew when most of it is over. With it, a notification is sent at least once whatever is killed when, and
 * again only if it was under way at that moment.
 */
export class Journal {
  readonly #path: string
  /** By receiver and id, in the order they came. */
  readonly #pending = new Map<string, Entry & Pending>()
  readonly #done = new Map<string, Entry>()
  /** What earlier runs have taken: it is not taken again. */
  readonly #known: Set<string>
  #fd = -1
  #bytes = 0
  #bytesNeeded = 0
  #unsynced = false
  /** Lines that came while the file is written anew. */
  #held: Entry[] | undefined
  #failure: ToolError | undefined

  private constructor(path: string, entries: Entry[]) {
    this.#path = path
    for (const entry of entries) this.#apply(entry)
    this.#known = new Set([...this.#pending.keys(), ...this.#done.keys()])
  }

  /** @throws ToolError STATE when the file is damaged, OUTPUT when it cannot be written */
  static async open(path: string): Promise<Journal> {
    const journal = new Journal(path, parse(path, (await readIfExists(path))?.toString() ?? ''))
    await journal.#rewrite()
    return journal
  }

  /** What earlier runs have left, by receiver. */
  get left(): (Pending & { readonly to: string })[] {
    return [...this.#pending.values()]
  }

  /** Whether an earlier run has taken this notification; true once. */
  isKnown(receiver: string, id: string): boolean {
    return this.#known.delete(`${receiver}\n${id}`)
  }

  add(receiver: string, { notification, since }: Pending): void {
    this.#append({ to: receiver, since, notification })
  }

  done(receiver: string, id: string): void {
    this.#append({ to: receiver, done: id })
  }

  /** Resolves when all of it is durable. @throws ToolError OUTPUT when a part of it could not be written */
  async sync(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#held !== undefined) return
    if (this.#bytes > SLACK_BYTES + 2 * this.#bytesNeeded) await this.#rewrite()
    else if (this.#unsynced) fsyncSync(this.#fd)
    this.#unsynced = false
  }

  async close(): Promise<void> {
    await this.sync()
    closeSync(this.#fd)
  }

  #apply(entry: Entry): void {
    const name = nameOf(entry)
    if (!('done' in entry)) {
      this.#pending.set(name, entry)
      return
    }
    this.#pending.delete(name)
    this.#done.set(name, entry)
    if (this.#done.size > REMEMBERED) this.#done.delete(this.#done.keys().next().value ?? '')
  }

  #append(entry: Entry): void {
    this.#apply(entry)
    if (this.#held === undefined) this.#write(entry)
    else this.#held.push(entry)
  }

  #write(entry: Entry): void {
    const line = Buffer.from(lineOf(entry))
    try {
      for (let offset = 0; offset < line.length; ) offset += writeSync(this.#fd, line, offset)
    } catch (error) {
      this.#failure ??= new ToolError('OUTPUT', `${this.#path}: ${messageOf(error)}`, { cause: error })
    }
    this.#bytes += line.length
    this.#unsynced = true
  }

  async #rewrite(): Promise<void> {
    const content = Buffer.from([...this.#done.values(), ...this.#pending.values()].map(lineOf).join(''))
    const held: Entry[] = []
    this.#held = held
    await replaceFile(this.#path, content)
    if (this.#fd >= 0) closeSync(this.#fd)
    this.#fd = openSync(this.#path, 'a')
    this.#bytes = this.#bytesNeeded = content.length
    this.#held = undefined
    for (const entry of held) this.#write(entry)
    if (held.length > 0) fsyncSync(this.#fd)
  }
}

function lineOf(entry: Entry): string {
  return `${JSON.stringify(entry)}\n`
}

function nameOf(entry: Entry): string {
  return `${entry.to}\n${'done' in entry ? entry.done : entry.notification.id}`
}

function parse(path: string, text: string): Entry[] {
  // what follows the last newline was being written when the process was killed
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line, i) => {
    try {
      return JSON.parse(line) as Entry
    } catch (error) {
      throw new ToolError('STATE', `${path}:${i + 1}: ${messageOf(error)}`, {
        hint: 'the file is damaged; without it, notifications that were not delivered are lost',
        cause: error
      })
    }
  })
}
