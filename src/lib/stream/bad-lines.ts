import { isUtf8 } from 'node:buffer'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { errnoOf, messageOf, ToolError } from '../cli/index.ts'
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

/**
 * What happens to lines that cannot be processed: with a dead-letter file they are appended to it and counted, without
 * one the first of them ends the tool. Nothing is dropped without a word.
 *
 * A dead letter is one JSON line: `{"dead_letter":{"tool","input","line","reason"},"text":"…"}`, or `"base64"` in
 * place of `"text"` for bytes that are not UTF-8; with the place of the `"record"` where the input is a topic.
 */
export class BadLines {
  readonly #tool: string
  readonly #input: string
  readonly #locate: (line: number) => string | undefined
  readonly #path: string | undefined
  #fd: number | undefined
  #unsynced = false
  count = 0

  /** @throws ToolError OUTPUT when the file cannot be opened: at the start, not when the first bad line comes */
  constructor(tool: string, input: string | Pick<Input, 'name' | 'locate'>, path?: string) {
    this.#tool = tool
    this.#input = typeof input === 'string' ? input : input.name
    this.#locate = line => (typeof input === 'string' ? undefined : input.locate?.(line))
    this.#path = path
    if (path === undefined) return
    try {
      this.#fd = openSync(path, 'a')
    } catch (error) {
      throw new ToolError('OUTPUT', `--dead-letter ${path}: ${messageOf(error)}`, { cause: error })
    }
  }

  /** @throws ToolError INPUT when there is no dead-letter file; OUTPUT when it cannot be written */
  reject(bad: BadLine, details: Record<string, unknown> = {}): void {
    if (this.#fd === undefined) throw this.#error(bad)
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
    const letter = Buffer.from(`${JSON.stringify({ dead_letter: head, ...body })}\n`)
    try {
      for (let offset = 0; offset < letter.length; ) offset += writeSync(this.#fd, letter, offset)
    } catch (error) {
      throw new ToolError('OUTPUT', `--dead-letter ${this.#path}: ${messageOf(error)}`, { cause: error })
    }
    this.#unsynced = true
    this.count++
  }

  /** A line that JSON.parse refused. */
  rejectJson(line: number, bytes: Buffer): void {
    const error = findJsonError(bytes.toString())
    this.reject({ line, bytes, reason: `not JSON: ${error?.message ?? 'invalid'}`, at: error?.at ?? 0 })
  }

  /** Makes the dead letters durable: before a mark is acknowledged. */
  sync(): void {
    if (this.#fd !== undefined && this.#unsynced) syncFile(this.#fd)
    this.#unsynced = false
  }

  close(): void {
    this.sync()
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
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
    return new ToolError(
      'INPUT',
      `${this.#input}:${this.#locate(bad.line) ?? bad.line}: ${bad.reason}\n  ${lead}${excerpt}${tail}${caret}`,
      {
        hint: 'to go on and keep such lines, give --dead-letter FILE'
      }
    )
  }
}

/** Devices and pipes have nothing to sync. */
function syncFile(fd: number): void {
  try {
    fsyncSync(fd)
  } catch (error) {
    if (errnoOf(error) !== 'EINVAL') throw error
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
