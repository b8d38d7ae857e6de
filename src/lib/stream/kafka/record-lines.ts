import type { ByteWriter } from '../bytes.ts'
import { PayloadFinder } from '../schema-envelope.ts'
import { eachCommittedBatch, eachRecord } from './batches.ts'
import type { Fetched } from './fetch.ts'

const NEWLINE = 10
const SPACE = 32

const payloads = new PayloadFinder()

/** Takes the offset of each record that has become a line. */
export type TakeOffset = (offset: number) => void

/**
 * Writes the values of records as lines: those that are committed, from `from` on. Records without a value (tombstones)
 * give none. A value with a schema around it, as Kafka Connect's JSON converter writes them, gives its payload; line
 * breaks inside a value, which JSON has between its tokens only, become spaces.
 *
 * @returns the offset to go on from
 * @throws ToolError INPUT for batches that cannot be read
 */
export function recordLines(fetched: Fetched, from: number, lines: ByteWriter, take: TakeOffset): number {
  return eachCommittedBatch(fetched, from, (body, base, count) => {
    let newline = body.indexOf(NEWLINE)
    eachRecord(body, base, count, (offset, _key, _keyLength, value, length) => {
      if (offset < from || length < 0) return
      const end = value + length
      // Line breaks are few or none: they are looked for from the last on, and not anew in each value.
      while (newline >= 0 && newline < value) newline = body.indexOf(NEWLINE, value)
      if (valueLine(body, value, end, lines, newline >= 0 && newline < end)) take(offset)
    })
  })
}

/** @returns false when there is nothing in it */
function valueLine(
  body: Buffer,
  start: number,
  end: number,
  lines: ByteWriter,
  hasNewlines: boolean
): boolean {
  const hasSchema = payloads.find(body, start, end)
  if (hasSchema && payloads.isNull(body)) return false
  const lineStart = lines.length
  if (hasSchema) lines.append(body, payloads.start, payloads.end)
  else lines.append(body, start, end)
  if (hasNewlines) spacesForNewlines(lines, lineStart)
  lines.ensure(1)
  lines.buffer[lines.length++] = NEWLINE
  return true
}

function spacesForNewlines({ buffer, length }: ByteWriter, from: number): void {
  for (let at = from; at < length; at++) if (buffer[at] === NEWLINE) buffer[at] = SPACE
}
