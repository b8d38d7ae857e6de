import { isUtf8 } from 'node:buffer'
import { ToolError } from '../cli/index.ts'
import type { DeadLetters } from './dead-letters.ts'
import { findJsonError } from './json-error.ts'
import type { Input } from './ports.ts'

export interface BadLine {
  /** Number of the line in its input, from 1. */
  readonly line: number
  /** The line without its newline. */
  readonly bytes: Buffer
  readonly reason: string
  /** Where in the line, a character index. */
  readonly at?: number
}

const EXCERPT = 60
/** What kafka-console-consumer prints of a record without a value, which says nothing that the delete before it did not. */
const TOMBSTONE = Buffer.from('null')

/**
 * What happens to lines that cannot be processed: where dead letters are kept they become one and are counted,
 * else the first of them ends the tool. Nothing is dropped without a word.
 *
 * A dead letter is one JSON line: `{"dead_letter":{"tool","input","line","reason"},"text":"…"}`, or `"base64"` in
 * place of `"text"` for bytes that are not UTF-8; with the place of the `"record"` where the input is a topic, and
 * `"applied":true` where the line has taken effect and only a result of it is missing.
 */
export class BadLines {
  readonly #tool: string
  readonly #input: string
  readonly #locate: (line: number) => string | undefined
  readonly #letters: DeadLetters | null
  count = 0

  constructor(
    tool: string,
    input: string | Pick<Input, 'name' | 'locate'>,
    letters: DeadLetters | null = null
  ) {
    this.#tool = tool
    this.#input = typeof input === 'string' ? input : input.name
    this.#locate = line => (typeof input === 'string' ? undefined : input.locate?.(line))
    this.#letters = letters
  }

  /** Where they are kept, for messages; '' when nowhere. */
  get keptIn(): string {
    return this.#letters?.name ?? ''
  }

  /** @throws ToolError INPUT when no dead letters are kept; OUTPUT or SERVER when they cannot be */
  reject(bad: BadLine, details: Record<string, unknown> = {}): void {
    if (bad.bytes.equals(TOMBSTONE)) return
    if (this.#letters === null) throw this.#error(bad)
    const record = this.#locate(bad.line)
    const place = record === undefined ? {} : { record }
    const head = {
      tool: this.#tool,
      input: this.#input,
      line: bad.line,
      ...place,
      reason: bad.reason,
      ...details
    }
    const body = isUtf8(bad.bytes) ? { text: bad.bytes.toString() } : { base64: bad.bytes.toString('base64') }
    this.#letters.write(Buffer.from(`${JSON.stringify({ dead_letter: head, ...body })}\n`))
    this.count++
  }

  /** A line that JSON.parse refused. */
  rejectJson(line: number, bytes: Buffer): void {
    const error = findJsonError(bytes.toString())
    this.reject({ line, bytes, reason: `not JSON: ${error?.message ?? 'invalid'}`, at: error?.at ?? 0 })
  }

  /** Resolves when there is room for those of another block of lines. */
  async room(): Promise<void> {
    await this.#letters?.room()
  }

  /** Makes the dead letters durable: before a mark is acknowledged. */
  async sync(): Promise<void> {
    await this.#letters?.sync()
  }

  async close(): Promise<void> {
    await this.#letters?.close()
  }

  #error(bad: BadLine): ToolError {
    // One column each, so that the caret stays below its place; and nothing that a terminal would obey.
    const text = bad.bytes.toString().replace(/[\u0000-\u001f\u007f-\u009f]/g, '·')
    const at = bad.at
    const from = Math.max(0, (at ?? 0) - EXCERPT / 2)
    const excerpt = text.slice(from, from + EXCERPT)
    const lead = from > 0 ? '…' : ''
    const tail = from + EXCERPT < text.length ? '…' : ''
    const caret = at === undefined ? '' : `\n  ${' '.repeat(lead.length + at - from)}^`
    const shown = text === '' ? '' : `\n  ${lead}${excerpt}${tail}${caret}`
    return new ToolError(
      'INPUT',
      `${this.#input}:${this.#locate(bad.line) ?? bad.line}: ${bad.reason}${shown}`,
      {
        hint: 'to go on and keep such lines, give --dead-letter FILE'
      }
    )
  }
}

const LETTER_HEAD = Buffer.from('{"dead_letter":{')

export function isDeadLetter(block: Buffer, start: number, end: number): boolean {
  if (end - start < LETTER_HEAD.length) return false
  for (let i = 0; i < LETTER_HEAD.length; i++) if (block[start + i] !== LETTER_HEAD[i]) return false
  return true
}

/** The line that a dead letter of `tool` holds, or why it holds none for that tool. */
export function openDeadLetter(letter: Buffer, tool: string): { bytes: Buffer } | { reason: string } {
  let content: { dead_letter?: { tool?: unknown }; text?: unknown; base64?: unknown }
  try {
    content = JSON.parse(letter.toString())
  } catch {
    return { reason: 'a dead letter that is not JSON' }
  }
  const sender = content.dead_letter?.tool
  if (sender !== tool) return { reason: `a dead letter of ${sender}: it goes back into that tool` }
  if (typeof content.text === 'string') return { bytes: Buffer.from(content.text) }
  if (typeof content.base64 === 'string') return { bytes: Buffer.from(content.base64, 'base64') }
  return { reason: 'a dead letter without the line that it is about' }
}
