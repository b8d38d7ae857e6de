import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { convertFlag } from './convert.ts'
import { messageOf, ToolError, usageError } from './errors.ts'
import type { CommandSpec, Flag } from './flags.ts'
import { suggest } from './suggest.ts'

/** Loaded when there is a file: it would be a tenth of the start of every run. */
const yaml = (): typeof import('yaml') => createRequire(import.meta.url)('yaml')

export interface Config {
  /** By the flag's long name. */
  readonly flags: Record<string, unknown>
  readonly operands: string[]
}

/**
 * Reads flags from a YAML (or JSON) file: `tables: [a, b]`, `stop-at: now`, and operands by name (`url: mysql://…`).
 * @throws ToolError USAGE with file, line and column
 */
export function readConfig(file: string, spec: CommandSpec): Config {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw usageError(`--config ${file}: ${messageOf(error)}`)
  }
  const { LineCounter, parseDocument } = yaml()
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const at = (offset: number | undefined): string => {
    if (offset === undefined) return file
    const { line, col } = lineCounter.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const failure = document.errors[0]
  if (failure !== undefined) {
    throw usageError(`${at(failure.pos[0])}: ${failure.message.split('\n')[0]}`)
  }
  const content: unknown = document.toJS() ?? {}
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw usageError(`${file}: expected a mapping of flags, as in 'tables: a,b'`)
  }
  const places = placesOf(document.contents)
  const declared = spec.operands ?? []
  const flags: Record<string, unknown> = {}
  const operands: string[][] = declared.map(() => [])
  const adapted =
    spec.adaptConfig?.(content as Record<string, unknown>) ?? (content as Record<string, unknown>)
  for (const [key, value] of Object.entries(adapted)) {
    const place = places.get(key)
    const name = key.replaceAll('_', '-')
    const flag = spec.flags[name]
    const operand = declared.findIndex(item => item.name.toLowerCase() === name)
    if (value === null || value === undefined) throw usageError(`${at(place?.key)}: ${key} has no value`)
    if (flag !== undefined) flags[name] = configValue(name, flag, value, at(place?.value))
    else if (operand >= 0) operands[operand] = (Array.isArray(value) ? value : [value]).map(String)
    else {
      const near = suggest(name, Object.keys(spec.flags))
      throw usageError(
        `${at(place?.key)}: ${spec.name} has no flag '${key}'${near === undefined ? '' : ` (did you mean ${near}?)`}`
      )
    }
  }
  return { flags, operands: operands.flat() }
}

/** Where the keys and values of a mapping stand, as offsets in its text. */
function placesOf(contents: unknown): Map<string, { key: number | undefined; value: number | undefined }> {
  const { isMap, isScalar } = yaml()
  const items = isMap(contents) ? contents.items : []
  return new Map(
    items.map(({ key, value }) => [
      isScalar(key) ? String(key.value) : '',
      { key: offsetOf(key), value: offsetOf(value) }
    ])
  )
}

function offsetOf(node: unknown): number | undefined {
  return yaml().isNode(node) ? node.range?.[0] : undefined
}

function configValue(name: string, flag: Flag, value: unknown, at: string): unknown {
  if (flag.kind === 'boolean') {
    if (typeof value === 'boolean') return value
    throw usageError(`${at}: ${name} is true or false`)
  }
  const items: unknown[] = Array.isArray(value) ? value : [value]
  if (items.length > 1 && flag.kind !== 'list' && flag.kind !== 'strings') {
    throw usageError(`${at}: ${name} takes one value`)
  }
  let result: unknown
  for (const item of items) {
    if (item === null || typeof item === 'object') {
      throw usageError(`${at}: ${name} has no value that a flag can take`)
    }
    try {
      result = convertFlag(name, flag, String(item), result)
    } catch (error) {
      throw error instanceof ToolError ? usageError(`${at}: ${error.message}`, error.hint) : error
    }
  }
  return result
}
