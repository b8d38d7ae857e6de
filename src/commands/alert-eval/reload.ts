import type { Log } from '../../lib/cli/index.ts'
import { keyColumns, type Rule, RuleFiles, reloadRules } from '../../lib/rules/index.ts'

const LOOK_EVERY_MS = 1000

export interface Reloads {
  readonly paths: string[]
  readonly rules: Rule[]
  /** A topic is parted by the fields that the rules at the start count by: rules that count by others need a new start. */
  readonly keepsColumns: boolean
  /** Goes on with these rules. */
  readonly replace: (rules: Rule[]) => void
  readonly log: Log
}

/** Has rules read again on SIGHUP, and soon after their files have changed; gives the end of it. */
export function reloadOnChange({ paths, rules: first, keepsColumns, replace, log }: Reloads): () => void {
  let rules = first
  const files = new RuleFiles(paths, rules)
  const columns = JSON.stringify(keyColumns(first))
  const reload = (): void => {
    const { rules: next, added, changed, removed, errors, warnings } = reloadRules(paths, rules)
    for (const warning of warnings) log.warn(warning)
    for (const error of errors) log.error(`${error}; the rules of before go on`)
    const isOther = added.length + changed.length + removed.length > 0
    if (keepsColumns && JSON.stringify(keyColumns(next)) !== columns) {
      log.error(
        'rules that count by other fields need a new start, which looks at how the topic is parted; the rules of before go on'
      )
    } else {
      if (isOther) replace(next)
      rules = next
      log.info(`rules were read again: ${said({ added, changed, removed }, next.length)}`)
    }
    files.read(rules)
  }
  const look = setInterval(() => {
    if (files.haveChanged(rules)) reload()
  }, LOOK_EVERY_MS)
  look.unref()
  process.on('SIGHUP', reload)
  return () => {
    clearInterval(look)
    process.off('SIGHUP', reload)
  }
}

function said(lists: Record<string, string[]>, all: number): string {
  const parts = Object.entries(lists).flatMap(([what, names]) =>
    names.length === 0 ? [] : [`${what} ${names.join(', ')}`]
  )
  return `${parts.length === 0 ? 'none has changed' : parts.join('; ')} (${all} in all)`
}
