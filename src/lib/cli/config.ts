import { readFileSync } from 'node:fs'
import { LineCounter, parseDocument } from 'yaml'
import { messageOf, usageError } from './errors.ts'
import type { CommandSpec } from './flags.ts'
import { convertFlag } from './parse.ts'
import { suggest } from './suggest.ts'

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
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter })
  const at = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const failure = document.errors[0]
  if (failure !== undefined) {
    throw usageError(`${at(failure.pos[0])}: ${failure.message.split('\n')[0]}`)
  }
  const content: unknown = document.toJS()
  if (content === null || typeof content !== 'object' || Array.isArray(content)) {
    throw usageError(`${file}: expected a mapping of flags, as in 'tables: a,b'`)
  }
  const flags: Record<string, unknown> = {}
  const operands: string[] = []
  const adapted = spec.adaptConfig?.(content as Record<string, unknown>) ?? content
  for (const [key, value] of Object.entries(adapted)) {
    const offset = (document.get(key, true) as { range?: [number] } | undefined)?.range?.[0] ?? 0
    const name = key.replaceAll('_', '-')
    const flag = spec.flags[name]
    const operand = (spec.operands ?? []).findIndex(item => item.name.toLowerCase() === name)
    if (flag !== undefined) flags[name] = configValue(name, flag, value, at(offset))
    else if (operand >= 0) operands.push(...(Array.isArray(value) ? value.map(String) : [String(value)]))
    else {
      const near = suggest(name, Object.keys(spec.flags))
      throw usageError(
        `${at(offset)}: ${spec.name} has no flag '${key}'${near === undefined ? '' : ` (did you mean ${near}?)`}`
      )
    }
  }
  return { flags, operands }
}

function configValue(name: string, flag: CommandSpec['flags'][string], value: unknown, at: string): unknown {
  if (flag.kind === 'boolean') {
    if (typeof value === 'boolean') return value
    throw usageError(`${at}: ${name} is true or false`)
  }
  const items = Array.isArray(value) ? value : [value]
  let result: unknown
  for (const item of items) result = convertFlag(name, flag, String(item), result)
  return result
}
