import { ToolError } from '../cli/index.ts'
import { type JsonBuilder, type JsonStyle, readJson, SELECT_STYLE, textBuilder } from './json-binary.ts'
import { readLengthEncoded } from './packets.ts'

/** Operations of a diff. */
const REPLACE = 0
const INSERT = 1
const REMOVE = 2

/** A JSON value that can be changed: containers over scalars that keep their text. */
type Node = ScalarNode | ObjectNode | ArrayNode

interface ScalarNode {
  readonly kind: 'scalar'
  readonly text: string
}

interface ObjectNode {
  readonly kind: 'object'
  readonly names: string[]
  readonly values: Node[]
}

interface ArrayNode {
  readonly kind: 'array'
  readonly values: Node[]
}

const NODES: JsonBuilder<Node> = {
  scalar: text => ({ kind: 'scalar', text }),
  object: (names, values) => ({ kind: 'object', names: [...names], values: [...values] }),
  array: values => ({ kind: 'array', values: [...values] })
}

function textOf(node: Node, builder: JsonBuilder<string>): string {
  if (node.kind === 'scalar') return builder.scalar(node.text)
  const values = node.values.map(value => textOf(value, builder))
  return node.kind === 'object' ? builder.object(node.names, values) : builder.array(values)
}

/**
 * The text of a JSON document after a partial update: `buffer[start..end)` is the document before it, in binary form,
 * `buffer[diffs..diffsEnd)` what changed. A diff is an operation (1 byte), a path and, unless it removes, a value in
 * binary form, both with a length-encoded length in front.
 *
 * Source: `Json_diff_vector::read_binary` and `apply_json_diffs`, mysql: sql/json_diff.cc.
 * @throws ToolError INPUT when the diffs do not fit the document
 */
export function patchedJsonText(
  buffer: Buffer,
  start: number,
  end: number,
  diffs: number,
  diffsEnd: number,
  style: JsonStyle = SELECT_STYLE
): string {
  let document = readJson(buffer, start, end, NODES, style)
  for (let at = diffs; at < diffsEnd; ) {
    const operation = buffer[at] as number
    const [pathLength, pathAt] = readLengthEncoded(buffer, at + 1)
    at = pathAt + pathLength
    const path = parsePath(buffer.toString('utf8', pathAt, at))
    if (operation === REMOVE) {
      remove(document, path)
      continue
    }
    const [length, valueAt] = readLengthEncoded(buffer, at)
    at = valueAt + length
    if (at > diffsEnd) throw misfit('is cut off')
    const value = readJson(buffer, valueAt, at, NODES, style)
    if (operation === REPLACE) {
      if (path.length === 0) document = value
      else replace(document, path, value)
    } else if (operation === INSERT) insert(document, path, value)
    else throw misfit(`has the unknown operation ${operation}`)
  }
  return textOf(document, textBuilder(style))
}

/** A member's name or an element's index; negative indexes count from the end: -1 is the last. */
type Leg = string | number

const LEG = /\[(\d+|last(?:-\d+)?)\]|\.(?:("(?:[^"\\]|\\.)*")|([^.[\]"\s]+))/y

/** `$.a[3]."b c"[last-1]`; a name that is no identifier is a JSON string. */
function parsePath(text: string): Leg[] {
  const legs: Leg[] = []
  if (!text.startsWith('$')) throw misfit(`has no path: ${text}`)
  LEG.lastIndex = 1
  while (LEG.lastIndex < text.length) {
    const match = LEG.exec(text)
    if (match === null) throw misfit(`has a path that cannot be read: ${text}`)
    const [, index, quoted, name] = match
    if (index !== undefined) legs.push(index.startsWith('last') ? Number(index.slice(4)) - 1 : Number(index))
    else legs.push(quoted === undefined ? (name as string) : (JSON.parse(quoted) as string))
  }
  return legs
}

/** The container that the path's last leg is in, and that leg. */
function placeOf(document: Node, path: readonly Leg[]): { container: ObjectNode | ArrayNode; leg: Leg } {
  const leg = path.at(-1)
  let node: Node | undefined = document
  for (const step of path.slice(0, -1)) node = node === undefined ? undefined : child(node, step)
  if (
    leg === undefined ||
    node === undefined ||
    node.kind !== (typeof leg === 'number' ? 'array' : 'object')
  ) {
    throw misfit('is for a place that the document does not have')
  }
  return { container: node as ObjectNode | ArrayNode, leg }
}

function child(node: Node, leg: Leg): Node | undefined {
  return node.kind === 'scalar' ? undefined : node.values[indexOf(node, leg)]
}

function indexOf(container: ObjectNode | ArrayNode, leg: Leg): number {
  if (container.kind === 'array') {
    if (typeof leg !== 'number') return -1
    return leg < 0 ? container.values.length + leg : leg
  }
  return typeof leg === 'string' ? container.names.indexOf(leg) : -1
}

function existing(container: ObjectNode | ArrayNode, leg: Leg): number {
  const index = indexOf(container, leg)
  if (index < 0 || index >= container.values.length) {
    throw misfit('is for a value that the document does not have')
  }
  return index
}

function replace(document: Node, path: readonly Leg[], value: Node): void {
  const { container, leg } = placeOf(document, path)
  container.values[existing(container, leg)] = value
}

function remove(document: Node, path: readonly Leg[]): void {
  const { container, leg } = placeOf(document, path)
  const index = existing(container, leg)
  container.values.splice(index, 1)
  if (container.kind === 'object') container.names.splice(index, 1)
}

/** Elements past the end are appended; members stand in the order of their names' lengths, then bytes. */
function insert(document: Node, path: readonly Leg[], value: Node): void {
  const { container, leg } = placeOf(document, path)
  if (container.kind === 'array') {
    container.values.splice(leg as number, 0, value)
    return
  }
  const name = leg as string
  const index = container.names.findIndex(other => compareNames(other, name) >= 0)
  if (container.names[index] === name) throw misfit('inserts a member that the document has')
  const at = index < 0 ? container.names.length : index
  container.names.splice(at, 0, name)
  container.values.splice(at, 0, value)
}

function compareNames(a: string, b: string): number {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length - right.length || left.compare(right)
}

function misfit(what: string): ToolError {
  return new ToolError('INPUT', `a partial update of a JSON document ${what}: the log is damaged`)
}
