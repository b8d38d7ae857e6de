/** The table above the text of an aggregated alert, as ElastAlert draws it. */

import { type Fields, isObject, type JsonObject, lookup } from './fields.ts'
import { pythonRepr, pythonStr } from './python-format.ts'
import { expandTabs, textTable } from './text-table.ts'

/** ElastAlert's ascii tables are no wider. */
const WIDTH = 80

interface Row {
  cells: string[]
  count: number
}

/** How often each combination of the fields' values came, in the order of their first. */
function rowsOf(matches: readonly Fields[], paths: string[], most: number | undefined): Row[] {
  const rows = new Map<string, Row>()
  for (const match of matches) {
    const cells = paths.map(path => pythonStr(lookup(match, path)))
    const key = JSON.stringify(cells)
    const row = rows.get(key)
    if (row === undefined) rows.set(key, { cells, count: 1 })
    else row.count++
  }
  const all = [...rows.values()]
  return most === undefined ? all : all.sort((a, b) => b.count - a.count).slice(0, most)
}

function markdownTable(headers: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |\n`
  return `${line(headers)}${'|-----'.repeat(headers.length)}|\n${rows.map(line).join('')}\n`
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;'
}

function htmlTable(headers: string[], rows: string[][]): string {
  const style = 'padding-left: 1em; padding-right: 1em; text-align: center'
  const escaped = (text: string): string =>
    text
      .replace(/[&<>"']/g, c => ESCAPES[c]!)
      .split('\n')
      .map(expandTabs)
      .join('<br>')
  const row = (cells: string[], tag: string, more: string): string => {
    const lines = cells.map(c => `            <${tag} style="${style}${more}">${escaped(c)}</${tag}>\n`)
    return `        <tr>\n${lines.join('')}        </tr>\n`
  }
  const head = row(headers, 'th', '')
  const body = rows.map(cells => row(cells, 'td', '; vertical-align: top')).join('')
  return `<table frame="box" rules="all">\n    <thead>\n${head}    </thead>\n    <tbody>\n${body}    </tbody>\n</table>`
}

/** Empty for a rule without summary_table_fields. */
export function summaryText(options: JsonObject, matches: readonly Fields[]): string {
  const fields = options.summary_table_fields
  if (fields === undefined || fields === null) return ''
  const columns = (Array.isArray(fields) ? fields : [fields]).map(f =>
    isObject(f) ? { path: String(f.path), header: String(f.header ?? f.path) } : { path: f, header: f }
  )
  const paths = columns.map(c => c.path)
  const headers = [...columns.map(c => c.header), 'count']
  const most = options.summary_table_max_rows as number | undefined
  const rows = rowsOf(matches, paths, most).map(({ cells, count }) => [...cells, String(count)])
  const prefix = pythonStr(options.summary_prefix ?? '')
  const introduction = `${prefix === '' ? '' : `${prefix}\n`}Aggregation resulted in the following data for summary_table_fields ==> ${pythonRepr([...paths, 'count'])}:\n\n`
  const shown = most === undefined ? '' : `Showing top ${most} rows\n`
  const after = `${shown}${pythonStr(options.summary_suffix ?? '')}`
  switch (options.summary_table_type ?? 'ascii') {
    case 'markdown':
      return `${introduction}${markdownTable(headers, rows)}${after}`
    case 'html':
      return `${htmlTable(headers, rows)}${after}`
    default:
      return `${introduction}${textTable(headers, rows, WIDTH)}\n\n${after}`
  }
}
