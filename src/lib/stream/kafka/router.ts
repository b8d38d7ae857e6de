import { ToolError } from '../../cli/index.ts'
import { findControl } from '../control.ts'
import { FieldFinder, spanText } from '../fields.ts'
import { parseRowsOf, type RowsOf } from '../rows-of.ts'
import type { Template } from '../template.ts'
import type { Span } from './record-batch.ts'
import { type RowKeys, rowKeys } from './row-key.ts'

const NEWLINE = 10

/** What the records of lines are made of. */
export interface RouterOptions {
  readonly topic: Template
  /** The pipeline's name for the server: `source.name`; '' for tools without a source of their own. */
  readonly sourceName: string
  /** The lines are plain rows, not envelopes. */
  readonly flat: boolean
  readonly tombstones: boolean
  /**
   * Keys in the place of those of `@rows`: the text of a template, which lines that lack a field of it do not have, or
   * columns of the row, as an object.
   */
  readonly key: Template | readonly string[] | undefined
}

/** Takes a record. @returns false when its topic has to be opened first: the line is given again */
export type TakeRecord = (
  topic: string,
  key: Span | null,
  value: Buffer,
  start: number,
  end: number,
  tombstone: boolean
) => boolean

/**
 * Makes records of lines: the topic from a template, the key from the row. Behind `{"@rows":…}` the lines are of that
 * table; `{"@transaction":…}` goes where Debezium puts it, to the topic NAME.transaction, and statements that define
 * tables to the topic NAME.
 */
export class LineRouter {
  readonly #options: RouterOptions
  readonly #fields: FieldFinder
  readonly #templateKey: TemplateKey | null
  #keys: RowKeys = rowKeys([], false)
  /** The topic of all lines of the table; null when each line has to be asked. */
  #topic: string | null = null
  /** Lines that are no rows: their topic and key. */
  #schema: { readonly topic: string; readonly key: Span } | null = null

  constructor(options: RouterOptions) {
    this.#options = options
    this.#fields = new FieldFinder(options.topic.fields)
    const { key } = options
    this.#templateKey = key !== undefined && 'render' in key ? new TemplateKey(key) : null
    if (key !== undefined && !('render' in key)) this.#keys = new AnyKeys(key)
    if (options.topic.fields.length === 0) this.#topic = textOf(options.topic.render([]))
  }

  /**
   * @param from where to begin
   * @returns where it stopped: the block's end, or the line whose topic is not open
   */
  route(block: Buffer, from: number, take: TakeRecord): number {
    let at = from
    while (at < block.length) {
      const control = findControl(block, at)
      const end = control < 0 ? block.length : control
      while (at < end) {
        const newline = block.indexOf(NEWLINE, at)
        if (newline > at && !this.#line(block, at, newline, take)) return at
        at = newline + 1
      }
      if (control < 0) break
      const next = block.indexOf(NEWLINE, control) + 1
      if (!this.#control(block.subarray(control, next - 1), take)) return control
      at = next
    }
    return at
  }

  #line(block: Buffer, start: number, end: number, take: TakeRecord): boolean {
    if (this.#schema !== null) return take(this.#schema.topic, this.#schema.key, block, start, end, false)
    const topic = this.#topic ?? this.#topicOf(block, start, end)
    if (this.#templateKey !== null) {
      return take(topic, this.#templateKey.of(block, start, end), block, start, end, false)
    }
    const key = this.#keys.of(block, start, end)
    const tombstone = key !== null && this.#keys.isDeleted && this.#options.tombstones
    return take(topic, key, block, start, end, tombstone)
  }

  #topicOf(block: Buffer, start: number, end: number): string {
    const { topic } = this.#options
    const { spans } = this.#fields
    this.#fields.find(block, start, end)
    const values = topic.fields.map((_, i) =>
      spanText(block, spans[2 * i] as number, spans[2 * i + 1] as number)
    )
    return textOf(topic.render(values), block.toString('utf8', start, Math.min(end, start + 100)))
  }

  #control(line: Buffer, take: TakeRecord): boolean {
    const control = JSON.parse(line.toString()) as { '@transaction'?: { id: string } }
    const transaction = control['@transaction']
    if (transaction !== undefined) {
      const topic = `${this.#options.sourceName}.transaction`
      const value = Buffer.from(JSON.stringify(transaction))
      return take(topic, spanOf({ id: transaction.id }), value, 0, value.length, false)
    }
    const rows = parseRowsOf(line)
    if (rows !== null) this.#begin(rows)
    return true
  }

  #begin({ database, table, key }: RowsOf): void {
    const { topic, sourceName, flat } = this.#options
    this.#schema = table === '' ? { topic: sourceName, key: spanOf({ databaseName: database }) } : null
    const known: Record<string, string> = {
      'source.name': sourceName,
      'source.db': database,
      'source.table': table
    }
    this.#topic = topic.fields.every(field => known[field] !== undefined)
      ? textOf(topic.render(topic.fields.map(field => known[field])))
      : null
    this.#keys = rowKeys(key, flat)
  }
}

const ENVELOPE = Buffer.from('{"before":')

/** Keys of lines some of which are envelopes and others plain rows. */
class AnyKeys implements RowKeys {
  readonly #envelopes: RowKeys
  readonly #rows: RowKeys
  isDeleted = false

  constructor(columns: readonly string[]) {
    this.#envelopes = rowKeys(columns, false)
    this.#rows = rowKeys(columns, true)
  }

  of(block: Buffer, start: number, end: number): Span | null {
    const isEnvelope = block.compare(ENVELOPE, 0, ENVELOPE.length, start, start + ENVELOPE.length) === 0
    const keys = isEnvelope ? this.#envelopes : this.#rows
    const key = keys.of(block, start, end)
    this.isDeleted = keys.isDeleted
    return key
  }
}

/** Keys that a template makes: its text, as it stands. */
class TemplateKey {
  readonly #template: Template
  readonly #fields: FieldFinder

  constructor(template: Template) {
    this.#template = template
    this.#fields = new FieldFinder(template.fields)
  }

  of(block: Buffer, start: number, end: number): Span | null {
    const { spans } = this.#fields
    this.#fields.find(block, start, end)
    const text = this.#template.render(
      this.#template.fields.map((_, i) => spanText(block, spans[2 * i] as number, spans[2 * i + 1] as number))
    )
    if ('missing' in text) return null
    const buffer = Buffer.from(text.text)
    return { buffer, start: 0, end: buffer.length }
  }
}

function spanOf(value: unknown): Span {
  const buffer = Buffer.from(JSON.stringify(value))
  return { buffer, start: 0, end: buffer.length }
}

function textOf(rendered: { text: string } | { missing: string }, line = ''): string {
  if ('text' in rendered) return rendered.text
  throw new ToolError(
    'DATA',
    `--out: the topic needs {${rendered.missing}}, which this line has not\n  ${line}…`
  )
}
