import { anyCharacters, type LikePattern } from './values/text.ts'

/** JavaScript for `text LIKE pattern`; most patterns are a plain comparison, a start, an end or a part. */
export function likeCode(text: string, pattern: LikePattern): string {
  const parts = [...pattern.parts]
  const anyBefore = parts[0] === anyCharacters
  const anyAfter = parts.at(-1) === anyCharacters
  const fixed = parts.slice(anyBefore ? 1 : 0, anyAfter && parts.length > 1 ? -1 : undefined)
  if (fixed.some(part => part < 0)) return `rt.like(${text}, ${JSON.stringify(pattern)})`
  const wanted = JSON.stringify(fixed.map(code => String.fromCharCode(code)).join(''))
  if (anyBefore && anyAfter) return `${text}.includes(${wanted})`
  if (anyBefore) return `${text}.endsWith(${wanted})`
  return anyAfter ? `${text}.startsWith(${wanted})` : `(${text} === ${wanted})`
}
