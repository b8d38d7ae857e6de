import { strict } from '../bound.ts'
import { INT, type SqlType, STRING } from '../types.ts'
import { argument, type ScalarFunction, simple } from './define.ts'

const unlimited = String(2 ** 31 - 1)

function trimmer(sides: number): ScalarFunction {
  return simple('rt.trim', [STRING, STRING], STRING, { defaults: ["' '"], extra: String(sides) })
}

const charLength = simple('rt.charLength', [STRING], INT)
const substring = simple('rt.substring', [STRING, INT, INT], STRING, {
  defaults: [unlimited],
  nullable: true
})
const hash = (algorithm: string): ScalarFunction =>
  simple(`rt.hash.bind(null, '${algorithm}')`, [STRING], STRING)

/** CONCAT: NULL when an argument is. */
const concat: ScalarFunction = {
  least: 1,
  most: 255,
  bind(call) {
    const operands = call.args.map((_, i) => argument(call, i, STRING))
    return strict('CONCAT', STRING, operands, parts => `(${parts.join(' + ')})`, call)
  }
}

/** CONCAT_WS: NULL only when the separator is; other NULLs are passed over. */
const concatWs: ScalarFunction = {
  least: 2,
  most: 255,
  bind(call) {
    const operands = call.args.map((_, i) => argument(call, i, STRING))
    const emit = (parts: string[]): string => `rt.concatWs(${parts.join(', ')})`
    const nullable = operands[0]?.nullable ?? true
    const { start, end } = call
    return {
      kind: 'apply',
      name: 'CONCAT_WS',
      type: STRING,
      operands,
      emit,
      strict: false,
      nullable,
      start,
      end
    }
  }
}

const pad = (left: boolean): ScalarFunction =>
  simple('rt.pad', [STRING, INT, STRING], STRING, { nullable: true, extra: String(left) })

/** A method of String without arguments. */
const method = (name: string, result: SqlType = STRING): ScalarFunction => ({
  least: 1,
  most: 1,
  bind: call => strict(call.name, result, [argument(call, 0, STRING)], ([text]) => `${text}.${name}()`, call)
})

export const textFunctions: Record<string, ScalarFunction> = {
  UPPER: method('toUpperCase'),
  LOWER: method('toLowerCase'),
  CHAR_LENGTH: charLength,
  CHARACTER_LENGTH: charLength,
  SUBSTRING: substring,
  SUBSTR: substring,
  BTRIM: trimmer(3),
  LTRIM: trimmer(1),
  RTRIM: trimmer(2),
  CONCAT: concat,
  CONCAT_WS: concatWs,
  REPLACE: simple('rt.replaceAll', [STRING, STRING, STRING], STRING),
  INITCAP: simple('rt.initcap', [STRING], STRING),
  LPAD: pad(true),
  RPAD: pad(false),
  REPEAT: simple('rt.repeat', [STRING, INT], STRING),
  REVERSE: simple('rt.reverse', [STRING], STRING),
  SPLIT_INDEX: simple('rt.splitIndex', [STRING, STRING, INT], STRING, { nullable: true }),
  POSITION: {
    least: 2,
    most: 2,
    bind(call) {
      const operands = [argument(call, 0, STRING), argument(call, 1, STRING)]
      return strict('POSITION', INT, operands, ([part, text]) => `(${text}.indexOf(${part}) + 1)`, call)
    }
  },
  MD5: hash('md5'),
  SHA1: hash('sha1'),
  SHA256: hash('sha256'),
  SHA512: hash('sha512')
}
