/**
 * Words of a text as Elasticsearch's standard analyzer cuts them: runs of letters, digits and underscores, joined by a dot or
 * apostrophe inside a word ("example.com", "don't") and by a dot or comma inside a number, in lower case.
 * Each Chinese character and each of Hiragana is a word, as the analyzer has it.
 * Source: Unicode Standard Annex 29, word boundaries; other scripts written without spaces are not cut.
 */
const WORD =
  /[\p{Script=Han}\p{Script=Hiragana}]|[[\p{L}\p{M}\p{N}_]--[\p{Script=Han}\p{Script=Hiragana}]]+(?:(?:(?<=[\p{L}\p{M}])[.'’:](?=\p{L})|(?<=\p{N})[.,;'](?=\p{N}))[[\p{L}\p{M}\p{N}_]--[\p{Script=Han}\p{Script=Hiragana}]]+)*/gv

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(WORD) ?? []
}

/** True when `phrase` stands in `words`, word after word. */
export function hasPhrase(words: string[], phrase: string[]): boolean {
  for (let i = 0; i + phrase.length <= words.length; i++) {
    if (phrase.every((w, j) => words[i + j] === w)) return true
  }
  return false
}

/**
 * True when the words of `phrase` stand in `words`, each a word of its own, so that moving them into their places takes at most
 * `slop` steps in all (Lucene's sloppy phrases).
 */
export function hasSloppyPhrase(words: string[], phrase: string[], slop: number): boolean {
  const places = phrase.map(wanted => words.flatMap((word, at) => (word === wanted ? [at] : [])))
  const fits = (n: number, least: number, most: number, taken: Set<number>): boolean =>
    n === phrase.length ||
    (places[n] as number[]).some(at => {
      const offset = at - n
      const [low, high] = [Math.min(least, offset), Math.max(most, offset)]
      if (taken.has(at) || high - low > slop) return false
      return fits(n + 1, low, high, new Set(taken).add(at))
    })
  return fits(0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, new Set())
}

/**
 * True when the whole text fits the pattern: `*` any characters, `?` one, a backslash takes the next one literally. Linear
 * in practice and never worse than text times pattern: only the last `*` is tried again.
 */
export function wildcardMatch(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    const c = pattern[p]
    if (c === '*') {
      star = p++
      resume = t
      continue
    }
    const escaped = c === '\\' && p + 1 < pattern.length
    const literal = escaped ? pattern[p + 1] : c
    if (p < pattern.length && (literal === text[t] || (!escaped && c === '?'))) {
      p += escaped ? 2 : 1
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++resume
    } else return false
  }
  while (pattern[p] === '*') p++
  return p >= pattern.length
}
