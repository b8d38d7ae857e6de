import { childOf, findMembers, type PathNode, skipString, skipValue } from './fields.ts'

/** Layouts that are remembered. */
const LAYOUTS = 8
/** After so many objects in a row that were in none of them, only one of as many is still learned from. */
const PATIENCE = 64
const LONGEST_LAYOUT = 200

/** Fills the spans of an object in one layout. @returns the offset behind what it read; -1 when the object has another */
type Layout = (buffer: Buffer, view: DataView, at: number, end: number) => number

/** A key with what stands before it, `,"id":`, and what is wanted of its value. */
type Member = { literal: string; child: PathNode | undefined }

/**
 * Finds the wanted members of objects that mostly have the same keys in the same order: for each order a function is
 * generated that compares the keys with what they should be and steps over the values. An object in no known order is
 * learned from.
 */
export class Layouts {
  readonly #node: PathNode
  readonly #spans: Int32Array
  readonly #isWhole: boolean
  /** That of the last object first. */
  readonly #layouts: Layout[] = []
  #strangers = 0
  #block: Buffer = Buffer.alloc(0)
  #view: DataView = new DataView(new ArrayBuffer(0))

  /**
   * @param node whose children are wanted; their places go into `spans`
   * @param isWhole whether an object is read to its end, also behind the last member that is wanted
   */
  constructor(node: PathNode, spans: Int32Array, isWhole: boolean) {
    this.#node = node
    this.#spans = spans
    this.#isWhole = isWhole
  }

  /**
   * Fills the spans of the object that begins at `at`, with -1 for members that it has not. When it does not end by
   * `end`, or is in no known layout, some spans may be filled all the same.
   * @param end of the line, or of what may be read of it: what stands there is in no string or number
   * @returns the offset behind the object, or where all that is wanted was found; -1 where there is no such object
   */
  find(buffer: Buffer, at: number, end: number): number {
    const layouts = this.#layouts
    if (buffer !== this.#block) {
      this.#block = buffer
      this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    }
    for (let i = 0; i < layouts.length; i++) {
      const layout = layouts[i] as Layout
      const behind = layout(buffer, this.#view, at, end)
      if (behind < 0) continue
      if (i > 0) {
        layouts.splice(i, 1)
        layouts.unshift(layout)
      }
      this.#strangers = 0
      return behind
    }
    return -1
  }

  /** The same for an object in the layout of the last one that was found, and in no other. */
  findAgain(buffer: Buffer, view: DataView, at: number, end: number): number {
    return (this.#layouts[0] as Layout)(buffer, view, at, end)
  }

  /** Makes the layout of an object known that was in none. */
  learn(buffer: Buffer, at: number, end: number): void {
    if (++this.#strangers > PATIENCE && this.#strangers % PATIENCE !== 0) return
    const members = membersOf(this.#node, buffer, at, end)
    if (members === undefined || members.length > LONGEST_LAYOUT) return
    this.#layouts.unshift(generate(members, this.#node, this.#spans, this.#isWhole))
    if (this.#layouts.length > LAYOUTS) this.#layouts.pop()
  }
}

/** The keys of an object without blanks; undefined for other text, and for one with the same key twice. */
function membersOf(node: PathNode, buffer: Buffer, start: number, end: number): Member[] | undefined {
  const members: Member[] = []
  let at = start + 1
  if (buffer[start] !== 123) return undefined
  const children = new Set<PathNode>()
  for (let from = start; ; from = at++) {
    const keyEnd = buffer[at] === 34 ? skipString(buffer, at, end) : -1
    if (keyEnd < 0 || buffer[keyEnd] !== 58) return undefined
    const literal = buffer.toString('latin1', from, keyEnd + 1)
    if (literal.includes('\\')) return undefined
    const child = childOf(node, buffer, at + 1, keyEnd - 1)
    if (child !== undefined && children.has(child)) return undefined
    if (child !== undefined) children.add(child)
    members.push({ literal, child })
    at = skipValue(buffer, keyEnd + 1, end)
    if (at < 0) return undefined
    if (buffer[at] === 125) return members
    if (buffer[at] !== 44) return undefined
  }
}

function generate(members: Member[], node: PathNode, spans: Int32Array, isWhole: boolean): Layout {
  const readsAll = isWhole || members.filter(({ child }) => child !== undefined).length < node.children.length
  const last = readsAll ? members.length - 1 : members.findLastIndex(({ child }) => child !== undefined)
  const nodes = members.map(({ child }) => child)
  const absent = node.children.filter(child => !nodes.includes(child)).flatMap(pathsOf)
  const code = members.slice(0, last + 1).map(({ literal, child }, n) => {
    const place = child === undefined || child.path < 0 ? undefined : child.path * 2
    return `if (${compare(literal)}) return -1;
i += ${literal.length};
${place === undefined ? '' : `spans[${place}] = i;`}
${child === undefined || child.children.length === 0 ? step : nested(child, n)}
${place === undefined ? '' : `spans[${place + 1}] = i;`}`
  })
  const source = `return function layout(b, v, i, e) {
let c = 0;
${absent.map(unset).join('\n')}
${code.join('\n')}
${readsAll ? 'return b[i] === 125 && i < e ? i + 1 : -1;' : 'return i < e && (b[i] === 44 || b[i] === 125) ? i : -1;'}
}`
  const make = new Function(
    'spans',
    'nodes',
    'inString',
    'inWord',
    'skipString',
    'skipValue',
    'findMembers',
    source
  )
  return make(spans, nodes, IN_STRING, IN_WORD, skipString, skipValue, findMembers) as Layout
}

/** The paths of a node and those below it. */
const pathsOf = (node: PathNode): number[] => [
  ...(node.path < 0 ? [] : [node.path]),
  ...node.children.flatMap(pathsOf)
]

const unset = (path: number): string => `spans[${path * 2}] = spans[${path * 2 + 1}] = -1;`

/** Whether a literal of at least four bytes is not at `i`: by words, the last of which may overlap the one before. */
function compare(literal: string): string {
  const bytes = Buffer.from(literal, 'latin1')
  const { length } = bytes
  const offsets = Array.from({ length: Math.ceil(length / 4) }, (_, n) => Math.min(n * 4, length - 4))
  const words = offsets.map(offset => `v.getInt32(i + ${offset}, true) !== ${bytes.readInt32LE(offset)}`)
  return `i + ${length} > e || ${words.join(' || ')}`
}

/** The bytes that go on with a string, and with a number, true, false or null; neither does a line end. */
const IN_STRING = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(byte >= 32 && byte !== 34 && byte !== 92)
)
const IN_WORD = Uint8Array.from({ length: 256 }, (_, byte) =>
  Number(/[\w.+-]/.test(String.fromCharCode(byte)))
)

/** JavaScript that steps over the value at `i`. What is behind the end of the line is behind a byte that ends all. */
const step = `c = b[i];
if (c === 34) {
  c = i++;
  while (inString[b[i]] === 1) i++;
  if (b[i] === 34) i++;
  else { i = skipString(b, c, e); if (i < 0) return -1; }
} else if (c === 123 || c === 91) {
  i = skipValue(b, i, e);
  if (i < 0) return -1;
} else {
  c = i;
  while (inWord[b[i]] === 1) i++;
  if (i === c) return -1;
}`

/** The same of a value of which fields are wanted. */
const nested = (child: PathNode, n: number): string =>
  `${child.children.flatMap(pathsOf).map(unset).join(' ')}
if (b[i] === 123) { i = findMembers(nodes[${n}], spans, b, i, e); if (i < 0) return -1; } else { ${step} }`
