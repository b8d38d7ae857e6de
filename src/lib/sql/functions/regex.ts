import { type Bound, strict } from '../bound.ts'
import { BOOLEAN, INT, type SqlType, STRING } from '../types.ts'
import { argument, type Call, type ScalarFunction } from './define.ts'
import { compileRegex } from './regex-runtime.ts'

/** Functions of regular expressions. A pattern in quotes is checked when the query is compiled. */

export function checkPattern(call: Call, pattern: Bound): void {
  if (pattern.kind !== 'literal' || typeof pattern.value !== 'string') return
  try {
    compileRegex(pattern.value)
  } catch (error) {
    call.fail((error as Error).message, pattern)
  }
}

function ofPattern(
  js: string,
  result: SqlType,
  options: { more?: SqlType[]; defaults?: string[]; nullable?: boolean } = {}
): ScalarFunction {
  const { more = [], defaults = [], nullable } = options
  const types = [STRING, STRING, ...more]
  return {
    least: types.length - defaults.length,
    most: types.length,
    bind(call) {
      const operands = call.args.map((_, i) => argument(call, i, types[i] as SqlType))
      checkPattern(call, operands[1] as Bound)
      const missing = types.length - operands.length
      const rest = missing > 0 ? defaults.slice(-missing) : []
      const emit = (values: string[]): string => `rt.${js}(${[...values, ...rest].join(', ')})`
      return strict(call.name, result, operands, emit, call, nullable)
    }
  }
}

export const regexFunctions: Record<string, ScalarFunction> = {
  REGEXP: ofPattern('regexpTest', BOOLEAN),
  REGEXP_EXTRACT: ofPattern('regexpExtract', STRING, { more: [INT], defaults: ['0'], nullable: true }),
  REGEXP_EXTRACT_ALL: ofPattern(
    'regexpExtractAll',
    { kind: 'ARRAY', element: STRING },
    { more: [INT], defaults: ['1'], nullable: true }
  ),
  REGEXP_REPLACE: ofPattern('regexpReplace', STRING, { more: [STRING] }),
  REGEXP_COUNT: ofPattern('regexpCount', INT),
  REGEXP_INSTR: ofPattern('regexpInstr', INT),
  REGEXP_SUBSTR: ofPattern('regexpSubstr', STRING, { nullable: true })
}
