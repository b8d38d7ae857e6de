import { usageError } from '../cli/index.ts'
import { parseTemplate, type Template } from '../stream/index.ts'

/** Which index the rows of a table go to: the first rule that its name fits. */
export interface IndexRule {
  readonly table: RegExp
  readonly index: Template
}

/**
 * Reads rules such as `payments=pay-{created_at:YYYY.MM}`, `dream.log_*=logs`. A table without a database is one of any.
 * @throws ToolError USAGE
 */
export function parseIndexRules(texts: readonly string[]): IndexRule[] {
  return texts.map(text => {
    const [, table = '', index = ''] = /^([^=\s]+)=(\S+)$/.exec(text) ?? []
    if (table === '')
      throw usageError(`--map ${text}: not TABLE=INDEX`, "write --map 'dream.payments=payments'")
    const name = table.includes('.') ? table : `*.${table}`
    const pattern = name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
    return { table: new RegExp(`^${pattern}$`), index: parseTemplate(index, '--map') }
  })
}
