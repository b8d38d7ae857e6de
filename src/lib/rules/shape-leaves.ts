import { spaceEnd, stringEnd, valueEnd } from './json-bytes.ts'

/**
 * What a value may be in lines of the same shape. Of the keys that make a line a change event it counts whether they hold
 * texts: see `eventOf`.
 */
export type LeafKind = 'scalar' | 'text' | 'no text' | 'array'

/** A value of a line that is no object, or an empty one, with the keys that lead to it. */
export interface Leaf {
  start: number
  end: number
  kind: LeafKind
  path: readonly string[]
}

const QUOTE = 34
const OPEN_BRACE = 123
const OPEN_BRACKET = 91
const MOST_LEAVES = 400
const DEEPEST = 16
const DECIDING = new Set(['op', 'ddl', 'databaseName'])

/** The values of a line from the first to the last; undefined when it is no object, or one that has no shape of use. */
export function leavesOf(bytes: Buffer, start: number, end: number): Leaf[] | undefined {
  const leaves: Leaf[] = []
  const at = spaceEnd(bytes, start)
  if (bytes[at] !== OPEN_BRACE) return undefined
  const behind = walk(bytes, at, end, [], leaves)
  if (behind < 0 || spaceEnd(bytes, behind) !== end || leaves.length > MOST_LEAVES) return undefined
  return leaves
}

/** @returns the offset behind the object; -1 when it is none, is deep, or has a key twice or in escapes */
function walk(bytes: Buffer, start: number, end: number, path: readonly string[], leaves: Leaf[]): number {
  if (path.length > DEEPEST) return -1
  const keys = new Set<string>()
  let at = spaceEnd(bytes, start + 1)
  if (bytes[at] === 125) return at + 1
  for (;;) {
    const keyEnd = bytes[at] === QUOTE ? stringEnd(bytes, at) : -1
    if (keyEnd < 0) return -1
    const key = bytes.toString('utf8', at + 1, keyEnd - 1)
    if (key.includes('\\') || keys.has(key)) return -1
    keys.add(key)
    at = spaceEnd(bytes, keyEnd)
    if (bytes[at] !== 58) return -1
    at = spaceEnd(bytes, at + 1)
    const below = [...path, key]
    const first = bytes[at]
    if (first === OPEN_BRACE) at = walk(bytes, at, end, below, leaves)
    else {
      const behind = valueEnd(bytes, at, end)
      leaves.push({ start: at, end: behind, kind: kindOf(first, below), path: below })
      at = behind
    }
    if (at < 0 || at >= end || leaves.length > MOST_LEAVES) return -1
    at = spaceEnd(bytes, at)
    if (bytes[at] === 125) return at + 1
    if (bytes[at] !== 44) return -1
    at = spaceEnd(bytes, at + 1)
  }
}

function kindOf(first: number | undefined, path: readonly string[]): LeafKind {
  if (first === OPEN_BRACKET) return 'array'
  if (path.length > 1 || !DECIDING.has(path[0] as string)) return 'scalar'
  return first === QUOTE ? 'text' : 'no text'
}
