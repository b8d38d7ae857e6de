import type { ScanColumn } from '../plan.ts'
import { csvRecords } from './csv.ts'
import type { FileOptions } from './options.ts'

/**
 * A CSV text as lines of JSON, with the line that each record begins in. The columns are those of a first record in
 * which all of them are named, else they stand in the order of the table.
 * A field that is empty and not quoted is NULL, unless its column is a STRING.
 */
export function csvLines(
  text: string,
  columns: readonly ScanColumn[],
  { delimiter, nullText }: FileOptions
): { block: Buffer; lines: number[] } {
  const names = columns.map(column => column.name)
  const lines: number[] = []
  const json: string[] = []
  let places: number[] | undefined
  for (const { fields, line } of csvRecords(text, delimiter)) {
    if (places === undefined) {
      const header = fields.map(field => field.text.trim())
      const isHeader = names.every(name => header.includes(name))
      places = names.map((name, i) => (isHeader ? header.indexOf(name) : i))
      if (isHeader) continue
    }
    const members = columns.map(({ name, type }, i) => {
      const field = fields[places?.[i] ?? 0]
      const isEmpty = field?.text === '' && !field.quoted && type.kind !== 'STRING'
      const isNull = field === undefined || isEmpty || (!field.quoted && field.text === nullText)
      return `${JSON.stringify(name)}:${isNull ? 'null' : JSON.stringify(field.text)}`
    })
    lines.push(line)
    json.push(`{${members.join(',')}}\n`)
  }
  return { block: Buffer.from(json.join('')), lines }
}
