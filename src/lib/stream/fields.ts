/**
 * Finds values in the bytes of a JSON line without parsing it. The line is walked once; only objects that lie on a
 * wanted path are entered, everything else is stepped over.
 */

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_BRACKET = 91
const BACKSLASH = 92
const CLOSE_BRACKET = 93
const OPEN_BRACE = 123
const CLOSE_BRACE = 125

/** A key on the way to wanted paths. */
export interface PathNode {
  readonly key: Buffer
  /** Index of the wanted path that ends here, or -1. */
  path: number
  readonly children: PathNode[]
}

/** @param paths in dotted notation: `source.table`; a dot that belongs to a key stands behind a backslash */
export function pathTree(paths: readonly string[]): PathNode {
  const root: PathNode = { key: Buffer.alloc(0), path: -1, children: [] }
  paths.forEach((path, index) => {
    let node = root
    for (const key of path.split(/(?<!\\)\./)) {
      const bytes = Buffer.from(key.replaceAll('\\.', '.'))
      let child = node.children.find(candidate => candidate.key.equals(bytes))
      if (child === undefined) {
        child = { key: bytes, path: -1, children: [] }
        node.children.push(child)
      }
      node = child
    }
    if (node.path >= 0) throw new Error(`path ${path} is given twice`)
    node.path = index
  })
  return root
}

export class FieldFinder {
  /** Start and end of each path's value, two numbers a path; -1 where it is absent. Strings include their quotes. */
  readonly spans: Int32Array
  readonly #root: PathNode

  /** @param paths in dotted notation: `source.table` */
  constructor(paths: readonly string[]) {
    this.spans = new Int32Array(paths.length * 2)
    this.#root = pathTree(paths)
  }

  /**
   * Fills `spans` for the line `buffer[start..end)`.
   * @returns false when the line is not an object, as far as it had to be read
   */
  find(buffer: Buffer, start: number, end: number): boolean {
    this.spans.fill(-1)
    const at = skipSpace(buffer, start, end)
    return at < end && buffer[at] === OPEN_BRACE && findMembers(this.#root, this.spans, buffer, at, end) > 0
  }
}

/**
 * Walks the object that begins at `at` and fills `spans` with the paths below `node` that it has.
 * @param enough stop once all members that lead to a path have been seen
 * @returns the offset behind the object, or where it was enough; -1 when it does not end
 */
export function findMembers(
  node: PathNode,
  spans: Int32Array,
  buffer: Buffer,
  at: number,
  end: number,
  enough = false
): number {
  let missing = enough ? node.children.length : -1
  at = skipSpace(buffer, at + 1, end)
  if (buffer[at] === CLOSE_BRACE) return at + 1
  while (at < end && missing !== 0) {
    if (buffer[at] !== QUOTE) return -1
    const escapesBefore = escapes
    const keyEnd = skipString(buffer, at, end)
    if (keyEnd < 0) return -1
    const child =
      escapes === escapesBefore
        ? childOf(node, buffer, at + 1, keyEnd - 1)
        : childOfEscaped(node, buffer, at, keyEnd)
    at = skipSpace(buffer, keyEnd, end)
    if (buffer[at] !== COLON) return -1
    at = skipSpace(buffer, at + 1, end)
    let valueEnd: number
    if (child === undefined) {
      valueEnd = skipValue(buffer, at, end)
    } else {
      missing--
      valueEnd =
        child.children.length > 0 && buffer[at] === OPEN_BRACE
          ? findMembers(child, spans, buffer, at, end)
          : skipValue(buffer, at, end)
      if (child.path >= 0) {
        spans[child.path * 2] = at
        spans[child.path * 2 + 1] = valueEnd
      }
    }
    if (valueEnd < 0) return -1
    at = skipSpace(buffer, valueEnd, end)
    if (buffer[at] === CLOSE_BRACE) return at + 1
    if (buffer[at] !== COMMA) return -1
    at = skipSpace(buffer, at + 1, end)
  }
  return missing === 0 ? at : -1
}

export function childOf(node: PathNode, buffer: Buffer, start: number, end: number): PathNode | undefined {
  const length = end - start
  outer: for (const child of node.children) {
    const key = child.key
    if (key.length !== length) continue
    for (let i = 0; i < length; i++) if (key[i] !== buffer[start + i]) continue outer
    return child
  }
  return undefined
}

/** A key that is written with escapes, as `"gr\u00f6\u00dfe"`. */
function childOfEscaped(node: PathNode, buffer: Buffer, start: number, end: number): PathNode | undefined {
  const key = Buffer.from(spanText(buffer, start, end) ?? '')
  return childOf(node, key, 0, key.length)
}

function skipSpace(buffer: Buffer, at: number, end: number): number {
  while (at < end) {
    const byte = buffer[at] as number
    if (byte !== 32 && byte !== 9 && byte !== 13 && byte !== 10) break
    at++
  }
  return at
}

/** Backslashes seen so far: tells whether a string has one without looking at its bytes twice. */
let escapes = 0

/** @param at the opening quote; @returns the offset behind the closing one, or -1 */
export function skipString(buffer: Buffer, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const byte = buffer[i]
    if (byte === QUOTE) return i + 1
    if (byte === BACKSLASH) {
      escapes++
      i++
    }
  }
  return -1
}

/** @returns the offset behind the value at `at`, or -1 */
export function skipValue(buffer: Buffer, at: number, end: number): number {
  const first = buffer[at]
  if (first === QUOTE) return skipString(buffer, at, end)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    let depth = 0
    for (let i = at; i < end; i++) {
      const byte = buffer[i]
      if (byte === QUOTE) {
        const next = skipString(buffer, i, end)
        if (next < 0) return -1
        i = next - 1
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return i + 1
    }
    return -1
  }
  let i = at
  while (i < end) {
    const byte = buffer[i] as number
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 32) break
    i++
  }
  return i > at ? i : -1
}

/**
 * The value at a span as text: a string without quotes and escapes, anything else as it stands; undefined for null
 * and for an absent one. A string with an escape that JSON does not know is left as it stands between its quotes.
 */
export function spanText(buffer: Buffer, start: number, end: number): string | undefined {
  if (start < 0) return undefined
  const first = buffer[start]
  if (first === QUOTE) {
    const text = buffer.toString('utf8', start + 1, end - 1)
    return text.includes('\\') ? withoutEscapes(text) : text
  }
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return buffer.toString('utf8', start, end)
  const text = buffer.toString('latin1', start, end)
  return text === 'null' ? undefined : text
}

function withoutEscapes(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string
  } catch {
    // The line is not JSON; whoever parses it says so, with the place.
    return text
  }
}

/** The number at a span (a number, or a string that holds one); NaN for anything else. */
export function spanNumber(buffer: Buffer, start: number, end: number): number {
  if (start < 0) return Number.NaN
  if (buffer[start] === QUOTE) {
    start++
    end--
  }
  if (end - start > 15) return numberOf(buffer, start, end)
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = (buffer[i] as number) - 48
    if (digit < 0 || digit > 9) return numberOf(buffer, start, end)
    value = value * 10 + digit
  }
  return end > start ? value : Number.NaN
}

/** `Number` takes blanks for 0. */
function numberOf(buffer: Buffer, start: number, end: number): number {
  const text = buffer.toString('latin1', start, end)
  return text.trim() === '' ? Number.NaN : Number(text)
}
