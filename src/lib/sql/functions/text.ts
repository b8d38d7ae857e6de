import { strict } from '../bound.ts'
import { cast } from '../cast.ts'
import { BIGINT, BOOLEAN, BYTES, INT, type SqlType, STRING } from '../types.ts'
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

/** SPLIT_INDEX(text, separator, n): the separator may be the code of a character. */
const splitIndex: ScalarFunction = {
  least: 3,
  most: 3,
  bind(call) {
    const isCode = call.args[1]?.type.kind === 'INT'
    const operands = [0, 1, 2].map(i => argument(call, i, i === 0 || (i === 1 && !isCode) ? STRING : INT))
    const emit = ([text, separator, n]: string[]): string =>
      `rt.splitIndex(${text}, ${isCode ? `String.fromCharCode(${separator})` : separator}, ${n})`
    return strict('SPLIT_INDEX', STRING, operands, emit, call, true)
  }
}

/** STARTSWITH and ENDSWITH. */
const starts = (method: 'startsWith' | 'endsWith'): ScalarFunction => ({
  least: 2,
  most: 2,
  bind(call) {
    const operands = [argument(call, 0, STRING), argument(call, 1, STRING)]
    return strict(call.name, BOOLEAN, operands, ([text, part]) => `${text}.${method}(${part})`, call)
  }
})

/** PRINTF(format, values…): `%s` and `%d`. */
const printf: ScalarFunction = {
  least: 1,
  most: 255,
  bind(call) {
    const operands = call.args.map(
      (value, i) =>
        (i === 0 ? argument(call, 0, STRING) : cast(value, STRING)) ?? call.fail('PRINTF takes values', value)
    )
    const { name, start, end } = call
    const emit = ([format, ...values]: string[]): string => `rt.printf(${format}, [${values.join(', ')}])`
    return { kind: 'apply', name, type: STRING, operands, emit, strict: false, nullable: true, start, end }
  }
}

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
  SPLIT_INDEX: splitIndex,
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
  SHA224: hash('sha224'),
  SHA256: hash('sha256'),
  SHA384: hash('sha384'),
  SHA512: hash('sha512'),
  SHA2: simple('rt.sha2', [STRING, INT], STRING, { nullable: true }),
  LEFT: simple('rt.left', [STRING, INT], STRING),
  RIGHT: simple('rt.right', [STRING, INT], STRING),
  LOCATE: simple('rt.locate', [STRING, STRING, INT], INT, { defaults: ['1'] }),
  INSTR: simple('rt.instr', [STRING, STRING, INT, INT], INT, { defaults: ['1', '1'] }),
  OVERLAY: simple('rt.overlay', [STRING, STRING, INT, INT], STRING, { defaults: ['undefined'] }),
  TRANSLATE: simple('rt.translate', [STRING, STRING, STRING], STRING),
  STARTSWITH: starts('startsWith'),
  ENDSWITH: starts('endsWith'),
  CHR: simple('rt.chr', [BIGINT], STRING),
  ASCII: simple('rt.ascii', [STRING], INT),
  TO_BASE64: simple('rt.toBase64', [STRING], STRING),
  FROM_BASE64: simple('rt.fromBase64Text', [STRING], STRING),
  ENCODE: simple('rt.encode', [STRING, STRING], BYTES),
  DECODE: simple('rt.decode', [BYTES, STRING], STRING),
  UNHEX: simple('rt.unhex', [STRING], BYTES, { nullable: true }),
  URL_ENCODE: simple('rt.urlEncode', [STRING], STRING, { nullable: true }),
  URL_DECODE: simple('rt.urlDecode', [STRING], STRING, { nullable: true }),
  PARSE_URL: simple('rt.parseUrl', [STRING, STRING, STRING], STRING, {
    defaults: ['undefined'],
    nullable: true
  }),
  INET_ATON: simple('rt.inetAton', [STRING], BIGINT, { nullable: true }),
  INET_NTOA: simple('rt.inetNtoa', [BIGINT], STRING, { nullable: true }),
  PRINTF: printf,
  IS_ALPHA: simple('rt.isAlpha', [STRING], BOOLEAN),
  IS_DIGIT: simple('rt.isDigit', [STRING], BOOLEAN),
  IS_DECIMAL: simple('rt.isDecimal', [STRING], BOOLEAN)
}
