/**
 * Collations in which digits come before letters, letters in the order of the alphabet, and no two of them are taken as
 * one (Spanish `ch`). Not `latin1_general_cs`, for example.
 */
const PLAIN =
  /^(?:utf8(?:mb[34])?_(?:general_ci|unicode_ci|unicode_520_ci|bin)|utf8mb4_0900_(?:ai_ci|as_ci|as_cs|bin)|latin1_(?:swedish_ci|bin)|ascii_(?:general_ci|bin))$/

const DIGIT_OR_LETTER = /^[0-9A-Za-z]$/

/**
 * Compares texts that differ first in an ASCII digit or letter, behind ASCII that is the same, as `a17` and `a2`: the keys
 * that most tables with text in them have. Everything else is left to the server.
 * @returns negative or positive; undefined where it is not certain
 */
export function compareAscii(collation: string, a: string, b: string): number | undefined {
  if (!PLAIN.test(collation)) return undefined
  const isBinary = collation.endsWith('_bin')
  for (let i = 0; ; i++) {
    const x = a.charAt(i)
    const y = b.charAt(i)
    // The character behind might be one with those before.
    if (isBeyondAscii(x) || isBeyondAscii(y)) return undefined
    if (x === y) {
      if (x === '') return undefined
      continue
    }
    if (!DIGIT_OR_LETTER.test(x) || !DIGIT_OR_LETTER.test(y)) return undefined
    if (isBeyondAscii(a.charAt(i + 1)) || isBeyondAscii(b.charAt(i + 1))) return undefined
    const [p, q] = isBinary ? [x, y] : [x.toLowerCase(), y.toLowerCase()]
    if (p !== q) return p < q ? -1 : 1
  }
}

function isBeyondAscii(character: string): boolean {
  return character > '\x7f'
}
