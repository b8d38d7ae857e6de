/** One record of a CSV text: its fields, null where a field is the text of NULL, and the line it begins in, from 1. */
export type CsvRecord = { readonly fields: readonly CsvField[]; readonly line: number }

export type CsvField = { readonly text: string; readonly quoted: boolean }

/**
 * The records of a CSV text; empty lines are none. Throws Error with the line for a quote that is not closed, or that
 * something follows. Source: RFC 4180, with any delimiter and either line end.
 */
export function* csvRecords(text: string, delimiter: string): Generator<CsvRecord> {
  let at = text.startsWith('\ufeff') ? 1 : 0
  let line = 1
  while (at < text.length) {
    const fields: CsvField[] = []
    const first = line
    for (;;) {
      const field = text[at] === '"' ? quotedField(text, at, line) : plainField(text, at, delimiter)
      fields.push(field)
      at = field.end
      line += field.lines
      if (text[at] !== delimiter) break
      at++
    }
    if (text[at] === '\r') at++
    if (at < text.length && text[at] !== '\n')
      throw new Error(`${line}: something follows a quoted field; a quote inside of one is written twice`)
    at++
    line++
    if (fields.length > 1 || fields[0]?.text !== '' || fields[0].quoted) yield { fields, line: first }
  }
}

type Found = CsvField & { end: number; lines: number }

function plainField(text: string, start: number, delimiter: string): Found {
  let end = start
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++
  return { text: text.slice(start, end), quoted: false, end, lines: 0 }
}

function quotedField(text: string, start: number, line: number): Found {
  let content = ''
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at)
    if (quote < 0) throw new Error(`${line}: a quote is not closed`)
    content += text.slice(at, quote)
    if (text[quote + 1] !== '"')
      return { text: content, quoted: true, end: quote + 1, lines: content.split('\n').length - 1 }
    content += '"'
    at = quote + 2
  }
}
