import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type LoadedRules, loadRules } from './load.ts'
import type { Rule } from './rule.ts'
import { formatProblem } from './source.ts'

/** What has become of rules when their files were read again. */
export interface Reloaded {
  /** The rules from here on; those that are as they were are the same objects. */
  rules: Rule[]
  /** Names of rules. */
  added: string[]
  changed: string[]
  removed: string[]
  /** What is wrong with files, whose rules go on as they were, and what is odd about others. */
  errors: string[]
  warnings: string[]
}

/** Reads rule files again. What cannot be read, or is broken, changes nothing about the rules that it gave before. */
export function reloadRules(paths: string[], current: readonly Rule[]): Reloaded {
  const loaded = loadRules(paths)
  const named = new Map(current.map(rule => [rule.name, rule]))
  const rules = loaded.rules.map(rule => {
    const before = named.get(rule.name)
    return before !== undefined && isDeepStrictEqual(before, rule) ? before : rule
  })
  const errors = loaded.problems.filter(p => p.severity === 'error').map(formatProblem)
  const warnings = loaded.problems.filter(p => p.severity === 'warning').map(formatProblem)
  for (const rule of current) {
    if (isBroken(rule.file, loaded) && !rules.some(other => other.name === rule.name)) rules.push(rule)
  }
  if (rules.length === 0) {
    rules.push(...current)
    errors.push(`no rules in ${paths.join(', ')}`)
  }
  const left = new Set(rules.map(rule => rule.name))
  const names = (which: readonly Rule[]): string[] => which.map(rule => rule.name)
  return {
    rules,
    added: names(rules.filter(rule => !named.has(rule.name))),
    changed: names(rules.filter(rule => named.has(rule.name) && named.get(rule.name) !== rule)),
    removed: names(current.filter(rule => !left.has(rule.name))),
    errors,
    warnings
  }
}

function isBroken(file: string, { broken }: LoadedRules): boolean {
  // a folder that cannot be read is named as it was given
  return broken.some(name => name === file || file.startsWith(`${name}${path.sep}`))
}

/** Tells when rule files, what they import, lists that they name, or files beside them are others than they were. */
export class RuleFiles {
  readonly #paths: string[]
  #seen: string
  #acted: string

  constructor(paths: string[], rules: readonly Rule[]) {
    this.#paths = paths
    this.#seen = this.#acted = this.#versions(rules)
  }

  /** True once the files have changed and then stayed as they are from one look to the next: not while they are being written. */
  haveChanged(rules: readonly Rule[]): boolean {
    const before = this.#seen
    this.#seen = this.#versions(rules)
    if (this.#seen !== before || this.#seen === this.#acted) return false
    this.#acted = this.#seen
    return true
  }

  /** They have been read. */
  read(rules: readonly Rule[]): void {
    this.#seen = this.#acted = this.#versions(rules)
  }

  #versions(rules: readonly Rule[]): string {
    const files = new Set([...this.#paths.flatMap(allBelow), ...rules.flatMap(rule => rule.sources)])
    return [...files].map(versionOf).join('\n')
  }
}

function allBelow(given: string): string[] {
  try {
    if (!statSync(given).isDirectory()) return [given]
    return readdirSync(given, { recursive: true, encoding: 'utf8' })
      .sort()
      .map(name => path.join(given, name))
  } catch {
    // it is gone, or going: that is a change too
    return [given]
  }
}

function versionOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true })
  // what lies below a folder is looked at by itself
  if (stat === undefined || stat.isDirectory()) return file
  return `${file} ${stat.ino} ${stat.mtimeNs} ${stat.size}`
}
