/** How many edits a term may differ by; `auto` by its length, as in Elasticsearch: none up to 2 characters, 1 up to 5, else 2. */
export type Fuzziness = number | 'auto'

export function editsOf(fuzziness: Fuzziness, term: string): number {
  if (fuzziness !== 'auto') return fuzziness
  const { length } = [...term]
  return length < 3 ? 0 : length < 6 ? 1 : 2
}

/**
 * Whether two texts differ by at most so many insertions, deletions, replacements and exchanges of neighbours, each character
 * taking part in one of them (optimal string alignment, as Lucene's FuzzyQuery counts).
 */
export function isWithinEdits(a: string, b: string, edits: number): boolean {
  if (a === b) return true
  const [one, two] = [[...a], [...b]]
  if (edits === 0 || Math.abs(one.length - two.length) > edits) return false
  let before: number[] = []
  let last = Array.from({ length: two.length + 1 }, (_, j) => j)
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= two.length; j++) {
      const isSame = one[i - 1] === two[j - 1]
      let least = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + +!isSame
      )
      if (i > 1 && j > 1 && one[i - 1] === two[j - 2] && one[i - 2] === two[j - 1]) {
        least = Math.min(least, (before[j - 2] as number) + 1)
      }
      row.push(least)
    }
    if (Math.min(...row) > edits && Math.min(...last) > edits) return false
    before = last
    last = row
  }
  return (last[two.length] as number) <= edits
}
