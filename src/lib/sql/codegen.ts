import { type Bound, castName } from './bound.ts'
import { fromJson, textCode } from './cast.ts'
import type { SqlType } from './types.ts'
import { quote } from './values/text.ts'

/**
 * JavaScript that gives the value of an input column: a variable. With `as`, an undeclared column's value converted to
 * that type, undefined when there is no shorter way than to convert what was read.
 */
export interface ColumnCode {
  (index: number): string
  (index: number, as: SqlType): string | undefined
}

const atomic = /^(?:[A-Za-z_$][\w$.]*|-?\d+(?:\.\d+)?n?|"[^"\\]*"|null|true|false)$/

/**
 * Turns bound expressions into JavaScript expressions. NULL is `null`; operands with side effects of cost go into
 * temporaries, so that they are computed once and a branch that is not taken is not computed at all.
 */
export class ExpressionCode {
  private readonly column: ColumnCode
  /** Names to be declared with `let` around the code. */
  readonly temporaries: string[] = []

  constructor(column: ColumnCode) {
    this.column = column
  }

  /** The `let` for all temporaries so far. */
  declarations(): string {
    return this.temporaries.length === 0 ? '' : `let ${this.temporaries.join(', ')};\n`
  }

  /** The value, or null. */
  value(expression: Bound): string {
    switch (expression.kind) {
      case 'column':
        return this.column(expression.index)
      case 'literal':
        return literalCode(expression.value)
      case 'apply':
        if (isCastOfUndeclared(expression)) {
          const direct = this.column(expression.operands[0].index, expression.type)
          if (direct !== undefined) return direct
        }
        if (!expression.strict)
          return expression.emit(expression.operands.map(operand => this.value(operand)))
        return this.strictCall(expression, 'null', code => code)
      case 'and':
      case 'or':
        return this.connective(expression)
      case 'not': {
        if (!expression.nullable) return `!${this.isTrue(expression.operand)}`
        const [assign, name] = this.temporary(expression.operand)
        return `(${assign} === null ? null : !${name})`
      }
      case 'isNull':
      case 'isBoolean':
        return this.isTrue(expression)
      case 'case': {
        const whens = expression.whens.map(w => `${this.isTrue(w.when)} ? ${this.value(w.result)} : `)
        return `(${whens.join('')}${this.value(expression.otherwise)})`
      }
      case 'coalesce':
        return `(${expression.operands.map(operand => this.value(operand)).join(' ?? ')})`
      case 'attempt':
        return `rt.attempt(() => ${this.value(expression.operand)})`
      case 'windowBound':
        return this.windowBound(expression)
    }
  }

  /** Whether a BOOLEAN is TRUE (not FALSE, not NULL), as a JavaScript condition. */
  isTrue(expression: Bound): string {
    return this.is(expression, true)
  }

  /** Whether a BOOLEAN is `wanted`, without computing the three values where two are enough. */
  private is(expression: Bound, wanted: boolean): string {
    switch (expression.kind) {
      case 'and':
      case 'or': {
        const join = (expression.kind === 'and') === wanted ? ' && ' : ' || '
        return `(${chain(expression)
          .map(part => this.is(part, wanted))
          .join(join)})`
      }
      case 'not':
        return this.is(expression.operand, !wanted)
      case 'isNull':
        return `(${this.value(expression.operand)} ${wanted ? '===' : '!=='} null)`
      case 'isBoolean': {
        const test = this.is(expression.operand, expression.value)
        return wanted ? test : `!${test}`
      }
      case 'literal':
        return String(expression.value === wanted)
      case 'apply':
        if (expression.strict) return this.strictCall(expression, 'false', code => `${code} === ${wanted}`)
    }
    return `(${this.value(expression)} === ${wanted})`
  }

  private strictCall(
    expression: Bound & { kind: 'apply' },
    whenNull: 'null' | 'false',
    finish: (code: string) => string
  ): string {
    const names: string[] = []
    const checks: string[] = []
    const steps: string[] = []
    for (const operand of expression.operands) {
      const [assign, name] = this.temporary(operand)
      names.push(name)
      if (operand.nullable) checks.push(`${assign} === null`)
      else if (assign !== name) steps.push(assign)
    }
    const code = finish(expression.emit(names))
    const checked = checks.length === 0 ? code : `${checks.join(' || ')} ? ${whenNull} : ${code}`
    return `(${[...steps, checked].join(', ')})`
  }

  /** SQL's AND and OR in three values: FALSE decides an AND, TRUE an OR, else NULL wins. */
  private connective(expression: Bound & { kind: 'and' | 'or' }): string {
    const parts = chain(expression)
    const join = expression.kind === 'and' ? ' && ' : ' || '
    if (!expression.nullable) return `(${parts.map(part => this.isTrue(part)).join(join)})`
    const deciding = expression.kind === 'or'
    const decided: string[] = []
    const nulls: string[] = []
    for (const part of parts) {
      const [assign, name] = this.temporary(part)
      decided.push(`${assign} === ${deciding}`)
      if (part.nullable) nulls.push(`${name} === null`)
    }
    return `(${decided.join(' || ')} ? ${deciding} : ${nulls.join(' || ')} ? null : ${!deciding})`
  }

  private windowBound(expression: Bound & { kind: 'windowBound' }): string {
    const { window, bound } = expression
    const time = `Number(${this.value(window.time)})`
    const start = `rt.windowStart(${time}, ${window.size}, ${window.offset})`
    if (bound === 'start') return start
    return bound === 'end' ? `(${start} + ${window.size})` : `(${start} + ${window.size - 1})`
  }

  /** Code that leaves the operand's value in a name, and that name; the same when it needs no temporary. */
  private temporary(expression: Bound): [assign: string, name: string] {
    const code = this.value(expression)
    if (atomic.test(code)) return [code, code]
    const name = `t${this.temporaries.length}`
    this.temporaries.push(name)
    return [`(${name} = ${code})`, name]
  }
}

type Apply = Bound & { kind: 'apply' }
type Column = Bound & { kind: 'column' }

/** CAST(column AS type) of a column nobody declared. */
function isCastOfUndeclared(expression: Apply): expression is Apply & { operands: [Column] } {
  const [operand] = expression.operands
  return (
    operand?.kind === 'column' &&
    operand.type.kind === 'DYNAMIC' &&
    expression.name === castName(expression.type)
  )
}

/** The parts of a chain of ANDs or ORs, without recursion into its left side: lists can be thousands long. */
function chain(expression: Bound & { kind: 'and' | 'or' }): Bound[] {
  const parts: Bound[] = []
  let rest: Bound = expression
  while (rest.kind === expression.kind) {
    parts.push(rest.right)
    rest = rest.left
  }
  parts.push(rest)
  return parts.reverse()
}

export function literalCode(value: string | number | bigint | boolean | null): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return value < 0n ? `(${value}n)` : `${value}n`
  return typeof value === 'number' && value < 0 ? `(${value})` : String(value)
}

/** JavaScript that reads a column of `type` from its place in the bytes `B` of the block, `S` the same as text. */
export function loadCode(type: SqlType, start: string, end: string): string {
  const place = `B, S, ${start}, ${end}`
  switch (type.kind) {
    case 'TINYINT':
      return `rt.loadInteger(${place}, 8)`
    case 'SMALLINT':
      return `rt.loadInteger(${place}, 16)`
    case 'INT':
      return `rt.loadInteger(${place}, 32)`
    case 'BIGINT':
      return `rt.loadBigint(${place})`
    case 'FLOAT':
      return `rt.loadFloat(${place})`
    case 'DOUBLE':
      return `rt.loadDouble(${place})`
    case 'DECIMAL':
      return `rt.loadDecimal(${place}, ${type.precision}, ${type.scale})`
    case 'STRING':
    case 'BYTES':
      return `rt.loadString(${place})`
    case 'BOOLEAN':
      return `rt.loadBoolean(${place})`
    case 'DATE':
      return `rt.loadDate(${place})`
    case 'TIME':
      return `rt.loadTime(${place})`
    case 'TIMESTAMP':
    case 'TIMESTAMP_LTZ':
      return `rt.loadTimestamp(${place}, ${type.precision})`
    case 'ROW':
    case 'ARRAY':
    case 'MAP':
      return fromJson(type, `rt.loadNested(${place})`)
    default:
      return `rt.loadDynamic(${place})`
  }
}

/** JavaScript for a value's JSON text, UTF-8 with one character a byte; `null` gives `null`. */
export function jsonCode(type: SqlType, value: string): string {
  const quoted = (text: string): string => `(${value} === null ? 'null' : '"' + ${text} + '"')`
  switch (type.kind) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'BOOLEAN':
    case 'INTERVAL_DAY':
    case 'INTERVAL_MONTH':
    case 'NULL':
      return value
    case 'FLOAT':
      return `rt.jsonFloat(${value})`
    case 'DOUBLE':
      return `rt.jsonDouble(${value})`
    case 'DECIMAL':
      return quoted(`rt.formatDecimal(${value}, ${type.scale})`)
    case 'STRING':
    case 'BYTES':
      return `(${value} === null ? 'null' : rt.quote(${value}))`
    case 'DATE':
      return quoted(`rt.formatDate(${value})`)
    case 'TIME':
      return quoted(`rt.formatTime(${value}, ${type.precision})`)
    case 'TIMESTAMP':
      return quoted(`rt.isoTimestamp(${value}, ${type.precision}, '')`)
    case 'TIMESTAMP_LTZ':
      return quoted(`rt.isoTimestamp(${value}, ${type.precision}, 'Z')`)
    case 'ARRAY':
      return `rt.jsonArray(${value}, ${memberJson(type.element)})`
    case 'MAP':
      return `rt.jsonMap(${value}, ${textCode(type.key)}, ${memberJson(type.value)})`
    case 'MULTISET':
      return `rt.jsonMap(${value}, ${textCode(type.element)}, String)`
    case 'ROW': {
      const names = type.fields.map(field => `${quote(field.name)}:`)
      const fields = type.fields.map(field => `(${memberJson(field.type)})`)
      return `rt.jsonRow(${value}, ${JSON.stringify(names)}, [${fields.join(', ')}])`
    }
    default:
      return `rt.jsonDynamic(${value})`
  }
}

/** JavaScript of a function that gives a member's JSON text. */
const memberJson = (type: SqlType): string => `e => String(${jsonCode(type, 'e')})`
