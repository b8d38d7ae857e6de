import { PLAIN, scalarEnd, stringEnd, valueEnd } from './json-bytes.ts'
import { Shape } from './shape.ts'
import { type LeafKind, leavesOf } from './shape-leaves.ts'

/** Shapes that are remembered. */
const MOST = 1024
/** After so many lines in a row that were in none of them, only one of as many is still learned from. */
const PATIENCE = 64
const LONGEST = 64 * 1024
/** Starts and ends for which there is room, for lines that are kept. */
const ROOM = 64 * 1024

const NEWLINE = 10
const RETURN = 13

/**
 * Finds the values of lines that mostly have one of a few shapes, in one pass over their bytes: what stands between the values
 * is compared by words, what they are is checked as strictly as JSON.parse does. A line that is found is JSON, and an object.
 */
export class Shapes<Plan> {
  /** From `base` on, start and end of each leaf of the last line that was found. Strings include their quotes. */
  spans = new Int32Array(ROOM)
  base = 0
  /** Where that line ends, before its newline. */
  end = 0
  readonly #root: Edge<Plan>[] = []
  readonly #plan: (shape: Shape) => Plan
  #count = 0
  #strangers = 0
  /** Places that the shape with the most leaves takes. */
  #widest = 0

  /** @param plan what is to be done with the lines of a shape */
  constructor(plan: (shape: Shape) => Plan) {
    this.#plan = plan
  }

  /** No line may be kept any more. */
  get isFull(): boolean {
    return this.base + this.#widest > this.spans.length
  }

  /** @returns the plan for the line that begins at `start`; undefined when it is in no known shape */
  find(bytes: Buffer, view: DataView, start: number): Plan | undefined {
    const { spans } = this
    const end = bytes.length
    let edges = this.#root
    let at = start
    let leaf = this.base
    for (let i = 0; i < edges.length; i++) {
      const edge = edges[i] as Edge<Plan>
      const value = edge.literal.end(bytes, view, at, end)
      if (value < 0) continue
      if (edge.plan !== undefined) {
        const byte = bytes[value]
        if (byte !== NEWLINE && value !== end && (byte !== RETURN || bytes[value + 1] !== NEWLINE)) continue
        this.end = value
        this.#strangers = 0
        return edge.plan
      }
      const behind = leafEnd(edge.kind, bytes, value, end)
      if (behind < 0) continue
      spans[leaf++] = value
      spans[leaf++] = behind
      at = behind
      edges = edge.next
      i = -1
    }
    return undefined
  }

  /**
   * Finds a line that is in no known shape; its shape is known then, if there is room.
   * @returns the plan for it; undefined when it has no shape of use, or hardly a line has one that is known
   */
  learn(bytes: Buffer, start: number, end: number): Plan | undefined {
    if (end - start > LONGEST) return undefined
    if (++this.#strangers > PATIENCE && this.#strangers % PATIENCE !== 0) return undefined
    const leaves = leavesOf(bytes, start, end)
    if (leaves === undefined) return undefined
    const edges = [start, ...leaves.flatMap(leaf => [leaf.start, leaf.end]), end]
    const literals = Array.from({ length: leaves.length + 1 }, (_, n) =>
      Buffer.from(bytes.subarray(edges[n * 2], edges[n * 2 + 1]))
    )
    const plan = this.#plan(new Shape(literals, leaves))
    this.#widest = Math.max(this.#widest, leaves.length * 2)
    if (this.isFull) {
      const larger = new Int32Array((this.base + this.#widest) * 2)
      larger.set(this.spans)
      this.spans = larger
    }
    for (const [n, leaf] of leaves.entries()) {
      this.spans[this.base + n * 2] = leaf.start
      this.spans[this.base + n * 2 + 1] = leaf.end
    }
    this.end = end
    if (this.#count === MOST) return plan
    this.#count++
    this.#strangers = 0
    let branch = this.#root
    for (const [n, { kind }] of leaves.entries()) branch = edgeOf(branch, literals[n] as Buffer, kind).next
    const last = new Literal(literals[leaves.length] as Buffer)
    branch.push({ literal: last, kind: 'scalar', next: [], plan })
    return plan
  }
}

/** What may stand next in a line: a text, and behind it a leaf or, where there is a plan, the line's end. */
interface Edge<Plan> {
  readonly literal: Literal
  readonly kind: LeafKind
  readonly next: Edge<Plan>[]
  readonly plan: Plan | undefined
}

function edgeOf<Plan>(edges: Edge<Plan>[], literal: Buffer, kind: LeafKind): Edge<Plan> {
  let edge = edges.find(e => e.plan === undefined && e.kind === kind && e.literal.bytes.equals(literal))
  if (edge === undefined) {
    edge = { literal: new Literal(literal), kind, next: [], plan: undefined }
    edges.push(edge)
  }
  return edge
}

function leafEnd(kind: LeafKind, bytes: Buffer, at: number, end: number): number {
  const first = bytes[at]
  if (first === 34) {
    if (kind === 'array' || kind === 'no text') return -1
    let i = at + 1
    while (PLAIN[bytes[i] as number] === 1) i++
    return bytes[i] === 34 ? i + 1 : stringEnd(bytes, at)
  }
  if (kind === 'array') return first === 91 ? valueEnd(bytes, at, end) : -1
  return kind === 'text' ? -1 : scalarEnd(bytes, at)
}

/** Text that is compared by four bytes at a time. */
class Literal {
  readonly bytes: Buffer
  readonly #words: Int32Array
  /** Where the last four bytes begin, some of which may be in a word already. */
  readonly #lastAt: number
  readonly #last: number

  constructor(bytes: Buffer) {
    this.bytes = bytes
    const { length } = bytes
    this.#words = Int32Array.from({ length: length >> 2 }, (_, i) => bytes.readInt32LE(i * 4))
    this.#lastAt = length - 4
    this.#last = length < 4 ? 0 : bytes.readInt32LE(length - 4)
  }

  /** @returns the offset behind this text at `at`; -1 where another stands there, or the line ends before */
  end(bytes: Buffer, view: DataView, at: number, end: number): number {
    const words = this.#words
    const { length } = this.bytes
    if (at + length > end) return -1
    for (let i = 0; i < words.length; i++) if (view.getInt32(at + i * 4, true) !== words[i]) return -1
    if (words.length > 0) return view.getInt32(at + this.#lastAt, true) === this.#last ? at + length : -1
    for (let i = 0; i < length; i++) if (bytes[at + i] !== this.bytes[i]) return -1
    return at + length
  }
}
