/**
 * `minimum_should_match` of Elasticsearch: how many of so many optional clauses have to match: `2`, `-1` (all but one), `75%`,
 * `-25%`, and by conditions: `2<75% 9<-3` is all of up to two, 75% of up to nine, all but three of more.
 * Undefined when it is none of these. Source: Elasticsearch, "minimum_should_match parameter".
 */
export function minimumMatch(value: unknown, count: number): number | undefined {
  const text = String(value).trim()
  if (!text.includes('<')) return plainMinimum(text, count)
  let least: number | undefined = count
  for (const condition of text.replace(/\s*<\s*/g, '<').split(/\s+/)) {
    const m = /^(\d+)<(.+)$/.exec(condition)
    if (m === null || plainMinimum(m[2]!, count) === undefined) return undefined
    if (count <= Number(m[1])) return least
    least = plainMinimum(m[2]!, count)
  }
  return least
}

function plainMinimum(text: string, count: number): number | undefined {
  const m = /^(-?\d+)(%?)$/.exec(text)
  if (m === null) return undefined
  const n = m[2] === '%' ? Math.trunc((Number(m[1]) * count) / 100) : Number(m[1])
  return n < 0 || text.startsWith('-') ? count + n : n
}
