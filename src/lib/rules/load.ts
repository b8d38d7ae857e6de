import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { errnoOf, messageOf } from '../cli/index.ts'
import { readRule } from './read-rule.ts'
import type { Rule } from './rule.ts'
import type { Problem } from './source.ts'

export interface LoadedRules {
  /** In the order of their files' names, rules that are switched off left out. */
  rules: Rule[]
  /** Every error and warning in the files; with an error among them the rules are not complete. */
  problems: Problem[]
  /** Files, or folders as they were named, that have an error. */
  broken: string[]
}

const RULE_FILE = /\.ya?ml$/

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  return entries.flatMap(entry => {
    const full = path.join(folder, entry.name)
    // folders such as ..data are Kubernetes' own copies of a mounted configuration
    if (entry.name.startsWith('..')) return []
    const found = entry.isSymbolicLink() ? statSync(full) : entry
    if (found.isDirectory()) return filesBelow(full)
    return RULE_FILE.test(entry.name) ? [full] : []
  })
}

/** Loads rule files: a file is read as it is named, a folder gives every .yaml and .yml file in it and below. */
export function loadRules(paths: string[]): LoadedRules {
  const problems: Problem[] = []
  const report = (p: Problem): void => void problems.push(p)
  const broken: string[] = []
  const rules: Rule[] = []
  const names = new Map<string, string>()
  for (const given of paths) {
    let files: string[]
    try {
      files = statSync(given).isDirectory() ? filesBelow(given) : [given]
    } catch (error) {
      const message = errnoOf(error) === 'ENOENT' ? 'no such file or folder' : messageOf(error)
      report({ severity: 'error', file: given, line: 1, column: 1, message })
      broken.push(given)
      continue
    }
    for (const file of files) {
      const rule = readRule(file, p => {
        if (p.severity === 'error') broken.push(file)
        report(p)
      })
      if (rule === undefined) continue
      const other = names.get(rule.name)
      if (other !== undefined) {
        report({
          severity: 'error',
          file,
          line: 1,
          column: 1,
          message: `a rule named ${rule.name} is in ${other} too`
        })
        broken.push(file)
        continue
      }
      names.set(rule.name, file)
      rules.push(rule)
    }
  }
  return { rules, problems, broken }
}
