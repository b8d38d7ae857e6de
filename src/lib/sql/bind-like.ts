import type { Expression } from './ast.ts'
import type { ExpressionBinder } from './bind-expression.ts'
import { type Bound, strict } from './bound.ts'
import { cast } from './cast.ts'
import type { Span } from './errors.ts'
import { compileRegex, similarToRegex } from './functions/regex-runtime.ts'
import { likeCode } from './like.ts'
import { BOOLEAN, STRING } from './types.ts'
import { likePattern } from './values/text.ts'

/** LIKE and SIMILAR TO. */
export function bindLike(binder: ExpressionBinder, expression: Extract<Expression, { kind: 'like' }>): Bound {
  const name = expression.similar ? 'SIMILAR TO' : 'LIKE'
  const text = (part: Expression): Bound => {
    const bound = binder.bind(part)
    const isText = ['STRING', 'DYNAMIC', 'NULL'].includes(bound.type.kind)
    const value = isText ? cast(bound, STRING) : undefined
    if (value === undefined) throw binder.error('type', `${name} takes a STRING`, part)
    return value
  }
  const [operand, pattern] = [text(expression.operand), text(expression.pattern)]
  const escapedBy = expression.escape === undefined ? undefined : binder.bind(expression.escape)
  if (escapedBy !== undefined && (escapedBy.kind !== 'literal' || String(escapedBy.value).length !== 1)) {
    throw binder.error('type', 'ESCAPE takes one character in quotes', expression.escape as Span)
  }
  const character = escapedBy?.kind === 'literal' ? String(escapedBy.value) : undefined
  const matches = expression.similar
    ? similar(binder, operand, pattern, character, expression)
    : like(binder, operand, pattern, character, expression)
  if (!expression.negated) return matches
  const { start, end } = expression
  return { kind: 'not', operand: matches, type: BOOLEAN, nullable: matches.nullable, start, end }
}

function like(
  binder: ExpressionBinder,
  operand: Bound,
  pattern: Bound,
  character: string | undefined,
  span: Span
): Bound {
  const escaping = character === undefined ? '' : ` ESCAPE ${character}`
  if (pattern.kind !== 'literal' || typeof pattern.value !== 'string') {
    const js = ([text, p]: string[]): string => `rt.likeText(${text}, ${p}, ${JSON.stringify(character)})`
    return strict(`LIKE${escaping}`, BOOLEAN, [operand, pattern], js, span)
  }
  const compiled = likePattern(pattern.value, character)
  if (compiled === undefined) throw binder.error('type', 'the escape character escapes nothing', pattern)
  const name = `LIKE ${JSON.stringify(pattern.value)}${escaping}`
  return strict(name, BOOLEAN, [operand], ([text]) => likeCode(text as string, compiled), span)
}

function similar(
  binder: ExpressionBinder,
  operand: Bound,
  pattern: Bound,
  character: string | undefined,
  span: Span
): Bound {
  if (pattern.kind === 'literal' && typeof pattern.value === 'string') {
    try {
      compileRegex(similarToRegex(pattern.value, character))
    } catch {
      throw binder.error('type', `'${pattern.value}' is no pattern of SIMILAR TO`, pattern)
    }
  }
  const escaping = character === undefined ? '' : ` ESCAPE ${character}`
  const js = ([text, p]: string[]): string => `rt.similar(${text}, ${p}, ${JSON.stringify(character)})`
  return strict(`SIMILAR TO${escaping}`, BOOLEAN, [operand, pattern], js, span)
}
