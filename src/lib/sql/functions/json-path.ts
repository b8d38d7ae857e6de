/**
 * Paths of SQL/JSON: `[lax|strict] $.name['name'][0][*].*..name`. Source: Flink's docs, which refer to Jayway's JsonPath; its
 * filters and functions are not in the subset.
 */

/** A member by name, an element by number (from the end when negative), all members or elements, or these at any depth. */
export type Step = string | number | { all: true } | { deep: string | null }

export type Path = { lax: boolean; steps: Step[] }

const name = /(?:[^\s.[\]'"()?*@$,:]|\$(?=\w))+/y
const bracket = /\[\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(-?\d+)|(\*))\s*\]/y

/** The path, or what is wrong with it. */
export function parsePath(text: string): Path | string {
  const [, mode, rest = ''] = /^\s*(?:(lax|strict)\s+)?(.*)$/s.exec(text) ?? []
  const path = rest.trim()
  if (!path.startsWith('$')) return `'${text}' is no JSON path: it begins with $`
  const steps: Step[] = []
  let at = 1
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(path)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  while (at < path.length) {
    const from = at
    const deep = path.startsWith('..', at)
    if (deep) at += 2
    else if (path[at] === '.') at++
    const wasDot = at > from
    const inBrackets = take(bracket)
    if (inBrackets !== null) {
      const [, single, double, number] = inBrackets
      const quoted = (single ?? double)?.replaceAll(/\\(.)/gs, '$1')
      if (deep && quoted === undefined) return unsupported(text, path.slice(from))
      steps.push(
        deep ? { deep: quoted ?? null } : (quoted ?? (number === undefined ? { all: true } : Number(number)))
      )
    } else if (wasDot && path[at] === '*') {
      at++
      steps.push(deep ? { deep: null } : { all: true })
    } else {
      const found = wasDot ? take(name)?.[0] : undefined
      if (found === undefined || path[at] === '(') return unsupported(text, path.slice(from))
      steps.push(deep ? { deep: found } : found)
    }
  }
  return { lax: mode === 'lax', steps }
}

const unsupported = (text: string, rest: string): string =>
  `'${text}': "${rest}" is not in the subset of JSON paths ($.name, ['name'], [0], [*], .*, ..name)`

/** A number with a point or exponent, as Java's BigDecimal writes it: JavaScript's numbers do not keep its digits. */
export class JsonDecimal {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }

  toString(): string {
    return this.text
  }
}

export type Found = { values: unknown[]; isDefinite: boolean; missing: boolean }

/** What the path leads to; `missing` when a step of a path without wildcards leads nowhere. */
export function follow(value: unknown, { steps }: Path): Found {
  let values = [value]
  let isDefinite = true
  for (const step of steps) {
    const next: unknown[] = []
    for (const each of values) descend(each, step, next)
    if (typeof step === 'object') isDefinite = false
    values = next
    if (values.length === 0) break
  }
  return { values, isDefinite, missing: isDefinite && values.length === 0 }
}

function descend(value: unknown, step: Step, into: unknown[]): void {
  if (typeof value !== 'object' || value === null || value instanceof JsonDecimal) return
  if (typeof step === 'string') {
    if (!Array.isArray(value) && Object.hasOwn(value, step))
      into.push((value as Record<string, unknown>)[step])
  } else if (typeof step === 'number') {
    const element = Array.isArray(value) ? value.at(step) : undefined
    if (element !== undefined) into.push(element)
  } else if ('all' in step) into.push(...Object.values(value))
  else {
    if (step.deep === null) into.push(...Object.values(value))
    else descend(value, step.deep, into)
    for (const member of Object.values(value)) descend(member, step, into)
  }
}
