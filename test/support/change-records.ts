import assert from 'node:assert/strict'
import type { TopicRecord } from '../../scripts/lib/peers/topic.ts'

/** An event in Debezium's envelope; whole numbers past 2^53 are bigint. */
export interface ChangeRecord {
  readonly before: Record<string, unknown> | null
  readonly after: Record<string, unknown> | null
  readonly source: Record<string, unknown>
  readonly transaction: null
  readonly op: string
  readonly [field: string]: unknown
}

/** Parses JSON without rounding whole numbers. */
export function parseExactly(text: string): ChangeRecord {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context?.source as string)
      : value
  ) as ChangeRecord
}

/** The events of a topic; behind each delete, and nowhere else, there must be a tombstone of the same key. */
export function withoutTombstones(records: readonly TopicRecord[]): ChangeRecord[] {
  const events: ChangeRecord[] = []
  let due: string | null = null
  for (const { key, value } of records) {
    if (value === null) {
      assert.equal(key, due, 'a tombstone follows the delete of its key')
      due = null
      continue
    }
    assert.equal(due, null, 'a delete is followed by a tombstone')
    const event = parseExactly(value)
    events.push(event)
    // A row without a key has no record to take away.
    if (event.op === 'd') due = key
  }
  return events
}

/** Where the fields of an event lie: `source.pos`, `after.amount`; the values are compared apart. */
export function fieldsInOrder(event: ChangeRecord): string[] {
  return [...Object.keys(event), ...Object.keys(event.source).map(name => `source.${name}`)]
}
