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
    eachRecord(body, base, count, (offset, _key, _keyLength, value, length) => {
      if (offset >= from && length >= 0 && valueLine(body, value, value + length, lines)) take(offset)
    })
  })
}

/** @returns false when there is nothing in it */
function valueLine(body: Buffer, start: number, end: number, lines: ByteWriter): boolean {
  if (payloads.find(body, start, end)) {
    return !payloads.isNull(body) && plainLine(body, payloads.start, payloads.end, lines)
  }
  return plainLine(body, start, end, lines)
}

function plainLine(body: Buffer, start: number, end: number, lines: ByteWriter): boolean {
  const lineStart = lines.length
  lines.ensure(end - start + 1)
  lines.append(body, start, end)
  const { buffer, length } = lines
  for (
    let at = buffer.indexOf(NEWLINE, lineStart);
    at >= 0 && at < length;
    at = buffer.indexOf(NEWLINE, at + 1)
  ) {
    buffer[at] = SPACE
  }
  lines.ensure(1)
  lines.buffer[lines.length++] = NEWLINE
  return true
}
