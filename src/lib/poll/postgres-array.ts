/** An array as PostgreSQL prints it, taken apart: texts of elements, null for NULL, arrays for further dimensions. */
export type ArrayText = (string | null | ArrayText)[]

/**
 * Reads `{1,NULL,"a \"b\""}`, also with bounds in front (`[0:1]={…}`).
 *
 * Source: PostgreSQL documentation, "Array Input and Output Syntax".
 * @param delimiter between elements: a comma for all types but box
 */
export function parseArray(text: string, delimiter = ','): ArrayText {
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0

  function element(): string | null | ArrayText {
    if (text[at] === '{') return list()
    if (text[at] === '"') return quoted()
    const start = at
    while (text[at] !== delimiter && text[at] !== '}') at++
    const bare = text.slice(start, at)
    return bare === 'NULL' ? null : bare
  }

  function quoted(): string {
    let value = ''
    for (at++; text[at] !== '"'; at++) {
      if (text[at] === '\\') at++
      value += text[at]
    }
    at++
    return value
  }

  function list(): ArrayText {
    const values: ArrayText = []
    at++
    while (text[at] !== '}') {
      values.push(element())
      if (text[at] === delimiter) at++
    }
    at++
    return values
  }

  return list()
}
