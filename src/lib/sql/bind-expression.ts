import { aggregateNames } from './aggregates.ts'
import { type ArithmeticOperator, arithmetic, negative } from './arithmetic.ts'
import type { CallExpression, Expression, Identifier } from './ast.ts'
import { isAggregateCall } from './ast-walk.ts'
import { type Bound, literal, strict } from './bound.ts'
import { cast } from './cast.ts'
import { type ComparisonOperator, compare } from './comparison.ts'
import { didYouMean, type Span, SqlError, type SqlErrorCode } from './errors.ts'
import { unify } from './functions/conditional.ts'
import type { Call } from './functions/define.ts'
import { nondeterministicFunctions, scalarFunctions } from './functions/index.ts'
import { compileRegex, similarToRegex } from './functions/regex-runtime.ts'
import { truncateTime } from './functions/temporal.ts'
import { likeCode } from './like.ts'
import { numberLiteral, temporalLiteral } from './literals.ts'
import { proctime } from './proctime.ts'
import { BIGINT, BOOLEAN, DYNAMIC, isInteger, NULL, type SqlType, STRING, typeName } from './types.ts'
import { likePattern } from './values/text.ts'

/** What names mean at one place of a query. */
export type Scope = {
  /** The expression that `a.b.c` stands for; throws SqlError when there is none. */
  resolve(parts: Identifier[]): Bound
  /** An expression that stands for the whole node (a GROUP BY key, an aggregate), before its parts are looked at. */
  whole?(expression: Expression): Bound | undefined
}

/** Resolves names and types of expressions in one scope. All methods throw SqlError at the place of the mistake. */
export class ExpressionBinder {
  readonly text: string
  readonly scope: Scope

  constructor(text: string, scope: Scope) {
    this.text = text
    this.scope = scope
  }

  bind(expression: Expression): Bound {
    return this.scope.whole?.(expression) ?? this.bindParts(expression)
  }

  /** A condition: BOOLEAN, or undeclared and read as one. */
  bindCondition(expression: Expression): Bound {
    const bound = this.bind(expression)
    if (!['BOOLEAN', 'DYNAMIC', 'NULL'].includes(bound.type.kind)) {
      throw this.error('type', `a condition is BOOLEAN, this is ${typeName(bound.type)}`, expression)
    }
    return cast(bound, BOOLEAN) as Bound
  }

  error(code: SqlErrorCode, reason: string, span: Span): SqlError {
    return new SqlError(code, reason, this.text, span)
  }

  private bindParts(expression: Expression): Bound {
    const { start, end } = expression
    switch (expression.kind) {
      case 'number':
        return this.number(expression.text, expression)
      case 'string':
        return literal(expression.text, STRING, expression)
      case 'boolean':
        return literal(expression.value, BOOLEAN, expression)
      case 'bytes': {
        const base64 = Buffer.from(expression.hex, 'hex').toString('base64')
        return literal(base64, { kind: 'BYTES' }, expression)
      }
      case 'null':
        return literal(null, NULL, expression)
      case 'temporal':
        return temporalLiteral(expression.type, expression.text, expression) ?? this.noSuchTime(expression)
      case 'interval': {
        const { months, milliseconds = 0 } = expression
        if (months !== undefined) return literal(months, { kind: 'INTERVAL_MONTH' }, expression)
        return literal(milliseconds, { kind: 'INTERVAL_DAY' }, expression)
      }
      case 'reference':
        return { ...this.scope.resolve(expression.parts), start, end }
      case 'field':
        return this.member(this.bind(expression.input), expression.name.name, expression)
      case 'index':
        return this.bindIndex(this.bind(expression.input), this.bind(expression.index), expression)
      case 'unary':
        return this.bindUnary(expression.operator, expression)
      case 'binary':
        return this.bindBinary(expression)
      case 'is':
        return this.bindIs(expression)
      case 'distinctFrom':
        return this.bindDistinct(expression)
      case 'between':
        return this.bindBetween(expression)
      case 'in':
        return this.bindIn(expression)
      case 'inQuery':
      case 'exists': {
        const reason =
          'IN (SELECT …) and EXISTS stand alone or between the ANDs of WHERE: anywhere else they are not in the subset'
        throw this.error('unsupported', reason, expression)
      }
      case 'like':
        return this.bindLike(expression)
      case 'case':
        return this.bindCase(expression)
      case 'cast':
        return this.bindCast(expression)
      case 'call':
        return this.bindCall(expression)
    }
  }

  private number(text: string, span: Span): Bound {
    const bound = numberLiteral(text, span)
    if (bound === undefined) throw this.error('type', `${text} has more than 38 digits`, span)
    return bound
  }

  private noSuchTime({ type, text, start, end }: Extract<Expression, { kind: 'temporal' }>): never {
    throw this.error('syntax', `'${text}' is no ${type}`, { start, end })
  }

  /** A field of a nested value: of an undeclared one by name, of a ROW by its declaration. */
  member(input: Bound, name: string, span: Span): Bound {
    const { type } = input
    const emit = ([value]: string[]): string => `rt.member(${value}, ${JSON.stringify(name)})`
    if (type.kind === 'DYNAMIC') return strict(`.${name}`, DYNAMIC, [input], emit, span, true)
    if (type.kind !== 'ROW') throw this.error('type', `${typeName(type)} has no fields`, span)
    const index = type.fields.findIndex(f => f.name === name)
    const field = type.fields[index]
    if (field === undefined) {
      const names = type.fields.map(f => f.name)
      throw this.error('name', `no field ${name} in ${typeName(type)}${didYouMean(name, names)}`, span)
    }
    return strict(`.${name}`, field.type, [input], ([row]) => `${row}[${index}]`, span, true)
  }

  private bindIndex(input: Bound, index: Bound, span: Span): Bound {
    const { type } = input
    const at = (type: SqlType, js: (operands: string[]) => string, key: Bound = index): Bound =>
      strict('[]', type, [input, key], js, span, true)
    if (type.kind === 'DYNAMIC') return at(DYNAMIC, ([value, key]) => `rt.member(${value}, ${key})`)
    if (type.kind === 'ARRAY' && (isInteger(index.type) || index.type.kind === 'DYNAMIC')) {
      if (index.kind === 'literal' && Number(index.value) < 1)
        throw this.error('type', 'elements of an ARRAY are counted from 1', index)
      const place = cast(index, BIGINT) as Bound
      return at(type.element, ([value, key]) => `(${value}[${key} - 1] ?? null)`, place)
    }
    const key = type.kind === 'MAP' ? cast(index, type.key) : undefined
    if (type.kind === 'MAP' && key !== undefined)
      return at(type.value, ([value, k]) => `(${value}.get(${k}) ?? null)`, key)
    throw this.error('type', `${typeName(type)} has no elements by ${typeName(index.type)}`, span)
  }

  private bindUnary(operator: 'NOT' | '-' | '+', expression: Extract<Expression, { kind: 'unary' }>): Bound {
    const { start, end } = expression
    if (operator === 'NOT') {
      const operand = this.bindCondition(expression.operand)
      return { kind: 'not', operand, type: BOOLEAN, nullable: operand.nullable, start, end }
    }
    const inner = expression.operand
    // The smallest BIGINT is the negative of a number that is none.
    if (operator === '-' && inner.kind === 'number') return this.number(`-${inner.text}`, expression)
    const operand = this.bind(inner)
    const result = operator === '+' ? operand : negative(operand, expression)
    if (result === undefined)
      throw this.error('type', `${typeName(operand.type)} has no negative`, expression)
    return result
  }

  private bindBinary(expression: Extract<Expression, { kind: 'binary' }>): Bound {
    const { operator, start, end } = expression
    if (operator === 'AND' || operator === 'OR') {
      const left = this.bindCondition(expression.left)
      const right = this.bindCondition(expression.right)
      const kind = operator === 'AND' ? 'and' : 'or'
      return { kind, left, right, type: BOOLEAN, nullable: left.nullable || right.nullable, start, end }
    }
    const left = this.bind(expression.left)
    const right = this.bind(expression.right)
    let result: Bound | undefined
    if (operator === '||') {
      const texts = [left, right].map(e =>
        ['STRING', 'DYNAMIC', 'NULL'].includes(e.type.kind) ? cast(e, STRING) : undefined
      )
      if (texts.every(text => text !== undefined)) {
        result = strict('||', STRING, texts, ([a, b]) => `(${a} + ${b})`, expression)
      }
    } else if ('+-*/%'.includes(operator)) {
      result = arithmetic(operator as ArithmeticOperator, left, right, expression)
    } else {
      result = this.compare(operator as ComparisonOperator, left, right, expression)
    }
    return result ?? this.mismatch(operator, left, right, expression)
  }

  compare(operator: ComparisonOperator, left: Bound, right: Bound, span: Span): Bound {
    return compare(operator, left, right, span) ?? this.mismatch(operator, left, right, span)
  }

  private mismatch(operator: string, left: Bound, right: Bound, span: Span): never {
    const types = `${typeName(left.type)} ${operator} ${typeName(right.type)}`
    throw this.error('type', `${types} is not possible: use CAST`, span)
  }

  private bindIs(expression: Extract<Expression, { kind: 'is' }>): Bound {
    const { test, negated, start, end } = expression
    const inner = test === 'NULL' ? this.bind(expression.operand) : this.bindCondition(expression.operand)
    const base = { type: BOOLEAN, nullable: false, start, end }
    const result: Bound =
      test === 'NULL' || test === 'UNKNOWN'
        ? { kind: 'isNull', operand: inner, ...base }
        : { kind: 'isBoolean', operand: inner, value: test === 'TRUE', ...base }
    return negated ? { kind: 'not', operand: result, ...base } : result
  }

  /** `a IS NOT DISTINCT FROM b`: equality in which NULL equals NULL. */
  private bindDistinct(expression: Extract<Expression, { kind: 'distinctFrom' }>): Bound {
    const left = this.bind(expression.left)
    const right = this.bind(expression.right)
    const { start, end } = expression
    const base = { type: BOOLEAN, nullable: false, start, end }
    const isNull = (operand: Bound): Bound => ({ kind: 'isNull', operand, ...base })
    const bothNull: Bound = { kind: 'and', left: isNull(left), right: isNull(right), ...base }
    const equal: Bound = {
      kind: 'isBoolean',
      operand: this.compare('=', left, right, expression),
      value: true,
      ...base
    }
    const same: Bound = { kind: 'or', left: bothNull, right: equal, ...base }
    return expression.negated ? same : { kind: 'not', operand: same, ...base }
  }

  private bindBetween(expression: Extract<Expression, { kind: 'between' }>): Bound {
    const operand = this.bind(expression.operand)
    const [low, high] = [this.bind(expression.low), this.bind(expression.high)]
    const { start, end } = expression
    const join = (kind: 'and' | 'or', left: Bound, right: Bound): Bound => {
      const nullable = left.nullable || right.nullable
      return { kind, left, right, type: BOOLEAN, nullable, start, end }
    }
    const within = (from: Bound, to: Bound): Bound => {
      const left = this.compare('>=', operand, from, expression)
      return join('and', left, this.compare('<=', operand, to, expression))
    }
    const inside = expression.symmetric ? join('or', within(low, high), within(high, low)) : within(low, high)
    const { nullable } = inside
    return expression.negated ? { kind: 'not', operand: inside, type: BOOLEAN, nullable, start, end } : inside
  }

  private bindIn(expression: Extract<Expression, { kind: 'in' }>): Bound {
    const operand = this.bind(expression.operand)
    const { start, end } = expression
    const tests = expression.list.map(item => this.compare('=', operand, this.bind(item), item))
    const any = tests.reduce((left, right) => {
      const nullable = left.nullable || right.nullable
      return { kind: 'or', left, right, type: BOOLEAN, nullable, start, end }
    })
    if (!expression.negated) return any
    return { kind: 'not', operand: any, type: BOOLEAN, nullable: any.nullable, start, end }
  }

  private bindLike(expression: Extract<Expression, { kind: 'like' }>): Bound {
    const name = expression.similar ? 'SIMILAR TO' : 'LIKE'
    const text = (part: Expression): Bound => {
      const bound = this.bind(part)
      const isText = ['STRING', 'DYNAMIC', 'NULL'].includes(bound.type.kind)
      const value = isText ? cast(bound, STRING) : undefined
      if (value === undefined) throw this.error('type', `${name} takes a STRING`, part)
      return value
    }
    const [operand, pattern] = [text(expression.operand), text(expression.pattern)]
    const escapedBy = expression.escape === undefined ? undefined : this.bind(expression.escape)
    if (escapedBy !== undefined && (escapedBy.kind !== 'literal' || String(escapedBy.value).length !== 1)) {
      throw this.error('type', 'ESCAPE takes one character in quotes', expression.escape as Span)
    }
    const character = escapedBy?.kind === 'literal' ? String(escapedBy.value) : undefined
    const matches = expression.similar
      ? this.similar(operand, pattern, character, expression)
      : this.like(operand, pattern, character, expression)
    if (!expression.negated) return matches
    const { start, end } = expression
    return { kind: 'not', operand: matches, type: BOOLEAN, nullable: matches.nullable, start, end }
  }

  private like(operand: Bound, pattern: Bound, character: string | undefined, span: Span): Bound {
    const escaping = character === undefined ? '' : ` ESCAPE ${character}`
    if (pattern.kind !== 'literal' || typeof pattern.value !== 'string') {
      const js = ([text, p]: string[]): string => `rt.likeText(${text}, ${p}, ${JSON.stringify(character)})`
      return strict(`LIKE${escaping}`, BOOLEAN, [operand, pattern], js, span)
    }
    const compiled = likePattern(pattern.value, character)
    if (compiled === undefined) throw this.error('type', 'the escape character escapes nothing', pattern)
    const name = `LIKE ${JSON.stringify(pattern.value)}${escaping}`
    return strict(name, BOOLEAN, [operand], ([text]) => likeCode(text as string, compiled), span)
  }

  private similar(operand: Bound, pattern: Bound, character: string | undefined, span: Span): Bound {
    if (pattern.kind === 'literal' && typeof pattern.value === 'string') {
      try {
        compileRegex(similarToRegex(pattern.value, character))
      } catch {
        throw this.error('type', `'${pattern.value}' is no pattern of SIMILAR TO`, pattern)
      }
    }
    const escaping = character === undefined ? '' : ` ESCAPE ${character}`
    const js = ([text, p]: string[]): string => `rt.similar(${text}, ${p}, ${JSON.stringify(character)})`
    return strict(`SIMILAR TO${escaping}`, BOOLEAN, [operand, pattern], js, span)
  }

  private bindCase(expression: Extract<Expression, { kind: 'case' }>): Bound {
    const operand = expression.operand === undefined ? undefined : this.bind(expression.operand)
    const conditions = expression.whens.map(({ when }) =>
      operand === undefined ? this.bindCondition(when) : this.compare('=', operand, this.bind(when), when)
    )
    const results = expression.whens.map(({ result }) => this.bind(result))
    const otherwise =
      expression.otherwise === undefined ? literal(null, NULL, expression) : this.bind(expression.otherwise)
    const unified = unify([...results, otherwise], (reason, at) => {
      throw this.error('type', reason, at)
    })
    const last = unified.at(-1) as Bound
    const whens = conditions.map((when, i) => ({ when, result: unified[i] as Bound }))
    const nullable = unified.some(result => result.nullable)
    return {
      kind: 'case',
      whens,
      otherwise: last,
      type: last.type,
      nullable,
      start: expression.start,
      end: expression.end
    }
  }

  private bindCast(expression: Extract<Expression, { kind: 'cast' }>): Bound {
    const operand = this.bind(expression.operand)
    const { type, start, end } = expression
    const result = cast(operand, type, expression)
    if (result === undefined) {
      throw this.error('type', `no CAST from ${typeName(operand.type)} to ${typeName(type)}`, expression)
    }
    return expression.safe ? { kind: 'attempt', operand: result, type, nullable: true, start, end } : result
  }

  private bindCall(expression: CallExpression): Bound {
    const name = expression.name.name.toUpperCase()
    if (expression.over !== undefined)
      throw this.error('type', 'OVER stands in the SELECT list or in QUALIFY', expression.over)
    if (isAggregateCall(expression)) {
      throw this.error('type', `the aggregate ${name} cannot stand here`, expression)
    }
    if (name === 'PROCTIME' && expression.args.length === 0) return proctime(expression)
    const { user } = expression
    const definition =
      user === undefined ? scalarFunctions.get(name) : 'scalar' in user ? user.scalar : undefined
    if (definition === undefined) throw this.unknownFunction(expression, name)
    if (expression.star || expression.distinct || expression.filter !== undefined) {
      throw this.error('syntax', `${name} is no aggregate: it takes no *, DISTINCT or FILTER`, expression)
    }
    const args = expression.args.map(argument => this.bind(argument))
    if (args.length < definition.least || args.length > definition.most) {
      const count =
        definition.least === definition.most
          ? `${definition.least}`
          : `${definition.least} to ${definition.most}`
      throw this.error('type', `${name} takes ${count} arguments, found ${args.length}`, expression)
    }
    const call = this.call(expression, name, args)
    const truncates = expression.unit !== undefined && /^(FLOOR|CEIL|CEILING)$/.test(name)
    return truncates ? truncateTime(call) : definition.bind(call)
  }

  /** A call as its function sees it. */
  call(expression: CallExpression, name: string, args: Bound[]): Call {
    return {
      name,
      args,
      unit: expression.unit,
      options: expression.options,
      start: expression.start,
      end: expression.end,
      fail: (reason, at = expression) => {
        throw this.error('type', reason, at)
      }
    }
  }

  private unknownFunction(expression: CallExpression, name: string): SqlError {
    if (nondeterministicFunctions.has(name)) {
      const reason = `${name} depends on the clock or on chance, so a replay would give other results: not in the subset`
      return this.error('unsupported', reason, expression.name)
    }
    const near = didYouMean(name, [...scalarFunctions.keys(), ...aggregateNames])
    return this.error('name', `no function ${name}${near}`, expression.name)
  }
}
