import {
  childOf,
  FieldFinder,
  findMembers,
  type PathNode,
  pathTree,
  skipString,
  skipValue
} from './fields.ts'

/** Layouts that are remembered. */
const LAYOUTS = 8
/** After so many lines in a row that were in none of them, only one of as many is still learned from. */
const PATIENCE = 64
const LONGEST_LAYOUT = 200

/** Fills the spans of a line in one layout; false when the line has another, and the spans are of no use then. */
type Layout = (buffer: Buffer, start: number, end: number) => boolean

/** A key with what stands before it, `,"id":`, and what is wanted of its value. */
type Member = { literal: string; child: PathNode | undefined }

/**
 * Finds values in rows as `FieldFinder` does, for lines that mostly have the same keys in the same order: for each order
 * a function is generated that compares the keys with what they should be and steps over the values, up to the last that
 * is wanted. A line in no known order is walked through, and learned from.
 */
export class RowFinder {
  /** As of `FieldFinder`. */
  readonly spans: Int32Array
  readonly #fields: FieldFinder
  readonly #root: PathNode
  /** That of the last line first. */
  readonly #layouts: Layout[] = []
  #strangers = 0

  /** @param paths in dotted notation */
  constructor(paths: readonly string[]) {
    this.#fields = new FieldFinder(paths)
    this.spans = this.#fields.spans
    this.#root = pathTree(paths)
  }

  /**
   * Fills `spans` for the line `buffer[start..end)`.
   * @returns false when the line is not an object, as far as it had to be read
   */
  find(buffer: Buffer, start: number, end: number): boolean {
    const layouts = this.#layouts
    for (let i = 0; i < layouts.length; i++) {
      const layout = layouts[i] as Layout
      if (!layout(buffer, start, end)) continue
      if (i > 0) {
        layouts.splice(i, 1)
        layouts.unshift(layout)
      }
      this.#strangers = 0
      return true
    }
    const found = this.#fields.find(buffer, start, end)
    if (found) this.#learn(buffer, start, end)
    return found
  }

  #learn(buffer: Buffer, start: number, end: number): void {
    if (++this.#strangers > PATIENCE && this.#strangers % PATIENCE !== 0) return
    const members = membersOf(this.#root, buffer, start, end)
    if (members === undefined || members.length > LONGEST_LAYOUT) return
    this.#layouts.unshift(generate(members, this.#root, this.spans))
    if (this.#layouts.length > LAYOUTS) this.#layouts.pop()
  }
}

/** The keys of the object in a line without blanks; undefined for other lines, and for one with the same key twice. */
function membersOf(root: PathNode, buffer: Buffer, start: number, end: number): Member[] | undefined {
  const members: Member[] = []
  let at = start + 1
  if (buffer[start] !== 123) return undefined
  const children = new Set<PathNode>()
  for (let from = start; ; from = at++) {
    const keyEnd = skipString(buffer, at, end)
    if (keyEnd < 0 || buffer[keyEnd] !== 58) return undefined
    const literal = buffer.toString('latin1', from, keyEnd + 1)
    if (literal.includes('\\')) return undefined
    const child = childOf(root, buffer, at + 1, keyEnd - 1)
    if (child !== undefined && children.has(child)) return undefined
    if (child !== undefined) children.add(child)
    members.push({ literal, child })
    at = skipValue(buffer, keyEnd + 1, end)
    if (at < 0) return undefined
    if (buffer[at] === 125) return at + 1 === end ? members : undefined
    if (buffer[at] !== 44) return undefined
  }
}

function generate(members: Member[], root: PathNode, spans: Int32Array): Layout {
  const isWhole = members.filter(({ child }) => child !== undefined).length < root.children.length
  const last = isWhole ? members.length - 1 : members.findLastIndex(({ child }) => child !== undefined)
  const nodes: (PathNode | undefined)[] = members.map(({ child }) => child)
  const code = members.slice(0, last + 1).map(({ literal, child }, n) => {
    const compare = [...literal].map((character, i) => `b[i + ${i}] !== ${character.charCodeAt(0)}`)
    const place = child === undefined || child.path < 0 ? undefined : child.path * 2
    return `if (${compare.join(' || ')}) return false;
i += ${literal.length};
${place === undefined ? '' : `spans[${place}] = i;`}
${child === undefined || child.children.length === 0 ? step : nested(n)}
${place === undefined ? '' : `spans[${place + 1}] = i;`}`
  })
  const source = `return function layout(b, i, e) {
spans.fill(-1);
let c = 0;
${code.join('\n')}
return ${isWhole ? 'b[i] === 125 && i + 1 === e' : 'i < e'};
}`
  const make = new Function('spans', 'nodes', 'skipValue', 'findMembers', source)
  return make(spans, nodes, skipValue, findMembers) as Layout
}

/** JavaScript that steps over the value at `i`. */
const step = `c = b[i];
if (c === 34) {
  i++;
  while ((c = b[i++]) !== 34) { if (c === 92) i++; if (i >= e) return false; }
} else if (c === 123 || c === 91) {
  i = skipValue(b, i, e);
  if (i < 0) return false;
} else {
  c = i;
  while (i < e && b[i] !== 44 && b[i] !== 125 && b[i] > 32) i++;
  if (i === c) return false;
}`

/** The same of a value of which fields are wanted. */
const nested = (n: number): string =>
  `if (b[i] === 123) { i = findMembers(nodes[${n}], spans, b, i, e); if (i < 0) return false; } else { ${step} }`
