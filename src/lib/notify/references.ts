/**
 * References to fields of the match in the options of an alerter: `%(field)s`, and `{field}` where the match has that field.
 * Source: ElastAlert, command alerter.
 */

type Lookup = (field: string) => string | undefined

const REFERENCE = /%\(([^)]*)\)s|%%|(?<!\$)\{([\w.@-]+)\}/g

const MISSING = '<MISSING VALUE>'

/** Fills in the references; `quote` turns a value into what may stand at its offset in the template. */
export function fillReferences(
  template: string,
  field: Lookup,
  quote: (value: string, offset: number) => string = value => value
): string {
  return template.replace(
    REFERENCE,
    (whole, old: string | undefined, braced: string | undefined, offset: number) => {
      if (old !== undefined) return quote(field(old) ?? MISSING, offset)
      if (braced === undefined) return '%'
      const value = field(braced)
      return value === undefined ? whole : quote(value, offset)
    }
  )
}

/** In which quotes of a shell each offset of a text lies. */
function shellQuotes(text: string): ('' | "'" | '"')[] {
  const quotes: ('' | "'" | '"')[] = []
  let open: '' | "'" | '"' = ''
  for (let i = 0; i < text.length; i++) {
    quotes.push(open)
    const c = text[i]
    if (c === '\\' && open !== "'") quotes[++i] = open
    else if (open === '' && (c === "'" || c === '"')) open = c
    else if (c === open) open = ''
  }
  return quotes
}

/**
 * A command for the shell with its references filled in so that a value is never more than a value: it ends up inside
 * the quotes it stands in, or in quotes of its own. Values come from data that others write.
 */
export function fillShellReferences(command: string, field: Lookup): string {
  const quotes = shellQuotes(command)
  return fillReferences(command, field, (value, offset) => {
    const text = value.replaceAll('\0', '')
    if (quotes[offset] === '"') return text.replace(/[\\"$`]/g, '\\$&')
    const single = text.replaceAll("'", `'\\''`)
    return quotes[offset] === "'" ? single : `'${single}'`
  })
}
