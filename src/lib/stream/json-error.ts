/** Where and why a text is not JSON. */
export interface JsonError {
  /** Index of the first character that cannot be there. */
  readonly at: number
  readonly message: string
}

/**
 * Finds the place of the error in a text that JSON.parse refuses: V8 names it only for some errors. Follows the
 * grammar of RFC 8259; used on the error path only.
 * @returns null when the text is JSON
 */
export function findJsonError(text: string): JsonError | null {
  let at = 0
  const space = /[ \t\n\r]*/y
  const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
  const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null || match[0] === '') return false
    at = pattern.lastIndex
    return true
  }
  const found = (): string => (at >= text.length ? 'the end of the line' : quoted(text.charCodeAt(at)))
  const fail = (expected: string): never => {
    throw { at, message: `expected ${expected}, found ${found()}` } satisfies JsonError
  }
  const expect = (character: string, expected: string): void => {
    skip(space)
    if (text[at] !== character) fail(expected)
    at++
  }
  const readString = (): void => {
    at++
    // Character by character: a pattern for the whole string runs out of stack on one of many megabytes.
    while (at < text.length && text[at] !== '"' && text.charCodeAt(at) >= 32) {
      if (text[at] !== '\\') at++
      else if (!skip(escapeSequence)) break
    }
    if (text[at] !== '"')
      fail(at >= text.length ? `'"' at the end of the string` : 'a valid character or escape in the string')
    at++
  }
  const readItems = (close: string, readItem: () => void): void => {
    at++
    skip(space)
    if (text[at] === close) {
      at++
      return
    }
    for (;;) {
      readItem()
      skip(space)
      if (text[at] === close) break
      expect(',', `',' or '${close}'`)
    }
    at++
  }
  const readMember = (): void => {
    skip(space)
    if (text[at] !== '"') fail('a key in double quotes')
    readString()
    expect(':', "':'")
    readValue()
  }
  const readValue = (): void => {
    skip(space)
    switch (text[at]) {
      case '{':
        readItems('}', readMember)
        break
      case '[':
        readItems(']', readValue)
        break
      case '"':
        readString()
        break
      default:
        for (const word of ['true', 'false', 'null']) {
          if (text.startsWith(word, at)) {
            at += word.length
            return
          }
        }
        if (!skip(number)) fail('a value')
    }
  }
  try {
    readValue()
    skip(space)
    if (at < text.length) fail('nothing after the value')
    return null
  } catch (error) {
    if (error instanceof RangeError) return { at, message: 'nested too deeply' }
    return error as JsonError
  }
}

function quoted(code: number): string {
  const isControl = code < 32 || (code >= 127 && code < 160)
  return isControl ? `U+${code.toString(16).padStart(4, '0')}` : `'${String.fromCharCode(code)}'`
}
