/** Lines of which nothing is known yet. */

const NEWLINE = 10
const RETURN = 13
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/** Where a line ends, before its newline and carriage return. */
export function lineEnd(block: Buffer, start: number): number {
  const newline = block.indexOf(NEWLINE, start)
  const stop = newline < 0 ? block.length : newline
  return stop > start && block[stop - 1] === RETURN ? stop - 1 : stop
}

/** Whether a line begins and ends as an object does. */
export function isBraced(block: Buffer, start: number, end: number): boolean {
  while (start < end && isSpace(block[start] as number)) start++
  while (start < end && isSpace(block[end - 1] as number)) end--
  return block[start] === OPEN_BRACE && block[end - 1] === CLOSE_BRACE
}

function isSpace(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 13
}

/** What the JSON of a line says; undefined when it is none. */
export function parse(block: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(block.toString('utf8', start, end))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
