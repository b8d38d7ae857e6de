import { readFileSync } from 'node:fs'
import path from 'node:path'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import { errnoOf, messageOf } from '../cli/index.ts'
import { isObject, type JsonObject } from './fields.ts'
import { pythonTags } from './python-yaml.ts'

/** Something to say about a rule file. Lines and columns count from 1. */
export interface Problem {
  severity: 'error' | 'warning' | 'note'
  /** A warning about a name that is most likely misspelt. */
  misspelt?: boolean
  file: string
  line: number
  column: number
  message: string
}

/** `rules/a.yaml:3:1: …`, the form that editors and CI read. */
export function formatProblem(p: Problem): string {
  return `${p.file}:${p.line}:${p.column}: ${p.message}`
}

export type YamlPath = readonly (string | number)[]

/** A rule file as it was written: its content, and where each part of it stands. */
export interface Source {
  file: string
  content: JsonObject
  at(path: YamlPath): { line: number; column: number }
}

/** `$VAR` and `${VAR}`, as ElastAlert takes them from the environment; what is not set stays as written. */
function expandVariables(text: string): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (whole, braced?: string, bare?: string) => {
    return process.env[(braced ?? bare)!] ?? whole
  })
}

/** Names that stand twice in a mapping; the last one counts, as for PyYAML. */
function repeatedNames(document: Document): { name: string; offset: number }[] {
  const found: { name: string; offset: number }[] = []
  visit(document, {
    Map(_, map) {
      const names = new Set<string>()
      for (const { key } of map.items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        if (names.has(name) && name !== '<<') found.push({ name, offset: key.range?.[0] ?? 0 })
        names.add(name)
      }
    }
  })
  return found
}

function positionOf(
  document: Document,
  lines: LineCounter,
  path: YamlPath
): { line: number; column: number } {
  let node: unknown = document.contents
  let offset = 0
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.findLast(p => isScalar(p.key) && String(p.key.value) === String(step))
      if (pair === undefined) break
      offset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      offset = (node as { range?: [number, number, number] | null } | undefined)?.range?.[0] ?? offset
    } else break
  }
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

/** Reads one file; undefined, with the problem reported, when it is no YAML mapping. */
function readSource(file: string, report: (p: Problem) => void): Source | undefined {
  const fail = (message: string, line = 1, column = 1): undefined => {
    report({ severity: 'error', file, line, column, message })
  }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    return fail(errnoOf(error) === 'ENOENT' ? 'no such file' : messageOf(error))
  }
  const lines = new LineCounter()
  const document = parseDocument(expandVariables(text), {
    lineCounter: lines,
    version: '1.1',
    customTags: pythonTags,
    uniqueKeys: false,
    prettyErrors: false
  })
  const broken = document.errors[0]
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0])
    const isSecond = broken.code === 'MULTIPLE_DOCS'
    return fail(isSecond ? 'a second document begins here: a rule file is one' : broken.message, line, col)
  }
  let content: unknown
  try {
    content = document.toJS()
  } catch (error) {
    // an alias without its anchor, or aliases that multiply without end
    if (error instanceof ReferenceError) return fail(error.message)
    throw error
  }
  for (const { name, offset } of repeatedNames(document)) {
    const { line, col } = lines.linePos(offset)
    report({
      severity: 'warning',
      file,
      line,
      column: col,
      message: `${name} stands here a second time: what was said first does not count`
    })
  }
  if (!isObject(content))
    return fail('a rule file is a mapping of options: name, type, index, alert, filter, …')
  return { file, content, at: path => positionOf(document, lines, path) }
}

/** A rule file with its imports merged in; each option knows the file it came from. */
export interface MergedSource {
  file: string
  /** The file and all that it imports. */
  files: string[]
  options: JsonObject
  at(path: YamlPath): { file: string; line: number; column: number }
}

/**
 * Reads a rule file and, depth first, what it imports. The nearer file wins, but filters add up: those of an import come
 * first. Imports are relative to the rule file.
 */
export function readMerged(file: string, report: (p: Problem) => void): MergedSource | undefined {
  const options: JsonObject = {}
  const origins = new Map<string, Source>()
  let filters: { source: Source; index: number }[] = []
  const visited = new Set<string>()
  const pending: { file: string; from: Source | undefined; chain: string[] }[] = [
    { file, from: undefined, chain: [] }
  ]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const real = path.resolve(next.file)
    const { from, chain } = next
    if (from !== undefined && chain.includes(real)) {
      const circle = [...chain.slice(chain.indexOf(real)), real].map(f => path.basename(f)).join(' → ')
      report({
        severity: 'error',
        file: from.file,
        ...from.at(['import']),
        message: `import in a circle: ${circle}`
      })
      return undefined
    }
    if (visited.has(real)) continue
    visited.add(real)
    const source = readSource(next.file, p => {
      if (from === undefined) report(p)
      else
        report({ ...p, file: from.file, ...from.at(['import']), message: `import ${p.file}: ${p.message}` })
    })
    if (source === undefined) return undefined
    for (const [name, value] of Object.entries(source.content)) {
      if (name === 'import') continue
      if (name === 'filter' && Array.isArray(value)) {
        filters = [...value.map((_, index) => ({ source, index })), ...filters]
        options.filter = [...value, ...((options.filter as unknown[] | undefined) ?? [])]
        if (!origins.has(name)) origins.set(name, source)
      } else if (!Object.hasOwn(options, name)) {
        options[name] = value
        origins.set(name, source)
      }
    }
    const imports = source.content.import
    for (const name of Array.isArray(imports) ? imports : imports === undefined ? [] : [imports]) {
      pending.push({
        file: path.resolve(path.dirname(file), String(name)),
        from: source,
        chain: [...chain, real]
      })
    }
  }
  return {
    file,
    files: [...visited],
    options,
    at: where => {
      const [name, index, ...rest] = where
      const filter = name === 'filter' && typeof index === 'number' ? filters[index] : undefined
      if (filter !== undefined)
        return { file: filter.source.file, ...filter.source.at(['filter', filter.index, ...rest]) }
      const source = origins.get(String(name))
      return source === undefined ? { file, line: 1, column: 1 } : { file: source.file, ...source.at(where) }
    }
  }
}
